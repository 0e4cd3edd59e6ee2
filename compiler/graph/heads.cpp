#include "compiler/graph/heads.h"

namespace streamc {
namespace {

template <class... Kinds>
bool is_one_of(const Operator& op) {
  return (std::holds_alternative<Kinds>(op.kind) || ...);
}

}  // namespace

bool is_head(const Operator& op) {
  return is_one_of<SourceOperator, ListOperator, ZipOperator, MergeOperator, DelayOperator, LinkOperator>(op);
}

bool is_loop_head(const Operator& op) {
  const auto* delay = std::get_if<DelayOperator>(&op.kind);
  return delay != nullptr && delay->is_on_cycle;
}

bool is_best_effort(const Operator& op) {
  const auto* link = std::get_if<LinkOperator>(&op.kind);
  return link != nullptr && link->is_best_effort;
}

bool is_sink(const Operator& op) { return is_one_of<SinkOperator, CaptureOperator>(op); }

ScopeId root_of(const Graph& graph, ScopeId scope) {
  while (graph.scope(scope).parent.valid()) scope = graph.scope(scope).parent;
  return scope;
}

}  // namespace streamc
