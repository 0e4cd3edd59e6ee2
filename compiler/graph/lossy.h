// Which streams may lack items: those that a link may drop, and all that is made from them.
#pragma once

#include <vector>

#include "compiler/graph/graph.h"

namespace streamc {

// For each port, a `best_effort` that it depends on, its own or one above it; no valid id if its items are the same
// wherever the program runs. O(operators + edges).
std::vector<OperatorId> find_lossy_ports(const Graph& graph);

}  // namespace streamc
