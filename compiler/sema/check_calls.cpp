// Calls in item expressions: fns, builtins, aggregates over arrays, functions given as arguments.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "compiler/diag/closest_name.h"
#include "compiler/sema/arguments.h"
#include "compiler/sema/body_checker.h"
#include "compiler/sema/builtin_table.h"

namespace streamc {

// ---- arguments ------------------------------------------------------------------------------------

std::optional<std::vector<CallArgument>> BodyChecker::bind(
    const ItemCall& call, std::span<const ast::Parameter> parameters) {
  std::vector<CallArgument> bound(parameters.size());
  if (!call.is_checked) {
    bool ok = false;
    const std::string callee = call.callee();
    const std::vector<BoundArgument> arguments =
        bind_arguments(context_.ast, parameters,
                       {.callee = callee,
                        .callee_span = call.callee_span,
                        .span = call.span,
                        .piped = call.piped,
                        .arguments = call.arguments},
                       context_.sink, &ok);
    if (!ok) {
      infer_ignored(call);
      return std::nullopt;
    }
    for (std::size_t i = 0; i < bound.size(); ++i) {
      bound[i] = {.expr_id = arguments[i].expr_id, .is_default = arguments[i].is_default};
    }
    return bound;
  }
  std::vector<CheckedExprId> values = call.checked;
  std::size_t required = 0;
  for (const ast::Parameter& parameter : parameters) {
    if (!parameter.default_id.valid()) ++required;
  }
  // A function of several parameters takes a tuple apart.
  if (values.size() == 1 && parameters.size() > 1 && required > 1) {
    const Type type = types().get(type_of(values[0]));
    if (type.kind == TypeKind::Tuple && type.elements.size() <= parameters.size()) {
      const CheckedExprId tuple = values[0];
      values.clear();
      for (std::size_t i = 0; i < type.elements.size(); ++i) {
        values.push_back(
            make(type.elements[i], call.span, FieldExpr{tuple, static_cast<std::uint32_t>(i)}));
      }
    }
  }
  if (values.size() > parameters.size() || values.size() < required) {
    context_.sink.report(diag::FunctionParameters, call.callee_span,
                         counted(parameters.size(), "value"),
                         static_cast<std::int64_t>(values.size()));
    return std::nullopt;
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (i < values.size()) {
      bound[i].checked = values[i];
    } else {
      bound[i] = {.expr_id = parameters[i].default_id, .is_default = true};
      if (!parameters[i].default_id.valid()) {
        context_.sink.report(diag::MissingArgument, call.callee_span, call.callee(),
                             parameters[i].name.text);
        return std::nullopt;
      }
    }
  }
  return bound;
}

std::optional<std::vector<CallArgument>> BodyChecker::positional(const ItemCall& call,
                                                                 std::size_t min_count,
                                                                 std::size_t max_count) {
  std::vector<CallArgument> result;
  if (call.is_checked) {
    for (const CheckedExprId value : call.checked) result.push_back({.checked = value});
  } else {
    if (call.piped.valid()) result.push_back({.expr_id = call.piped});
    for (const ast::Argument& argument : call.arguments) {
      if (argument.is_spread) {
        context_.sink.report(diag::SpreadOutsideRecord, argument.span, call.callee());
        return std::nullopt;
      }
      if (argument.name.present()) {
        context_.sink.report(diag::UnknownArgument, argument.name.span, call.callee(),
                             argument.name.text)
            .help(fmt::format("the arguments of `{}` have no names; give them in order",
                              call.callee()));
        return std::nullopt;
      }
      result.push_back({.expr_id = argument.value_id});
    }
  }
  if (result.size() < min_count || result.size() > max_count) {
    const std::size_t wanted = result.size() > max_count ? max_count : min_count;
    context_.sink.report(diag::TooManyArguments, call.callee_span, call.callee(),
                         counted(wanted, "value"), static_cast<std::int64_t>(result.size()));
    return std::nullopt;
  }
  return result;
}

// After a mistake in the shape of a call, its arguments may hold mistakes of their own.
void BodyChecker::infer_ignored(const ItemCall& call) {
  for (const ast::Argument& argument : call.arguments) {
    if (!looks_like_function(argument.value_id)) infer(argument.value_id);
  }
}

CheckedExprId BodyChecker::infer_argument(const CallArgument& argument,
                                          const Environment& declaring, TypeId hint) {
  if (argument.checked.valid()) return argument.checked;
  if (!argument.is_default) return infer(argument.expr_id, hint);
  const CheckedExprId value = context_.check_constant(argument.expr_id, declaring, hint);
  return value.valid() ? value : error(span_of(context_.ast, argument.expr_id));
}

SourceSpan BodyChecker::argument_span(const CallArgument& argument, const ItemCall& call) const {
  if (argument.checked.valid() || argument.is_default) return call.callee_span;
  return span_of(context_.ast, argument.expr_id);
}

CheckedExprId BodyChecker::require_argument(CheckedExprId id, TypeId to,
                                            const CallArgument& argument,
                                            std::string_view parameter, const ItemCall& call) {
  if (is_error(id) || types().kind(to) == TypeKind::Error) return error(call.span);
  if (const CheckedExprId converted = convert(id, to); converted.valid()) return converted;
  const SourceSpan span = argument_span(argument, call);
  const TypeId from = type_of(id);
  const Type source = types().get(from);
  if (source.kind == TypeKind::None ||
      (source.kind == TypeKind::Option && context_.fits(source.element_id, to))) {
    report_none(id, to, span);
    return error(span);
  }
  const Type target = types().get(to);
  const bool wants_many = target.kind == TypeKind::Window || target.kind == TypeKind::Array;
  if (wants_many && context_.fits(from, target.element_id)) {
    context_.sink.report(diag::NeedsWindow, call.callee_span, call.callee())
        .help("add `|> window(...)` before it")
        .note(fmt::format("`{}` is {}, and this is {}", parameter, describe(to), describe(from)));
    return error(span);
  }
  auto report = context_.sink.report(diag::ArgumentType, span, parameter, call.callee(),
                                     describe(to), describe(from));
  const bool has_many = source.kind == TypeKind::Window || source.kind == TypeKind::Array;
  if (has_many && context_.fits(source.element_id, to)) {
    report.help(fmt::format("apply it to each value: `map(…, v => {}(v))`", call.callee()));
  } else {
    help_conversion(report, id, to);
  }
  return error(span);
}

// ---- which callee -----------------------------------------------------------------------------------

CheckedExprId BodyChecker::infer_call(const ItemCall& call, TypeId hint) {
  if (call.path.size() == 1) {
    const std::string& name = call.path[0].text;
    const Binding* binding = find_binding(name);
    if (binding != nullptr && binding->kind == Binding::Kind::Function) {
      return call_parameter(call, binding->function);
    }
    if (binding == nullptr) {
      if (const auto meaning = environment_.lookup_function(name)) {
        return call_parameter(
            call, {context_.environment_closure(meaning->function, *meaning->function_environment),
                   TypeId(),
                   {}});
      }
    }
  }
  const Callee callee = context_.find_callee(environment_.module_id(), call.path);
  if (callee.kind == CalleeKind::Unknown) return report_unknown_function(call);
  return call_declared(call, callee, hint);
}

CheckedExprId BodyChecker::call_declared(const ItemCall& call, const Callee& callee, TypeId hint) {
  if (callee.kind == CalleeKind::Builtin || callee.also_on_items) {
    const std::string& name = call.path[0].text;
    if (name == "fail") return call_fail(call);
    if (is_array_function(name)) return call_on_arrays(call, hint);
    // `min(w)` of an array is the aggregate, `min(a, b)` of two numbers the builtin.
    const std::size_t count = call.is_checked
                                  ? call.checked.size()
                                  : call.arguments.size() + (call.piped.valid() ? 1u : 0u);
    if (callee.kind != CalleeKind::Aggregate || count > 1) return call_builtin(call);
  }
  const Ast& ast = context_.ast;
  switch (callee.kind) {
    case CalleeKind::Function:
      return call_fn(call, callee.declaration, *ast.as<ast::FnDecl>(callee.declaration.decl_id));
    case CalleeKind::Aggregate:
      return call_aggregate(call, callee.declaration,
                            *ast.as<ast::AggregateDecl>(callee.declaration.decl_id));
    case CalleeKind::Record:
      return build_record(call, callee.declaration);
    case CalleeKind::Type: {
      auto report = context_.sink.report(diag::UnknownFunction, call.callee_span, call.callee());
      report.note("it is a type, but not a record that could be built by calling it");
      const TypeId type_id = context_.types.declared_type(callee.declaration);
      const Type type = types().get(type_id);
      if (type.kind == TypeKind::Enumeration && !type.fields.empty()) {
        report.help(fmt::format("its values are `{}.{}` and so on", type.name, type.fields[0].name));
      }
      return error(call.span);
    }
    case CalleeKind::Agent:
    case CalleeKind::Graph:
      return report_wiring(call, callee.declaration);
    case CalleeKind::Builtin:
    case CalleeKind::Unknown:
      break;
  }
  STREAM_UNREACHABLE("callee `{}`", call.callee());
}

CheckedExprId BodyChecker::report_wiring(const ItemCall& call, const FoundDeclaration& found) {
  if (place_ == Place::Constant) {
    context_.sink.report(diag::NotConstant, call.callee_span)
        .note(fmt::format("`{}` makes a stream", call.callee()));
    return error(call.span);
  }
  auto report = context_.sink.report(diag::WiringInItem, call.callee_span, call.callee());
  if (call.callee() == "prev") {
    report.help("an `agent` keeps values in its states");
  } else if (call.callee() == "window") {
    report.help("put the window into the pipeline, and let this function take `w: float[]`");
  } else {
    report.help("put it into the pipeline, before or behind this function");
  }
  return error(call.span);
}

CheckedExprId BodyChecker::report_unknown_function(const ItemCall& call) {
  const std::string name = call.callee();
  // `x.abs()`: a method, which this language has none of.
  if (call.path.size() >= 2 && !call.is_checked) {
    const bool is_value =
        find_binding(call.path[0].text) != nullptr ||
        environment_.lookup(call.path[0].text).kind != Meaning::Kind::Unknown;
    const bool is_module =
        context_.modules.find_import(environment_.module_id(), call.path[0].text).valid();
    if (is_value && !is_module) {
      const std::string& method = call.path.back().text;
      context_.sink.report(diag::UnknownFunction, call.callee_span, name)
          .help(fmt::format("values have no methods: write `{}({})`", method,
                            name.substr(0, name.size() - method.size() - 1)));
      return error(call.span);
    }
  }
  auto report = context_.sink.report(diag::UnknownFunction, call.callee_span, name);
  std::vector<std::string> names = context_.modules.function_names(environment_.module_id());
  for (const std::string_view builtin : builtin_names()) names.emplace_back(builtin);
  if (call.path.size() == 1) {
    const Binding* binding = find_binding(name);
    if (binding != nullptr ||
        environment_.lookup(name).kind != Meaning::Kind::Unknown) {
      report.note(fmt::format("`{}` is a value, and only functions can be called", name));
    } else if (name == "str") {
      report.help("write `\"{x}\"` or `string(x)`");
    } else if (name == "pow") {
      report.help("write `a ** b`");
    } else if (const auto closest = closest_name(name, names)) {
      report.help(fmt::format("did you mean `{}`?", *closest));
    }
  } else if (!context_.modules.find_import(environment_.module_id(), call.path[0].text).valid()) {
    report.help(fmt::format("if it is a module's, add `import {}`", call.path[0].text));
  }
  infer_ignored(call);
  return error(call.span);
}

// ---- fns and function parameters ----------------------------------------------------------------------

CheckedExprId BodyChecker::call_parameter(const ItemCall& call, const FunctionValue& function) {
  const auto arguments = positional(call, 0, 64);
  if (!arguments) return error(call.span);
  std::vector<CheckedExprId> values;
  for (std::size_t i = 0; i < arguments->size(); ++i) {
    TypeId hint;
    if (function.function_type_id.valid()) {
      const Type type = types().get(function.function_type_id);
      if (i + 1 < type.elements.size()) hint = type.elements[i];
    }
    values.push_back(infer_argument((*arguments)[i], environment_, hint));
    if (is_error(values.back())) return error(call.span);
  }
  return call_function(function, std::move(values), call.span, call.callee());
}

CheckedExprId BodyChecker::call_fn(const ItemCall& call, const FoundDeclaration& found,
                                   const ast::FnDecl& fn) {
  const auto bound = bind(call, fn.parameters);
  if (!bound) return error(call.span);
  const Environment& declaring = context_.module_environment(found.module_id);
  TypeResolver& resolver = context_.types;
  std::vector<InstanceParameter> given(fn.parameters.size());
  std::vector<CheckedExprId> values(fn.parameters.size());
  std::vector<FunctionValue> functions(fn.parameters.size());
  bool ok = true;
  for (std::size_t i = 0; i < bound->size(); ++i) {
    const CallArgument& argument = (*bound)[i];
    const ast::Parameter& parameter = fn.parameters[i];
    if (resolver.function_type(parameter.type_id) != nullptr) {
      if (!argument.expr_id.valid()) {
        context_.sink.report(diag::FunctionNotHere, call.callee_span);
        return error(call.span);
      }
      auto function = make_function(argument.expr_id, TypeId());
      if (!function) return error(call.span);
      given[i].closure_id = function->closure_id;
      functions[i] = std::move(*function);
      continue;
    }
    const bool is_generic = resolver.mentions(parameter.type_id, fn.generics);
    const TypeId hint = is_generic ? TypeId() : resolver.resolve(parameter.type_id, declaring);
    values[i] = infer_argument(argument, declaring, hint);
    ok = ok && !is_error(values[i]);
    if (!is_error(values[i])) given[i].type_id = type_of(values[i]);
  }
  if (!ok) return error(call.span);
  const ResolvedHeader header =
      context_.resolve_header(fn.generics, fn.parameters, std::move(given), found.module_id,
                              call.callee(), call.callee_span);
  if (!header.ok) return error(call.span);
  std::vector<CheckedExprId> arguments;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i].valid()) continue;
    const CheckedExprId value =
        require_argument(values[i], header.parameters[i].type_id, (*bound)[i],
                         fn.parameters[i].name.text, call);
    ok = ok && !is_error(value);
    arguments.push_back(value);
  }
  if (!ok) return error(call.span);
  const FunctionId id = context_.instantiate_fn(found, header, call.callee_span, chain_);
  if (!id.valid()) return error(call.span);
  for (const FunctionValue& function : functions) {
    for (const LocalIndex index : function.captures) arguments.push_back(local(index, call.span));
  }
  return make(context_.program.function(id).result_id, call.span,
              CallFunctionExpr{id, std::move(arguments)});
}

// ---- aggregates over arrays -----------------------------------------------------------------------------

CheckedExprId BodyChecker::call_aggregate(const ItemCall& call, const FoundDeclaration& found,
                                          const ast::AggregateDecl& aggregate) {
  const auto bound = bind(call, aggregate.parameters);
  if (!bound) return error(call.span);
  const Environment& declaring = context_.module_environment(found.module_id);
  std::vector<InstanceParameter> given(bound->size());
  std::vector<CheckedExprId> values(bound->size());
  bool has_elements = false;
  for (std::size_t i = 0; i < bound->size(); ++i) {
    CheckedExprId value = infer_argument((*bound)[i], declaring, TypeId());
    if (is_error(value)) return error(call.span);
    Type type = types().get(type_of(value));
    if (type.kind == TypeKind::Tuple && i == 0) {  // `sum` of a tuple of equals.
      if (const CheckedExprId array = tuple_as_array(value); array.valid()) {
        value = array;
        type = types().get(type_of(value));
      }
    }
    const bool is_element = type.kind == TypeKind::Array || type.kind == TypeKind::Window;
    has_elements = has_elements || is_element;
    values[i] = value;
    given[i].is_element = is_element;
    given[i].type_id = is_element ? type.element_id : type_of(value);
  }
  if (!has_elements) {
    context_.sink.report(diag::NeedsWindow, call.callee_span, call.callee())
        .help("add `|> window(...)` before it");
    return error(call.span);
  }
  const ResolvedHeader header =
      context_.resolve_header(aggregate.generics, aggregate.parameters, std::move(given),
                              found.module_id, call.callee(), call.callee_span);
  if (!header.ok) return error(call.span);
  AggregateArrayExpr result;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const InstanceParameter& parameter = header.parameters[i];
    const bool is_array = kind_of(values[i]) == TypeKind::Array;
    TypeId wanted = parameter.type_id;
    if (parameter.is_element) {
      wanted = is_array ? types().array(wanted, types().get(type_of(values[i])).length)
                        : types().window(wanted);
    }
    const CheckedExprId value =
        require_argument(values[i], wanted, (*bound)[i], aggregate.parameters[i].name.text, call);
    if (is_error(value)) return error(call.span);
    (parameter.is_element ? result.arrays : result.constants).push_back(value);
  }
  const AggregateId id = context_.instantiate_aggregate(found, header, call.callee_span);
  if (!id.valid()) return error(call.span);
  result.aggregate_id = id;
  return make(context_.program.aggregate(id).result_id, call.span, std::move(result));
}

CheckedExprId BodyChecker::tuple_as_array(CheckedExprId tuple) {
  const Type type = types().get(type_of(tuple));
  TypeId common = type.elements[0];
  for (const TypeId member : type.elements) {
    common = context_.types.common_type(common, member);
    if (!common.valid()) return {};
  }
  if (!is_simple(tuple)) return {};
  const SourceSpan span = span_of_checked(tuple);
  std::vector<CheckedExprId> parts;
  for (std::size_t i = 0; i < type.elements.size(); ++i) {
    const CheckedExprId part =
        make(type.elements[i], span, FieldExpr{tuple, static_cast<std::uint32_t>(i)});
    parts.push_back(require(part, common, span));
  }
  const auto length = static_cast<std::int64_t>(parts.size());
  return make(types().array(common, length), span, MakeExpr{std::move(parts)});
}

// ---- builtins -------------------------------------------------------------------------------------------

CheckedExprId BodyChecker::call_fail(const ItemCall& call) {
  const auto arguments = positional(call, 1, 1);
  if (!arguments) return error(call.span);
  const CheckedExprId message =
      require_argument(infer_argument((*arguments)[0], environment_, scalar(TypeKind::String)),
                       scalar(TypeKind::String), (*arguments)[0], "the reason", call);
  if (is_error(message)) return error(call.span);
  return make(scalar(TypeKind::Nothing), call.span, FailExpr{message});
}

CheckedExprId BodyChecker::call_builtin(const ItemCall& call) {
  const std::string& name = call.path[0].text;
  const std::span<const BuiltinSignature> signatures = builtin_signatures(name);
  std::size_t arity = signatures[0].parameters.size();
  const bool folds = name == "min" || name == "max";  // Of any number of values, as in Python.
  auto arguments = positional(call, arity, folds ? 64 : arity);
  if (!arguments) return error(call.span);
  std::vector<CheckedExprId> values;
  for (const CallArgument& argument : *arguments) {
    values.push_back(infer_argument(argument, environment_, TypeId()));
    if (is_error(values.back())) return error(call.span);
  }
  for (const BuiltinSignature& signature : signatures) {
    const bool wants_value = signature.parameters[0] != BuiltinType::Any;
    for (const CheckedExprId value : values) {
      if (wants_value && refuses_option(value)) return error(call.span);
    }
    CheckedExprId result = apply_builtin(signature, {values.begin(), values.begin() + arity}, call);
    for (std::size_t i = arity; result.valid() && i < values.size(); ++i) {
      result = apply_builtin(signature, {result, values[i]}, call);
    }
    if (result.valid()) return result;
  }
  std::string given;
  bool has_array = false;
  for (const CheckedExprId value : values) {
    has_array = has_array || kind_of(value) == TypeKind::Array || kind_of(value) == TypeKind::Window;
    given += (given.empty() ? "" : " and ") + describe(type_of(value));
  }
  const SourceSpan span = values.size() == 1 ? argument_span((*arguments)[0], call) : call.callee_span;
  auto report = context_.sink.report(diag::UnaryTypes, span, name, given);
  if (has_array) {
    report.help(fmt::format("apply it to each value: `map(…, v => {}(v))`", name));
  } else if (kind_of(values[0]) == TypeKind::String) {
    report.help("read a number from the text: `parse_float(…)`");
  } else if (kind_of(values[0]) == TypeKind::Duration) {
    report.help("`seconds(…)` gives a duration as a number; or divide by a unit: `… / 1s`");
  }
  return error(call.span);
}

CheckedExprId BodyChecker::apply_builtin(const BuiltinSignature& signature,
                                         std::vector<CheckedExprId> values, const ItemCall& call) {
  // T is one type for all parameters that are T.
  bool any_float = false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    any_float = any_float || kind_of(values[i]) == TypeKind::Float;
  }
  const TypeId number = scalar(any_float ? TypeKind::Float : TypeKind::Int);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const BuiltinType wanted = signature.parameters[i];
    const TypeId given = type_of(values[i]);
    const TypeKind kind = types().kind(given);
    switch (wanted) {
      case BuiltinType::Same:
        if (!types().is_number(given)) return {};
        values[i] = convert(values[i], number);
        continue;
      case BuiltinType::Number:
        if (!types().is_number(given)) return {};
        values[i] = convert(values[i], scalar(TypeKind::Float));
        continue;
      case BuiltinType::Any:
        continue;
      case BuiltinType::Array:
        if (kind != TypeKind::Array && kind != TypeKind::Window) return {};
        continue;
      case BuiltinType::Int:
      case BuiltinType::Float:
      case BuiltinType::Bool:
      case BuiltinType::String:
      case BuiltinType::Duration:
        values[i] = convert(values[i], scalar(builtin_kind(wanted)));
        if (!values[i].valid()) return {};
        continue;
    }
  }
  const TypeId result = signature.result == BuiltinType::Same ? number
                                                              : scalar(builtin_kind(signature.result));
  // `int` of an int and `float` of a float have nothing to do; `int` must not go through float.
  if (signature.builtin == Builtin::ToInt || signature.builtin == Builtin::ToFloat) {
    const auto* widened = std::get_if<ConvertExpr>(&context_.program.expr(values[0]).node);
    if (signature.builtin == Builtin::ToFloat) return values[0];
    if (widened != nullptr && widened->conversion == Conversion::IntToFloat) return widened->operand;
  }
  return make(result, call.span, CallBuiltinExpr{signature.builtin, std::move(values)});
}

}  // namespace streamc
