// Operators that stand on one cycle through `prev` or `delay`.
#pragma once

#include <vector>

#include "compiler/graph/graph.h"

namespace streamc {

// One entry for each operator: the first operator of the cycles it is on, or itself. Operators with the same entry
// depend on each other. What an operator marked in `is_cut` (one flag an operator, or empty) reads does not count.
// O(operators + edges).
std::vector<OperatorId> find_cycles(const Graph& graph, const std::vector<bool>& is_cut = {});

}  // namespace streamc
