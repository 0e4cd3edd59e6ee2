#include "compiler/codegen/targets/target.h"

namespace streamc {

// Raspberry Pi 4, with a 64-bit system.
TargetDescription pi4_target() {
  TargetDescription target = aarch64_linux_gnu_target();
  target.name = "pi4";
  target.cpu = "cortex-a72";
  return target;
}

}  // namespace streamc
