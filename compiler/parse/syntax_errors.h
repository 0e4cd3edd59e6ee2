// The words for a mistake that the parser met.
#pragma once

#include <antlr4-runtime.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "compiler/parse/reporter.h"
#include "compiler/parse/tokens.h"

namespace streamc {

struct SyntaxError {
  const std::vector<Token>& tokens;   // Those the parser saw.
  std::size_t index;                  // The one it could not use; beyond the last at the end.
  std::uint32_t end;                  // Where the text ends.
  std::size_t rule;                   // StreamParser::Rule…, which it was in.
  antlr4::misc::IntervalSet expected;  // Empty where that is not known.
};

// Reports it as the most telling kind that fits.
void report_syntax_error(const SyntaxError& error, Reporter& reporter);

}  // namespace streamc
