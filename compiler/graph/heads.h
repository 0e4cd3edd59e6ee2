// What an operator is to the regions of a graph: where one begins, where it ends.
#pragma once

#include "compiler/graph/graph.h"

namespace streamc {

// Begins a region: what it reads, if anything, waits in queues.
bool is_head(const Operator& op);
// A `delay` on a cycle, which reads what comes round.
bool is_loop_head(const Operator& op);
// The link that a program makes by `best_effort`.
bool is_best_effort(const Operator& op);
// Read from queues wherever they are, as heads are.
bool is_sink(const Operator& op);

// The scope without a parent that it hangs below, or itself. O(depth).
ScopeId root_of(const Graph& graph, ScopeId scope);

}  // namespace streamc
