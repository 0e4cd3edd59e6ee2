// Interned names: equal texts get equal 32-bit ids, so that comparing names is comparing integers.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "compiler/support/ids.h"

namespace streamc {

// A text known to an Interner.
using Name = Id<struct NameTag>;

// Owns the texts. Ids count up from 0 in the order of first use, so they are the same in every run.
class Interner {
 public:
  Interner() = default;
  Interner(const Interner&) = delete;
  Interner& operator=(const Interner&) = delete;

  // The id of `text`, made on first use.
  Name intern(std::string_view text);

  // The id of `text` if it was interned before, else an invalid one.
  Name find(std::string_view text) const;

  // Stays valid for as long as the Interner lives.
  std::string_view text(Name name) const;

  std::size_t size() const { return texts_.size(); }

 private:
  std::deque<std::string> texts_;  // By id; a deque, because it never moves its elements.
  std::unordered_map<std::string_view, Name> names_;  // Views into texts_.
};

}  // namespace streamc
