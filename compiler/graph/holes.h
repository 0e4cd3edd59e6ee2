// Where failed items may be: which ports may hold a hole in some tick.
#pragma once

#include "compiler/graph/graph.h"

namespace streamc {

// Sets Port::may_hold_holes of every port, following semantics.md §3. A `prev` in a cycle makes no
// holes, so one round in the graph's order is enough, but for what goes round through a `delay`: O(rounds × edges).
void mark_holes(Graph& graph, const CheckedProgram& program);

// Whether the result of an aggregate can fail although at least one value was added: a mean cannot, since
// its count is then at least 1; a slope can.
[[nodiscard]] bool result_can_fail_with_values(const CheckedProgram& program, AggregateId id);

}  // namespace streamc
