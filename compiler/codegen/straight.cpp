#include "compiler/codegen/straight.h"

#include <algorithm>

#include "compiler/support/match.h"

namespace streamc {

namespace {

bool is_local(const CheckedProgram& program, CheckedExprId id, LocalIndex local) {
  const auto* expr = std::get_if<LocalExpr>(&program.expr(id).node);
  return expr != nullptr && expr->local == local;
}

bool is_int_literal(const CheckedProgram& program, CheckedExprId id, std::int64_t value) {
  const auto* literal = std::get_if<LiteralExpr>(&program.expr(id).node);
  return literal != nullptr && program.types.kind(literal->value.type_id) == TypeKind::Int &&
         literal->value.integer == value;
}

// The only assignment to `local` in `block`, if it stands at the top and has no path.
const AssignStmt* only_assignment(const CheckedBlock& block, LocalIndex local) {
  const AssignStmt* found = nullptr;
  for (const CheckedStmt& stmt : block) {
    if (const auto* assign = std::get_if<AssignStmt>(&stmt.node)) {
      if (assign->local != local) continue;
      if (found != nullptr || !assign->path.empty()) return nullptr;
      found = assign;
    } else if (!std::holds_alternative<ReturnStmt>(stmt.node) &&
               !std::holds_alternative<ExprStmt>(stmt.node)) {
      // A nested block may assign too; such a state is not recognised.
      const auto* branch = std::get_if<IfStmt>(&stmt.node);
      if (branch == nullptr) return nullptr;
      const auto assigns = [&](const CheckedBlock& inner, const auto& self) -> bool {
        return std::any_of(inner.begin(), inner.end(), [&](const CheckedStmt& statement) {
          if (const auto* a = std::get_if<AssignStmt>(&statement.node)) return a->local == local;
          if (const auto* i = std::get_if<IfStmt>(&statement.node)) {
            return self(i->then_block, self) || self(i->else_block, self);
          }
          return false;
        });
      };
      if (assigns(branch->then_block, assigns) || assigns(branch->else_block, assigns)) {
        return nullptr;
      }
    }
  }
  return found;
}

// Whether every assignment to `local` in `block`, however deep, is the literal `value`.
bool only_assigns_literal(const CheckedProgram& program, const CheckedBlock& block,
                          LocalIndex local, std::int64_t value) {
  return std::all_of(block.begin(), block.end(), [&](const CheckedStmt& stmt) {
    if (const auto* assign = std::get_if<AssignStmt>(&stmt.node)) {
      if (assign->local != local) return true;
      const auto* literal = std::get_if<LiteralExpr>(&program.expr(assign->value).node);
      return assign->path.empty() && literal != nullptr &&
             program.types.kind(literal->value.type_id) == TypeKind::Bool &&
             literal->value.integer == value;
    }
    if (const auto* branch = std::get_if<IfStmt>(&stmt.node)) {
      return only_assigns_literal(program, branch->then_block, local, value) &&
             only_assigns_literal(program, branch->else_block, local, value);
    }
    return !std::holds_alternative<ForRangeStmt>(stmt.node) &&
           !std::holds_alternative<ForArrayStmt>(stmt.node);
  });
}

}  // namespace

StraightAnalysis::StraightAnalysis(const CheckedProgram& program, bool has_fma)
    : program_(program), has_fma_(has_fma) {}

bool StraightAnalysis::is_scalar_type(TypeId id) const {
  const std::vector<Leaf> leaves = program_.types.leaves(id);
  return std::all_of(leaves.begin(), leaves.end(), [](const Leaf& leaf) {
    return leaf.count == 1 && (leaf.kind == LeafKind::I8 || leaf.kind == LeafKind::I64 ||
                               leaf.kind == LeafKind::F64);
  });
}

bool StraightAnalysis::has_straight_locals(const std::vector<Local>& locals) const {
  return std::all_of(locals.begin(), locals.end(), [&](const Local& local) {
    const TypeKind kind = program_.types.kind(local.type_id);
    return kind != TypeKind::Array && is_scalar_type(local.type_id);
  });
}

bool StraightAnalysis::is_straight(FunctionId id) {
  const auto known = functions_.find(id);
  if (known != functions_.end()) return known->second;
  const CheckedFunction& function = program_.function(id);
  const bool is_straight = !function.can_fail && !function.uses_now &&
                           has_straight_locals(function.locals) &&
                           is_scalar_type(function.result_id) &&
                           straight_block(function.body, true, {});
  functions_[id] = is_straight;
  return is_straight;
}

bool StraightAnalysis::straight_block(const CheckedBlock& block, bool must_return,
                                      const KnownLocals& known) {
  for (std::size_t i = 0; i < block.size(); ++i) {
    const bool is_last = i + 1 == block.size();
    const bool fits = match(
        block[i].node,
        [&](const AssignStmt& assign) {
          return straight_expr(assign.value, known) &&
                 std::none_of(assign.path.begin(), assign.path.end(),
                              [](const TargetStep& step) { return step.is_index; });
        },
        [&](const IfStmt& branch) {
          // A branch either returns on both sides, at the end, or on neither.
          return straight_expr(branch.condition, known) &&
                 straight_block(branch.then_block, must_return && is_last, known) &&
                 straight_block(branch.else_block, must_return && is_last, known);
        },
        [&](const ReturnStmt& result) {
          return must_return && is_last && straight_expr(result.value, known);
        },
        [&](const ExprStmt&) { return false; }, [&](const EmitStmt&) { return false; },
        [&](const ForRangeStmt&) { return false; }, [&](const ForArrayStmt&) { return false; });
    if (!fits) return false;
  }
  if (!must_return) return true;
  return !block.empty() && (std::holds_alternative<ReturnStmt>(block.back().node) ||
                            std::holds_alternative<IfStmt>(block.back().node));
}

bool StraightAnalysis::is_known_nonzero(CheckedExprId id, const KnownLocals& known) const {
  const CheckedExpr& expr = program_.expr(id);
  if (const auto* literal = std::get_if<LiteralExpr>(&expr.node)) {
    return program_.types.kind(expr.type_id) == TypeKind::Float
               ? literal->value.real != 0.0
               : literal->value.integer != 0;
  }
  if (const auto* local = std::get_if<LocalExpr>(&expr.node)) return known.contains(local->local);
  if (const auto* convert = std::get_if<ConvertExpr>(&expr.node)) {
    return convert->conversion == Conversion::IntToFloat &&
           is_known_nonzero(convert->operand, known);
  }
  return false;
}

bool StraightAnalysis::straight_binary(const BinaryExpr& binary, const KnownLocals& known) {
  if (!straight_expr(binary.left, known) || !straight_expr(binary.right, known)) return false;
  const TypeKind left = program_.types.kind(program_.expr(binary.left).type_id);
  const TypeKind right = program_.types.kind(program_.expr(binary.right).type_id);
  const auto is_number = [](TypeKind kind) {
    return kind == TypeKind::Int || kind == TypeKind::Float || kind == TypeKind::Time ||
           kind == TypeKind::Duration;
  };
  switch (binary.op) {
    case BinaryOp::Add:
    case BinaryOp::Subtract:
      return is_number(left) && is_number(right);
    case BinaryOp::Multiply:  // duration * float rounds and may fail.
      return is_number(left) && left == right;
    case BinaryOp::Divide:
      return left == TypeKind::Float && right == TypeKind::Float &&
             is_known_nonzero(binary.right, known);
    case BinaryOp::Equal:
    case BinaryOp::NotEqual:
    case BinaryOp::Less:
    case BinaryOp::LessEqual:
    case BinaryOp::Greater:
    case BinaryOp::GreaterEqual:
      return left == right && (is_number(left) || left == TypeKind::Bool ||
                               left == TypeKind::Enumeration);
    case BinaryOp::And:
    case BinaryOp::Or:
      return true;
    case BinaryOp::FloorDivide:
    case BinaryOp::Modulo:
    case BinaryOp::Power:
      return false;
  }
  return false;
}

bool StraightAnalysis::straight_expr(CheckedExprId id, const KnownLocals& known) {
  const CheckedExpr& expr = program_.expr(id);
  if (!is_scalar_type(expr.type_id)) return false;
  const auto all = [&](const std::vector<CheckedExprId>& ids) {
    return std::all_of(ids.begin(), ids.end(),
                       [&](CheckedExprId inner) { return straight_expr(inner, known); });
  };
  return match(
      expr.node, [](const LiteralExpr&) { return true; }, [](const LocalExpr&) { return true; },
      [](const ConstantExpr&) { return true; },
      [&](const UnaryExpr& unary) { return straight_expr(unary.operand, known); },
      [&](const BinaryExpr& binary) { return straight_binary(binary, known); },
      [&](const ConvertExpr& convert) {
        if (convert.conversion == Conversion::NoneToOption) return true;
        return (convert.conversion == Conversion::IntToFloat ||
                convert.conversion == Conversion::ToOption) &&
               straight_expr(convert.operand, known);
      },
      [&](const CallFunctionExpr& call) {
        return is_straight(call.function_id) && all(call.arguments);
      },
      [&](const CallBuiltinExpr& call) {
        switch (call.builtin) {
          case Builtin::Abs:
          case Builtin::Min:
          case Builtin::Max:
          case Builtin::Sqrt:
          case Builtin::Floor:
          case Builtin::Ceil:
          case Builtin::Round:
          case Builtin::Truncate:
          case Builtin::IsNan:
          case Builtin::IsFinite:
          case Builtin::ToFloat:
          case Builtin::BitAnd:
          case Builtin::BitOr:
          case Builtin::BitXor:
          case Builtin::BitNot:
            return all(call.arguments);
          case Builtin::Fma:
            return has_fma_ && all(call.arguments);
          default:  // Calls, or failures.
            return false;
        }
      },
      [&](const FieldExpr& field) {
        const TypeKind kind = program_.types.kind(program_.expr(field.object).type_id);
        return (kind == TypeKind::Record || kind == TypeKind::Tuple) &&
               straight_expr(field.object, known);
      },
      [&](const MakeExpr& make) {
        return program_.types.kind(expr.type_id) != TypeKind::Array && all(make.parts);
      },
      [](const IndexExpr&) { return false; },
      [&](const ConditionExpr& condition) {
        return straight_expr(condition.condition, known) &&
               straight_expr(condition.then_value, known) &&
               straight_expr(condition.else_value, known);
      },
      [&](const IsPresentExpr& present) { return straight_expr(present.option, known); },
      [](const UnwrapExpr&) { return false; }, [](const ElseExpr&) { return false; },
      [](const FailExpr&) { return false; }, [](const NowExpr&) { return false; },
      [](const MapArrayExpr&) { return false; }, [](const FilterArrayExpr&) { return false; },
      [](const AggregateArrayExpr&) { return false; }, [](const FormatExpr&) { return false; });
}

bool StraightAnalysis::counts(const CheckedAggregate& aggregate, std::size_t state) const {
  const LocalIndex local = aggregate.states[state].local;
  const LocalIndex other = aggregate.other_states[state];
  if (!is_int_literal(program_, aggregate.states[state].initial, 0)) return false;
  const auto adds = [&](const CheckedBlock& block, const auto& is_step) {
    const AssignStmt* assign = only_assignment(block, local);
    if (assign == nullptr) return false;
    const auto* sum = std::get_if<BinaryExpr>(&program_.expr(assign->value).node);
    return sum != nullptr && sum->op == BinaryOp::Add && is_local(program_, sum->left, local) &&
           is_step(sum->right);
  };
  return adds(aggregate.add, [&](CheckedExprId id) { return is_int_literal(program_, id, 1); }) &&
         adds(aggregate.merge, [&](CheckedExprId id) { return is_local(program_, id, other); });
}

std::optional<Value> StraightAnalysis::constant_after_add(const CheckedAggregate& aggregate,
                                                          std::size_t state) const {
  // `started = true`: add sets it last and on every path, and merge never sets anything else.
  const LocalIndex local = aggregate.states[state].local;
  const AssignStmt* assign = only_assignment(aggregate.add, local);
  if (assign == nullptr) return std::nullopt;
  const auto* literal = std::get_if<LiteralExpr>(&program_.expr(assign->value).node);
  if (literal == nullptr || program_.types.kind(literal->value.type_id) != TypeKind::Bool) {
    return std::nullopt;
  }
  if (!only_assigns_literal(program_, aggregate.merge, local, literal->value.integer)) {
    return std::nullopt;
  }
  return literal->value;
}

const AggregateShape& StraightAnalysis::aggregate(AggregateId id) {
  const auto found = aggregates_.find(id);
  if (found != aggregates_.end()) return found->second;

  const CheckedAggregate& aggregate = program_.aggregate(id);
  AggregateShape shape;
  shape.states.assign(aggregate.states.size(), StateClass::Varies);
  shape.constants.assign(aggregate.states.size(), std::nullopt);
  const bool has_scalars = has_straight_locals(aggregate.locals);
  if (has_scalars && aggregate.has_merge) {
    KnownLocals in_result;
    for (std::size_t i = 0; i < aggregate.states.size(); ++i) {
      if (counts(aggregate, i)) {
        shape.states[i] = StateClass::Counts;
        in_result.emplace(aggregate.states[i].local, Value{});
      } else if (auto constant = constant_after_add(aggregate, i)) {
        shape.states[i] = StateClass::Constant;
        shape.constants[i] = std::move(constant);
      }
    }
    const bool initials = std::all_of(
        aggregate.states.begin(), aggregate.states.end(),
        [&](const AgentState& state) { return straight_expr(state.initial, {}); });
    shape.add_is_straight = initials && straight_block(aggregate.add, false, {});
    shape.merge_is_straight = straight_block(aggregate.merge, false, {});
    shape.result_is_straight =
        is_scalar_type(aggregate.result_id) && straight_block(aggregate.result, true, in_result);
  }
  return aggregates_.emplace(id, std::move(shape)).first->second;
}

}  // namespace streamc
