// The mistakes that newcomers make, found in the tokens and mended there.
//
// Runs only on a text that does not parse, so a correct program never meets it. Each repair reports
// the mistake in the user's words and rewrites the tokens into what was meant: the parser can then
// read on and find the next mistake rather than the same one again.
#pragma once

#include <vector>

#include "compiler/parse/reporter.h"
#include "compiler/parse/tokens.h"

namespace streamc {

// Expects and gives tokens as lex() makes them, including HIDDEN_NL. O(tokens) but for brackets that
// never close.
std::vector<Token> repair(std::vector<Token> tokens, Reporter& reporter);

}  // namespace streamc
