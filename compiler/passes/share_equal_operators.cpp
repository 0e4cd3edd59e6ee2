#include <algorithm>
#include <map>

#include "compiler/graph/rewrite.h"
#include "compiler/passes/passes.h"
#include "compiler/passes/structure.h"
#include "compiler/support/match.h"

namespace streamc {
namespace {

std::string shape_key(const WindowShape& shape) {
  return fmt::format("{} {} {} {}", shape.size, shape.every, shape.partial, shape.rest);
}

// Everything the outputs depend on but the inputs, for operators that keep to one scope; empty for those that
// are not shared.
std::string key_of(const CheckedProgram& program, const OperatorKind& kind) {
  return match(
      kind, [](const SourceOperator&) { return std::string(); },
      [](const ListOperator&) { return std::string(); },
      [&](const MapOperator& k) { return "map " + structure_of(program, k.function_id); },
      // Equal filters have scopes of their own, which cannot be joined here.
      [](const WhereOperator&) { return std::string(); },
      [](const FilterMapOperator&) { return std::string(); },
      [](const ElseOperator&) { return std::string(); },
      [&](const PrevOperator& k) { return fmt::format("prev {} {}", k.count, structure_of(program, k.initial)); },
      [](const TakeOperator& k) { return fmt::format("take {}", k.count); },
      [](const SkipOperator& k) { return fmt::format("skip {}", k.count); },
      [&](const ScanOperator& k) {
        return fmt::format("scan {} {}", structure_of(program, k.function_id), structure_of(program, k.initial));
      },
      [&](const RunningOperator& k) {
        std::string key = fmt::format("running {}", k.aggregate_id);
        for (const CheckedExprId constant : k.constants) key += structure_of(program, constant);
        return key;
      },
      [](const WindowOperator& k) { return "window " + shape_key(k.shape); },
      [&](const WindowFoldOperator& k) {
        std::string key = "fold " + shape_key(k.shape) + structure_of(program, k.finish_id);
        for (const Fold& fold : k.folds) {
          key += fmt::format(" {} {}", fold.aggregate_id, fold.is_total);
          for (const CheckedExprId constant : fold.constants) key += structure_of(program, constant);
          for (const FunctionId argument : fold.arguments) key += structure_of(program, argument);
          key += structure_of(program, fold.filter_id);
        }
        return key;
      },
      [](const FlattenOperator&) { return std::string("flatten"); },
      [](const ZipOperator&) { return std::string(); }, [](const MergeOperator&) { return std::string(); },
      [](const DelayOperator&) { return std::string(); }, [](const LinkOperator&) { return std::string(); },
      [](const AgentOperator&) { return std::string(); }, [](const SinkOperator&) { return std::string(); },
      [](const CaptureOperator&) { return std::string(); });
}

// Whether a failure could arise in the operator itself, and so be told of another equation than its own.
bool may_fail(const CheckedProgram& program, const OperatorKind& kind) {
  const auto fails = [&](FunctionId id) { return id.valid() && program.function(id).can_fail; };
  const auto result_fails = [&](AggregateId id) {
    return program.aggregate(id).add_can_fail || program.aggregate(id).result_can_fail;
  };
  if (const auto* map = std::get_if<MapOperator>(&kind)) return fails(map->function_id);
  if (const auto* scan = std::get_if<ScanOperator>(&kind)) return fails(scan->function_id);
  if (const auto* running = std::get_if<RunningOperator>(&kind)) return result_fails(running->aggregate_id);
  if (const auto* fold = std::get_if<WindowFoldOperator>(&kind)) {
    return fails(fold->finish_id) || std::any_of(fold->folds.begin(), fold->folds.end(), [&](const Fold& f) {
             return result_fails(f.aggregate_id);
           });
  }
  return false;
}

}  // namespace

// Lets readers of an operator read an earlier one that does the same with the same inputs, such as a
// window that two equations use. Operators that may fail are shared only inside an equation, so that every
// failure is told of the equation that has it. Value numbering in the order of the graph; a `prev` is numbered by its
// input as it stands, so that cycles written twice stay apart. O(operators × size of their functions).
bool share_equal_operators(Graph& graph, PassContext& context) {
  NeededParts keep{std::vector<bool>(graph.operators.size(), true), std::vector<bool>(graph.ports.size(), true)};
  std::map<std::string, std::size_t> first_with;
  bool changed = false;
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    const Operator& op = graph.operators[i];
    std::string key = key_of(context.program, op.kind);
    if (key.empty()) continue;
    for (const PortId input : op.inputs) key += fmt::format(" p{}", input);
    for (const PortId output : op.outputs) key += fmt::format(" s{}", graph.port(output).scope);
    key += op.failure_is_handled ? " handled" : "";
    if (may_fail(context.program, op.kind)) key += " in " + op.equation;
    const auto [found, is_new] = first_with.try_emplace(std::move(key), i);
    if (is_new) continue;
    const Operator& first = graph.operators[found->second];
    bool names_fit = true;
    for (std::size_t k = 0; k < op.outputs.size(); ++k) {
      names_fit = names_fit && (graph.port(op.outputs[k]).name.empty() ||
                                graph.port(first.outputs[k]).name.empty());
    }
    if (!names_fit) continue;  // Both have a name, by which users know them.
    for (std::size_t k = 0; k < op.outputs.size(); ++k) {
      const PortId from = op.outputs[k];
      const PortId to = first.outputs[k];
      if (!graph.port(from).name.empty()) graph.ports[to.index()].name = graph.port(from).name;
      for (Operator& reader : graph.operators) {
        for (PortId& input : reader.inputs) {
          if (input == from) input = to;
        }
      }
    }
    keep.operators[i] = false;
    changed = true;
  }
  if (changed) keep_parts(graph, keep);
  return changed;
}

}  // namespace streamc
