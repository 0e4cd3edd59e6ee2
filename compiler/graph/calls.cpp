// Calls between streams: what is called decides what becomes of it. Agents become operators.
#include <algorithm>

#include "compiler/diag/closest_name.h"
#include "compiler/graph/elaborator.h"
#include "compiler/support/match.h"

namespace streamc {

namespace {

// Operators of the language that this version leaves out.
constexpr std::string_view kNotAvailable[] = {
    "align", "arrival", "by", "concat", "distinct", "event_time", "join",
    "histogram", "median", "persist", "quantile", "random", "route", "sample", "throttle", "timeout"};

// What other languages and libraries call an operator, where no likeness of letters would tell.
struct ForeignName {
  std::string_view name;
  std::string_view here;
};
constexpr ForeignName kForeignNames[] = {
    {"filter", "where"},        {"select", "map"},         {"apply", "map"},
    {"transform", "map"},       {"reduce", "scan"},        {"fold", "scan"},
    {"accumulate", "scan"},     {"concat", "merge"},       {"union", "merge"},
    {"head", "take"},           {"limit", "take"},         {"first_n", "take"},
    {"drop", "skip"},           {"tail", "skip"},          {"flat_map", "map(…) |> flatten"},
    {"explode", "flatten"},     {"partition", "split"},    {"shift", "prev"},
    {"lag", "prev"},            {"rolling", "window(n, every: 1)"},
    {"average", "mean"},        {"avg", "mean"},           {"stdev", "std"},
    {"stddev", "std"},          {"variance", "var"},       {"println", "print"},
    {"display", "print"},
};

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
  if (const auto foreign = std::find_if(std::begin(kForeignNames), std::end(kForeignNames),
                                        [&](const ForeignName& known) { return known.name == name; });
      foreign != std::end(kForeignNames)) {
    message.help(fmt::format("here it is called `{}`", foreign->here));
    return;
  }
  const std::vector<std::string> names = modules_.function_names(environment.module_id());
  if (const std::optional<std::string> closest = closest_name(name, names)) {
    message.help(fmt::format("did you mean `{}`?", *closest));
  }
}

// The arguments of a call by parameter; nothing if they do not fit, which is reported.
std::optional<std::vector<BoundArgument>> Elaborator::bind_call(
    const CallSyntax& call, const std::vector<ast::Parameter>& parameters) {
  const std::string name = call.name();
  bool ok = true;
  std::vector<BoundArgument> bound = bind_arguments(ast_, parameters,
                                                    {.callee = name,
                                                     .callee_span = call.callee_span,
                                                     .span = call.span,
                                                     .piped = call.piped,
                                                     .arguments = call.arguments},
                                                    sink_, &ok);
  if (!ok) return std::nullopt;
  return bound;
}

// ---- agents -----------------------------------------------------------------------------------

Wire Elaborator::call_agent(const CallSyntax& call, const FoundDeclaration& found,
                            const WiringEnvironment& environment) {
  const auto& agent = std::get<ast::AgentDecl>(ast_.decl(found.decl_id));
  const std::string name = call.name();
  const std::optional<std::vector<BoundArgument>> fitting = bind_call(call, agent.parameters);
  if (!fitting) return Wire::error();
  const std::vector<BoundArgument>& bound = *fitting;
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

}  // namespace streamc
