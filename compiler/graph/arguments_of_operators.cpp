// What handlers of library operators ask of the arguments of a call.
#include <algorithm>

#include "compiler/graph/elaborator.h"

namespace streamc {

std::size_t Elaborator::parameter_index(const NativeCall& call, std::string_view name) const {
  for (std::size_t i = 0; i < call.head.parameters.size(); ++i) {
    if (call.head.parameters[i].name.text == name) return i;
  }
  STREAM_UNREACHABLE("the library's `{}` has no parameter `{}`", call.symbol, name);
}

ExprId Elaborator::argument(const NativeCall& call, std::string_view name) const {
  return call.arguments[parameter_index(call, name)].expr_id;
}

bool Elaborator::is_given(const NativeCall& call, std::string_view name) const {
  return !call.arguments[parameter_index(call, name)].is_default;
}

const WiringEnvironment& Elaborator::environment_of(const NativeCall& call, std::string_view name) {
  return is_given(call, name) ? call.environment : module_environment(call.found.module_id);
}

PortId Elaborator::port_argument(const NativeCall& call, std::string_view name) {
  const ExprId id = argument(call, name);
  return id.valid() ? elaborate_port(id, environment_of(call, name)) : PortId();
}

CheckedExprId Elaborator::constant_argument(const NativeCall& call, std::string_view name,
                                            TypeId expected) {
  const ExprId id = argument(call, name);
  if (!id.valid()) return {};
  const WiringEnvironment& environment = environment_of(call, name);
  if (!checker_.is_constant(id, environment) && is_wiring(id, environment)) {
    sink_.report(diag::ConstantExpected, span_of(ast_, id), name, call.syntax.name());
    return {};
  }
  return checker_.check_constant(id, environment, expected);
}

std::optional<std::int64_t> Elaborator::count_argument(const NativeCall& call, std::string_view name,
                                                       std::int64_t least) {
  const CheckedExprId id = constant_argument(call, name, program_.types.scalar(TypeKind::Int));
  if (!id.valid()) return std::nullopt;
  const SourceSpan span = span_of(ast_, argument(call, name));
  const std::optional<Value> value = checker_.evaluate_shape(id, span);
  if (!value) return std::nullopt;
  if (value->integer < least) {
    sink_.report(diag::CountTooSmall, span, name, call.syntax.name(), least, value->integer);
    return std::nullopt;
  }
  return value->integer;
}

std::optional<bool> Elaborator::flag_argument(const NativeCall& call, std::string_view name) {
  const CheckedExprId id = constant_argument(call, name, program_.types.scalar(TypeKind::Bool));
  if (!id.valid()) return std::nullopt;
  const std::optional<Value> value = checker_.evaluate_shape(id, span_of(ast_, argument(call, name)));
  if (!value) return std::nullopt;
  return value->integer != 0;
}

FunctionId Elaborator::function_argument(const NativeCall& call, std::string_view name,
                                         std::span<const TypeId> parameter_types, TypeId expected) {
  const ExprId id = argument(call, name);
  if (!id.valid()) return {};
  return checker_.check_function_argument(id, parameter_types, environment_of(call, name), expected,
                                          label_);
}

std::optional<std::int64_t> Elaborator::ticks_of(const Value& duration, PortId port, SourceSpan span,
                                                 std::string_view what) {
  const std::optional<RateValue> rate = draft_.clocks().rate(draft_.clock(scope_of(port)));
  if (!rate) {
    sink_.report(diag::DurationNeedsRate, span, what)
        .help("write a number of items, or say how often the source ticks: `lines.read(…) @ 10Hz`");
    return std::nullopt;
  }
  const Fraction seconds(duration.integer, 1'000'000'000);
  const Fraction ticks = seconds * Fraction(rate->numerator, rate->denominator);
  if (!ticks.is_whole() || ticks.numerator < 1) {
    sink_.report(diag::DurationNotWhole, span, text_of(span), ticks.text(), rate_text(port))
        .help("a window holds a whole number of items: choose a multiple of the time between two");
    return std::nullopt;
  }
  return ticks.numerator;
}

namespace {

// Whether evaluating this always fails: what `fail("…")` in a list is.
bool is_failure(const CheckedProgram& program, CheckedExprId id) {
  const CheckedExpr& expr = program.expr(id);
  if (program.types.kind(expr.type_id) == TypeKind::Nothing) return true;
  const auto* convert = std::get_if<ConvertExpr>(&expr.node);
  return convert != nullptr && is_failure(program, convert->operand);
}

}  // namespace

std::optional<ListContent> Elaborator::list_content(ExprId id, const WiringEnvironment& environment,
                                                    TypeId expected, bool may_have_times) {
  if (!id.valid()) return std::nullopt;
  ListContent list{.type_id = expected};
  const auto* array = ast_.as<ast::ArrayExpr>(id);
  if (array == nullptr) {
    // A constant list with a name, or computed.
    if (!checker_.is_constant(id, environment)) {
      sink_.report(diag::ConstantExpected, span_of(ast_, id), "list", "items");
      return std::nullopt;
    }
    const CheckedExprId constant = checker_.check_constant(id, environment);
    if (!constant.valid()) return std::nullopt;
    const std::optional<Value> value = checker_.evaluate_shape(constant, span_of(ast_, id));
    if (!value) return std::nullopt;
    const Type type = program_.types.get(value->type_id);
    if (type.kind != TypeKind::Array && type.kind != TypeKind::Window) {
      sink_.report(diag::ListExpected, span_of(ast_, id), type_name(value->type_id))
          .help("a list is written `[1, 2, 3]`");
      return std::nullopt;
    }
    if (!list.type_id.valid()) list.type_id = type.element_id;
    if (list.type_id != type.element_id) {
      sink_.report(diag::WrongStreamType, span_of(ast_, id), "this list", type_name(list.type_id),
                   type_name(type.element_id));
      return std::nullopt;
    }
    for (const Value& part : value->parts) {
      list.elements.push_back({.value = checker_.literal(part, span_of(ast_, id))});
    }
    return list;
  }
  std::vector<ast::ArrayElement> elements = array->elements;
  const auto stamp_of = [&](ExprId time_id) -> std::optional<std::int64_t> {
    if (!may_have_times) {
      report_not_available("`at` outside of a test", span_of(ast_, time_id));
      return std::nullopt;
    }
    const CheckedExprId time = checker_.check_constant(time_id, environment);
    if (!time.valid()) return std::nullopt;
    const TypeKind kind = program_.types.kind(program_.expr(time).type_id);
    if (kind != TypeKind::Duration && kind != TypeKind::Time) {
      sink_.report(diag::TimeExpected, span_of(ast_, time_id), type_name(program_.expr(time).type_id))
          .help("write a duration since the start, `at 10s`, or a time, `at t\"2026-01-01\"`");
      return std::nullopt;
    }
    const std::optional<Value> value = checker_.evaluate_shape(time, span_of(ast_, time_id));
    if (!value) return std::nullopt;
    return value->integer;
  };
  // `end at 90s`: not an element, but when the stream ends.
  if (!elements.empty() && elements.back().time_id.valid()) {
    const auto* word = ast_.as<ast::NameExpr>(elements.back().value_id);
    if (word != nullptr && word->name == "end") {
      list.end_stamp = stamp_of(elements.back().time_id);
      if (!list.end_stamp) return std::nullopt;
      elements.pop_back();
    }
  }
  // The elements' common type, unless it is known.
  if (!list.type_id.valid()) {
    for (const ast::ArrayElement& element : elements) {
      const CheckedExprId value = checker_.check_constant(element.value_id, environment);
      if (!value.valid()) return std::nullopt;
      if (is_failure(program_, value)) continue;
      const TypeId type_id = program_.expr(value).type_id;
      const TypeId common =
          list.type_id.valid() ? checker_.types().common_type(list.type_id, type_id) : type_id;
      if (!common.valid()) {
        sink_.report(diag::MixedElements, span_of(ast_, element.value_id), type_text(list.type_id),
                     type_text(type_id));
        return std::nullopt;
      }
      list.type_id = common;
    }
    if (!list.type_id.valid() || program_.types.kind(list.type_id) == TypeKind::None) {
      sink_.report(diag::EmptyList, span_of(ast_, id))
          .help("the type of its items is unknown: write at least one");
      return std::nullopt;
    }
  }
  std::optional<std::int64_t> last;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const ast::ArrayElement& element = elements[i];
    ListElement content{.value =
                            checker_.check_constant(element.value_id, environment, list.type_id)};
    if (!content.value.valid()) return std::nullopt;
    content.is_hole = is_failure(program_, content.value) || !checker_.evaluate(content.value).value;
    if (element.time_id.valid() != elements.front().time_id.valid()) {
      sink_.report(diag::SomeTimesMissing, element.span).help("write `at` for all of them, or for none");
      return std::nullopt;
    }
    if (element.time_id.valid()) {
      content.stamp = stamp_of(element.time_id);
      if (!content.stamp) return std::nullopt;
      if (last && *content.stamp < *last) {
        sink_.report(diag::TimesFall, span_of(ast_, element.time_id))
            .help("write the elements in the order of their times");
        return std::nullopt;
      }
      last = content.stamp;
    }
    list.elements.push_back(content);
  }
  return list;
}

}  // namespace streamc
