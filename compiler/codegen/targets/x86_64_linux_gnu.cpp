#include "compiler/codegen/targets/target.h"

namespace streamc {

// Any 64-bit PC.
TargetDescription x86_64_linux_gnu_target() {
  return {.name = "x86_64-linux-gnu",
          .triple = "x86_64-unknown-linux-gnu",
          .cpu = "x86-64",
          .libraries = "x86_64-linux-gnu",
          .emulation = "elf_x86_64"};
}

}  // namespace streamc
