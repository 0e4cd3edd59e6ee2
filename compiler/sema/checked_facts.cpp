// What is true of a checked tree: whether it can fail, whether it asks for the time, which constants it
// reads.
#include <algorithm>
#include <set>
#include <utility>

#include "compiler/sema/item_checker.h"
#include "compiler/support/match.h"

namespace streamc {

namespace {

// Calls `visit` for each expression that stands directly in another, or in a block.
template <class Visit>
bool any_part(const CheckedExpr& expr, const Visit& visit) {
  const auto any = [&](const std::vector<CheckedExprId>& ids) {
    return std::any_of(ids.begin(), ids.end(), visit);
  };
  return match(
      expr.node, [](const LiteralExpr&) { return false; }, [](const LocalExpr&) { return false; },
      [](const ConstantExpr&) { return false; }, [](const NowExpr&) { return false; },
      [&](const UnaryExpr& node) { return visit(node.operand); },
      [&](const BinaryExpr& node) { return visit(node.left) || visit(node.right); },
      [&](const ConvertExpr& node) { return visit(node.operand); },
      [&](const CallFunctionExpr& node) { return any(node.arguments); },
      [&](const CallBuiltinExpr& node) { return any(node.arguments); },
      [&](const FieldExpr& node) { return visit(node.object); },
      [&](const MakeExpr& node) { return any(node.parts); },
      [&](const IndexExpr& node) { return visit(node.object) || visit(node.index); },
      [&](const ConditionExpr& node) {
        return visit(node.condition) || visit(node.then_value) || visit(node.else_value);
      },
      [&](const IsPresentExpr& node) { return visit(node.option); },
      [&](const UnwrapExpr& node) { return visit(node.option); },
      [&](const ElseExpr& node) { return visit(node.value) || visit(node.fallback); },
      [&](const FailExpr& node) { return visit(node.message); },
      [&](const MapArrayExpr& node) { return visit(node.array) || visit(node.body); },
      [&](const FilterArrayExpr& node) { return visit(node.array) || visit(node.body); },
      [&](const AggregateArrayExpr& node) { return any(node.arrays) || any(node.constants); },
      [&](const FormatExpr& node) {
        return std::any_of(node.pieces.begin(), node.pieces.end(), [&](const FormatPiece& piece) {
          return piece.has_value && visit(piece.value);
        });
      });
}

template <class Visit>
bool any_expr(const CheckedBlock& block, const Visit& visit) {
  return std::any_of(block.begin(), block.end(), [&](const CheckedStmt& stmt) {
    return match(
        stmt.node,
        [&](const AssignStmt& node) {
          return visit(node.value) ||
                 std::any_of(node.path.begin(), node.path.end(), [&](const TargetStep& step) {
                   return step.is_index && visit(step.index);
                 });
        },
        [&](const IfStmt& node) {
          return visit(node.condition) || any_expr(node.then_block, visit) ||
                 any_expr(node.else_block, visit);
        },
        [&](const ForRangeStmt& node) {
          return visit(node.first) || visit(node.end) || visit(node.step) ||
                 any_expr(node.body, visit);
        },
        [&](const ForArrayStmt& node) { return visit(node.array) || any_expr(node.body, visit); },
        [&](const EmitStmt& node) { return visit(node.value); },
        [&](const ReturnStmt& node) { return visit(node.value); },
        [&](const ExprStmt& node) { return visit(node.value); });
  });
}

std::optional<Value> literal_of(const CheckedProgram& program, CheckedExprId id) {
  const auto* literal = std::get_if<LiteralExpr>(&program.expr(id).node);
  return literal != nullptr ? std::optional(literal->value) : std::nullopt;
}

bool is_nonzero_literal(const CheckedProgram& program, CheckedExprId id) {
  const std::optional<Value> value = literal_of(program, id);
  if (!value) return false;
  return program.types.kind(value->type_id) == TypeKind::Float ? value->real != 0.0
                                                               : value->integer != 0;
}

bool index_can_fail(const CheckedProgram& program, const CheckedExpr& object,
                    CheckedExprId index) {
  const Type& type = program.types.get(object.type_id);
  const std::optional<Value> known = literal_of(program, index);
  return type.kind != TypeKind::Array || !known || known->integer < -type.length ||
         known->integer >= type.length;
}

bool builtin_can_fail(const CheckedProgram& program, const CallBuiltinExpr& call) {
  switch (call.builtin) {
    case Builtin::ToInt:
    case Builtin::ParseInt:
    case Builtin::ParseFloat:
      return true;
    case Builtin::ShiftLeft:
    case Builtin::ShiftRight: {
      const std::optional<Value> count = literal_of(program, call.arguments[1]);
      return !count || count->integer < 0 || count->integer >= 64;
    }
    default:  // None of the others: see builtins.def.
      return false;
  }
}

// Whether the expression itself can fail, its parts aside.
bool fails_itself(const CheckedProgram& program, const CheckedExpr& expr) {
  if (const auto* binary = std::get_if<BinaryExpr>(&expr.node)) {
    const bool divides = binary->op == BinaryOp::Divide || binary->op == BinaryOp::FloorDivide ||
                         binary->op == BinaryOp::Modulo;
    if (divides && !is_nonzero_literal(program, binary->right)) return true;
    // A duration times or by a float can leave the range.
    return program.types.kind(expr.type_id) == TypeKind::Duration &&
           (binary->op == BinaryOp::Divide ||
            program.types.kind(program.expr(binary->right).type_id) == TypeKind::Float);
  }
  if (const auto* call = std::get_if<CallFunctionExpr>(&expr.node)) {
    return program.function(call->function_id).can_fail;
  }
  if (const auto* call = std::get_if<CallBuiltinExpr>(&expr.node)) {
    return builtin_can_fail(program, *call);
  }
  if (const auto* index = std::get_if<IndexExpr>(&expr.node)) {
    return index_can_fail(program, program.expr(index->object), index->index);
  }
  if (const auto* fold = std::get_if<AggregateArrayExpr>(&expr.node)) {
    const CheckedAggregate& aggregate = program.aggregate(fold->aggregate_id);
    // Several arrays must be equally long.
    return aggregate.add_can_fail || aggregate.result_can_fail || fold->arrays.size() > 1;
  }
  return std::holds_alternative<FailExpr>(expr.node);
}

}  // namespace

bool can_fail(const CheckedProgram& program, CheckedExprId id) {
  const CheckedExpr& expr = program.expr(id);
  if (const auto* covered = std::get_if<ElseExpr>(&expr.node)) {
    return can_fail(program, covered->fallback);
  }
  return fails_itself(program, expr) ||
         any_part(expr, [&](CheckedExprId part) { return can_fail(program, part); });
}

bool can_fail(const CheckedProgram& program, const CheckedBlock& block) {
  const auto step_fails = [&](const CheckedStmt& stmt) {
    const auto* assign = std::get_if<AssignStmt>(&stmt.node);
    return assign != nullptr &&
           std::any_of(assign->path.begin(), assign->path.end(), [&](const TargetStep& step) {
             // The length of the array it picks from is not at hand: a known index was checked.
             return step.is_index && !literal_of(program, step.index);
           });
  };
  const auto block_steps_fail = [&](const CheckedBlock& inner, const auto& self) -> bool {
    return std::any_of(inner.begin(), inner.end(), [&](const CheckedStmt& stmt) {
      if (step_fails(stmt)) return true;
      if (const auto* branch = std::get_if<IfStmt>(&stmt.node)) {
        return self(branch->then_block, self) || self(branch->else_block, self);
      }
      if (const auto* range = std::get_if<ForRangeStmt>(&stmt.node)) return self(range->body, self);
      if (const auto* array = std::get_if<ForArrayStmt>(&stmt.node)) return self(array->body, self);
      return false;
    });
  };
  return block_steps_fail(block, block_steps_fail) ||
         any_expr(block, [&](CheckedExprId id) { return can_fail(program, id); });
}

bool uses_now(const CheckedProgram& program, CheckedExprId id) {
  const CheckedExpr& expr = program.expr(id);
  if (std::holds_alternative<NowExpr>(expr.node)) return true;
  if (const auto* call = std::get_if<CallFunctionExpr>(&expr.node)) {
    if (program.function(call->function_id).uses_now) return true;
  }
  return any_part(expr, [&](CheckedExprId part) { return uses_now(program, part); });
}

namespace {

// Collects the constants of an expression, of the functions it calls and of other constants.
class ConstantCollector {
 public:
  explicit ConstantCollector(const CheckedProgram& program) : program_(program) {}

  void visit(CheckedExprId id) {
    const CheckedExpr& expr = program_.expr(id);
    if (const auto* constant = std::get_if<ConstantExpr>(&expr.node)) {
      if (!found.insert(constant->constant_id).second) return;
      const CheckedExprId value = program_.constant(constant->constant_id).value;
      if (value.valid()) visit(value);
      return;
    }
    if (const auto* call = std::get_if<CallFunctionExpr>(&expr.node)) {
      if (functions_.insert(call->function_id).second) {
        visit(program_.function(call->function_id).body);
      }
    }
    if (const auto* fold = std::get_if<AggregateArrayExpr>(&expr.node)) {
      const CheckedAggregate& aggregate = program_.aggregate(fold->aggregate_id);
      for (const AgentState& state : aggregate.states) visit(state.initial);
      visit(aggregate.add);
      visit(aggregate.merge);
      visit(aggregate.result);
    }
    any_part(expr, [&](CheckedExprId part) {
      visit(part);
      return false;
    });
  }

  void visit(const CheckedBlock& block) {
    any_expr(block, [&](CheckedExprId id) {
      visit(id);
      return false;
    });
  }

  std::set<ConstantId> found;

 private:
  const CheckedProgram& program_;
  std::set<FunctionId> functions_;
};

}  // namespace

std::set<ConstantId> constants_used(const CheckedProgram& program, CheckedExprId id) {
  ConstantCollector collector(program);
  collector.visit(id);
  return std::move(collector.found);
}

bool uses_now(const CheckedProgram& program, const CheckedBlock& block) {
  return any_expr(block, [&](CheckedExprId id) { return uses_now(program, id); });
}

}  // namespace streamc
