// What goes round in cycles through `delay`: the least fixed point, found by evaluating the program again and again.
#pragma once

#include "compiler/graph/graph.h"
#include "tests/support/graph_evaluator.h"

namespace streamref {

struct FoundLoops {
  LoopContents contents;
  bool is_endless = false;  // Some cycle regenerates itself for ever, as far as was followed: only its beginning is known.
};

// At first nothing has come round; each evaluation says what comes round next, until nothing changes. By items
// that makes each content longer; by time, what is right reaches later with each round, since a delay looks back only.
// May throw StopRequest.
[[nodiscard]] FoundLoops find_loops(const streamc::Graph& graph, ItemEvaluator& items,
                                    const GraphEvaluator::Records& records,
                                    const GraphEvaluator::HeadLimits& limits);

}  // namespace streamref
