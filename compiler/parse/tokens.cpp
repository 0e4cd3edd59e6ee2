#include "compiler/parse/tokens.h"

#include "compiler/parse/byte_stream.h"

namespace streamc {

LexedText lex(const SourceFile& file, std::uint32_t begin, std::uint32_t end) {
  LexedText result;
  const std::string_view text = file.text();
  ByteStream bytes(text, begin, end);
  StreamLexer lexer(&bytes);
  lexer.removeErrorListeners();  // STRAY matches what nothing else does, so there are no errors.
  result.tokens.reserve((end - begin) / 4 + 8);
  while (true) {
    const std::unique_ptr<antlr4::Token> token = lexer.nextToken();
    const std::size_t type = token->getType();
    if (type == antlr4::Token::EOF) break;
    const auto first = static_cast<std::uint32_t>(token->getStartIndex());
    const auto last = static_cast<std::uint32_t>(token->getStopIndex() + 1);
    if (type == StreamLexer::COMMENT) {
      std::size_t i = first;
      while (i > begin && (text[i - 1] == ' ' || text[i - 1] == '\t')) --i;
      result.comments.push_back({{file.id(), first, last}, i == begin || text[i - 1] == '\n'});
    } else {
      result.tokens.push_back({type, first, last});
    }
  }
  return result;
}

bool is_mistake(std::size_t type) {
  return type == StreamLexer::STRAY || type == StreamLexer::SINGLE_QUOTED ||
         type == StreamLexer::UNTERMINATED;
}

bool is_ident(std::size_t type) {
  return type == StreamLexer::ID || (type >= StreamLexer::KW_AS && type <= StreamLexer::KW_LINK);
}

bool is_word(std::size_t type) {
  return type == StreamLexer::ID || (type >= StreamLexer::KW_IMPORT && type <= StreamLexer::KW_LINK);
}

bool ends_value(std::size_t type) {
  switch (type) {
    case StreamLexer::INT:
    case StreamLexer::FLOAT:
    case StreamLexer::QUANTITY:
    case StreamLexer::STRING:
    case StreamLexer::RAW:
    case StreamLexer::TIME:
    case StreamLexer::KW_TRUE:
    case StreamLexer::KW_FALSE:
    case StreamLexer::KW_NONE:
    case StreamLexer::RP:
    case StreamLexer::RB:
    case StreamLexer::UNTERMINATED:
    case StreamLexer::SINGLE_QUOTED:
      return true;
    default:
      return is_ident(type);
  }
}

bool begins_value(std::size_t type) {
  switch (type) {
    case StreamLexer::LP:
    case StreamLexer::LB:
    case StreamLexer::MINUS:
    case StreamLexer::KW_NOT:
    case StreamLexer::KW_IF:
      return true;
    case StreamLexer::RP:
    case StreamLexer::RB:
      return false;
    default:
      return ends_value(type);
  }
}

bool is_open_bracket(std::size_t type) {
  return type == StreamLexer::LP || type == StreamLexer::LB || type == StreamLexer::LC;
}

bool is_close_bracket(std::size_t type) {
  return type == StreamLexer::RP || type == StreamLexer::RB || type == StreamLexer::RC;
}

bool is_comparison_token(std::size_t type) {
  switch (type) {
    case StreamLexer::EQUAL:
    case StreamLexer::NOT_EQUAL:
    case StreamLexer::LESS:
    case StreamLexer::LESS_EQUAL:
    case StreamLexer::GREATER:
    case StreamLexer::GREATER_EQUAL:
      return true;
    default:
      return false;
  }
}

std::vector<std::unique_ptr<antlr4::Token>> make_antlr_tokens(const std::vector<Token>& tokens,
                                                              std::uint32_t end) {
  const std::pair<antlr4::TokenSource*, antlr4::CharStream*> nowhere{nullptr, nullptr};
  std::vector<std::unique_ptr<antlr4::Token>> result;
  result.reserve(tokens.size() + 1);
  for (const Token& token : tokens) {
    if (token.type == StreamLexer::HIDDEN_NL) continue;
    // ANTLR's ranges include their end; an empty one ends before it begins.
    result.push_back(std::make_unique<antlr4::CommonToken>(
        nowhere, token.type, antlr4::Token::DEFAULT_CHANNEL, token.begin,
        static_cast<std::size_t>(token.end) - 1));
  }
  result.push_back(std::make_unique<antlr4::CommonToken>(nowhere, antlr4::Token::EOF,
                                                         antlr4::Token::DEFAULT_CHANNEL, end,
                                                         static_cast<std::size_t>(end) - 1));
  return result;
}

}  // namespace streamc
