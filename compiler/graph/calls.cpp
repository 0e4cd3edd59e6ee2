// Calls between streams: graphs are expanded, agents become operators, library operators go to
// their handlers, sources and sinks to the runtime's connectors.
#include <algorithm>

#include "compiler/diag/closest_name.h"
#include "compiler/graph/elaborator.h"
#include "compiler/support/match.h"

namespace streamc {

namespace {

// Operators of the language that this version leaves out.
constexpr std::string_view kNotAvailable[] = {
    "align", "arrival", "best_effort", "by", "concat", "delay", "distinct", "event_time", "join",
    "histogram", "median", "persist", "quantile", "random", "route", "sample", "throttle", "timeout"};

std::string path_text(std::span<const ast::Identifier> path) {
  std::string text;
  for (const ast::Identifier& part : path) text += (text.empty() ? "" : ".") + part.text;
  return text;
}

}  // namespace

std::string CallSyntax::name() const { return path.empty() ? "this" : path_text(path); }

std::optional<CallSyntax> Elaborator::call_syntax(ExprId id) const {
  if (const auto* pipe = ast_.as<ast::PipeExpr>(id)) {
    return CallSyntax{.expr_id = id,
                      .path = pipe->function.parts,
                      .span = pipe->span,
                      .callee_span = pipe->function.span,
                      .piped = pipe->left_id,
                      .arguments = pipe->arguments};
  }
  if (const auto* call = ast_.as<ast::CallExpr>(id)) {
    return CallSyntax{.expr_id = id,
                      .path = path_of(ast_, call->callee_id),
                      .span = call->span,
                      .callee_span = span_of(ast_, call->callee_id),
                      .arguments = call->arguments};
  }
  return std::nullopt;
}

Wire Elaborator::call(const CallSyntax& call, const WiringEnvironment& environment) {
  if (call.path.empty()) {
    sink_.report(diag::TypeMismatch, call.callee_span, "a function", "a value");
    return Wire::error();
  }
  if (call.path.size() == 1) {
    const WiringMeaning meaning = environment.find(call.path.front().text);
    if (meaning.kind == WiringMeaning::Kind::Function) {
      if (is_wiring_call(call, environment)) {
        return call_function_value(call, meaning.function, environment);
      }
      return lift(call.expr_id, environment);
    }
  }
  const Callee callee = checker_.find_callee(environment.module_id(), call.path);
  switch (callee.kind) {
    case CalleeKind::Unknown: report_unknown(call, environment); return Wire::error();
    case CalleeKind::Agent: return call_agent(call, callee.declaration, environment);
    case CalleeKind::Graph:
      if (!is_wiring_call(call, environment)) return lift(call.expr_id, environment);
      return callee.declaration.extern_id.valid() ? call_native(call, callee.declaration, environment)
                                                  : expand(call, callee.declaration, environment);
    case CalleeKind::Function:
    case CalleeKind::Builtin:
    case CalleeKind::Record:
    case CalleeKind::Type:
    case CalleeKind::Aggregate: return lift(call.expr_id, environment);
  }
  STREAM_UNREACHABLE("callee kind {}", static_cast<int>(callee.kind));
}

void Elaborator::report_unknown(const CallSyntax& call, const WiringEnvironment& environment) {
  const std::string name = call.name();
  const std::string& first = call.path.front().text;
  if (call.path.size() == 1 &&
      std::find(std::begin(kNotAvailable), std::end(kNotAvailable), name) != std::end(kNotAvailable)) {
    return report_not_available(fmt::format("`{}`", name), call.callee_span);
  }
  auto message = sink_.report(diag::UnknownFunction, call.callee_span, name);
  if (call.path.size() > 1) {
    if (environment.find(first).kind != WiringMeaning::Kind::Unknown) {
      message.help(fmt::format("nothing is a method here: write `{} |> {}`", first, call.path.back().text));
    } else if (!modules_.find_import(environment.module_id(), first).valid()) {
      message.help(fmt::format("`{}` is not imported: add `import {}` at the top", first, first));
    }
    return;
  }
  if (environment.find(first).kind != WiringMeaning::Kind::Unknown) {
    message.help(fmt::format("`{}` is a stream or a value, not a function", first));
    return;
  }
  const std::vector<std::string> names = modules_.function_names(environment.module_id());
  if (const std::optional<std::string> closest = closest_name(name, names)) {
    message.help(fmt::format("did you mean `{}`?", *closest));
  }
}

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

bool Elaborator::is_wiring_type(TypeSyntaxId id) const {
  return const_cast<ItemChecker&>(checker_).types().stream_item(id).valid();
}

Wire Elaborator::expand(const CallSyntax& call, const FoundDeclaration& found,
                        const WiringEnvironment& environment) {
  const auto& graph = std::get<ast::GraphDecl>(ast_.decl(found.decl_id));
  const std::string name = call.name();
  bool ok = true;
  const std::vector<BoundArgument> arguments =
      bind_arguments(ast_, graph.parameters,
                     {.callee = name,
                      .callee_span = call.callee_span,
                      .span = call.span,
                      .piped = call.piped,
                      .arguments = call.arguments},
                     sink_, &ok);
  if (!ok) return Wire::error();
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

// ---- agents -----------------------------------------------------------------------------------

Wire Elaborator::call_agent(const CallSyntax& call, const FoundDeclaration& found,
                            const WiringEnvironment& environment) {
  const auto& agent = std::get<ast::AgentDecl>(ast_.decl(found.decl_id));
  const std::string name = call.name();
  bool ok = true;
  const std::vector<BoundArgument> bound =
      bind_arguments(ast_, agent.parameters,
                     {.callee = name,
                      .callee_span = call.callee_span,
                      .span = call.span,
                      .piped = call.piped,
                      .arguments = call.arguments},
                     sink_, &ok);
  if (!ok) return Wire::error();
  const std::vector<bool> is_input = checker_.agent_inputs(agent);
  std::size_t item_handlers = 0;
  for (const ast::Handler& handler : agent.handlers) {
    if (handler.kind == ast::Handler::Kind::Items) ++item_handlers;
    if (handler.kind == ast::Handler::Kind::Every) {
      report_not_available("a timer (`on every`)", handler.span);
      return Wire::error();
    }
  }
  if (item_handlers > 1) {
    report_not_available(fmt::format("an agent with several `on` (`{}`)", name), call.callee_span);
    return Wire::error();
  }
  std::vector<InstanceArgument> arguments;
  std::vector<StepInput> inputs;
  std::vector<std::size_t> constants;  // Parameters that are constants, in order.
  for (std::size_t i = 0; i < agent.parameters.size(); ++i) {
    const BoundArgument& argument = bound[i];
    if (!argument.expr_id.valid()) return Wire::error();
    const WiringEnvironment& at =
        argument.is_default ? module_environment(found.module_id) : environment;
    const SourceSpan span = span_of(ast_, argument.expr_id);
    InstanceArgument instance{.span = span};
    if (is_input[i]) {
      if (checker_.is_constant(argument.expr_id, at)) {
        sink_.report(diag::StreamExpected, span, "a constant")
            .label(agent.parameters[i].span, "an input, since an `on` names it");
        return Wire::error();
      }
      const Wire wire = elaborate(argument.expr_id, at);
      PortId port;
      if (wire.kind == Wire::Kind::Window) {
        const auto* applied = ast_.as<ast::AppliedType>(agent.parameters[i].type_id);
        const bool as_array = applied != nullptr && !applied->arguments.empty();
        if (as_array && (wire.shape.partial || wire.shape.rest)) {
          sink_.report(diag::WindowNotExact, wire.span)
              .help("an agent on `T[N]` takes windows of exactly N items: leave out `partial:` and "
                    "`rest:`, or let it take `T[]`");
          return Wire::error();
        }
        port = materialize(wire, as_array);
      } else {
        port = to_port(wire, argument.expr_id);
      }
      if (!port.valid()) return Wire::error();
      instance.type_id = item_type(port);
      inputs.push_back({port, argument.expr_id});
    } else if (checker_.types().function_type(agent.parameters[i].type_id) != nullptr) {
      instance.function = argument.expr_id;
      instance.environment = &at;
    } else {
      if (!argument.is_default && !checker_.is_constant(argument.expr_id, at) &&
          is_wiring(argument.expr_id, at)) {
        sink_.report(diag::ConstantExpected, span, agent.parameters[i].name.text, name)
            .label(agent.parameters[i].span, "no `on` names it, so it is a constant")
            .help(fmt::format("react to it in the agent: `on {} {{ … }}`", agent.parameters[i].name.text));
        return Wire::error();
      }
      const CheckedExprId value = checker_.check_constant(argument.expr_id, at);
      if (!value.valid()) return Wire::error();
      instance.type_id = program_.expr(value).type_id;
      constants.push_back(i);
    }
    arguments.push_back(instance);
  }
  const AgentId agent_id = checker_.instantiate_agent(found, arguments, call.callee_span);
  if (!agent_id.valid()) return Wire::error();
  const CheckedAgent& checked = program_.agent(agent_id);

  AgentOperator kind{.agent_id = agent_id};
  for (std::size_t i = 0; i < constants.size(); ++i) {
    const BoundArgument& argument = bound[constants[i]];
    const WiringEnvironment& at =
        argument.is_default ? module_environment(found.module_id) : environment;
    const CheckedExprId value = checker_.check_constant(
        argument.expr_id, at, checked.locals[checked.constants[i]].type_id);
    if (!value.valid()) return Wire::error();
    kind.constants.push_back(value);
  }
  std::vector<PortId> ports;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    inputs[i].port = convert(inputs[i].port, checked.locals[checked.inputs[i]].type_id, name,
                             span_of(ast_, inputs[i].expr_id));
    if (!inputs[i].port.valid()) return Wire::error();
    ports.push_back(inputs[i].port);
  }
  if (inputs.empty()) {
    report_not_available(fmt::format("an agent without an input (`{}`)", name), call.callee_span);
    return Wire::error();
  }
  const std::optional<DraftScopeId> scope = in_step(inputs, false, call.span);
  if (!scope) return Wire::error();

  bool emits_at_end = false;
  const std::function<bool(const CheckedBlock&)> emits = [&](const CheckedBlock& block) {
    return std::any_of(block.begin(), block.end(), [&](const CheckedStmt& stmt) {
      return match(
          stmt.node, [](const EmitStmt&) { return true; },
          [&](const IfStmt& s) { return emits(s.then_block) || emits(s.else_block); },
          [&](const ForRangeStmt& s) { return emits(s.body); },
          [&](const ForArrayStmt& s) { return emits(s.body); },
          [](const AssignStmt&) { return false; }, [](const ReturnStmt&) { return false; },
          [](const ExprStmt&) { return false; });
    });
  };
  for (const AgentHandler& handler : checked.handlers) {
    emits_at_end = emits_at_end || (handler.is_end && emits(handler.body));
  }
  const OperatorId op = add(std::move(kind), std::move(ports), *scope, call.span);
  if (checked.uses_now) time_users_.emplace_back(op, name);
  Wire bundle{.kind = Wire::Kind::Bundle};
  for (const AgentPort& port : checked.ports) {
    const bool keeps_step = port.shape == EmitShape::ExactlyOnce && !emits_at_end;
    const DraftScopeId output = keeps_step ? *scope : generated_scope(*scope, op);
    bundle.names.push_back(port.name);
    bundle.outputs.push_back(Wire::stream(draft_.add_output(op, port.type_id, output)));
  }
  if (bundle.outputs.empty()) return Wire::nothing();
  if (bundle.outputs.size() == 1 && !agent.outputs.front().name.present()) return bundle.outputs.front();
  return bundle;
}

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
  const std::string name = call.name();
  // Operators on any number of streams bind their arguments themselves.
  if (native.symbol != "zip" && native.symbol != "merge") {
    bool ok = true;
    native.arguments = bind_arguments(ast_, head.parameters,
                                      {.callee = name,
                                       .callee_span = call.callee_span,
                                       .span = call.span,
                                       .piped = call.piped,
                                       .arguments = call.arguments},
                                      sink_, &ok);
    if (!ok) return Wire::error();
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
