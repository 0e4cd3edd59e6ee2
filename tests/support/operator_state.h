// What an operator remembers from tick to tick while the graph is evaluated.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "tests/support/aggregates.h"
#include "tests/support/graph_evaluator.h"
#include "tests/support/windows.h"

namespace streamref {

// One fold of a WindowFoldOperator: the elements its items give, computed once each.
struct GraphEvaluator::FoldState {
  std::unique_ptr<Aggregation> aggregation;
  std::unordered_map<std::int64_t, std::optional<std::vector<Value>>> elements;  // By tick.
  std::unique_ptr<WindowFold> windows;
};

struct GraphEvaluator::OperatorState {
  bool is_running = false;   // Its step is on the stack: asking again is a cycle.
  bool is_filled = false;    // Operators that open a scope: done.
  std::size_t next_tick = 0;  // Operators that keep the scope: the tick that step() computes.

  std::optional<Value> scanned;                       // ScanOperator: the state.
  std::unique_ptr<Aggregation> aggregation;           // RunningOperator.
  Partial running;                                    // RunningOperator: all values so far.
  std::vector<std::unique_ptr<FoldState>> folds;      // WindowFoldOperator: one for each fold.
  Frame agent;                                        // AgentOperator: constants and states.
  bool agent_started = false;
  std::vector<Emit> emitted;                          // AgentOperator: of the reaction under way.
};

}  // namespace streamref
