#include "compiler/graph/holes.h"

#include <algorithm>

#include "compiler/support/match.h"

namespace streamc {

void mark_holes(Graph& graph, const CheckedProgram& program) {
  for (Operator& op : graph.operators) {
    const bool input_may = std::any_of(op.inputs.begin(), op.inputs.end(), [&](PortId id) {
      return graph.port(id).may_hold_holes;
    });
    const auto fails = [&](FunctionId id) { return program.function(id).can_fail; };
    const auto set_all = [&](bool may) {
      for (const PortId output : op.outputs) graph.ports[output.index()].may_hold_holes = may;
    };
    match(
        op.kind,
        // A record that cannot be read is a hole; live connectors make no such records.
        [&](const SourceOperator& kind) { set_all(!kind.is_live); },
        [&](const ListOperator& kind) {
          set_all(std::any_of(kind.elements.begin(), kind.elements.end(),
                              [](const ListElement& element) { return element.is_hole; }));
        },
        [&](const MapOperator& kind) { set_all(input_may || fails(kind.function_id)); },
        [&](const WhereOperator&) {
          // The mask comes from all inputs: where one has a hole, the tick is dropped.
          set_all(false);
        },
        [&](const FilterMapOperator&) { set_all(false); },
        [&](const ElseOperator& kind) {
          set_all(kind.mode == ElseMode::Fill && fails(kind.fallback_id));
        },
        [&](const PrevOperator&) { set_all(false); },
        [&](const TakeOperator&) { set_all(input_may); },
        [&](const SkipOperator&) { set_all(input_may); },
        [&](const ScanOperator& kind) { set_all(input_may || fails(kind.function_id)); },
        [&](const RunningOperator& kind) {
          const CheckedAggregate& aggregate = program.aggregate(kind.aggregate_id);
          set_all(input_may || aggregate.add_can_fail || aggregate.result_can_fail);
        },
        [&](const WindowOperator&) { set_all(input_may); },
        [&](const WindowFoldOperator& kind) {
          // The fold of at least one value: a result that could only fail without a value does not.
          const bool folds_fail =
              std::any_of(kind.folds.begin(), kind.folds.end(), [&](const Fold& fold) {
                return program.aggregate(fold.aggregate_id).result_can_fail;
              });
          set_all(input_may || folds_fail || fails(kind.finish_id));
        },
        [&](const FlattenOperator&) {
          const Port& input = graph.port(op.inputs.front());
          set_all(input_may && program.types.kind(input.type_id) == TypeKind::Array);
        },
        [&](const ZipOperator&) {
          for (std::size_t i = 0; i < op.outputs.size(); ++i) {
            graph.ports[op.outputs[i].index()].may_hold_holes = graph.port(op.inputs[i]).may_hold_holes;
          }
        },
        [&](const MergeOperator&) { set_all(false); },
        [&](const AgentOperator& kind) {
          const CheckedAgent& agent = program.agent(kind.agent_id);
          const bool can_fail =
              std::any_of(agent.handlers.begin(), agent.handlers.end(),
                          [](const AgentHandler& handler) { return handler.can_fail; });
          for (const PortId output : op.outputs) {
            // Only a port in step has a tick for a reaction that fails or does not happen.
            Port& port = graph.ports[output.index()];
            const bool in_step = port.scope == graph.port(op.inputs.front()).scope;
            port.may_hold_holes = in_step && (input_may || can_fail);
          }
        },
        [](const SinkOperator&) {}, [](const CaptureOperator&) {});
  }
}

}  // namespace streamc
