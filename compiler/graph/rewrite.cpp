#include "compiler/graph/rewrite.h"

#include <algorithm>

#include "compiler/support/assert.h"

namespace streamc {

bool has_effect(const Operator& op) {
  if (std::holds_alternative<AgentOperator>(op.kind)) return op.outputs.empty();
  return std::holds_alternative<SinkOperator>(op.kind) || std::holds_alternative<CaptureOperator>(op.kind);
}

NeededParts find_needed(const Graph& graph) {
  NeededParts needed{std::vector<bool>(graph.operators.size()), std::vector<bool>(graph.ports.size())};
  std::vector<OperatorId> worklist;
  const auto is_zip = [&](OperatorId id) { return std::holds_alternative<ZipOperator>(graph.op(id).kind); };
  const auto need_operator = [&](OperatorId id) {
    if (needed.operators[id.index()]) return;
    needed.operators[id.index()] = true;
    if (is_zip(id)) return;  // Its inputs are needed one by one.
    worklist.push_back(id);
    for (const PortId output : graph.op(id).outputs) needed.ports[output.index()] = true;
  };
  std::vector<PortId> ports;
  const auto need_port = [&](PortId id) {
    const Port& port = graph.port(id);
    need_operator(port.producer);
    if (is_zip(port.producer) && !needed.ports[id.index()]) {
      needed.ports[id.index()] = true;
      ports.push_back(graph.op(port.producer).inputs[port.index]);
    }
  };
  const auto drain = [&] {
    while (!worklist.empty() || !ports.empty()) {
      if (!ports.empty()) {
        const PortId port = ports.back();
        ports.pop_back();
        need_port(port);
        continue;
      }
      const OperatorId id = worklist.back();
      worklist.pop_back();
      for (const PortId input : graph.op(id).inputs) need_port(input);
    }
  };
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    if (has_effect(graph.operators[i])) need_operator(OperatorId(i));
  }
  drain();
  // From the last zip to the first, as each may need earlier ones.
  for (std::size_t i = graph.operators.size(); i-- > 0;) {
    if (!needed.operators[i] || !is_zip(OperatorId(i))) continue;
    const Operator& zip = graph.operators[i];
    for (std::size_t k = 0; k < zip.inputs.size(); ++k) {
      const ScopeId scope = graph.port(zip.inputs[k]).scope;
      bool is_covered = false;
      for (std::size_t m = 0; m < zip.inputs.size(); ++m) {
        is_covered = is_covered || (needed.ports[zip.outputs[m].index()] &&
                                    graph.port(zip.inputs[m]).scope == scope);
      }
      if (!is_covered) need_port(zip.outputs[k]);
    }
    drain();
  }
  return needed;
}

void keep_parts(Graph& graph, const NeededParts& keep) {
  std::vector<OperatorId> operator_ids(graph.operators.size());
  std::vector<PortId> port_ids(graph.ports.size());
  std::vector<ScopeId> scope_ids(graph.scopes.size());
  std::vector<OperatorId> openers(graph.scopes.size());
  std::vector<bool> scope_is_used(graph.scopes.size());
  Graph result;
  result.captures = graph.captures;
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    if (!keep.operators[i]) continue;
    Operator op = graph.operators[i];
    operator_ids[i] = OperatorId(result.operators.size());
    if (std::holds_alternative<ZipOperator>(op.kind)) {
      std::vector<PortId> inputs;
      for (std::size_t k = 0; k < op.inputs.size(); ++k) {
        if (keep.ports[op.outputs[k].index()]) inputs.push_back(op.inputs[k]);
      }
      op.inputs = std::move(inputs);
      std::erase_if(op.outputs, [&](PortId output) { return !keep.ports[output.index()]; });
    }
    for (std::size_t k = 0; k < op.outputs.size(); ++k) {
      const PortId output = op.outputs[k];
      port_ids[output.index()] = PortId(result.ports.size());
      Port port = graph.port(output);
      const std::size_t scope = port.scope.index();
      scope_is_used[scope] = true;
      const bool is_opener = graph.scopes[scope].opener == OperatorId(i);
      const bool opens = std::none_of(op.inputs.begin(), op.inputs.end(), [&](PortId input) {
        return graph.port(input).scope.index() == scope;
      });
      if (is_opener || (opens && !openers[scope].valid())) openers[scope] = operator_ids[i];
      port.index = static_cast<std::uint32_t>(k);
      port.producer = operator_ids[i];
      result.ports.push_back(std::move(port));
    }
    result.operators.push_back(std::move(op));
  }
  for (std::size_t i = 0; i < graph.scopes.size(); ++i) {
    if (!scope_is_used[i]) continue;
    scope_ids[i] = ScopeId(result.scopes.size());
    Scope scope = graph.scopes[i];
    scope.opener = openers[i];
    if (scope.parent.valid()) scope.parent = scope_ids[scope.parent.index()];
    std::vector<OperatorId> givers;
    for (const OperatorId giver : scope.stamp_givers) givers.push_back(operator_ids[giver.index()]);
    scope.stamp_givers = std::move(givers);
    result.scopes.push_back(std::move(scope));
  }
  for (Port& port : result.ports) port.scope = scope_ids[port.scope.index()];
  for (Operator& op : result.operators) {
    for (PortId& input : op.inputs) input = port_ids[input.index()];
    for (PortId& output : op.outputs) output = port_ids[output.index()];
  }
  graph = std::move(result);
}

bool remove_unneeded(Graph& graph) {
  const NeededParts keep = find_needed(graph);
  const auto all = [](const std::vector<bool>& parts) {
    return std::all_of(parts.begin(), parts.end(), [](bool kept) { return kept; });
  };
  if (all(keep.operators) && all(keep.ports)) return false;
  keep_parts(graph, keep);
  return true;
}

}  // namespace streamc
