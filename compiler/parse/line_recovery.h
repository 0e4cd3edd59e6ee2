// What the parser does at a mistake: report it once, skip the line, go on behind it.
//
// ANTLR's own strategy inserts and deletes single tokens, newlines among them, and so turns one
// mistake into several. Here an error ends the innermost line-like rule (a statement, a field, a
// top-level line), which is skipped to its newline or closing brace; a `{ }` on the way is skipped
// whole.
#pragma once

#include <StreamParser.h>

#include <cstdint>
#include <vector>

#include "compiler/parse/reporter.h"
#include "compiler/parse/tokens.h"

namespace streamc {

class LineRecovery final : public antlr4::DefaultErrorStrategy {
 public:
  // `tokens` are those the parser sees, in order; both are borrowed. `end` is where the text ends.
  LineRecovery(const std::vector<Token>& tokens, std::uint32_t end, Reporter& reporter)
      : tokens_(tokens), end_(end), reporter_(reporter) {}

  void reportError(antlr4::Parser* parser, const antlr4::RecognitionException& error) override;
  void recover(antlr4::Parser* parser, std::exception_ptr error) override;
  antlr4::Token* recoverInline(antlr4::Parser* parser) override;
  // Called between the lines of a list: what is neither the end of the line before nor the beginning
  // of another is reported and skipped here, so that the list goes on.
  void sync(antlr4::Parser* parser) override;

 private:
  void report_at(antlr4::Parser* parser, std::size_t token_index,
                 const antlr4::misc::IntervalSet& expected);
  // Skips to the end of the line, not into it. `depth` braces are open that belong to what is
  // skipped.
  void skip_line(antlr4::Parser* parser, std::size_t depth, bool stop_at_comma);
  // The first of the newlines before a token, if they lie behind the token `line_begin`.
  std::size_t before_newlines(std::size_t token_index, std::size_t line_begin) const;
  bool line_continues_behind(std::size_t newline_index) const;

  const std::vector<Token>& tokens_;
  std::uint32_t end_;
  Reporter& reporter_;
};

}  // namespace streamc
