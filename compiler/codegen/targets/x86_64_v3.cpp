#include "compiler/codegen/targets/target.h"

namespace streamc {

// 64-bit PCs since about 2013: AVX2. Contraction is off everywhere, so that its FMA changes nothing.
TargetDescription x86_64_v3_target() {
  return {.name = "x86-64-v3",
          .triple = "x86_64-unknown-linux-gnu",
          .cpu = "x86-64-v3",
          .features = "",
          .compress = CompressShape::Permute4};
}

}  // namespace streamc
