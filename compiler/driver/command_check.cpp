// `streamc check FILE…`: looks for mistakes only. Says nothing about programs that are right.
#include <algorithm>

#include "compiler/driver/commands.h"
#include "compiler/driver/pipeline.h"

namespace streamc {

int command_check(const Options& options) {
  int status = kExitSuccess;
  for (const std::string& file : options.files) {
    FrontEnd front_end;
    int file_status = kExitSuccess;
    check_everything(front_end, file, options, file_status);
    print_times(front_end, options);
    status = std::max(status, file_status);
  }
  return status;
}

}  // namespace streamc
