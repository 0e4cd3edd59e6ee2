#include <llvm/ADT/StringMap.h>
#include <llvm/TargetParser/Host.h>

#include <map>

#include "compiler/codegen/targets/target.h"

namespace streamc {

// The machine that streamc itself runs on, with all it has.
TargetDescription host_target() {
  TargetDescription target;
  target.name = "host";
  target.triple = llvm::sys::getDefaultTargetTriple();
  target.cpu = llvm::sys::getHostCPUName().str();

  std::map<std::string, bool> features;  // Sorted: the text must not depend on hashing.
  for (const auto& feature : llvm::sys::getHostCPUFeatures()) {
    features[feature.getKey().str()] = feature.getValue();
  }
  for (const auto& [name, is_there] : features) {
    if (!target.features.empty()) target.features += ',';
    target.features += (is_there ? '+' : '-') + name;
  }
  if (features["avx512f"] && features["avx512vl"] && features["avx512dq"]) {
    target.compress = CompressShape::Compress8;
  } else if (features["avx2"]) {
    target.compress = CompressShape::Permute4;
  }
  return target;
}

}  // namespace streamc
