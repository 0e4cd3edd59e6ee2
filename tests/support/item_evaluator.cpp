#include "tests/support/item_evaluator.h"

#include <cmath>
#include <utility>

#include "compiler/support/match.h"
#include "runtime/abi/entry_points.h"
#include "tests/support/aggregates.h"
#include "tests/support/text_form.h"

namespace streamref {

using namespace streamc;  // The checked tree has two dozen node types, all used here.

void ItemEvaluator::set_constant(ConstantId id, Value value) {
  if (constants_.size() < program_.constants.size()) constants_.resize(program_.constants.size());
  constants_.at(id.index()) = std::move(value);
}

Value ItemEvaluator::constant(ConstantId id) {
  if (constants_.size() < program_.constants.size()) constants_.resize(program_.constants.size());
  if (!constants_.at(id.index())) {
    constants_[id.index()] = evaluate_constant(program_.constant(id).value);
  }
  return *constants_[id.index()];
}

Value ItemEvaluator::evaluate_constant(CheckedExprId id) {
  Frame frame;
  return evaluate(id, frame);
}

Value ItemEvaluator::call(FunctionId id, std::vector<Value> arguments,
                          std::optional<std::int64_t> now) {
  const CheckedFunction& function = program_.function(id);
  Frame frame;
  frame.locals = std::move(arguments);
  STREAM_ASSERT(frame.locals.size() == function.parameter_count,
                "`{}` takes {} parameters, not {}", function.name, function.parameter_count,
                frame.locals.size());
  frame.locals.resize(function.locals.size());
  frame.now = now;
  std::optional<Value> result = execute(function.body, frame);
  STREAM_ASSERT(result.has_value(), "`{}` ends without a value", function.name);
  return std::move(*result);
}

std::vector<Value> ItemEvaluator::evaluate_all(std::span<const CheckedExprId> ids, Frame& frame) {
  std::vector<Value> values;
  for (const CheckedExprId id : ids) values.push_back(evaluate(id, frame));
  return values;
}

Value ItemEvaluator::evaluate(CheckedExprId id, Frame& frame) {
  const CheckedExpr& expr = program_.expr(id);
  const TypeId type = expr.type_id;
  return match(
      expr.node, [](const LiteralExpr& node) { return node.value; },
      [&](const LocalExpr& node) { return frame.locals.at(node.local); },
      [&](const ConstantExpr& node) { return constant(node.constant_id); },
      [&](const UnaryExpr& node) { return evaluate_unary(node, frame); },
      [&](const BinaryExpr& node) { return evaluate_binary(node, type, frame); },
      [&](const ConvertExpr& node) { return evaluate_convert(node, type, frame); },
      [&](const CallFunctionExpr& node) {
        return call(node.function_id, evaluate_all(node.arguments, frame), frame.now);
      },
      [&](const CallBuiltinExpr& node) { return evaluate_builtin(node, type, frame); },
      [&](const FieldExpr& node) { return evaluate_field(node, type, frame); },
      [&](const MakeExpr& node) { return make_composite(type, evaluate_all(node.parts, frame)); },
      [&](const IndexExpr& node) { return evaluate_index(node, frame); },
      [&](const ConditionExpr& node) {
        const bool holds = evaluate(node.condition, frame).integer != 0;
        return evaluate(holds ? node.then_value : node.else_value, frame);
      },
      [&](const IsPresentExpr& node) {
        return make_bool(types(), evaluate(node.option, frame).present);
      },
      [&](const UnwrapExpr& node) {
        Value option = evaluate(node.option, frame);
        if (!option.present) throw ItemFailure{"the value is `none`"};
        return std::move(option.parts.at(0));
      },
      [&](const ElseExpr& node) {
        try {
          return evaluate(node.value, frame);
        } catch (const ItemFailure&) {
          return evaluate(node.fallback, frame);
        }
      },
      [&](const FailExpr& node) -> Value {
        throw ItemFailure{evaluate(node.message, frame).text};
      },
      [&](const NowExpr&) {
        STREAM_ASSERT(frame.now.has_value(), "`now` where items have no time");
        return make_integral(type, *frame.now);
      },
      [&](const MapArrayExpr& node) { return evaluate_map(node, type, frame); },
      [&](const FilterArrayExpr& node) { return evaluate_filter(node, type, frame); },
      [&](const AggregateArrayExpr& node) { return evaluate_aggregate(node, frame); },
      [&](const FormatExpr& node) { return evaluate_format(node, frame); });
}

Value ItemEvaluator::evaluate_unary(const UnaryExpr& expr, Frame& frame) {
  Value value = evaluate(expr.operand, frame);
  switch (expr.op) {
    case UnaryOp::Negate:
      value.real = -value.real;
      value.integer = wrapping_subtract(0, value.integer);
      break;
    case UnaryOp::Not:
      value.integer = value.integer == 0 ? 1 : 0;
      break;
  }
  return value;
}

namespace {

std::int64_t integer_power(std::int64_t base, std::int64_t exponent) {
  std::int64_t result = 1;
  for (; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) != 0) result = wrapping_multiply(result, base);
    base = wrapping_multiply(base, base);
  }
  return result;
}

// Nanoseconds from a product or quotient in floating point: towards zero, as `int` does.
std::int64_t to_integer(double value) {
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (!(value >= -kLimit && value < kLimit)) {
    throw ItemFailure{"the number does not fit in an int"};
  }
  return static_cast<std::int64_t>(value);
}

// Arithmetic on two floats. Comparisons do not come here.
double float_arithmetic(BinaryOp op, double a, double b) {
  switch (op) {
    case BinaryOp::Add:
      return a + b;
    case BinaryOp::Subtract:
      return a - b;
    case BinaryOp::Multiply:
      return a * b;
    case BinaryOp::Divide:
      if (b == 0.0) throw ItemFailure{"division by zero"};
      return a / b;
    case BinaryOp::FloorDivide:
      return floor_divide(a, b);
    case BinaryOp::Modulo:
      return floor_modulo(a, b);
    case BinaryOp::Power:
      return stream_math_pow(a, b);
    default:
      STREAM_UNREACHABLE("no arithmetic: operator {}", static_cast<int>(op));
  }
}

// Arithmetic on ints, and on times and durations, which are ints of nanoseconds.
std::int64_t integer_arithmetic(BinaryOp op, std::int64_t a, std::int64_t b) {
  switch (op) {
    case BinaryOp::Add:
      return wrapping_add(a, b);
    case BinaryOp::Subtract:
      return wrapping_subtract(a, b);
    case BinaryOp::Multiply:
      return wrapping_multiply(a, b);
    case BinaryOp::FloorDivide:
      return floor_divide(a, b);
    case BinaryOp::Modulo:
      return floor_modulo(a, b);
    case BinaryOp::Power:
      return integer_power(a, b);
    default:
      STREAM_UNREACHABLE("no arithmetic on ints: operator {}", static_cast<int>(op));
  }
}

bool comparison_holds(BinaryOp op, std::optional<int> order) {
  if (!order) return false;  // A NaN compares false with everything.
  switch (op) {
    case BinaryOp::Less:
      return *order < 0;
    case BinaryOp::LessEqual:
      return *order <= 0;
    case BinaryOp::Greater:
      return *order > 0;
    default:
      return *order >= 0;
  }
}

}  // namespace

Value ItemEvaluator::evaluate_binary(const BinaryExpr& expr, TypeId type, Frame& frame) {
  const Value a = evaluate(expr.left, frame);
  if (expr.op == BinaryOp::And && a.integer == 0) return a;
  if (expr.op == BinaryOp::Or && a.integer != 0) return a;
  const Value b = evaluate(expr.right, frame);
  const TypeKind left = types().kind(a.type_id);
  const TypeKind right = types().kind(b.type_id);
  switch (expr.op) {
    case BinaryOp::And:
    case BinaryOp::Or:
      return b;
    case BinaryOp::Equal:
      return make_bool(types(), values_equal(types(), a, b));
    case BinaryOp::NotEqual:
      return make_bool(types(), !values_equal(types(), a, b));
    case BinaryOp::Less:
    case BinaryOp::LessEqual:
    case BinaryOp::Greater:
    case BinaryOp::GreaterEqual:
      return make_bool(types(), comparison_holds(expr.op, compare_values(types(), a, b)));
    default:
      break;
  }
  if (left == TypeKind::String) return make_string(types(), a.text + b.text);
  if (left == TypeKind::Float && right == TypeKind::Float) {
    return make_float(types(), float_arithmetic(expr.op, a.real, b.real));
  }
  if (types().kind(type) == TypeKind::Float) {  // duration / duration, int / int
    return make_float(types(), float_arithmetic(expr.op, static_cast<double>(a.integer),
                                                static_cast<double>(b.integer)));
  }
  if (left == TypeKind::Float || right == TypeKind::Float) {  // duration * float, duration / float
    const double x = left == TypeKind::Float ? a.real : static_cast<double>(a.integer);
    const double y = right == TypeKind::Float ? b.real : static_cast<double>(b.integer);
    return make_integral(type, to_integer(float_arithmetic(expr.op, x, y)));
  }
  if (expr.op == BinaryOp::Divide) {  // duration / int
    return make_integral(type, to_integer(float_arithmetic(expr.op, static_cast<double>(a.integer),
                                                           static_cast<double>(b.integer))));
  }
  return make_integral(type, integer_arithmetic(expr.op, a.integer, b.integer));
}

Value ItemEvaluator::evaluate_convert(const ConvertExpr& expr, TypeId type, Frame& frame) {
  Value value = evaluate(expr.operand, frame);
  switch (expr.conversion) {
    case Conversion::IntToFloat:
      return make_float(types(), static_cast<double>(value.integer));
    case Conversion::ToOption:
      return make_present(type, std::move(value));
    case Conversion::NoneToOption:
      return make_none(type);
    case Conversion::ArrayToWindow:
      value.type_id = type;
      return value;
    case Conversion::Nothing:
      break;
  }
  STREAM_UNREACHABLE("an expression that always fails gave a value");
}

Value ItemEvaluator::evaluate_builtin(const CallBuiltinExpr& expr, TypeId type, Frame& frame) {
  const std::vector<Value> arguments = evaluate_all(expr.arguments, frame);
  return call_builtin(types(), expr.builtin, type, arguments);
}

Value ItemEvaluator::evaluate_field(const FieldExpr& expr, TypeId type, Frame& frame) {
  Value object = evaluate(expr.object, frame);
  const TypeKind kind = types().kind(object.type_id);
  if (kind == TypeKind::Window || kind == TypeKind::Array) {  // A column of a window of records.
    std::vector<Value> column;
    for (Value& item : object.parts) column.push_back(std::move(item.parts.at(expr.index)));
    return make_composite(type, std::move(column));
  }
  return std::move(object.parts.at(expr.index));
}

std::size_t element_index(std::int64_t index, std::size_t count) {
  const auto size = static_cast<std::int64_t>(count);
  if (index < -size || index >= size) throw ItemFailure{"index out of range"};
  return static_cast<std::size_t>(index < 0 ? index + size : index);
}

Value ItemEvaluator::evaluate_index(const IndexExpr& expr, Frame& frame) {
  Value object = evaluate(expr.object, frame);
  const Value index = evaluate(expr.index, frame);
  return std::move(object.parts[element_index(index.integer, object.parts.size())]);
}

void ItemEvaluator::bind(std::span<const LocalIndex> parameters, const Value& element,
                         Frame& frame) {
  if (parameters.size() == 1) {
    frame.locals.at(parameters[0]) = element;
    return;
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    frame.locals.at(parameters[i]) = element.parts.at(i);
  }
}

Value ItemEvaluator::evaluate_map(const MapArrayExpr& expr, TypeId type, Frame& frame) {
  const Value array = evaluate(expr.array, frame);
  std::vector<Value> results;
  for (const Value& element : array.parts) {
    bind(expr.parameters, element, frame);
    results.push_back(evaluate(expr.body, frame));
  }
  return make_composite(type, std::move(results));
}

Value ItemEvaluator::evaluate_filter(const FilterArrayExpr& expr, TypeId type, Frame& frame) {
  const Value array = evaluate(expr.array, frame);
  std::vector<Value> kept;
  for (const Value& element : array.parts) {
    bind(expr.parameters, element, frame);
    if (evaluate(expr.body, frame).integer != 0) kept.push_back(element);
  }
  return make_composite(type, std::move(kept));
}

Value ItemEvaluator::evaluate_aggregate(const AggregateArrayExpr& expr, Frame& frame) {
  const std::vector<Value> arrays = evaluate_all(expr.arrays, frame);
  Aggregation aggregation(*this, expr.aggregate_id, evaluate_all(expr.constants, frame));
  // Several arrays go in step; sema has made sure that they are columns of one window.
  std::vector<std::vector<Value>> elements(arrays.at(0).parts.size());
  for (const Value& array : arrays) {
    for (std::size_t i = 0; i < elements.size(); ++i) elements[i].push_back(array.parts.at(i));
  }
  const Partial whole = fold_pane(aggregation, 0, static_cast<std::int64_t>(elements.size()),
                                  [&](std::int64_t rank) -> const std::vector<Value>* {
                                    return &elements[static_cast<std::size_t>(rank)];
                                  });
  return aggregation.result(whole ? *whole : aggregation.initial());
}

Value ItemEvaluator::evaluate_format(const FormatExpr& expr, Frame& frame) {
  std::string text;
  for (const FormatPiece& piece : expr.pieces) {
    text += piece.text;
    if (piece.has_value) text += text_of(types(), evaluate(piece.value, frame), piece.spec);
  }
  return make_string(types(), std::move(text));
}

void ItemEvaluator::assign(const AssignStmt& statement, Frame& frame) {
  // The indices first, then the value, then the write: nothing changes if any of them fails.
  std::vector<std::int64_t> steps;
  for (const TargetStep& step : statement.path) {
    steps.push_back(step.is_index ? evaluate(step.index, frame).integer
                                  : static_cast<std::int64_t>(step.field));
  }
  Value value = evaluate(statement.value, frame);
  Value* target = &frame.locals.at(statement.local);
  for (const std::int64_t step : steps) {
    target = &target->parts[element_index(step, target->parts.size())];
  }
  *target = std::move(value);
}

std::optional<Value> ItemEvaluator::execute(const CheckedBlock& block, Frame& frame) {
  for (const CheckedStmt& statement : block) {
    std::optional<Value> returned = match(
        statement.node,
        [&](const AssignStmt& node) -> std::optional<Value> {
          assign(node, frame);
          return std::nullopt;
        },
        [&](const IfStmt& node) {
          const bool holds = evaluate(node.condition, frame).integer != 0;
          return execute(holds ? node.then_block : node.else_block, frame);
        },
        [&](const ForRangeStmt& node) -> std::optional<Value> {
          const std::int64_t end = evaluate(node.end, frame).integer;
          const std::int64_t step = node.step.valid() ? evaluate(node.step, frame).integer : 1;
          std::int64_t i = node.first.valid() ? evaluate(node.first, frame).integer : 0;
          if (step == 0) throw ItemFailure{"a range with step zero"};
          while (step > 0 ? i < end : i > end) {
            frame.locals.at(node.local) = make_int(types(), i);
            if (std::optional<Value> value = execute(node.body, frame)) return value;
            if (__builtin_add_overflow(i, step, &i)) break;
          }
          return std::nullopt;
        },
        [&](const ForArrayStmt& node) -> std::optional<Value> {
          const Value array = evaluate(node.array, frame);
          for (const Value& element : array.parts) {
            frame.locals.at(node.local) = element;
            if (std::optional<Value> value = execute(node.body, frame)) return value;
          }
          return std::nullopt;
        },
        [&](const EmitStmt& node) -> std::optional<Value> {
          frame.emits.push_back({node.port, evaluate(node.value, frame)});
          return std::nullopt;
        },
        [&](const ReturnStmt& node) -> std::optional<Value> { return evaluate(node.value, frame); },
        [&](const ExprStmt& node) -> std::optional<Value> {
          (void)evaluate(node.value, frame);
          return std::nullopt;
        });
    if (returned) return returned;
  }
  return std::nullopt;
}

}  // namespace streamref
