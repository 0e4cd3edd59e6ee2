// The steps of repair(), each from tokens to tokens.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/parse/reporter.h"
#include "compiler/parse/tokens.h"

namespace streamc {

// Characters and operators of other languages: `&&`, `;`, `'…'`, `f"…"`, `++`, `5 min`, …
// Gives no token for which is_mistake() holds.
std::vector<Token> mend_characters(std::vector<Token> tokens, Reporter& reporter);

// Closes what is never closed, drops what closes nothing, and decides anew which newlines are hidden.
// Gives balanced brackets.
std::vector<Token> mend_brackets(std::vector<Token> tokens, Reporter& reporter);

// Words of other languages and misspelt ones, and `=`, `==`, `|` and `if` in the wrong place. Expects
// and gives balanced brackets.
std::vector<Token> mend_words(std::vector<Token> tokens, Reporter& reporter);

// Blocks behind `:` by indentation. Expects and gives balanced brackets.
std::vector<Token> mend_colon_blocks(std::vector<Token> tokens, Reporter& reporter);

// What the steps share.

inline bool is_newline(std::size_t type) {
  return type == StreamLexer::NL || type == StreamLexer::HIDDEN_NL;
}

// The type of a token, or 0 beyond the ends.
inline std::size_t type_at(const std::vector<Token>& tokens, std::size_t index) {
  return index < tokens.size() ? tokens[index].type : 0;
}

// A token that stands nowhere in the text, at `offset`.
inline Token missing_token(std::size_t type, std::uint32_t offset) { return {type, offset, offset}; }

inline bool touches(const Token& left, const Token& right) { return left.end == right.begin; }

// The bytes before the first that is not blank on the line of `offset`. A tab counts as one.
std::uint32_t indentation_of(const SourceFile& file, std::uint32_t offset);

}  // namespace streamc
