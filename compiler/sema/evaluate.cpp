#include "compiler/sema/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "compiler/sema/evaluator_run.h"
#include "compiler/sema/value_text.h"
#include "compiler/support/match.h"
#include "runtime/abi/entry_points.h"

namespace streamc {

namespace {

std::int64_t wrap(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::uint64_t bits(std::int64_t value) { return static_cast<std::uint64_t>(value); }

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  if (b == -1) return wrap(0 - bits(a));  // The least int wraps.
  const std::int64_t quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

double floor_modulo(double a, double b) {
  double rest = stream_math_fmod(a, b);
  if (rest != 0.0) {
    if ((b < 0.0) != (rest < 0.0)) rest += b;
  } else {
    rest = std::copysign(0.0, b);
  }
  return rest;
}

// Python's: the quotient that goes with floor_modulo.
double floor_divide(double a, double b) {
  const double rest = stream_math_fmod(a, b);
  double quotient = (a - rest) / b;
  if (rest != 0.0 && (b < 0.0) != (rest < 0.0)) quotient -= 1.0;
  if (quotient == 0.0) return std::copysign(0.0, a / b);
  const double floored = std::floor(quotient);
  return quotient - floored > 0.5 ? floored + 1.0 : floored;
}

std::int64_t integer_power(std::int64_t base, std::int64_t exponent) {
  std::uint64_t result = 1;
  std::uint64_t factor = bits(base);
  for (; exponent > 0; exponent >>= 1) {
    if ((exponent & 1) != 0) result *= factor;
    factor *= factor;
  }
  return wrap(result);
}

constexpr double kTwoTo63 = 9223372036854775808.0;

}  // namespace

Value make_int(const TypeTable& types, std::int64_t value) {
  return {.type_id = types.scalar(TypeKind::Int), .integer = value};
}
Value make_float(const TypeTable& types, double value) {
  return {.type_id = types.scalar(TypeKind::Float), .real = value};
}
Value make_bool(const TypeTable& types, bool value) {
  return {.type_id = types.scalar(TypeKind::Bool), .integer = value ? 1 : 0};
}
Value make_string(const TypeTable& types, std::string value) {
  return {.type_id = types.scalar(TypeKind::String), .text = std::move(value)};
}

bool values_equal(const Value& a, const Value& b, const TypeTable& types) {
  switch (types.kind(a.type_id)) {
    case TypeKind::Float:
      return a.real == b.real;
    case TypeKind::String:
      return a.text == b.text;
    case TypeKind::Rate:
      return a.rate == b.rate;
    case TypeKind::Option:
      if (a.present != b.present) return false;
      [[fallthrough]];
    case TypeKind::Record:
    case TypeKind::Tuple:
    case TypeKind::Array:
    case TypeKind::Window:
      return std::equal(a.parts.begin(), a.parts.end(), b.parts.begin(), b.parts.end(),
                        [&](const Value& x, const Value& y) { return values_equal(x, y, types); });
    case TypeKind::Error:
    case TypeKind::Bool:
    case TypeKind::Int:
    case TypeKind::Time:
    case TypeKind::Duration:
    case TypeKind::None:
    case TypeKind::Nothing:
    case TypeKind::Enumeration:
    case TypeKind::Function:
    case TypeKind::Stream:
    case TypeKind::Parameter:
      return a.integer == b.integer;
  }
  STREAM_UNREACHABLE("value kind");
}

std::optional<int> compare_values(const Value& a, const Value& b, const TypeTable& types) {
  const auto order = [](const auto& x, const auto& y) { return x < y ? -1 : (y < x ? 1 : 0); };
  const TypeKind kind = types.kind(a.type_id);
  if (kind == TypeKind::Float) {
    if (std::isnan(a.real) || std::isnan(b.real)) return std::nullopt;
    return order(a.real, b.real);
  }
  if (kind == TypeKind::String) return order(a.text, b.text);
  if (kind == TypeKind::Rate) {
    __extension__ using Wide = __int128;
    return order(Wide{a.rate.numerator} * b.rate.denominator,
                 Wide{b.rate.numerator} * a.rate.denominator);
  }
  return order(a.integer, b.integer);
}

// ---- the interface --------------------------------------------------------------------------------

Evaluator::Evaluator(const CheckedProgram& program, const Overrides* overrides)
    : program_(program), overrides_(overrides) {}

namespace {

Evaluated finish(std::optional<Value> value, const EvaluatorRun& run) {
  if (value) return {.value = std::move(value)};
  return {.failure = run.failure(), .failure_span = run.failure_span()};
}

}  // namespace

Evaluated Evaluator::evaluate(CheckedExprId id) {
  EvaluatorRun run(*this);
  return finish(run.evaluate(id), run);
}

Evaluated Evaluator::call(FunctionId id, std::vector<Value> arguments,
                          std::optional<std::int64_t> now) {
  EvaluatorRun run(*this);
  run.set_now(now);
  return finish(run.call(id, std::move(arguments)), run);
}

Evaluated Evaluator::aggregate(AggregateId id, const std::vector<Value>& arrays,
                               std::vector<Value> constants) {
  EvaluatorRun run(*this);
  return finish(run.aggregate(id, arrays, std::move(constants), SourceSpan()), run);
}

// ---- expressions ----------------------------------------------------------------------------------

std::optional<Value> EvaluatorRun::fail(SourceSpan span, std::string why) {
  if (failure_.empty()) {
    failure_ = std::move(why);
    failure_span_ = span;
  }
  return std::nullopt;
}

bool EvaluatorRun::spend(SourceSpan span) {
  if (++steps_ <= Evaluator::kMaxSteps) return true;
  fail(span, "it takes too long");
  return false;
}

std::optional<Value> EvaluatorRun::evaluate(CheckedExprId id) {
  const CheckedExpr& expr = program_.expr(id);
  if (!spend(expr.span)) return std::nullopt;
  return match(
      expr.node, [](const LiteralExpr& node) -> Result { return node.value; },
      [&](const LocalExpr& node) -> Result {
        if (locals_ == nullptr) {
          return fail(expr.span, "it depends on values that come while the program runs");
        }
        return (*locals_)[node.local];
      },
      [&](const ConstantExpr& node) { return evaluate_constant(node.constant_id, expr.span); },
      [&](const UnaryExpr& node) { return evaluate_unary(expr, node); },
      [&](const BinaryExpr& node) { return evaluate_binary(expr, node); },
      [&](const ConvertExpr& node) { return evaluate_convert(expr, node); },
      [&](const CallFunctionExpr& node) -> Result {
        std::optional<std::vector<Value>> arguments = evaluate_all(node.arguments);
        if (!arguments) return std::nullopt;
        return call(node.function_id, std::move(*arguments));
      },
      [&](const CallBuiltinExpr& node) { return evaluate_builtin(expr, node); },
      [&](const FieldExpr& node) { return evaluate_field(expr, node); },
      [&](const MakeExpr& node) -> Result {
        std::optional<std::vector<Value>> parts = evaluate_all(node.parts);
        if (!parts) return std::nullopt;
        return make_composite(expr.type_id, std::move(*parts));
      },
      [&](const IndexExpr& node) { return evaluate_index(expr, node); },
      [&](const ConditionExpr& node) -> Result {
        const Result condition = evaluate(node.condition);
        if (!condition) return std::nullopt;
        return evaluate(condition->integer != 0 ? node.then_value : node.else_value);
      },
      [&](const IsPresentExpr& node) -> Result {
        const Result option = evaluate(node.option);
        if (!option) return std::nullopt;
        return make_bool(types_, option->present);
      },
      [&](const UnwrapExpr& node) -> Result {
        Result option = evaluate(node.option);
        if (!option) return std::nullopt;
        if (!option->present) return fail(expr.span, "the value is `none`");
        return std::move(option->parts[0]);
      },
      [&](const ElseExpr& node) { return evaluate_else(node); },
      [&](const FailExpr& node) -> Result {
        const Result message = evaluate(node.message);
        if (!message) return std::nullopt;
        return fail(expr.span, message->text.empty() ? "it fails" : message->text);
      },
      [&](const NowExpr&) -> Result {
        if (!now_) return fail(expr.span, "there is no item whose time `now` could be");
        return Value{.type_id = expr.type_id, .integer = *now_};
      },
      [&](const MapArrayExpr& node) { return evaluate_map(expr, node); },
      [&](const FilterArrayExpr& node) { return evaluate_filter(expr, node); },
      [&](const AggregateArrayExpr& node) -> Result {
        const std::optional<std::vector<Value>> arrays = evaluate_all(node.arrays);
        if (!arrays) return std::nullopt;
        std::optional<std::vector<Value>> constants = evaluate_all(node.constants);
        if (!constants) return std::nullopt;
        return aggregate(node.aggregate_id, *arrays, std::move(*constants), expr.span);
      },
      [&](const FormatExpr& node) { return evaluate_format(expr, node); });
}

std::optional<std::vector<Value>> EvaluatorRun::evaluate_all(std::span<const CheckedExprId> ids) {
  std::vector<Value> values;
  for (const CheckedExprId id : ids) {
    Result value = evaluate(id);
    if (!value) return std::nullopt;
    values.push_back(std::move(*value));
  }
  return values;
}

std::optional<Value> EvaluatorRun::make_composite(TypeId type_id, std::vector<Value> parts) const {
  return Value{.type_id = type_id, .parts = std::move(parts)};
}

std::optional<Value> EvaluatorRun::evaluate_constant(ConstantId id, SourceSpan span) {
  if (evaluator_.overrides_ != nullptr) {
    const auto place = evaluator_.overrides_->find(id);
    if (place != evaluator_.overrides_->end()) return place->second;
  }
  if (const auto place = evaluator_.constants_.find(id); place != evaluator_.constants_.end()) {
    return place->second;
  }
  const CheckedConstant& constant = program_.constant(id);
  if (!constant.value.valid()) {
    return fail(span, fmt::format("the param `{0}` has no value: give it one with `--set {0}=…`",
                                  constant.name));
  }
  Locals* const outer = std::exchange(locals_, nullptr);
  Result value = evaluate(constant.value);
  locals_ = outer;
  if (value) evaluator_.constants_.insert_or_assign(id, *value);
  return value;
}

std::optional<Value> EvaluatorRun::evaluate_unary(const CheckedExpr& expr, const UnaryExpr& node) {
  Result value = evaluate(node.operand);
  if (!value) return std::nullopt;
  switch (node.op) {
    case UnaryOp::Negate:
      value->real = -value->real;
      value->integer = wrap(0 - bits(value->integer));
      break;
    case UnaryOp::Not:
      value->integer = value->integer == 0 ? 1 : 0;
      break;
  }
  value->type_id = expr.type_id;
  return value;
}

std::optional<Value> EvaluatorRun::evaluate_binary(const CheckedExpr& expr,
                                                   const BinaryExpr& node) {
  const Result a = evaluate(node.left);
  if (!a) return std::nullopt;
  if (node.op == BinaryOp::And && a->integer == 0) return a;
  if (node.op == BinaryOp::Or && a->integer != 0) return a;
  const Result b = evaluate(node.right);
  if (!b) return std::nullopt;
  const auto compared = [&](auto holds) -> Result {
    const std::optional<int> order = compare_values(*a, *b, types_);
    return make_bool(types_, order && holds(*order));
  };
  switch (node.op) {
    case BinaryOp::And:
    case BinaryOp::Or:
      return b;
    case BinaryOp::Equal:
      return make_bool(types_, values_equal(*a, *b, types_));
    case BinaryOp::NotEqual:
      return make_bool(types_, !values_equal(*a, *b, types_));
    case BinaryOp::Less:
      return compared([](int order) { return order < 0; });
    case BinaryOp::LessEqual:
      return compared([](int order) { return order <= 0; });
    case BinaryOp::Greater:
      return compared([](int order) { return order > 0; });
    case BinaryOp::GreaterEqual:
      return compared([](int order) { return order >= 0; });
    case BinaryOp::Add:
    case BinaryOp::Subtract:
    case BinaryOp::Multiply:
    case BinaryOp::Divide:
    case BinaryOp::FloorDivide:
    case BinaryOp::Modulo:
    case BinaryOp::Power:
      return evaluate_arithmetic(expr, node.op, *a, *b);
  }
  STREAM_UNREACHABLE("binary operator");
}

std::optional<Value> EvaluatorRun::evaluate_arithmetic(const CheckedExpr& expr, BinaryOp op,
                                                       const Value& a, const Value& b) {
  const bool a_float = types_.kind(a.type_id) == TypeKind::Float;
  const bool b_float = types_.kind(b.type_id) == TypeKind::Float;
  const bool result_float = types_.kind(expr.type_id) == TypeKind::Float;
  const bool divides =
      op == BinaryOp::Divide || op == BinaryOp::FloorDivide || op == BinaryOp::Modulo;
  if (divides && (b_float ? b.real == 0.0 : b.integer == 0)) {
    return fail(expr.span, "division by zero");
  }
  if (a_float || b_float || result_float || op == BinaryOp::Divide) {
    const double x = a_float ? a.real : static_cast<double>(a.integer);
    const double y = b_float ? b.real : static_cast<double>(b.integer);
    double result = 0.0;
    switch (op) {
      case BinaryOp::Add:
        result = x + y;
        break;
      case BinaryOp::Subtract:
        result = x - y;
        break;
      case BinaryOp::Multiply:
        result = x * y;
        break;
      case BinaryOp::Divide:
        result = x / y;
        break;
      case BinaryOp::FloorDivide:
        result = floor_divide(x, y);
        break;
      case BinaryOp::Modulo:
        result = floor_modulo(x, y);
        break;
      case BinaryOp::Power:
        result = stream_math_pow(x, y);
        break;
      default:
        STREAM_UNREACHABLE("no arithmetic");
    }
    if (result_float) return make_float(types_, result);
    // A duration times or by a number: whole nanoseconds, toward zero.
    if (!(result >= -kTwoTo63 && result < kTwoTo63)) {
      return fail(expr.span, "the duration is out of range");
    }
    return Value{.type_id = expr.type_id, .integer = static_cast<std::int64_t>(result)};
  }
  std::int64_t result = 0;
  switch (op) {
    case BinaryOp::Add:
      result = wrap(bits(a.integer) + bits(b.integer));
      break;
    case BinaryOp::Subtract:
      result = wrap(bits(a.integer) - bits(b.integer));
      break;
    case BinaryOp::Multiply:
      result = wrap(bits(a.integer) * bits(b.integer));
      break;
    case BinaryOp::FloorDivide:
      result = floor_divide(a.integer, b.integer);
      break;
    case BinaryOp::Modulo:
      result = wrap(bits(a.integer) - bits(floor_divide(a.integer, b.integer)) * bits(b.integer));
      break;
    case BinaryOp::Power:
      result = integer_power(a.integer, b.integer);
      break;
    default:
      STREAM_UNREACHABLE("no arithmetic on ints");
  }
  return Value{.type_id = expr.type_id, .integer = result};
}

std::optional<Value> EvaluatorRun::evaluate_convert(const CheckedExpr& expr,
                                                    const ConvertExpr& node) {
  Result value = evaluate(node.operand);
  if (!value) return std::nullopt;
  switch (node.conversion) {
    case Conversion::IntToFloat:
      return make_float(types_, static_cast<double>(value->integer));
    case Conversion::ToOption:
      return make_composite(expr.type_id, {std::move(*value)});
    case Conversion::NoneToOption:
      return Value{.type_id = expr.type_id, .present = false};
    case Conversion::ArrayToWindow:
    case Conversion::Nothing:
      value->type_id = expr.type_id;
      return value;
  }
  STREAM_UNREACHABLE("conversion");
}

std::optional<Value> EvaluatorRun::evaluate_field(const CheckedExpr& expr, const FieldExpr& node) {
  Result object = evaluate(node.object);
  if (!object) return std::nullopt;
  if (types_.kind(object->type_id) != TypeKind::Window) return std::move(object->parts[node.index]);
  std::vector<Value> column;
  for (Value& item : object->parts) column.push_back(std::move(item.parts[node.index]));
  return make_composite(expr.type_id, std::move(column));
}

std::optional<std::size_t> EvaluatorRun::position(std::int64_t index, std::size_t count,
                                                  SourceSpan span) {
  const auto size = static_cast<std::int64_t>(count);
  if (index < -size || index >= size) {
    fail(span, "index out of range");
    return std::nullopt;
  }
  return static_cast<std::size_t>(index < 0 ? index + size : index);
}

std::optional<Value> EvaluatorRun::evaluate_index(const CheckedExpr& expr, const IndexExpr& node) {
  Result object = evaluate(node.object);
  if (!object) return std::nullopt;
  const Result index = evaluate(node.index);
  if (!index) return std::nullopt;
  const auto place = position(index->integer, object->parts.size(), expr.span);
  if (!place) return std::nullopt;
  return std::move(object->parts[*place]);
}

void EvaluatorRun::bind(const std::vector<LocalIndex>& parameters, const Value& element) {
  if (parameters.size() == 1) {
    (*locals_)[parameters[0]] = element;
    return;
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) (*locals_)[parameters[i]] = element.parts[i];
}

std::optional<Value> EvaluatorRun::evaluate_map(const CheckedExpr& expr, const MapArrayExpr& node) {
  const Result array = evaluate(node.array);
  if (!array) return std::nullopt;
  if (locals_ == nullptr) return fail(expr.span, "it depends on values that come later");
  std::vector<Value> results;
  for (const Value& element : array->parts) {
    bind(node.parameters, element);
    Result result = evaluate(node.body);
    if (!result) return std::nullopt;
    results.push_back(std::move(*result));
  }
  return make_composite(expr.type_id, std::move(results));
}

std::optional<Value> EvaluatorRun::evaluate_filter(const CheckedExpr& expr,
                                                   const FilterArrayExpr& node) {
  const Result array = evaluate(node.array);
  if (!array) return std::nullopt;
  if (locals_ == nullptr) return fail(expr.span, "it depends on values that come later");
  std::vector<Value> kept;
  for (const Value& element : array->parts) {
    bind(node.parameters, element);
    const Result keep = evaluate(node.body);
    if (!keep) return std::nullopt;
    if (keep->integer != 0) kept.push_back(element);
  }
  return make_composite(expr.type_id, std::move(kept));
}

std::optional<Value> EvaluatorRun::evaluate_format(const CheckedExpr&, const FormatExpr& node) {
  std::string text;
  for (const FormatPiece& piece : node.pieces) {
    text += piece.text;
    if (!piece.has_value) continue;
    const Result value = evaluate(piece.value);
    if (!value) return std::nullopt;
    text += text_of(*value, types_, piece.spec);
  }
  return make_string(types_, std::move(text));
}

std::optional<Value> EvaluatorRun::evaluate_else(const ElseExpr& node) {
  Result value = evaluate(node.value);
  if (value || steps_ > Evaluator::kMaxSteps) return value;
  failure_.clear();
  failure_span_ = SourceSpan();
  return evaluate(node.fallback);
}

// ---- functions and statements -----------------------------------------------------------------------

std::optional<Value> EvaluatorRun::call(FunctionId id, std::vector<Value> arguments) {
  const CheckedFunction& function = program_.function(id);
  STREAM_ASSERT(arguments.size() == function.parameter_count,
                "`{}` takes {} arguments, not {}", function.name, function.parameter_count,
                arguments.size());
  arguments.resize(function.locals.size());
  Locals* const outer = std::exchange(locals_, &arguments);
  const Step step = run(function.body);
  locals_ = outer;
  if (step == Step::Failed) return std::nullopt;
  STREAM_ASSERT(step == Step::Returned, "`{}` ended without a value", function.name);
  return std::move(returned_);
}

EvaluatorRun::Step EvaluatorRun::run(const CheckedBlock& block) {
  for (const CheckedStmt& stmt : block) {
    const Step step = run(stmt);
    if (step != Step::Next) return step;
  }
  return Step::Next;
}

EvaluatorRun::Step EvaluatorRun::assign(const CheckedStmt& stmt, const AssignStmt& node) {
  // The indices first, then the value, then the write.
  std::vector<std::int64_t> steps;
  for (const TargetStep& step : node.path) {
    if (!step.is_index) {
      steps.push_back(step.field);
      continue;
    }
    const Result index = evaluate(step.index);
    if (!index) return Step::Failed;
    steps.push_back(index->integer);
  }
  Result value = evaluate(node.value);
  if (!value) return Step::Failed;
  Value* target = &(*locals_)[node.local];
  for (const std::int64_t step : steps) {
    const auto place = position(step, target->parts.size(), stmt.span);
    if (!place) return Step::Failed;
    target = &target->parts[*place];
  }
  *target = std::move(*value);
  return Step::Next;
}

EvaluatorRun::Step EvaluatorRun::run(const CheckedStmt& stmt) {
  if (!spend(stmt.span)) return Step::Failed;
  return match(
      stmt.node, [&](const AssignStmt& node) { return assign(stmt, node); },
      [&](const IfStmt& node) {
        const Result condition = evaluate(node.condition);
        if (!condition) return Step::Failed;
        return run(condition->integer != 0 ? node.then_block : node.else_block);
      },
      [&](const ForRangeStmt& node) {
        const Result first = evaluate(node.first);
        const Result end = first ? evaluate(node.end) : std::nullopt;
        const Result step = end ? evaluate(node.step) : std::nullopt;
        if (!step) return Step::Failed;
        std::int64_t i = first->integer;
        while (step->integer > 0 ? i < end->integer : i > end->integer) {
          if (!spend(stmt.span)) return Step::Failed;
          (*locals_)[node.local] = make_int(types_, i);
          const Step turn = run(node.body);
          if (turn != Step::Next) return turn;
          if (__builtin_add_overflow(i, step->integer, &i)) break;
        }
        return Step::Next;
      },
      [&](const ForArrayStmt& node) {
        const Result array = evaluate(node.array);
        if (!array) return Step::Failed;
        for (const Value& element : array->parts) {
          (*locals_)[node.local] = element;
          const Step turn = run(node.body);
          if (turn != Step::Next) return turn;
        }
        return Step::Next;
      },
      [&](const EmitStmt&) -> Step { STREAM_UNREACHABLE("`emit` in a function"); },
      [&](const ReturnStmt& node) {
        Result value = evaluate(node.value);
        if (!value) return Step::Failed;
        returned_ = std::move(*value);
        return Step::Returned;
      },
      [&](const ExprStmt& node) { return evaluate(node.value) ? Step::Next : Step::Failed; });
}

// ---- aggregates -------------------------------------------------------------------------------------

// semantics.md §7: commutative ones in 8 lanes, joined as a tree; the others in order.
std::optional<Value> EvaluatorRun::aggregate(AggregateId id, const std::vector<Value>& arrays,
                                             std::vector<Value> constants, SourceSpan span) {
  constexpr std::size_t kLanes = 8;
  const CheckedAggregate& aggregate = program_.aggregate(id);
  const std::size_t count = arrays.empty() ? 0 : arrays[0].parts.size();
  for (const Value& array : arrays) {
    if (array.parts.size() != count) return fail(span, "the arrays are not equally long");
  }
  Locals base(aggregate.locals.size());
  for (std::size_t i = 0; i < constants.size(); ++i) {
    base[aggregate.constants[i]] = std::move(constants[i]);
  }
  Locals* const outer = std::exchange(locals_, &base);
  const auto leave = [&](Result result) {
    locals_ = outer;
    return result;
  };
  for (const AgentState& state : aggregate.states) {
    Result initial = evaluate(state.initial);
    if (!initial) return leave(std::nullopt);
    base[state.local] = std::move(*initial);
  }
  const auto states_of = [&](const Locals& locals) {
    States states;
    for (const AgentState& state : aggregate.states) states.push_back(locals[state.local]);
    return states;
  };
  const std::size_t lane_count =
      aggregate.is_commutative ? std::min(kLanes, count) : std::min<std::size_t>(1, count);
  std::array<std::optional<States>, kLanes> lanes;
  for (std::size_t lane = 0; lane < lane_count; ++lane) {
    Locals locals = base;
    locals_ = &locals;
    for (std::size_t i = lane; i < count; i += lane_count) {
      for (std::size_t element = 0; element < arrays.size(); ++element) {
        locals[aggregate.elements[element]] = arrays[element].parts[i];
      }
      if (run(aggregate.add) == Step::Failed) return leave(std::nullopt);
    }
    lanes[lane] = states_of(locals);
  }
  for (std::size_t distance = 1; distance < kLanes; distance *= 2) {
    for (std::size_t lane = 0; lane + distance < kLanes; lane += 2 * distance) {
      if (!lanes[lane] || !lanes[lane + distance]) continue;
      lanes[lane] = merged(aggregate, base, *lanes[lane], *lanes[lane + distance]);
      if (!lanes[lane]) return leave(std::nullopt);
    }
  }
  Locals locals = base;
  locals_ = &locals;
  if (lanes[0]) {
    for (std::size_t i = 0; i < aggregate.states.size(); ++i) {
      locals[aggregate.states[i].local] = (*lanes[0])[i];
    }
  }
  if (run(aggregate.result) != Step::Returned) return leave(std::nullopt);
  return leave(std::move(returned_));
}

std::optional<EvaluatorRun::States> EvaluatorRun::merged(const CheckedAggregate& aggregate,
                                                         const Locals& base, const States& left,
                                                         const States& right) {
  Locals locals = base;
  for (std::size_t i = 0; i < aggregate.states.size(); ++i) {
    locals[aggregate.states[i].local] = left[i];
    locals[aggregate.other_states[i]] = right[i];
  }
  Locals* const outer = std::exchange(locals_, &locals);
  const Step step = run(aggregate.merge);
  locals_ = outer;
  if (step == Step::Failed) return std::nullopt;
  States states;
  for (const AgentState& state : aggregate.states) states.push_back(locals[state.local]);
  return states;
}

}  // namespace streamc
