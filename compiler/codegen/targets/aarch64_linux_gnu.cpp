#include "compiler/codegen/targets/target.h"

namespace streamc {

// Any 64-bit ARM. Its vectors round and keep small numbers as IEEE 754 asks.
TargetDescription aarch64_linux_gnu_target() {
  return {.name = "aarch64-linux-gnu",
          .triple = "aarch64-unknown-linux-gnu",
          .cpu = "generic",
          .has_fma = true,
          .libraries = "aarch64-linux-gnu",
          .emulation = "aarch64linux"};
}

}  // namespace streamc
