#include <llvm/ADT/StringMap.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/TargetParser/Triple.h>

#include <algorithm>
#include <map>
#include <thread>

#include "compiler/codegen/targets/target.h"

namespace streamc {

// The machine that streamc itself runs on, with all it has.
TargetDescription host_target() {
  TargetDescription target;
  const llvm::Triple triple(llvm::sys::getDefaultTargetTriple());
  for (const TargetDescription& family :
       {x86_64_linux_gnu_target(), aarch64_linux_gnu_target(), arm_linux_gnueabihf_target(),
        arm_linux_gnueabi_target()}) {
    const llvm::Triple known(family.triple);
    if (known.getArch() == triple.getArch() && known.getEnvironment() == triple.getEnvironment()) {
      target = family;
    }
  }
  target.name = "host";
  target.triple = triple.str();
  target.cpu = llvm::sys::getHostCPUName().str();

  std::map<std::string, bool> features;  // Sorted: the text must not depend on hashing.
  for (const auto& feature : llvm::sys::getHostCPUFeatures()) {
    features[feature.getKey().str()] = feature.getValue();
  }
  if (triple.isARM()) features["neon"] = false;  // See arm_linux_gnueabihf.cpp.
  target.features.clear();
  for (const auto& [name, is_there] : features) {
    if (!target.features.empty()) target.features += ',';
    target.features += (is_there ? '+' : '-') + name;
  }
  if (features["avx512f"] && features["avx512vl"] && features["avx512dq"]) {
    target.compress = CompressShape::Compress8;
  } else if (features["avx2"]) {
    target.compress = CompressShape::Permute4;
  }
  target.processors = std::max(1U, std::thread::hardware_concurrency());
  target.has_fma = triple.isAArch64() || features["fma"] || features["vfp4"];
  return target;
}

}  // namespace streamc
