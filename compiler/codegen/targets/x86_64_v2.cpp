#include "compiler/codegen/targets/target.h"

namespace streamc {

// 64-bit PCs since about 2009: SSE4.2.
TargetDescription x86_64_v2_target() {
  TargetDescription target = x86_64_linux_gnu_target();
  target.name = "x86-64-v2";
  target.cpu = "x86-64-v2";
  return target;
}

}  // namespace streamc
