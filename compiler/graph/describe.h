// Operators in words: what the printers, `explain` and messages call them.
#pragma once

#include <string>
#include <string_view>

#include "compiler/graph/graph.h"
#include "compiler/source/source.h"

namespace streamc {

// `map`, `where`, `window fold`: one word or two for a kind.
std::string_view kind_name(const OperatorKind& kind);

// One line without ids: `window 10 every 1 partial: mean`, `map v * 2`, `csv.read "readings.csv"`. Functions
// appear as their text in the program, blanks joined and long ones cut short. `sources` may be null.
std::string describe_operator(const Operator& op, const CheckedProgram& program, const SourceManager* sources);

// `100Hz`, `44.1kHz`
std::string describe_rate(RateValue rate);

// The text of a span with runs of blanks joined, at most `limit` characters.
std::string short_text(const SourceManager* sources, SourceSpan span, std::size_t limit);

}  // namespace streamc
