#include "compiler/codegen/targets/target.h"

namespace streamc {

// Raspberry Pi 3 and Zero 2, with a 64-bit system.
TargetDescription pi3_target() {
  TargetDescription target = aarch64_linux_gnu_target();
  target.name = "pi3";
  target.cpu = "cortex-a53";
  return target;
}

}  // namespace streamc
