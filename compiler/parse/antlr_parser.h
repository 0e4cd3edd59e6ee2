// One run of ANTLR's parser over tokens, and what it found.
#pragma once

#include <StreamParser.h>

#include <memory>
#include <vector>

#include "compiler/parse/reporter.h"
#include "compiler/parse/tokens.h"

namespace streamc {

// Owns the tree that its functions return.
class AntlrParser {
 public:
  // `end` is where the text ends.
  AntlrParser(const std::vector<Token>& tokens, std::uint32_t end);

  // Fast and silent: SLL prediction, null at the first mistake.
  StreamParser::FileContext* try_file();
  StreamParser::HoleContext* try_hole();

  // With full LL prediction; reports mistakes, skips the lines they are on and goes on behind. The
  // tree lacks parts where something was reported.
  StreamParser::FileContext* recover_file(Reporter& reporter);
  StreamParser::HoleContext* recover_hole(Reporter& reporter);

 private:
  std::vector<Token> tokens_;  // As ANTLR counts them: without hidden newlines.
  std::uint32_t end_;
  antlr4::ListTokenSource source_;
  antlr4::CommonTokenStream stream_;
  StreamParser parser_;
};

}  // namespace streamc
