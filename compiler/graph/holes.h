// Where failed items may be: which ports may hold a hole in some tick.
#pragma once

#include "compiler/graph/graph.h"

namespace streamc {

// Sets Port::may_hold_holes of every port, following semantics.md §3. A `prev` in a cycle makes no
// holes, so one pass in the graph's order is enough: O(operators + edges).
void mark_holes(Graph& graph, const CheckedProgram& program);

}  // namespace streamc
