#include "compiler/graph/lossy.h"

#include "compiler/graph/heads.h"

namespace streamc {

// Marks downwards from each `best_effort`; the first one that comes to a port stays.
std::vector<OperatorId> find_lossy_ports(const Graph& graph) {
  std::vector<OperatorId> lossy(graph.ports.size());
  std::vector<std::vector<OperatorId>> readers(graph.ports.size());
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    for (const PortId input : graph.operators[i].inputs) readers[input.index()].push_back(OperatorId(i));
  }
  std::vector<OperatorId> worklist;
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    const OperatorId origin(i);
    if (!is_best_effort(graph.op(origin))) continue;
    worklist.push_back(origin);
    while (!worklist.empty()) {
      const Operator& op = graph.op(worklist.back());
      worklist.pop_back();
      for (const PortId output : op.outputs) {
        if (lossy[output.index()].valid()) continue;
        lossy[output.index()] = origin;
        const std::vector<OperatorId>& below = readers[output.index()];
        worklist.insert(worklist.end(), below.begin(), below.end());
      }
    }
  }
  return lossy;
}

}  // namespace streamc
