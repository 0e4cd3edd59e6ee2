// Runs a `test` block under the interpreter: does every `expect` hold?
#pragma once

#include <string>
#include <vector>

#include "compiler/graph/builder.h"
#include "tests/support/interpreter.h"

namespace streamref {

// What is wrong with one expectation; no entry for those that hold.
struct BrokenExpectation {
  std::string text;     // As written.
  std::string problem;  // `item 3 is 4.0, not 5.0`
};

struct TestOutcome {
  std::string error;  // Why the test could not run.
  std::vector<BrokenExpectation> broken;
  [[nodiscard]] bool passed() const { return error.empty() && broken.empty(); }
};

[[nodiscard]] TestOutcome run_test(const streamc::TestGraph& test,
                                   const streamc::CheckedProgram& program);

}  // namespace streamref
