// `streamc graph FILE`: the graph as a picture.
#include "compiler/driver/commands.h"
#include "compiler/driver/files.h"
#include "compiler/driver/pipeline.h"
#include "compiler/graph/picture.h"

namespace streamc {

int command_graph(const Options& options) {
  FrontEnd front_end;
  int status = kExitSuccess;
  if (!compile_to_graph(front_end, options.files[0], options, status)) return status;
  const bool is_dot = options.format == "dot" || (options.format.empty() && options.output.ends_with(".dot"));
  const auto print = is_dot ? print_dot : print_svg;
  const std::string picture =
      print(front_end.graph(), front_end.program(), &front_end.sources(), front_end.program_name());
  const Result<void> written = write_file(options.output.empty() ? "-" : options.output, picture);
  return written ? int{kExitSuccess} : report_failure(written.message());
}

}  // namespace streamc
