#include "compiler/graph/rewrite.h"
#include "compiler/passes/passes.h"

namespace streamc {

// Removes operators whose items can reach no sink. Sinks, captures and agents without outputs are
// live by definition: having an effect is what makes one a sink. O(operators + edges).
bool remove_dead_operators(Graph& graph, PassContext&) { return remove_unneeded(graph); }

}  // namespace streamc
