// The invariants of a graph, checked after the builder and after every pass, in all builds.
#pragma once

#include <string>

#include "compiler/graph/graph.h"

namespace streamc {

// What is wrong with the graph, one line for each violation; empty if nothing is. Checked: ids are valid and point
// at each other, producers stand before consumers (but for the input of a `prev`, or of a `delay` on a cycle), inputs of an
// operator other than zip and merge have one scope, outputs have the scope that the kind of operator
// demands, types of functions fit ports, stamp givers are sources or loops, and scopes have openers.
// O(operators + edges + size of the functions' headers).
[[nodiscard]] std::string check_graph(const Graph& graph, const CheckedProgram& program);

// Stops the compiler if check_graph() finds something. `after` names the step that made the graph.
void verify_graph(const Graph& graph, const CheckedProgram& program, std::string_view after);

}  // namespace streamc
