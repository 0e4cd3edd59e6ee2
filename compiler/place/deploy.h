// A deploy block → a placement.
#pragma once

#include <optional>

#include "compiler/diag/diagnostics.h"
#include "compiler/place/placement.h"
#include "compiler/sema/deployment.h"

namespace streamc {

// Places the graph of `program` as the block says. Reports streams without a place and restarts that would lose something,
// and warns of streams that had to stay with others. Empty after a mistake.
std::optional<PlacedGraph> place_by(const CheckedProgram& program, const Graph& graph, const Deployment& deployment,
                                    DiagnosticSink& sink);

}  // namespace streamc
