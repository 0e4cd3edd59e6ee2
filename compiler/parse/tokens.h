// The tokens of a text, between ANTLR's lexer and ANTLR's parser.
//
// They pass through our hands so that the repairs of repair.h can see and mend a whole file before
// the parser stumbles over it.
#pragma once

#include <StreamLexer.h>

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "compiler/ast/nodes.h"
#include "compiler/source/source.h"

namespace streamc {

// A token is a kind and a range of bytes. Those that a repair inserted have no bytes of their own:
// they stand at the place where they are missing.
struct Token {
  std::size_t type = 0;  // StreamLexer::ID …
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

struct LexedText {
  std::vector<Token> tokens;  // Without blanks and comments. HIDDEN_NL where newlines are hidden.
  std::vector<ast::Comment> comments;
};

// Splits the bytes [begin, end) of a file into tokens.
LexedText lex(const SourceFile& file, std::uint32_t begin, std::uint32_t end);

// Whether a token can only come from a mistake.
bool is_mistake(std::size_t type);
// Whether a word is a name where a value or a declared name stands (rule `ident`).
bool is_ident(std::size_t type);
// Whether a word is a name where a field or an argument stands (rule `name`): any word at all.
bool is_word(std::size_t type);
// Whether an expression can end with this token, and begin with it.
bool ends_value(std::size_t type);
bool begins_value(std::size_t type);
bool is_open_bracket(std::size_t type);
bool is_close_bracket(std::size_t type);
bool is_comparison_token(std::size_t type);

inline std::string_view text_of(const SourceFile& file, const Token& token) {
  return file.text().substr(token.begin, token.end - token.begin);
}
inline SourceSpan span_of(const SourceFile& file, const Token& token) {
  return {file.id(), token.begin, token.end};
}

// For ANTLR's parser: the tokens it is to see, and an end of file at `end`.
std::vector<std::unique_ptr<antlr4::Token>> make_antlr_tokens(const std::vector<Token>& tokens,
                                                              std::uint32_t end);

}  // namespace streamc
