#include "compiler/codegen/targets/target.h"

namespace streamc {

// ARMv6 with VFPv2. Debian's armel libraries are for older processors and take floats in integer
// registers (those of armhf are for newer ones and do not run here); the code, and the runtime,
// compute with VFP. Whether words may lie anywhere is a setting of the system, so nothing relies on
// it.
TargetDescription arm_linux_gnueabi_target() {
  return {.name = "arm-linux-gnueabi",
          .triple = "armv6kz-unknown-linux-gnueabi",
          .cpu = "arm1176jzf-s",
          .features = "+vfp2,-soft-float,+strict-align",
          .float_abi = FloatAbi::Soft,
          .processors = 1,
          .libraries = "arm-linux-gnueabi",
          .emulation = "armelf_linux_eabi"};
}

}  // namespace streamc
