#include "compiler/codegen/targets/target.h"

namespace streamc {

std::vector<TargetDescription> all_targets() {
  return {host_target(), x86_64_v2_target(), x86_64_v3_target()};
}

}  // namespace streamc
