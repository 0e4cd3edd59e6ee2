#include "compiler/place/work_of_functions.h"

#include <algorithm>

#include "compiler/support/match.h"

namespace streamc {
namespace {

// Nanoseconds of one processor (x86-64 with AVX2, about 3 GHz): the best of three runs of whole programs over two million items of
// a file, less those of the same programs without the step.
constexpr double kArithmetic = 0.05;    // +, comparisons, conversions: several items at once.
constexpr double kDivision = 0.3;       // Also sqrt.
constexpr double kCurve = 9.0;          // sin, exp, log, **.
constexpr double kBranch = 0.5;         // Two ways, one of them mispredicted now and then.
constexpr double kElement = 1.0;        // Looking at an element of an array, in a loop.
constexpr double kChosenElement = 2.0;  // The same, and keeping some of them.
constexpr double kTextStep = 10.0;      // Comparing, searching, cutting texts.
constexpr double kTextOfNumber = 70.0;  // A number as text, and back.

double of_builtin(Builtin builtin) {
  switch (builtin) {
    case Builtin::Sqrt:
      return kDivision;
    case Builtin::Exp:
    case Builtin::Log:
    case Builtin::Log2:
    case Builtin::Log10:
    case Builtin::Sin:
    case Builtin::Cos:
    case Builtin::Tan:
    case Builtin::Asin:
    case Builtin::Acos:
    case Builtin::Atan:
    case Builtin::Atan2:
    case Builtin::Sinh:
    case Builtin::Cosh:
    case Builtin::Tanh:
    case Builtin::Hypot:
      return kCurve;
    case Builtin::ToText:
    case Builtin::ParseInt:
    case Builtin::ParseFloat:
      return kTextOfNumber;
    case Builtin::TextLength:
    case Builtin::Contains:
    case Builtin::StartsWith:
    case Builtin::EndsWith:
    case Builtin::Upper:
    case Builtin::Lower:
    case Builtin::Trim:
      return kTextStep;
    default:
      return kArithmetic;
  }
}

double of_operation(BinaryOp op) {
  switch (op) {
    case BinaryOp::Divide:
      return kDivision;
    case BinaryOp::FloorDivide:
    case BinaryOp::Modulo:
      return 10 * kDivision;
    case BinaryOp::Power:
      return kCurve;
    case BinaryOp::And:
    case BinaryOp::Or:
      return kBranch;
    case BinaryOp::Add:
    case BinaryOp::Subtract:
    case BinaryOp::Multiply:
    case BinaryOp::Equal:
    case BinaryOp::NotEqual:
    case BinaryOp::Less:
    case BinaryOp::LessEqual:
    case BinaryOp::Greater:
    case BinaryOp::GreaterEqual:
      return kArithmetic;
  }
  return kArithmetic;
}

}  // namespace

double FunctionWork::of_function(FunctionId id, const std::vector<double>& lengths) {
  const auto found = known_.find({id, lengths});
  if (found != known_.end()) return found->second;
  const CheckedFunction& function = program_.function(id);
  Body body{lengths};
  body.lengths.resize(function.locals.size(), kAssumedLength);
  return known_[{id, lengths}] = of_block(function.body, body);
}

double FunctionWork::of_agent(AgentId id, const std::vector<double>& lengths) {
  const CheckedAgent& agent = program_.agent(id);
  Body body{std::vector<double>(agent.locals.size(), kAssumedLength)};
  for (std::size_t i = 0; i < agent.inputs.size() && i < lengths.size(); ++i) {
    body.lengths[agent.inputs[i]] = lengths[i];
  }
  double sum = 0;
  for (const AgentHandler& handler : agent.handlers) {
    if (!handler.is_end) sum += of_block(handler.body, body);
  }
  return sum;
}

double FunctionWork::of_adding(AggregateId id) {
  const CheckedAggregate& aggregate = program_.aggregate(id);
  Body body{std::vector<double>(aggregate.locals.size(), kAssumedLength)};
  return of_block(aggregate.add, body);
}

double FunctionWork::of_result(AggregateId id) {
  const CheckedAggregate& aggregate = program_.aggregate(id);
  Body body{std::vector<double>(aggregate.locals.size(), kAssumedLength)};
  return of_block(aggregate.merge, body) + of_block(aggregate.result, body);
}

double FunctionWork::of_block(const CheckedBlock& block, Body& body) {
  double sum = 0;
  for (const CheckedStmt& statement : block) sum += of_statement(statement, body);
  return sum;
}

double FunctionWork::of_statement(const CheckedStmt& statement, Body& body) {
  return match(
      statement.node,
      [&](const AssignStmt& assign) {
        body.lengths[assign.local] = length_of(assign.value, body);
        double sum = of_expression(assign.value, body);
        for (const TargetStep& step : assign.path) {
          if (step.is_index) sum += kElement + of_expression(step.index, body);
        }
        return sum;
      },
      // Either way as often as the other.
      [&](const IfStmt& either) {
        return of_expression(either.condition, body) + kBranch +
               (of_block(either.then_block, body) + of_block(either.else_block, body)) / 2;
      },
      [&](const ForRangeStmt& loop) { return rounds_of(loop) * (kElement + of_block(loop.body, body)); },
      [&](const ForArrayStmt& loop) {
        return of_expression(loop.array, body) + length_of(loop.array, body) * (kElement + of_block(loop.body, body));
      },
      [&](const EmitStmt& emit) { return kElement + of_expression(emit.value, body); },
      [&](const ReturnStmt& leave) { return of_expression(leave.value, body); },
      [&](const ExprStmt& check) { return of_expression(check.value, body); });
}

double FunctionWork::of_expression(CheckedExprId id, Body& body) {
  return match(
      program_.expr(id).node, [](const LiteralExpr&) { return 0.0; }, [](const LocalExpr&) { return 0.0; },
      [](const ConstantExpr&) { return 0.0; },
      [&](const UnaryExpr& unary) { return kArithmetic + of_expression(unary.operand, body); },
      [&](const BinaryExpr& binary) {
        return std::max(of_operation(binary.op), of_equality(binary.left)) + of_expression(binary.left, body) +
               of_expression(binary.right, body);
      },
      [&](const ConvertExpr& convert) { return kArithmetic + of_expression(convert.operand, body); },
      [&](const CallFunctionExpr& call) {
        std::vector<double> lengths;
        for (const CheckedExprId argument : call.arguments) lengths.push_back(length_of(argument, body));
        return of_all(call.arguments, body) + of_function(call.function_id, lengths);
      },
      [&](const CallBuiltinExpr& call) { return of_builtin(call.builtin) + of_all(call.arguments, body); },
      [&](const FieldExpr& field) { return of_expression(field.object, body); },
      [&](const MakeExpr& make) { return of_all(make.parts, body); },
      [&](const IndexExpr& index) {
        return kElement + of_expression(index.object, body) + of_expression(index.index, body);
      },
      [&](const ConditionExpr& either) {
        return kBranch + of_expression(either.condition, body) +
               (of_expression(either.then_value, body) + of_expression(either.else_value, body)) / 2;
      },
      [&](const IsPresentExpr& test) { return kArithmetic + of_expression(test.option, body); },
      [&](const UnwrapExpr& unwrap) { return kArithmetic + of_expression(unwrap.option, body); },
      [&](const ElseExpr& otherwise) {
        return kBranch + of_expression(otherwise.value, body) + of_expression(otherwise.fallback, body) / 2;
      },
      [&](const FailExpr&) { return 0.0; }, [](const NowExpr&) { return 0.0; },
      [&](const MapArrayExpr& map) {
        return of_expression(map.array, body) + length_of(map.array, body) * (kElement + of_expression(map.body, body));
      },
      [&](const FilterArrayExpr& filter) {
        return of_expression(filter.array, body) +
               length_of(filter.array, body) * (kChosenElement + of_expression(filter.body, body));
      },
      [&](const AggregateArrayExpr& aggregate) {
        if (aggregate.arrays.empty()) return of_result(aggregate.aggregate_id);
        return of_all(aggregate.arrays, body) + of_result(aggregate.aggregate_id) +
               length_of(aggregate.arrays.front(), body) * (kArithmetic + of_adding(aggregate.aggregate_id));
      },
      [&](const FormatExpr& format) {
        double sum = kTextStep;
        for (const FormatPiece& piece : format.pieces) {
          if (piece.has_value) sum += kTextOfNumber + of_expression(piece.value, body);
        }
        return sum;
      });
}

double FunctionWork::of_all(const std::vector<CheckedExprId>& ids, Body& body) {
  double sum = 0;
  for (const CheckedExprId id : ids) sum += of_expression(id, body);
  return sum;
}

// Comparing texts is no arithmetic.
double FunctionWork::of_equality(CheckedExprId id) const {
  return program_.types.kind(program_.expr(id).type_id) == TypeKind::String ? kTextStep : 0.0;
}

double FunctionWork::length_of(CheckedExprId id, const Body& body) const {
  const CheckedExpr& expr = program_.expr(id);
  const Type& type = program_.types.get(expr.type_id);
  if (type.kind == TypeKind::Array) return static_cast<double>(type.length);
  if (const auto* local = std::get_if<LocalExpr>(&expr.node)) return body.lengths[local->local];
  if (const auto* convert = std::get_if<ConvertExpr>(&expr.node)) return length_of(convert->operand, body);
  if (const auto* field = std::get_if<FieldExpr>(&expr.node)) return length_of(field->object, body);
  if (const auto* map = std::get_if<MapArrayExpr>(&expr.node)) return length_of(map->array, body);
  if (const auto* filter = std::get_if<FilterArrayExpr>(&expr.node)) return length_of(filter->array, body) / 2;
  return kAssumedLength;
}

double FunctionWork::rounds_of(const ForRangeStmt& loop) const {
  const auto literal = [&](CheckedExprId id, std::int64_t otherwise) -> std::int64_t {
    if (!id.valid()) return otherwise;
    const auto* value = std::get_if<LiteralExpr>(&program_.expr(id).node);
    return value == nullptr ? 0 : value->value.integer;
  };
  const bool is_known = std::holds_alternative<LiteralExpr>(program_.expr(loop.end).node) &&
                        std::holds_alternative<LiteralExpr>(program_.expr(loop.first).node);
  const double step = static_cast<double>(literal(loop.step, 1));
  if (!is_known || step == 0) return kAssumedLength;
  const double span = static_cast<double>(literal(loop.end, 0)) - static_cast<double>(literal(loop.first, 0));
  return std::max(0.0, span / step);
}

}  // namespace streamc
