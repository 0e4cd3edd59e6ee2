#include "compiler/parse/repair.h"

#include <utility>

#include "compiler/parse/repair_steps.h"

namespace streamc {

// Brackets come before words, because only balanced brackets tell which newlines end a statement.
std::vector<Token> repair(std::vector<Token> tokens, Reporter& reporter) {
  tokens = mend_characters(std::move(tokens), reporter);
  tokens = mend_brackets(std::move(tokens), reporter);
  tokens = mend_words(std::move(tokens), reporter);
  tokens = mend_colon_blocks(std::move(tokens), reporter);
  return tokens;
}

}  // namespace streamc
