// What is known of stamps before a program runs: where streams begin, and which stamps say something.
#pragma once

#include "compiler/diag/diagnostics.h"
#include "compiler/graph/graph.h"

namespace streamc {

// Sets DelayOperator::input_begin of every delay by items that stands on no cycle, so that its initial ticks come before
// everything; reports those whose input begins nobody knows when. O(operators + edges).
void find_first_stamps(Graph& graph, DiagnosticSink& sink);

// Whether the stamps of a scope are only the numbers of what goes round in some loop.
bool counts_loop(const Graph& graph, ScopeId scope);

// Whether the stamps of `input` count in a zip whose ticks are `zip`: positions say nothing beside times, and the numbers
// of a loop nothing beside positions.
bool counts_in_zip(const Graph& graph, ScopeId input, ScopeId zip);

}  // namespace streamc
