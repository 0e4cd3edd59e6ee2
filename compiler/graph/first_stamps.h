// Where streams begin: the earliest stamp that their items can have, as far as it is known before they run.
#pragma once

#include "compiler/diag/diagnostics.h"
#include "compiler/graph/graph.h"

namespace streamc {

// Sets DelayOperator::input_begin of every delay by items that stands on no cycle, so that its initial ticks come before
// everything; reports those whose input begins nobody knows when. O(operators + edges).
void find_first_stamps(Graph& graph, DiagnosticSink& sink);

}  // namespace streamc
