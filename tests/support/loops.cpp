#include "tests/support/loops.h"

#include <algorithm>

#include "tests/support/values.h"

namespace streamref {

using streamc::DelayOperator;
using streamc::Graph;
using streamc::OperatorId;

namespace {

// Longer contents are those of a cycle that goes on for ever.
constexpr std::size_t kLongestContent = 3000;

bool is_same(const streamc::TypeTable& types, const LoopContent& a, const LoopContent& b) {
  const auto is_same_cell = [&](const Cell& x, const Cell& y) {
    return x.has_value() == y.has_value() && (!x || values_identical(types, *x, *y));
  };
  return a.stamps == b.stamps &&
         std::equal(a.cells.begin(), a.cells.end(), b.cells.begin(), b.cells.end(), is_same_cell);
}

}  // namespace

FoundLoops find_loops(const Graph& graph, ItemEvaluator& items, const GraphEvaluator::Records& records,
                      const GraphEvaluator::HeadLimits& limits) {
  FoundLoops found;
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    const auto* delay = std::get_if<DelayOperator>(&graph.operators[i].kind);
    if (delay != nullptr && delay->is_on_cycle) found.contents[OperatorId(i)];
  }
  for (bool changed = !found.contents.empty(); changed && !found.is_endless;) {
    changed = false;
    GraphEvaluator evaluator(graph, items, records, limits, found.contents);
    LoopContents next;
    for (const auto& [id, content] : found.contents) {
      const streamc::PortId input = graph.op(id).inputs.at(0);
      next[id] = {evaluator.cells(input), evaluator.ticks(graph.port(input).scope).stamps};
      changed = changed || !is_same(items.types(), content, next[id]);
      found.is_endless = found.is_endless || next[id].cells.size() > kLongestContent;
    }
    found.contents = std::move(next);
  }
  return found;
}

}  // namespace streamref
