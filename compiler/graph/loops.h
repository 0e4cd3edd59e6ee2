// Cycles through `delay` that could not go on: checks that need the whole graph (semantics.md §5).
#pragma once

#include "compiler/diag/diagnostics.h"
#include "compiler/graph/graph.h"

namespace streamc {

// Reports what stands on a cycle through `delay` and would keep it from moving, or from ending:
// a merge by position with something from outside, a zip with something from outside for which too few items come
// round, and whatever emits at its END. O(operators + edges + heads²).
void check_loops(const Graph& graph, const CheckedProgram& program, DiagnosticSink& sink);

}  // namespace streamc
