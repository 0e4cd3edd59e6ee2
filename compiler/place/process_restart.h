// Which processes can be started again after they died, without a trace of it in what the program gives.
//
// A process goes on from its inputs, which other processes keep, and from a copy of its state (runtime/agent/restart_point.h).
// What it cannot go on from is refused here: sources, sinks and an `else stop` act on the outside, a text that
// is remembered lies outside of the state that is copied, and a queue within a thread is lost with it. What a link
// dropped would be computed again and perhaps not be dropped. Other than when a node is started again (node_restart.h),
// state that is plain bytes is none of this.
#pragma once

#include "compiler/diag/diagnostics.h"
#include "compiler/place/placement.h"
#include "compiler/sema/checked.h"

namespace streamc {

// Reports what stands in a process with `restart:` and cannot be taken up again; one message an equation. Returns whether
// there is nothing of that kind. O(operators + edges).
bool check_restarts(const CheckedProgram& program, const PlacedGraph& placed, DiagnosticSink& sink);

}  // namespace streamc
