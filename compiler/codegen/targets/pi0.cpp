#include "compiler/codegen/targets/target.h"

namespace streamc {

// Raspberry Pi 1 and Zero.
TargetDescription pi0_target() {
  TargetDescription target = arm_linux_gnueabi_target();
  target.name = "pi0";
  // The family has one processor, and the libraries are for it.
  return target;
}

}  // namespace streamc
