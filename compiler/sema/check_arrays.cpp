// `map where len first last range` on arrays and window views.
#include <fmt/format.h>

#include <utility>

#include "compiler/sema/body_checker.h"

namespace streamc {

namespace {

constexpr std::int64_t kMaxRange = 1 << 20;

}  // namespace

CheckedExprId BodyChecker::call_on_arrays(const ItemCall& call, TypeId hint) {
  const std::string& name = call.path[0].text;
  if (name == "map") return call_map(call, false);
  if (name == "where") return call_map(call, true);
  if (name == "first") return call_end(call, 0);
  if (name == "last") return call_end(call, -1);
  if (name == "range") return call_range(call);
  STREAM_ASSERT(name == "len", "unknown function on arrays `{}`", name);
  const auto arguments = positional(call, 1, 1);
  if (!arguments) return error(call.span);
  const CheckedExprId value = infer_argument((*arguments)[0], environment_, TypeId());
  if (is_error(value)) return error(call.span);
  const Type type = types().get(type_of(value));
  if (type.kind == TypeKind::String) {
    return make(scalar(TypeKind::Int), call.span, CallBuiltinExpr{Builtin::TextLength, {value}});
  }
  // The length of a fixed array is part of its type.
  if (type.kind == TypeKind::Array && is_simple(value)) return int_literal(type.length, call.span);
  if (type.kind == TypeKind::Tuple) {
    return int_literal(static_cast<std::int64_t>(type.elements.size()), call.span);
  }
  const CheckedExprId array = require_array(value, call);
  if (is_error(array)) return error(call.span);
  return make(scalar(TypeKind::Int), call.span, CallBuiltinExpr{Builtin::Length, {array}});
}

CheckedExprId BodyChecker::require_array(CheckedExprId value, const ItemCall& call) {
  if (refuses_option(value)) return error(call.span);
  const TypeKind kind = kind_of(value);
  if (kind == TypeKind::Array || kind == TypeKind::Window) return value;
  if (kind == TypeKind::Tuple) {
    if (const CheckedExprId array = tuple_as_array(value); array.valid()) return array;
  }
  context_.sink.report(diag::NeedsWindow, call.callee_span, call.callee())
      .note(fmt::format("this is {}", describe(type_of(value))))
      .help("add `|> window(...)` before it");
  return error(call.span);
}

CheckedExprId BodyChecker::call_map(const ItemCall& call, bool is_filter) {
  const auto arguments = positional(call, 2, 2);
  if (!arguments) return error(call.span);
  const CheckedExprId given = infer_argument((*arguments)[0], environment_, TypeId());
  if (is_error(given)) return error(call.span);
  const CheckedExprId array = require_array(given, call);
  if (is_error(array)) return error(call.span);
  const ExprId function = (*arguments)[1].expr_id;
  if (!function.valid()) {
    context_.sink.report(diag::FunctionNotHere, call.callee_span);
    return error(call.span);
  }
  const Type type = types().get(type_of(array));
  const Type element = types().get(type.element_id);
  std::vector<LocalIndex> parameters;
  const auto* lambda = context_.ast.as<ast::LambdaExpr>(function);
  if (lambda != nullptr && lambda->parameters.size() > 1 && element.kind == TypeKind::Tuple &&
      element.elements.size() == lambda->parameters.size()) {
    for (std::size_t i = 0; i < element.elements.size(); ++i) {
      parameters.push_back(add_local(lambda->parameters[i].text, element.elements[i]));
    }
  } else {
    const bool is_named = lambda != nullptr && !lambda->parameters.empty();
    parameters.push_back(add_local(is_named ? lambda->parameters[0].text : "", type.element_id));
  }
  for (const LocalIndex parameter : parameters) flow_.assigned.insert(parameter);
  const Flow before = flow_;
  const CheckedExprId body = apply_in_place(
      function, parameters, is_filter ? scalar(TypeKind::Bool) : TypeId(), call.span);
  flow_ = before;
  if (is_error(body)) return error(call.span);
  if (is_filter) {
    return make(types().window(type.element_id), call.span,
                FilterArrayExpr{array, std::move(parameters), body});
  }
  const TypeKind kind = kind_of(body);
  if (kind == TypeKind::None) {
    context_.sink.report(diag::NeedsType, call.span, "this array of `none`");
    return error(call.span);
  }
  if (kind == TypeKind::Window) return not_available(call.span, "an array of window views");
  const TypeId result = type.kind == TypeKind::Array ? types().array(type_of(body), type.length)
                                                     : types().window(type_of(body));
  return make(result, call.span, MapArrayExpr{array, std::move(parameters), body});
}

CheckedExprId BodyChecker::call_end(const ItemCall& call, std::int64_t index) {
  const auto arguments = positional(call, 1, 1);
  if (!arguments) return error(call.span);
  const CheckedExprId given = infer_argument((*arguments)[0], environment_, TypeId());
  if (is_error(given)) return error(call.span);
  const CheckedExprId array = require_array(given, call);
  if (is_error(array)) return error(call.span);
  const TypeId element = types().get(type_of(array)).element_id;
  return make(element, call.span, IndexExpr{array, int_literal(index, call.span)});
}

// As a value, a range is an array whose length is known while compiling.
CheckedExprId BodyChecker::call_range(const ItemCall& call) {
  const auto arguments = positional(call, 1, 3);
  if (!arguments) return error(call.span);
  std::vector<std::int64_t> numbers;
  for (const CallArgument& argument : *arguments) {
    const CheckedExprId value =
        require_argument(infer_argument(argument, environment_, scalar(TypeKind::Int)),
                         scalar(TypeKind::Int), argument, "a limit", call);
    if (is_error(value)) return error(call.span);
    const std::optional<Value> known = context_.evaluate_quietly(value);
    if (!known) {
      context_.sink
          .report(diag::BadRange, span_of_checked(value),
                  "as a value, `range` needs numbers that are known while compiling")
          .help("`for i in range(…)` runs over any range");
      return error(call.span);
    }
    numbers.push_back(known->integer);
  }
  const std::int64_t first = numbers.size() > 1 ? numbers[0] : 0;
  const std::int64_t end = numbers.size() > 1 ? numbers[1] : numbers[0];
  const std::int64_t step = numbers.size() > 2 ? numbers[2] : 1;
  if (step == 0) {
    context_.sink.report(diag::BadRange, call.span, "the step of a `range` cannot be 0");
    return error(call.span);
  }
  Value value;
  for (std::int64_t i = first; step > 0 ? i < end : i > end; i += step) {
    if (static_cast<std::int64_t>(value.parts.size()) >= kMaxRange) {
      context_.sink.report(diag::BadRange, call.span,
                           fmt::format("a `range` as a value has at most {} numbers", kMaxRange));
      return error(call.span);
    }
    value.parts.push_back(make_int(types(), i));
  }
  value.type_id =
      types().array(scalar(TypeKind::Int), static_cast<std::int64_t>(value.parts.size()));
  return context_.literal(std::move(value), call.span);
}

}  // namespace streamc
