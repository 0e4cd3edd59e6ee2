#include "compiler/codegen/targets/target.h"

namespace streamc {

// ARMv7 with VFPv3, what Debian calls armhf. NEON is left out: its vectors of floats turn denormal
// numbers into zero, and results must be those of every other machine.
TargetDescription arm_linux_gnueabihf_target() {
  return {.name = "arm-linux-gnueabihf",
          .triple = "armv7-unknown-linux-gnueabihf",
          .cpu = "generic",
          .features = "+vfp3d16,-neon",
          .float_abi = FloatAbi::Hard,
          .libraries = "arm-linux-gnueabihf",
          .emulation = "armelf_linux_eabi"};
}

}  // namespace streamc
