#include "compiler/codegen/targets/target.h"

namespace streamc {

// Any 64-bit PC since about 2009: SSE4.2.
TargetDescription x86_64_v2_target() {
  return {.name = "x86-64-v2",
          .triple = "x86_64-unknown-linux-gnu",
          .cpu = "x86-64-v2",
          .features = "",
          .compress = CompressShape::Lanes};
}

}  // namespace streamc
