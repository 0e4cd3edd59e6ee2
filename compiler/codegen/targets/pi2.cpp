#include "compiler/codegen/targets/target.h"

namespace streamc {

// Raspberry Pi 2, and newer ones with a 32-bit system.
TargetDescription pi2_target() {
  TargetDescription target = arm_linux_gnueabihf_target();
  target.name = "pi2";
  target.cpu = "cortex-a7";
  target.features = "-neon";  // And VFPv4, with fused multiply-add, as the CPU has it.
  target.has_fma = true;
  return target;
}

}  // namespace streamc
