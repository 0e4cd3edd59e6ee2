#include "compiler/graph/rewrite.h"
#include "compiler/passes/passes.h"

namespace streamc {
namespace {

// `x => x`, as conversions between equal types and `map(v => v)` are.
bool is_identity(const CheckedProgram& program, FunctionId id) {
  const CheckedFunction& function = program.function(id);
  if (function.parameter_count != 1 || function.body.size() != 1) return false;
  const auto* result = std::get_if<ReturnStmt>(&function.body.front().node);
  if (result == nullptr) return false;
  const auto* local = std::get_if<LocalExpr>(&program.expr(result->value).node);
  return local != nullptr && local->local == 0;
}

}  // namespace

// Lets readers of `map(v => v)` read its input, holes and all. The output's name goes to the input if that
// has none; where both have one, the map stays, since tests and messages know both. O(operators + edges).
bool remove_identity_maps(Graph& graph, PassContext& context) {
  NeededParts keep{std::vector<bool>(graph.operators.size(), true), std::vector<bool>(graph.ports.size(), true)};
  bool changed = false;
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    Operator& op = graph.operators[i];
    const auto* map = std::get_if<MapOperator>(&op.kind);
    if (map == nullptr || !is_identity(context.program, map->function_id)) continue;
    const PortId from = op.outputs.front();
    const PortId to = op.inputs.front();
    std::string& name = graph.ports[from.index()].name;
    if (!name.empty() && !graph.port(to).name.empty()) continue;
    if (!name.empty()) graph.ports[to.index()].name = name;
    for (Operator& reader : graph.operators) {
      for (PortId& input : reader.inputs) {
        if (input == from) input = to;
      }
    }
    keep.operators[i] = false;
    changed = true;
  }
  if (changed) keep_parts(graph, keep);
  return changed;
}

}  // namespace streamc
