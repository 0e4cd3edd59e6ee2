// Declarations that generated programs draw on: one type, and functions, aggregates and agents chosen
// to reach every rule of windows, failures and states.
#pragma once

#include <vector>

#include "tests/support/generated_program.h"

namespace streamgen {

// What items can be in generated programs.
enum class ItemKind { Int, Float, Bool, String, Option /* float? */, Record /* R */, Pair /* (float, int) */ };

// A function of one stream of `input`, with the text that follows `|>` (arguments included).
struct Step {
  const char* text;
  ItemKind input;
  ItemKind output;
  // What becomes of the clock.
  enum class Clock { Kept, New, NewTimed /* only where items have times */ } clock;
};

// Aggregates and functions on windows.
struct WindowStep {
  const char* text;
  ItemKind input;
  ItemKind output;
};

[[nodiscard]] const std::vector<Declaration>& library_declarations();
[[nodiscard]] const std::vector<Step>& library_steps();
[[nodiscard]] const std::vector<WindowStep>& library_window_steps();
// Names of aggregates that `running(…)` may take, with their kinds.
[[nodiscard]] const std::vector<WindowStep>& library_aggregates();

}  // namespace streamgen
