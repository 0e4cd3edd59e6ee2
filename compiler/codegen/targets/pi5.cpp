#include "compiler/codegen/targets/target.h"

namespace streamc {

// Raspberry Pi 5.
TargetDescription pi5_target() {
  TargetDescription target = aarch64_linux_gnu_target();
  target.name = "pi5";
  target.cpu = "cortex-a76";
  return target;
}

}  // namespace streamc
