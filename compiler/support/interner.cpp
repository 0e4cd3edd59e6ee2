#include "compiler/support/interner.h"

namespace streamc {

Name Interner::intern(std::string_view text) {
  if (const auto found = names_.find(text); found != names_.end()) return found->second;
  const Name name(texts_.size());
  names_.emplace(texts_.emplace_back(text), name);
  return name;
}

Name Interner::find(std::string_view text) const {
  const auto found = names_.find(text);
  return found == names_.end() ? Name() : found->second;
}

std::string_view Interner::text(Name name) const {
  STREAM_ASSERT(name.valid() && name.index() < texts_.size(), "no name with id {}", name.value());
  return texts_[name.index()];
}

}  // namespace streamc
