// Words that other languages start statements with, and what to write here instead.
#pragma once

#include <string_view>

namespace streamc {

struct ForeignWord {
  std::string_view word;
  std::string_view help;
};

// Null if `word` is none of them.
const ForeignWord* find_foreign_word(std::string_view word);

}  // namespace streamc
