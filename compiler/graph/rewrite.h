// Removing operators from a graph, for the builder of tests and for passes.
#pragma once

#include <vector>

#include "compiler/graph/graph.h"

namespace streamc {

// True for operators that have an effect by themselves: sinks, captures, agents without outputs.
[[nodiscard]] bool has_effect(const Operator& op);

// What some operator with an effect needs. Of a zip that is only those inputs whose outputs somebody reads, and
// one input of each scope, since the zip ends with the first of its inputs that ends.
struct NeededParts {
  std::vector<bool> operators;  // One for each operator,
  std::vector<bool> ports;      // and for each port.
};

// O(operators + edges), times the number of zips behind one another.
[[nodiscard]] NeededParts find_needed(const Graph& graph);

// Keeps the parts marked true; ids close up, order stays. Kept operators must not read what is removed,
// and only zips may lose some of their outputs, with the inputs of the same index. A scope whose opener goes is opened by
// the first kept operator that gives a port of it.
void keep_parts(Graph& graph, const NeededParts& keep);

// Removes all that is not needed; false if there was nothing.
bool remove_unneeded(Graph& graph);

}  // namespace streamc
