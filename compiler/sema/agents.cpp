// Instances of agents and aggregates.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "compiler/diag/closest_name.h"
#include "compiler/sema/body_checker.h"
#include "compiler/support/match.h"

namespace streamc {

namespace {

// How often one port is emitted on the ways through a block. `ended`: no way reaches its end (it
// fails, which undoes the reaction and so counts as nothing).
struct EmitCount {
  int min = 0;
  int max = 0;  // kMany: any number.
  bool ended = false;
};
constexpr int kMany = 1 << 20;

EmitCount count_emits(const CheckedProgram& program, const CheckedBlock& block, std::uint32_t port);

EmitCount count_emits(const CheckedProgram& program, const CheckedStmt& stmt, std::uint32_t port) {
  const auto loop = [&](const CheckedBlock& body) {
    return EmitCount{0, count_emits(program, body, port).max > 0 ? kMany : 0};
  };
  return match(
      stmt.node, [](const AssignStmt&) { return EmitCount{}; },
      [](const ReturnStmt&) { return EmitCount{.ended = true}; },
      [&](const ExprStmt&) { return EmitCount{.ended = true}; },  // Only `fail` stands alone.
      [&](const EmitStmt& emit) {
        return emit.port == port ? EmitCount{1, 1} : EmitCount{};
      },
      [&](const IfStmt& branch) {
        const EmitCount a = count_emits(program, branch.then_block, port);
        const EmitCount b = count_emits(program, branch.else_block, port);
        if (a.ended) return b;
        if (b.ended) return a;
        return EmitCount{std::min(a.min, b.min), std::max(a.max, b.max)};
      },
      [&](const ForRangeStmt& range) { return loop(range.body); },
      [&](const ForArrayStmt& array) { return loop(array.body); });
}

EmitCount count_emits(const CheckedProgram& program, const CheckedBlock& block,
                      std::uint32_t port) {
  EmitCount total;
  for (const CheckedStmt& stmt : block) {
    const EmitCount one = count_emits(program, stmt, port);
    total.min = std::min(total.min + one.min, kMany);
    total.max = std::min(total.max + one.max, kMany);
    if (one.ended) {
      total.ended = true;
      break;
    }
  }
  return total;
}

EmitShape emit_shape(const CheckedProgram& program, const std::vector<AgentHandler>& handlers,
                     std::uint32_t port) {
  bool exactly_once = true;
  bool at_most_once = true;
  for (const AgentHandler& handler : handlers) {
    if (handler.is_end) continue;
    const EmitCount count = count_emits(program, handler.body, port);
    if (count.ended && count.max == 0) continue;  // Every way fails.
    exactly_once = exactly_once && count.min == 1 && count.max == 1;
    at_most_once = at_most_once && count.max <= 1;
  }
  if (exactly_once) return EmitShape::ExactlyOnce;
  return at_most_once ? EmitShape::AtMostOnce : EmitShape::Any;
}

// Declares the states of an agent or aggregate. False after a report.
bool add_states(SemaContext& context, BodyChecker& body, const Environment& environment,
                const std::vector<ast::StateDecl>& declared, std::vector<AgentState>& states) {
  bool ok = true;
  body.set_place(BodyChecker::Place::State);
  for (const ast::StateDecl& state : declared) {
    TypeId type_id;
    if (state.type_id.valid()) type_id = context.types.resolve(state.type_id, environment);
    CheckedExprId initial;
    const auto taken = [&] {
      return std::any_of(states.begin(), states.end(), [&](const AgentState& other) {
        return body.locals()[other.local].name == state.name.text;
      });
    };
    if (taken()) {
      context.sink.report(diag::DeclaredTwice, state.name.span, state.name.text);
      ok = false;
      continue;
    }
    if (state.initial_id.valid()) {
      initial = type_id.valid() ? body.check(state.initial_id, type_id)
                                : body.infer(state.initial_id);
      if (!context.is_error(initial) &&
          context.program.types.kind(context.type_of(initial)) == TypeKind::None) {
        context.sink.report(diag::NeedsType, state.name.span, "`" + state.name.text + "`")
            .help(fmt::format("say what it may hold: `state {}: float?`", state.name.text));
        initial = context.error_expr(state.name.span);
      }
    } else if (context.program.types.kind(type_id) == TypeKind::Option) {
      const TypeId none = context.program.types.scalar(TypeKind::None);
      initial = body.convert(
          context.literal(Value{.type_id = none, .present = false}, state.name.span), type_id);
    } else if (context.program.types.kind(type_id) != TypeKind::Error) {
      context.sink.report(diag::StateNeedsValue, state.name.span, state.name.text)
          .help(fmt::format("give it one: `state {}: {} = …`", state.name.text,
                            context.text(type_id)))
          .help(fmt::format("or let it begin as `none`: `state {}: {}?`", state.name.text,
                            context.text(type_id)));
      initial = context.error_expr(state.name.span);
    }
    const bool failed = context.is_error(initial);
    if (!type_id.valid() || failed) {
      type_id = failed ? context.program.types.error() : context.type_of(initial);
    }
    ok = ok && !failed;
    const LocalIndex local = body.declare(state.name.text, type_id, true);
    body.mark_state(local);
    body.mark_span(local, state.name.span);
    states.push_back({local, initial});
  }
  return ok;
}

std::size_t parameter_position(std::span<const ast::Parameter> parameters, std::string_view name) {
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (parameters[i].name.text == name) return i;
  }
  return parameters.size();
}

}  // namespace

std::vector<bool> SemaContext::agent_inputs(const ast::AgentDecl& agent) const {
  std::vector<bool> inputs(agent.parameters.size());
  for (const ast::Handler& handler : agent.handlers) {
    for (const ast::Identifier& input : handler.inputs) {
      const std::size_t position = parameter_position(agent.parameters, input.text);
      if (position < inputs.size()) inputs[position] = true;
    }
  }
  return inputs;
}

namespace {

// What an agent's `on` lines say, before their bodies. False after a report.
bool check_handlers(SemaContext& context, const ast::AgentDecl& agent) {
  bool ok = true;
  const auto not_available = [&](SourceSpan span, std::string_view what) {
    context.sink.report(diag::NotAvailable, span, what);
    ok = false;
  };
  if (agent.handlers.empty()) {
    auto report = context.sink.report(diag::NothingHandled, agent.name.span, agent.name.text);
    if (!agent.parameters.empty()) {
      report.help(fmt::format("add `on {} {{ … }}`", agent.parameters[0].name.text));
    }
    return false;
  }
  const ast::Handler* items = nullptr;
  bool has_end = false;
  for (const ast::Handler& handler : agent.handlers) {
    if (handler.kind == ast::Handler::Kind::Every) {
      not_available(handler.span, "`on every`");
      continue;
    }
    if (handler.kind == ast::Handler::Kind::End) {
      if (has_end) {
        context.sink.report(diag::DeclaredTwice, handler.span, "on end");
        ok = false;
      }
      has_end = true;
      continue;
    }
    std::vector<std::string> names;
    for (const ast::Parameter& parameter : agent.parameters) names.push_back(parameter.name.text);
    for (std::size_t i = 0; i < handler.inputs.size(); ++i) {
      const ast::Identifier& input = handler.inputs[i];
      if (std::find(names.begin(), names.end(), input.text) == names.end()) {
        auto report = context.sink.report(diag::BadInput, input.span, input.text, agent.name.text,
                                          "it is no parameter");
        if (const auto closest = closest_name(input.text, names)) {
          report.help(fmt::format("did you mean `{}`?", *closest));
        }
        ok = false;
        continue;
      }
      const auto same = [&](const ast::Identifier& other) { return other.text == input.text; };
      const auto end = handler.inputs.begin() + static_cast<std::ptrdiff_t>(i);
      const bool elsewhere = items != nullptr && std::any_of(items->inputs.begin(),
                                                             items->inputs.end(), same);
      if (elsewhere || std::any_of(handler.inputs.begin(), end, same)) {
        context.sink.report(diag::BadInput, input.span, input.text, agent.name.text,
                            "it stands in an `on` already");
        ok = false;
      }
    }
    if (items != nullptr && ok) not_available(handler.span, "a second `on` with inputs of its own");
    if (items == nullptr) items = &handler;
  }
  if (items == nullptr && ok) {
    context.sink.report(diag::NothingHandled, agent.name.span, agent.name.text)
        .note("`on end` alone has no items to wait for");
    ok = false;
  }
  return ok;
}

}  // namespace

AgentId SemaContext::instantiate_agent(const FoundDeclaration& found, const ResolvedHeader& header,
                                       SourceSpan call_span) {
  const auto& agent = *ast.as<ast::AgentDecl>(found.decl_id);
  if (found.extern_id.valid()) {
    sink.report(diag::NotAvailable, call_span, "an agent in another language");
    return {};
  }
  const std::string key = instance_key(found.decl_id, header);
  if (const auto place = agents_.find(key); place != agents_.end()) return place->second;
  agents_[key] = AgentId();
  if (!check_handlers(*this, agent)) return {};

  const Environment& environment =
      bind_generics(module_environment(found.module_id), header.bindings);
  BodyChecker body(*this, environment, {}, agent.name.text);
  CheckedAgent result{.name = agent.name.text, .span = agent.name.span};
  const std::vector<bool> is_input = agent_inputs(agent);
  std::map<std::string, LocalIndex> input_locals;
  for (std::size_t i = 0; i < agent.parameters.size(); ++i) {
    const ast::Parameter& parameter = agent.parameters[i];
    if (header.parameters[i].closure_id.valid()) {
      body.bind_function(parameter.name.text,
                         {header.parameters[i].closure_id, header.parameters[i].type_id, {}});
      continue;
    }
    const LocalIndex local =
        body.declare(parameter.name.text, header.parameters[i].type_id, !is_input[i]);
    body.mark_span(local, parameter.name.span);
    if (is_input[i]) {
      body.mark_input(local);
      input_locals[parameter.name.text] = local;
      result.inputs.push_back(local);
    } else {
      body.mark_fixed(local, "it is a constant of the agent");
      result.constants.push_back(local);
    }
  }
  bool ok = add_states(*this, body, environment, agent.states, result.states);
  for (const ast::Output& output : agent.outputs) {
    TypeId type_id = types.resolve(output.type_id, environment);
    if (program.types.kind(type_id) == TypeKind::Stream) {
      sink.report(diag::StatementNotHere, span_of(ast, output.type_id), "a stream",
                  "the output of an agent")
          .help("name the type of the items alone");
      type_id = program.types.error();
    }
    ok = ok && program.types.kind(type_id) != TypeKind::Error;
    result.ports.push_back({output.name.text, type_id});
  }
  body.set_ports(&result.ports);
  body.set_place(BodyChecker::Place::Handler);
  const Flow at_start = body.flow();
  for (const ast::Handler& handler : agent.handlers) {
    AgentHandler checked{.is_end = handler.kind == ast::Handler::Kind::End};
    body.flow() = at_start;
    for (const ast::Identifier& input : handler.inputs) {
      checked.inputs.push_back(input_locals[input.text]);
      body.flow().assigned.insert(checked.inputs.back());
    }
    body.enter_block();
    checked.body = body.check_block(handler.block);
    body.leave_block();
    checked.can_fail = can_fail(program, checked.body);
    result.uses_now = result.uses_now || uses_now(program, checked.body);
    result.handlers.push_back(std::move(checked));
  }
  if (!ok || body.failed()) return {};
  for (std::size_t port = 0; port < result.ports.size(); ++port) {
    result.ports[port].shape =
        emit_shape(program, result.handlers, static_cast<std::uint32_t>(port));
  }
  result.locals = body.locals();
  program.agents.push_back(std::move(result));
  const AgentId id(program.agents.size() - 1);
  agents_[key] = id;
  return id;
}

// ---- aggregates -----------------------------------------------------------------------------------

namespace {

// The flags `commutative = true` and the parts that must be there. False after a report.
bool check_parts(SemaContext& context, const ast::AggregateDecl& aggregate, bool& commutative) {
  bool ok = true;
  const auto refuse = [&](SourceSpan span, std::string_view why, std::string_view help) {
    auto report = context.sink.report(diag::BadAggregate, span, aggregate.name.text, why);
    if (!help.empty()) report.help(std::string(help));
    ok = false;
  };
  for (const ast::AggregateFlag& flag : aggregate.flags) {
    if (flag.name.text != "commutative") {
      refuse(flag.name.span, fmt::format("has no part `{}`", flag.name.text),
             "its parts are `state`, `add`, `merge`, `commutative` and `result`");
      continue;
    }
    const auto* value = context.ast.as<ast::BoolExpr>(flag.value_id);
    if (value == nullptr) {
      refuse(span_of(context.ast, flag.value_id), "must say `true` or `false` here", "");
      continue;
    }
    commutative = value->value;
    if (commutative && !aggregate.merge) {
      refuse(flag.span, "cannot be commutative without a `merge`",
             "add `merge o { … }`, which takes in a later part `o`");
    }
  }
  if (!aggregate.add) {
    refuse(aggregate.name.span, "has no `add`", "say what one value changes: `add { … }`");
  }
  if (!aggregate.result.present()) {
    refuse(aggregate.name.span, "has no `result`", "say what it gives: `result = …`");
  }
  return ok;
}

}  // namespace

AggregateId SemaContext::instantiate_aggregate(const FoundDeclaration& found,
                                               const ResolvedHeader& header,
                                               SourceSpan call_span) {
  const auto& aggregate = *ast.as<ast::AggregateDecl>(found.decl_id);
  const std::string key = instance_key(found.decl_id, header);
  if (const auto place = aggregates_.find(key); place != aggregates_.end()) return place->second;
  aggregates_[key] = AggregateId();
  CheckedAggregate result{.name = aggregate.name.text, .span = aggregate.name.span};
  if (!check_parts(*this, aggregate, result.is_commutative)) return {};

  const Environment& environment =
      bind_generics(module_environment(found.module_id), header.bindings);
  BodyChecker body(*this, environment, {}, aggregate.name.text);
  for (std::size_t i = 0; i < aggregate.parameters.size(); ++i) {
    const ast::Parameter& parameter = aggregate.parameters[i];
    const InstanceParameter& argument = header.parameters[i];
    if (argument.closure_id.valid()) {
      body.bind_function(parameter.name.text, {argument.closure_id, argument.type_id, {}});
      continue;
    }
    const LocalIndex local =
        body.declare(parameter.name.text, argument.type_id, !argument.is_element);
    body.mark_span(local, parameter.name.span);
    if (argument.is_element) {
      result.elements.push_back(local);
    } else {
      body.mark_fixed(local, "it is a constant of the aggregate");
      result.constants.push_back(local);
    }
  }
  bool ok = add_states(*this, body, environment, aggregate.states, result.states);
  const Flow at_start = body.flow();

  body.set_place(BodyChecker::Place::Add);
  for (const LocalIndex element : result.elements) body.flow().assigned.insert(element);
  body.enter_block();
  result.add = body.check_block(*aggregate.add);
  body.leave_block();
  body.flow() = at_start;

  if (aggregate.merge) {
    result.has_merge = true;
    body.set_place(BodyChecker::Place::Merge);
    body.enter_block();
    std::map<std::string, LocalIndex> others;
    for (const AgentState& state : result.states) {
      const Local own = body.locals()[state.local];
      const LocalIndex other =
          body.add_local(aggregate.merge_name.text + "." + own.name, own.type_id);
      body.flow().assigned.insert(other);
      result.other_states.push_back(other);
      others[own.name] = other;
    }
    body.bind_other(aggregate.merge_name.text, std::move(others));
    result.merge = body.check_block(*aggregate.merge);
    body.leave_block();
    body.flow() = at_start;
  }

  body.set_place(BodyChecker::Place::Result);
  result.result_id = types.resolve(aggregate.result_type_id, environment);
  ok = ok && program.types.kind(result.result_id) != TypeKind::Error;
  body.enter_block();
  result.result = body.check_result(aggregate.result, result.result_id, aggregate.name.span);
  body.leave_block();
  if (!ok || body.failed()) return {};

  result.add_can_fail = can_fail(program, result.add) || can_fail(program, result.merge);
  result.result_can_fail = can_fail(program, result.result);
  if (uses_now(program, result.add) || uses_now(program, result.merge) ||
      uses_now(program, result.result)) {
    sink.report(diag::BadAggregate, aggregate.name.span, aggregate.name.text,
                "asks for `now`, which a window has none of");
    return {};
  }
  result.locals = body.locals();
  program.aggregates.push_back(std::move(result));
  const AggregateId id(program.aggregates.size() - 1);
  aggregates_[key] = id;
  return id;
}

}  // namespace streamc
