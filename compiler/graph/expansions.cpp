// Graphs and functions over streams are expanded where they are called.
#include "compiler/graph/elaborator.h"

namespace streamc {

// ---- functions that a graph was given ---------------------------------------------------------

Wire Elaborator::call_function_value(const CallSyntax& call, const FunctionBinding& function,
                                     const WiringEnvironment& environment) {
  if (const auto* lambda = ast_.as<ast::LambdaExpr>(function.function)) {
    return expand_lambda(call, *lambda, *function.environment, environment);
  }
  CallSyntax renamed = call;
  renamed.path = path_of(ast_, function.function);
  const Callee callee = checker_.find_callee(function.environment->module_id(), renamed.path);
  if (callee.kind == CalleeKind::Agent) return call_agent(renamed, callee.declaration, environment);
  if (callee.declaration.extern_id.valid()) return call_native(renamed, callee.declaration, environment);
  return expand(renamed, callee.declaration, environment);
}

Wire Elaborator::expand_lambda(const CallSyntax& call, const ast::LambdaExpr& lambda,
                               const WiringEnvironment& lambda_environment,
                               const WiringEnvironment& environment) {
  std::vector<ExprId> arguments;
  if (call.piped.valid()) arguments.push_back(call.piped);
  for (const ast::Argument& argument : call.arguments) arguments.push_back(argument.value_id);
  if (arguments.size() != lambda.parameters.size()) {
    sink_.report(diag::WrongTargetCount, call.span, static_cast<std::int64_t>(lambda.parameters.size()),
                 static_cast<std::int64_t>(arguments.size()));
    return Wire::error();
  }
  if (++depth_ > kMaxDepth) {
    --depth_;
    sink_.report(diag::GraphTooDeep, call.callee_span, call.name(), static_cast<std::int64_t>(kMaxDepth));
    return Wire::error();
  }
  WiringEnvironment& inner = new_environment(lambda_environment);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = lambda.parameters[i].text;
    if (checker_.is_constant(arguments[i], environment)) {
      inner.bind_constant(name, {.name = name,
                                 .value_id = arguments[i],
                                 .environment = &environment,
                                 .span = span_of(ast_, arguments[i])});
    } else {
      inner.bind_equation(name,
                          add_equation({.environment = &environment,
                                        .value_id = arguments[i],
                                        .targets = {name},
                                        .span = span_of(ast_, arguments[i]),
                                        .label = label_,
                                        .is_argument = true,
                                        .failure_is_handled = handled_}),
                          0);
    }
  }
  const std::string outer_expansion = expansion_;
  expansion_ += fmt::format("/{}", call.expr_id);
  Wire result = Wire::error();
  if (lambda.block) {
    const ast::ReturnStmt* value = bind_block(*lambda.block, inner);
    if (value != nullptr && value->value_ids.size() == 1) {
      result = elaborate(value->value_ids.front(), inner);
    } else {
      sink_.report(diag::GraphWithoutResult, lambda.span, "this wiring").help("end the block with `return …`");
    }
  } else {
    result = elaborate(lambda.body_id, inner);
  }
  expansion_ = outer_expansion;
  --depth_;
  return result;
}

// ---- graphs -----------------------------------------------------------------------------------

Wire Elaborator::expand(const CallSyntax& call, const FoundDeclaration& found,
                        const WiringEnvironment& environment) {
  const auto& graph = std::get<ast::GraphDecl>(ast_.decl(found.decl_id));
  const std::string name = call.name();
  const std::optional<std::vector<BoundArgument>> fitting = bind_call(call, graph.parameters);
  if (!fitting) return Wire::error();
  const std::vector<BoundArgument>& arguments = *fitting;
  if (depth_ >= kMaxDepth) {
    sink_.report(diag::GraphTooDeep, call.callee_span, name, static_cast<std::int64_t>(kMaxDepth))
        .help("a graph that calls itself needs a constant that gets smaller, and an `if` that stops: "
              "`if n == 1 { … } else { … }`");
    return Wire::error();
  }
  ++depth_;
  const std::string outer_expansion = expansion_;
  expansion_ += fmt::format("/{}", call.expr_id);
  const WiringEnvironment& outer = module_environment(found.module_id);
  WiringEnvironment& inner = new_environment(outer);
  Wire result = Wire::error();
  if (bind_parameters(call, graph, arguments, environment, outer, inner)) {
    if (graph.body.value_id.valid()) {
      result = elaborate(graph.body.value_id, inner);
      if (!result.is_error() && graph.outputs.size() == 1 && !graph.outputs.front().name.present()) {
        const Equation returned{.environment = &inner,
                                .value_id = graph.body.value_id,
                                .targets = {name},
                                .span = graph.outputs.front().span,
                                .declared_id = graph.outputs.front().type_id,
                                .declared_environment = &inner};
        result = with_declared_type(returned, std::move(result));
      } else if (!result.is_error() && graph.outputs.size() != 0) {
        // Several outputs, passed on from a bundle.
        if (result.kind != Wire::Kind::Bundle || result.outputs.size() != graph.outputs.size()) {
          sink_.report(diag::GraphWithoutResult, graph.name.span, name)
              .help("a graph with several outputs says `return first, second` in a block");
          result = Wire::error();
        } else {
          for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
            result.names[i] = graph.outputs[i].name.text;
          }
        }
      }
    } else if (graph.body.block) {
      const ast::ReturnStmt* value = bind_block(*graph.body.block, inner);
      result = outputs_of(graph, value, inner, call.span);
    }
  }
  expansion_ = outer_expansion;
  --depth_;
  return result;
}

Wire Elaborator::outputs_of(const ast::GraphDecl& graph, const ast::ReturnStmt* result,
                            WiringEnvironment& inner, SourceSpan call_span) {
  const auto output_wire = [&](const ast::Output& output, ExprId value_id, const Wire& wire) {
    const Equation returned{.environment = &inner,
                            .value_id = value_id,
                            .targets = {output.name.present() ? output.name.text : graph.name.text},
                            .span = span_of(ast_, value_id),
                            .declared_id = output.type_id,
                            .declared_environment = &inner};
    return with_declared_type(returned, wire);
  };
  if (graph.outputs.empty()) {
    if (result != nullptr) {
      return elaborate(result->value_ids.front(), inner);
    }
    return Wire::nothing();
  }
  if (result == nullptr) {
    // Named outputs may be the equations of these names.
    Wire bundle{.kind = Wire::Kind::Bundle};
    for (const ast::Output& output : graph.outputs) {
      const WiringMeaning meaning =
          output.name.present() ? inner.find(output.name.text) : WiringMeaning{};
      if (meaning.kind != WiringMeaning::Kind::Equation) {
        sink_.report(diag::GraphWithoutResult, graph.name.span, graph.name.text)
            .help("end the block with `return …`");
        return Wire::error();
      }
      const ExprId value_id = equations_[meaning.equation.index()].value_id;
      const Wire wire =
          output_wire(output, value_id, value_of(meaning.equation, meaning.target, call_span));
      if (wire.is_error()) return wire;
      bundle.names.push_back(output.name.text);
      bundle.outputs.push_back(wire);
    }
    return bundle;
  }
  if (result->value_ids.size() != graph.outputs.size()) {
    sink_.report(diag::WrongResultCount, result->span, static_cast<std::int64_t>(result->value_ids.size()),
                 graph.name.text, static_cast<std::int64_t>(graph.outputs.size()));
    return Wire::error();
  }
  Wire bundle{.kind = Wire::Kind::Bundle};
  for (std::size_t i = 0; i < graph.outputs.size(); ++i) {
    const ExprId value_id = result->value_ids[i];
    if (checker_.is_constant(value_id, inner)) {
      sink_.report(diag::StreamExpected, span_of(ast_, value_id), "a constant");
      return Wire::error();
    }
    const Wire value = elaborate(value_id, inner);
    if (value.is_error()) return value;
    const Wire wire = output_wire(graph.outputs[i], value_id, value);
    if (wire.is_error()) return wire;
    bundle.names.push_back(graph.outputs[i].name.text);
    bundle.outputs.push_back(wire);
  }
  if (bundle.outputs.size() == 1 && !graph.outputs.front().name.present()) return bundle.outputs.front();
  return bundle;
}

bool Elaborator::bind_parameters(const CallSyntax& call, const ast::GraphDecl& graph,
                                 std::span<const BoundArgument> arguments,
                                 const WiringEnvironment& environment, const WiringEnvironment& outer,
                                 WiringEnvironment& inner) {
  TypeResolver& types = checker_.types();
  for (std::size_t i = 0; i < graph.parameters.size(); ++i) {
    const ast::Parameter& parameter = graph.parameters[i];
    const BoundArgument& bound = arguments[i];
    if (!bound.expr_id.valid()) return false;
    // A default is read where the header stands; it may name the parameters before it.
    const WiringEnvironment& at = bound.is_default ? inner : environment;
    const std::string& name = parameter.name.text;
    const SourceSpan span = span_of(ast_, bound.expr_id);
    if (types.is_type_kind(parameter.type_id)) {
      const TypeId type_id = types.resolve_expression(bound.expr_id, at);
      if (program_.types.kind(type_id) == TypeKind::Error) return false;
      inner.bind_generic(name, type_id);
      continue;
    }
    if (types.function_type(parameter.type_id) != nullptr) {
      FunctionBinding function{.function = bound.expr_id, .environment = &at};
      // A function handed on from graph to graph.
      if (const auto* passed = ast_.as<ast::NameExpr>(bound.expr_id)) {
        const WiringMeaning meaning = at.find(passed->name);
        if (meaning.kind == WiringMeaning::Kind::Function) function = meaning.function;
      }
      inner.bind_function(name, function);
      continue;
    }
    if (types.stream_item(parameter.type_id).valid()) {
      if (checker_.is_constant(bound.expr_id, at)) {
        auto message = sink_.report(diag::StreamExpected, span, "a constant");
        if (ast_.as<ast::ArrayExpr>(bound.expr_id) != nullptr) {
          message.help("`items([…])` is the stream of the values of a list");
        }
        return false;
      }
      const EquationId equation = add_equation({.environment = &at,
                                                .value_id = bound.expr_id,
                                                .targets = {name},
                                                .span = span,
                                                .declared_id = parameter.type_id,
                                                .declared_environment = &inner,
                                                .label = label_,
                                                .is_argument = true,
                                                .failure_is_handled = handled_});
      if (types.mentions(parameter.type_id, graph.generics)) {
        // What it is decides what the generics are, so it cannot wait.
        Equation& argument = equations_[equation.index()];
        argument.declared_id = {};
        const Wire wire = value_of(equation, 0, span);
        if (wire.is_error()) return false;
        const PortId port = to_port(wire, bound.expr_id);
        if (!port.valid()) return false;
        types.match(parameter.type_id, item_type(port), graph.generics, outer, inner.generics());
      }
      inner.bind_equation(name, equation, 0);
      continue;
    }
    if (!bound.is_default && !checker_.is_constant(bound.expr_id, at) && is_wiring(bound.expr_id, at)) {
      sink_.report(diag::ConstantExpected, span, name, call.name())
          .label(parameter.span, "declared here")
          .help(fmt::format("declare it as `{}: stream[…]` if it changes from item to item", name));
      return false;
    }
    ConstantBinding constant{.name = name,
                             .value_id = bound.expr_id,
                             .environment = &at,
                             .declared_id = parameter.type_id,
                             .declared_environment = &inner,
                             .span = span};
    if (types.mentions(parameter.type_id, graph.generics)) {
      const CheckedExprId value = checker_.check_constant(bound.expr_id, at);
      if (!value.valid()) return false;
      types.match(parameter.type_id, program_.expr(value).type_id, graph.generics, outer,
                  inner.generics());
    }
    inner.bind_constant(name, std::move(constant));
  }
  return types.check_bounds(graph.generics, inner.generics(), call.name(), call.span);
}

}  // namespace streamc
