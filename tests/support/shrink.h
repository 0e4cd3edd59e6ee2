// Makes a failing program small, by leaving out what it does not need to fail.
//
// Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002), on the parts of
// a generated program: sinks, equations with all that hangs on them, elements of lists.
#pragma once

#include <functional>

#include "tests/support/generated_program.h"

namespace streamgen {

// `fails` must hold for `program`; it is asked for each candidate, `attempts_max` times at the most.
[[nodiscard]] GeneratedProgram shrink(GeneratedProgram program,
                                      const std::function<bool(const GeneratedProgram&)>& fails,
                                      int attempts_max = 400);

}  // namespace streamgen
