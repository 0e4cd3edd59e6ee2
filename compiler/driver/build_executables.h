// The last steps of `build` and `deploy`: a placed program → an executable for one machine.
#pragma once

#include <string>

#include "compiler/driver/front_end.h"
#include "compiler/place/placement.h"

namespace streamc {

struct WantedExecutable {
  std::string target;  // As `--target` names it.
  std::string output;
};

// False after a message; `status` is then how streamc ends.
bool build_executable(FrontEnd& front_end, const PlacedGraph& placed,
                      const WantedExecutable& wanted, int& status);

}  // namespace streamc
