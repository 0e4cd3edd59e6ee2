#include "compiler/graph/first_stamps.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "compiler/support/match.h"

namespace streamc {
namespace {

using Stamp = std::optional<std::int64_t>;  // Nothing: nobody knows.

class BeginFinder {
 public:
  BeginFinder(Graph& graph, DiagnosticSink& sink)
      : graph_(graph), sink_(sink), begin_of_(graph.scopes.size()), is_known_(graph.scopes.size(), false) {}

  void run() {
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      Operator& op = graph_.operators[i];
      auto* delay = std::get_if<DelayOperator>(&op.kind);
      if (delay == nullptr || delay->is_on_cycle || delay->is_by_time()) continue;
      if (const Stamp begin = begin_of(graph_.port(op.inputs.front()).scope)) {
        delay->input_begin = *begin;
      } else {
        sink_.report(diag::DelayNeedsRate, op.span, name_of(op.inputs.front()))
            .help("delay by a time, as in `delay(x, 1s)`; or look back with `prev`, which keeps the times of its input");
      }
    }
  }

 private:
  std::string name_of(PortId port) const {
    const Port& found = graph_.port(port);
    return found.name.empty() ? graph_.op(found.producer).equation : found.name;
  }

  // Recursion is as deep as the graph, and ends at the delays on cycles.
  Stamp begin_of(ScopeId id) {
    if (is_known_[id.index()]) return begin_of_[id.index()];
    is_known_[id.index()] = true;
    const Scope& scope = graph_.scope(id);
    begin_of_[id.index()] = scope.parent.valid() ? begin_of(scope.parent) : begin_of_head(scope);
    return begin_of_[id.index()];
  }

  Stamp begin_of_head(const Scope& scope) {
    const Operator& op = graph_.op(scope.opener);
    if (const auto* source = std::get_if<SourceOperator>(&op.kind)) {
      return source->has_time_field || source->is_live ? Stamp() : Stamp(0);
    }
    if (const auto* list = std::get_if<ListOperator>(&op.kind)) {
      return list->elements.empty() ? Stamp(0) : Stamp(list->elements.front().stamp.value_or(0));
    }
    if (std::holds_alternative<ZipOperator>(op.kind)) return latest_begin(op);
    if (std::holds_alternative<MergeOperator>(op.kind)) return earliest_begin(op);
    const auto& delay = std::get<DelayOperator>(op.kind);
    if (delay.is_on_cycle) return delay.is_by_time() ? Stamp() : Stamp(0);
    const Stamp begin = begin_of(graph_.port(op.inputs.front()).scope);
    if (!begin || delay.is_by_time()) return begin;
    DelayOperator placed = delay;
    placed.input_begin = *begin;
    return initial_stamp(placed, scope, 0);
  }

  // A tick of a zip is as late as the latest of its parts.
  Stamp latest_begin(const Operator& op) {
    Stamp latest;
    for (const PortId input : op.inputs) {
      const ScopeId scope = graph_.port(input).scope;
      if (counts_in_zip(graph_, scope, graph_.port(op.outputs.front()).scope)) latest = std::max(latest, begin_of(scope));
    }
    return latest;
  }

  Stamp earliest_begin(const Operator& op) {
    Stamp earliest = begin_of(graph_.port(op.inputs.front()).scope);
    for (const PortId input : op.inputs) earliest = std::min(earliest, begin_of(graph_.port(input).scope));
    return earliest;
  }

  Graph& graph_;
  DiagnosticSink& sink_;
  std::vector<Stamp> begin_of_;  // One a scope.
  std::vector<bool> is_known_;
};

}  // namespace

bool counts_loop(const Graph& graph, ScopeId scope) {
  const std::vector<OperatorId>& givers = graph.scope(scope).stamp_givers;
  return std::all_of(givers.begin(), givers.end(), [&](OperatorId giver) {
    return std::holds_alternative<DelayOperator>(graph.op(giver).kind);
  });
}

bool counts_in_zip(const Graph& graph, ScopeId input, ScopeId zip) {
  if (graph.scope(input).domain != graph.scope(zip).domain) return false;
  return counts_loop(graph, zip) || !counts_loop(graph, input);
}

void find_first_stamps(Graph& graph, DiagnosticSink& sink) { BeginFinder(graph, sink).run(); }

}  // namespace streamc
