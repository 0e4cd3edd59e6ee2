// Calls of what the library declares as native: operators go to their handlers, sources and sinks become
// connectors of the runtime.
#include "compiler/graph/elaborator.h"

namespace streamc {

// ---- library operators ------------------------------------------------------------------------

Wire Elaborator::call_native(const CallSyntax& call, const FoundDeclaration& found,
                             const WiringEnvironment& environment) {
  const auto& external = std::get<ast::ExternDecl>(ast_.decl(found.extern_id));
  const auto& head = std::get<ast::GraphDecl>(ast_.decl(found.decl_id));
  if (external.language.text != "native") {
    report_not_available(fmt::format("`extern {}`", external.language.text), call.callee_span);
    return Wire::error();
  }
  NativeCall native{.syntax = call, .head = head, .found = found, .symbol = external.symbol, .arguments = {},
                    .environment = environment};
  // Operators on any number of streams bind their arguments themselves.
  if (native.symbol != "zip" && native.symbol != "merge") {
    std::optional<std::vector<BoundArgument>> bound = bind_call(call, head.parameters);
    if (!bound) return Wire::error();
    native.arguments = std::move(*bound);
  }
  if (const OperatorHandler handler = find_operator(native.symbol)) return handler(*this, native);
  return call_connector(native);
}

Wire Elaborator::call_connector(const NativeCall& call) {
  const Connector* connector = find_connector(call.symbol);
  if (connector == nullptr) {
    report_not_available(fmt::format("`{}`", call.syntax.name()), call.syntax.callee_span);
    return Wire::error();
  }
  TypeResolver& types = checker_.types();
  const WiringEnvironment& outer = module_environment(call.found.module_id);
  GenericBindings bindings;
  std::vector<NamedArgument> arguments;
  PortId input;
  std::optional<RateValue> rate;
  for (std::size_t i = 0; i < call.head.parameters.size(); ++i) {
    const ast::Parameter& parameter = call.head.parameters[i];
    const BoundArgument& bound = call.arguments[i];
    if (!bound.expr_id.valid()) return Wire::error();
    const WiringEnvironment& at = bound.is_default ? outer : call.environment;
    if (types.is_type_kind(parameter.type_id)) {
      const TypeId type_id = types.resolve_expression(bound.expr_id, at);
      if (program_.types.kind(type_id) == TypeKind::Error) return Wire::error();
      bindings.insert_or_assign(parameter.name.text, type_id);
      continue;
    }
    if (types.stream_item(parameter.type_id).valid()) {
      input = port_argument(call, parameter.name.text);
      if (!input.valid()) return Wire::error();
      types.match(parameter.type_id, item_type(input), call.head.generics, outer, bindings);
      if (!types.mentions(parameter.type_id, call.head.generics)) {
        const TypeId wanted = types.resolve(types.stream_item(parameter.type_id), outer, bindings);
        input = convert(input, wanted, call.syntax.name(), span_of(ast_, bound.expr_id));
        if (!input.valid()) return Wire::error();
      }
      continue;
    }
    if (types.function_type(parameter.type_id) != nullptr) {
      // What is made of an item before it leaves: `print`'s format.
      if (bound.is_default && ast_.as<ast::NoneExpr>(bound.expr_id) != nullptr) continue;
      const TypeId item = item_type(input);
      const ast::FunctionType* type = types.function_type(parameter.type_id);
      const TypeId result = types.resolve(type->result_id, outer, bindings);
      const FunctionId function =
          function_argument(call, parameter.name.text, {&item, 1}, result);
      if (!function.valid()) return Wire::error();
      input = add_map(function, {input}, scope_of(input), span_of(ast_, bound.expr_id));
      continue;
    }
    if (ast_.as<ast::NoneExpr>(bound.expr_id) != nullptr) continue;  // As if it were not there.
    TypeId wanted = types.mentions(parameter.type_id, call.head.generics)
                        ? TypeId()
                        : types.resolve(parameter.type_id, outer, bindings);
    if (wanted.valid() && program_.types.kind(wanted) == TypeKind::Option) {
      const CheckedExprId plain = constant_argument(call, parameter.name.text);
      if (!plain.valid()) return Wire::error();
      // Connectors take values; only a constant that may be `none` stays an option.
      if (program_.types.kind(program_.expr(plain).type_id) != TypeKind::Option) {
        wanted = program_.types.get(wanted).element_id;
      }
    }
    const CheckedExprId value = constant_argument(call, parameter.name.text, wanted);
    if (!value.valid()) return Wire::error();
    arguments.push_back({parameter.name.text, value});
    // A live source that is sampled says how often.
    if (connector->kind == Connector::Kind::Source && parameter.name.text == "every") {
      if (const std::optional<Value> every =
              checker_.evaluate_shape(value, span_of(ast_, bound.expr_id));
          every && program_.types.kind(every->type_id) == TypeKind::Duration && every->integer > 0) {
        const Fraction hertz(1'000'000'000, every->integer);
        rate = RateValue{hertz.numerator, hertz.denominator};
      }
    }
  }
  const SourceSpan span = call.syntax.span;
  if (connector->kind == Connector::Kind::Sink) {
    add(SinkOperator{.connector = std::string(connector->name),
                     .arguments = std::move(arguments),
                     .destination_kind = std::string(connector->destination)},
        {input}, scope_of(input), span);
    return Wire::nothing();
  }
  if (call.head.outputs.size() != 1) {
    report_not_available(fmt::format("a source with several outputs (`{}`)", call.syntax.name()), span);
    return Wire::error();
  }
  const TypeSyntaxId item_syntax = types.stream_item(call.head.outputs.front().type_id);
  const TypeId item = types.resolve(item_syntax, outer, bindings);
  if (program_.types.kind(item) == TypeKind::Error) return Wire::error();
  SourceOperator source{.connector = std::string(connector->name),
                        .arguments = std::move(arguments),
                        .is_live = connector->is_live};
  const Type& type = program_.types.get(item);
  if (type.kind == TypeKind::Record && !connector->is_live) {
    std::size_t time_fields = 0;
    for (std::uint32_t i = 0; i < type.fields.size(); ++i) {
      if (program_.types.kind(type.fields[i].type_id) != TypeKind::Time) continue;
      ++time_fields;
      source.time_field = i;
    }
    source.has_time_field = time_fields == 1;
    if (!source.has_time_field) source.time_field = 0;
  }
  const bool has_times = source.has_time_field || source.is_live;
  return Wire::stream(add_source(std::move(source), item, connector->is_live ? rate : std::nullopt,
                                 has_times ? Domain::Time : Domain::Position, span));
}

}  // namespace streamc
