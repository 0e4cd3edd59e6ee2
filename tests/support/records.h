// Recorded sources: files and standard input as lists of records.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "compiler/graph/graph.h"
#include "tests/support/graph_evaluator.h"

namespace streamref {

// The run cannot begin, or cannot go on: a missing file, a source that is live. What the user is told.
struct RunError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// All bytes of standard input; may be empty where a program has none.
using StandardInput = std::function<std::string()>;

// All records of the source behind `op`. `standard_input` is what `-` means. Throws RunError.
[[nodiscard]] std::vector<Record> read_records(const streamc::SourceOperator& source,
                                               streamc::TypeId type_id, ItemEvaluator& items,
                                               const StandardInput& standard_input);

}  // namespace streamref
