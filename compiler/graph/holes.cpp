#include "compiler/graph/holes.h"

#include <algorithm>

#include "compiler/sema/item_checker.h"
#include "compiler/support/match.h"

namespace streamc {
namespace {

// Looks for counters among the states of an aggregate: ints that begin at 0 or more, grow at each item
// by a positive literal, and add up when two parts are merged. They are positive once a value was added.
class ResultAnalysis {
 public:
  ResultAnalysis(const CheckedProgram& program, const CheckedAggregate& aggregate)
      : program_(program), aggregate_(aggregate) {}

  bool can_fail() const {
    if (!aggregate_.result_can_fail) return false;
    if (aggregate_.result.size() != 1) return true;
    const auto* result = std::get_if<ReturnStmt>(&aggregate_.result.front().node);
    return result == nullptr || can_fail(result->value);
  }

 private:
  const LocalExpr* local(CheckedExprId id) const { return std::get_if<LocalExpr>(&program_.expr(id).node); }

  // The only assignment of `local` in the block, at its top level.
  const AssignStmt* only_assignment(const CheckedBlock& block, LocalIndex index) const {
    const AssignStmt* found = nullptr;
    for (const CheckedStmt& stmt : block) {
      const auto* assign = std::get_if<AssignStmt>(&stmt.node);
      if (assign == nullptr) return nullptr;  // Something may happen only now and then.
      if (assign->local != index) continue;
      if (found != nullptr || !assign->path.empty()) return nullptr;
      found = assign;
    }
    return found;
  }

  bool is_counter(LocalIndex index) const {
    std::size_t state = 0;
    while (state < aggregate_.states.size() && aggregate_.states[state].local != index) ++state;
    if (state == aggregate_.states.size()) return false;
    if (program_.types.kind(aggregate_.locals[index].type_id) != TypeKind::Int) return false;
    const auto* initial = std::get_if<LiteralExpr>(&program_.expr(aggregate_.states[state].initial).node);
    if (initial == nullptr || initial->value.integer < 0) return false;
    // index = index + literal
    const AssignStmt* add = only_assignment(aggregate_.add, index);
    if (add == nullptr) return false;
    const auto* sum = std::get_if<BinaryExpr>(&program_.expr(add->value).node);
    if (sum == nullptr || sum->op != BinaryOp::Add) return false;
    const LocalExpr* self = local(sum->left);
    const auto* step = std::get_if<LiteralExpr>(&program_.expr(sum->right).node);
    if (self == nullptr || self->local != index || step == nullptr || step->value.integer <= 0) return false;
    if (!aggregate_.has_merge) return true;
    // index = index + other.index
    const AssignStmt* merge = only_assignment(aggregate_.merge, index);
    if (merge == nullptr) return false;
    const auto* both = std::get_if<BinaryExpr>(&program_.expr(merge->value).node);
    if (both == nullptr || both->op != BinaryOp::Add) return false;
    const LocalExpr* left = local(both->left);
    const LocalExpr* right = local(both->right);
    return left != nullptr && right != nullptr && left->local == index &&
           right->local == aggregate_.other_states[state];
  }

  bool is_positive(CheckedExprId id) const {
    if (const auto* convert = std::get_if<ConvertExpr>(&program_.expr(id).node)) return is_positive(convert->operand);
    const LocalExpr* counter = local(id);
    return counter != nullptr && is_counter(counter->local);
  }

  bool can_fail(CheckedExprId id) const {
    const CheckedExpr& expr = program_.expr(id);
    if (const auto* binary = std::get_if<BinaryExpr>(&expr.node)) {
      const bool divides = binary->op == BinaryOp::Divide || binary->op == BinaryOp::FloorDivide ||
                           binary->op == BinaryOp::Modulo;
      if (divides && !is_positive(binary->right)) return true;
      return can_fail(binary->left) || can_fail(binary->right);
    }
    if (const auto* unary = std::get_if<UnaryExpr>(&expr.node)) return can_fail(unary->operand);
    if (const auto* convert = std::get_if<ConvertExpr>(&expr.node)) return can_fail(convert->operand);
    if (const auto* call = std::get_if<CallBuiltinExpr>(&expr.node)) {
      const bool arguments_fail = std::any_of(call->arguments.begin(), call->arguments.end(),
                                              [&](CheckedExprId argument) { return can_fail(argument); });
      return arguments_fail || builtin_can_fail(call->builtin);
    }
    return streamc::can_fail(program_, id);
  }

  static bool builtin_can_fail(Builtin builtin) {
    switch (builtin) {
      case Builtin::ToInt:
      case Builtin::ParseInt:
      case Builtin::ParseFloat:
      case Builtin::ShiftLeft:
      case Builtin::ShiftRight: return true;
      default: return false;  // builtins.def names those that fail.
    }
  }

  const CheckedProgram& program_;
  const CheckedAggregate& aggregate_;
};

}  // namespace

bool result_can_fail_with_values(const CheckedProgram& program, AggregateId id) {
  return ResultAnalysis(program, program.aggregate(id)).can_fail();
}

namespace {

// One round over all operators. Returns whether a port was found to hold holes that was not before, so that a
// `delay` on a cycle has to be looked at again.
bool mark_round(Graph& graph, const CheckedProgram& program) {
  bool changed = false;
  for (Operator& op : graph.operators) {
    const bool input_may = std::any_of(op.inputs.begin(), op.inputs.end(), [&](PortId id) {
      return graph.port(id).may_hold_holes;
    });
    const auto fails = [&](FunctionId id) { return program.function(id).can_fail; };
    const auto set_all = [&](bool may) {
      for (const PortId output : op.outputs) {
        Port& port = graph.ports[output.index()];
        changed = changed || (may && !port.may_hold_holes);
        port.may_hold_holes = may;
      }
    };
    const auto set_each = [&] {
      for (std::size_t i = 0; i < op.outputs.size(); ++i) {
        Port& port = graph.ports[op.outputs[i].index()];
        const bool may = graph.port(op.inputs[i]).may_hold_holes;
        changed = changed || (may && !port.may_hold_holes);
        port.may_hold_holes = may;
      }
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
          set_all(input_may || program.aggregate(kind.aggregate_id).add_can_fail ||
                  result_can_fail_with_values(program, kind.aggregate_id));
        },
        [&](const WindowOperator&) { set_all(input_may); },
        [&](const WindowFoldOperator& kind) {
          // Without a hole in its input a window has a value; what a filter leaves may be nothing.
          const bool folds_fail =
              std::any_of(kind.folds.begin(), kind.folds.end(), [&](const Fold& fold) {
                return fold.filter_id.valid()
                           ? program.aggregate(fold.aggregate_id).result_can_fail
                           : result_can_fail_with_values(program, fold.aggregate_id);
              });
          set_all(input_may || folds_fail || fails(kind.finish_id));
        },
        [&](const FlattenOperator&) {
          const Port& input = graph.port(op.inputs.front());
          set_all(input_may && program.types.kind(input.type_id) == TypeKind::Array);
        },
        [&](const ZipOperator&) { set_each(); }, [&](const MergeOperator&) { set_all(false); },
        [&](const DelayOperator&) { set_each(); }, [&](const LinkOperator&) { set_each(); },
        [&](const AgentOperator& kind) {
          const CheckedAgent& agent = program.agent(kind.agent_id);
          const bool can_fail =
              std::any_of(agent.handlers.begin(), agent.handlers.end(),
                          [](const AgentHandler& handler) { return handler.can_fail; });
          for (const PortId output : op.outputs) {
            // Only a port in step has a tick for a reaction that fails or does not happen.
            Port& port = graph.ports[output.index()];
            const bool in_step = port.scope == graph.port(op.inputs.front()).scope;
            const bool may = in_step && (input_may || can_fail);
            changed = changed || (may && !port.may_hold_holes);
            port.may_hold_holes = may;
          }
        },
        [](const SinkOperator&) {}, [](const CaptureOperator&) {});
  }
  return changed;
}

}  // namespace

void mark_holes(Graph& graph, const CheckedProgram& program) {
  for (Port& port : graph.ports) port.may_hold_holes = false;
  while (mark_round(graph, program)) {
  }
}

}  // namespace streamc
