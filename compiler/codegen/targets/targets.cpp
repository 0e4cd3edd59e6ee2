#include <llvm/TargetParser/Triple.h>

#include "compiler/codegen/targets/target.h"

namespace streamc {

namespace {

// Whether code for `target` runs where `triple` says. A triple of an older processor of the family
// does not fit.
bool fits(const TargetDescription& target, const llvm::Triple& triple) {
  const llvm::Triple own(target.triple);
  return own.getArch() == triple.getArch() && own.getOS() == triple.getOS() &&
         own.getEnvironment() == triple.getEnvironment() &&
         (triple.getSubArch() == llvm::Triple::NoSubArch ||
          own.getSubArch() == triple.getSubArch());
}

}  // namespace

std::vector<TargetDescription> all_targets() {
  return {
#define STREAM_TARGET(name) name##_target(),
#include "compiler/codegen/targets/targets.def"
#undef STREAM_TARGET
  };
}

Result<TargetDescription> find_target(std::string_view name) {
  const llvm::Triple triple(llvm::Triple::normalize(llvm::StringRef(name)));
  for (TargetDescription& target : all_targets()) {
    const bool is_generic = target.name == target.libraries;
    if (target.name == name || (is_generic && fits(target, triple))) return std::move(target);
  }
  return fail("there is no target `{}`; known are {}", name, target_names());
}

std::string target_names() {
  std::string names;
  for (const TargetDescription& target : all_targets()) names += (names.empty() ? "`" : ", `") + target.name + "`";
  return names;
}

}  // namespace streamc
