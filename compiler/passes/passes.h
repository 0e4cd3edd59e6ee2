// The functions behind passes.def. Each says whether it changed the graph.
#pragma once

#include "compiler/graph/graph.h"
#include "compiler/passes/pass_manager.h"

namespace streamc {

#define STREAM_PASS(function, summary) bool function(Graph& graph, PassContext& context);
#include "compiler/passes/passes.def"
#undef STREAM_PASS

}  // namespace streamc
