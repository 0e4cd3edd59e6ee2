#include "compiler/codegen/targets/target.h"

namespace streamc {

// 64-bit PCs since about 2013: AVX2. Contraction is off everywhere, so that its FMA changes
// nothing.
TargetDescription x86_64_v3_target() {
  TargetDescription target = x86_64_linux_gnu_target();
  target.name = "x86-64-v3";
  target.cpu = "x86-64-v3";
  target.compress = CompressShape::Permute4;
  target.has_fma = true;
  return target;
}

}  // namespace streamc
