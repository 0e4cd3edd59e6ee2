// Handlers of the library's operators: header arguments → operators of the graph.
#include <algorithm>

#include "compiler/graph/elaborator.h"

namespace streamc {
namespace {

Wire elaborate_items(Elaborator& e, const NativeCall& call) {
  const std::optional<ListContent> list = e.list_content(
      e.argument(call, "list"), e.environment_of(call, "list"), {}, false);
  if (!list) return Wire::error();
  return Wire::stream(e.add_source(ListOperator{.elements = list->elements}, list->type_id,
                                   std::nullopt, Domain::Position, call.syntax.span));
}

Wire elaborate_map(Elaborator& e, const NativeCall& call) {
  const PortId x = e.port_argument(call, "x");
  if (!x.valid()) return Wire::error();
  const TypeId item = e.item_type(x);
  const FunctionId f = e.function_argument(call, "f", {&item, 1});
  if (!f.valid()) return Wire::error();
  return Wire::stream(e.add_map(f, {x}, e.scope_of(x), call.syntax.span));
}

Wire elaborate_where(Elaborator& e, const NativeCall& call) {
  const PortId x = e.port_argument(call, "x");
  if (!x.valid()) return Wire::error();
  const TypeId item = e.item_type(x);
  const FunctionId keep =
      e.function_argument(call, "keep", {&item, 1}, e.program().types.scalar(TypeKind::Bool));
  if (!keep.valid()) return Wire::error();
  const OperatorId op = e.add(WhereOperator{keep}, {x}, e.scope_of(x), call.syntax.span);
  return Wire::stream(e.draft().add_output(op, item, e.generated_scope(e.scope_of(x), op)));
}

Wire elaborate_split(Elaborator& e, const NativeCall& call) {
  const PortId x = e.port_argument(call, "x");
  if (!x.valid()) return Wire::error();
  const TypeId item = e.item_type(x);
  const FunctionId keep =
      e.function_argument(call, "keep", {&item, 1}, e.program().types.scalar(TypeKind::Bool));
  if (!keep.valid()) return Wire::error();
  Wire bundle{.kind = Wire::Kind::Bundle, .names = {"yes", "no"}};
  for (const FunctionId predicate : {keep, e.negated_function(keep, call.syntax.span)}) {
    const OperatorId op = e.add(WhereOperator{predicate}, {x}, e.scope_of(x), call.syntax.span);
    bundle.outputs.push_back(
        Wire::stream(e.draft().add_output(op, item, e.generated_scope(e.scope_of(x), op))));
  }
  return bundle;
}

Wire elaborate_filter_map(Elaborator& e, const NativeCall& call) {
  const PortId x = e.port_argument(call, "x");
  if (!x.valid()) return Wire::error();
  const TypeId item = e.item_type(x);
  const FunctionId f = e.function_argument(call, "f", {&item, 1});
  if (!f.valid()) return Wire::error();
  const Type& result = e.program().types.get(e.program().function(f).result_id);
  if (result.kind != TypeKind::Option) {
    e.sink().report(diag::NotAnOption, span_of(e.ast(), e.argument(call, "f")),
                    e.type_name(e.program().function(f).result_id))
        .help("give `none` for the items to leave out, or use `map`");
    return Wire::error();
  }
  const TypeId element = result.element_id;
  const OperatorId op = e.add(FilterMapOperator{f}, {x}, e.scope_of(x), call.syntax.span);
  return Wire::stream(e.draft().add_output(op, element, e.generated_scope(e.scope_of(x), op)));
}

// The type of the state is that of `init`, unless the function says otherwise: `init: 0` with floats.
Wire elaborate_scan(Elaborator& e, const NativeCall& call) {
  const PortId x = e.port_argument(call, "x");
  if (!x.valid()) return Wire::error();
  const CheckedExprId first = e.constant_argument(call, "init");
  if (!first.valid()) return Wire::error();
  const TypeId item = e.item_type(x);
  TypeId state = e.program().expr(first).type_id;
  const TypeKind kind = e.program().types.kind(state);
  // Tried as it is first; an int that meets floats becomes a float.
  const DiagnosticSink::Mark mark = e.sink().mark();
  FunctionId f;
  {
    const TypeId parameters[] = {state, item};
    f = e.function_argument(call, "f", parameters);
  }
  if (f.valid() && e.program().function(f).result_id != state) {
    const TypeId result = e.program().function(f).result_id;
    const TypeId common = e.checker().types().common_type(state, result);
    if (common.valid() && (kind == TypeKind::Int || kind == TypeKind::None ||
                           e.program().types.kind(common) == TypeKind::Option ||
                           common == state)) {
      state = common;
      e.sink().rollback(mark);
      const TypeId parameters[] = {state, item};
      f = e.function_argument(call, "f", parameters, state);
    } else {
      e.sink().report(diag::StateTypeChanges, span_of(e.ast(), e.argument(call, "f")), e.type_name(state),
                      e.type_name(result));
      return Wire::error();
    }
  }
  const CheckedExprId initial = e.constant_argument(call, "init", state);
  if (!f.valid() || !initial.valid()) return Wire::error();
  return Wire::stream(e.add_simple(ScanOperator{f, initial}, {x}, e.scope_of(x), state, e.scope_of(x),
                                   call.syntax.span));
}

Wire elaborate_running(Elaborator& e, const NativeCall& call) {
  PortId x = e.port_argument(call, "x");
  if (!x.valid()) return Wire::error();
  const ExprId summary = e.argument(call, "summary");
  const WiringEnvironment& environment = e.environment_of(call, "summary");
  std::vector<ast::Identifier> path = path_of(e.ast(), summary);
  if (path.size() == 1) {
    const WiringMeaning meaning = environment.find(path.front().text);
    if (meaning.kind == WiringMeaning::Kind::Function) {
      path = path_of(e.ast(), meaning.function.function);
    }
  }
  const Callee callee =
      path.empty() ? Callee{} : e.checker().find_callee(environment.module_id(), path);
  if (callee.kind != CalleeKind::Aggregate) {
    e.sink().report(diag::AggregateExpected, span_of(e.ast(), summary), e.describe(summary))
        .help("`running` takes the name of an aggregate: `running(mean)`; for your own step from state "
              "to state use `scan`");
    return Wire::error();
  }
  const InstanceArgument argument{.type_id = e.item_type(x), .span = span_of(e.ast(), summary)};
  const AggregateId aggregate = e.checker().instantiate_aggregate(
      callee.declaration, {&argument, 1}, span_of(e.ast(), summary));
  if (!aggregate.valid()) return Wire::error();
  const CheckedAggregate& checked = e.program().aggregate(aggregate);
  x = e.convert(x, checked.locals[checked.elements.front()].type_id, checked.name, call.syntax.span);
  if (!x.valid()) return Wire::error();
  return Wire::stream(e.add_simple(RunningOperator{.aggregate_id = aggregate, .constants = {}}, {x},
                                   e.scope_of(x), checked.result_id, e.scope_of(x), call.syntax.span));
}

Wire elaborate_flatten(Elaborator& e, const NativeCall& call) {
  const PortId x = e.port_argument(call, "x");
  if (!x.valid()) return Wire::error();
  const Type type = e.program().types.get(e.item_type(x));
  if (type.kind != TypeKind::Array && type.kind != TypeKind::Window) {
    e.sink().report(diag::WrongStreamType, call.syntax.callee_span, "flatten", "arrays",
                    e.type_name(e.item_type(x)))
        .help("make an array of each item first: `|> map(v => [v, 2 * v])`");
    return Wire::error();
  }
  const DraftScopeId scope = e.scope_of(x);
  const OperatorId op = e.add(FlattenOperator{}, {x}, scope, call.syntax.span);
  // Arrays of fixed length give as many items each, holes included.
  const DraftScopeId output =
      type.kind == TypeKind::Array && type.length > 0
          ? e.draft().child_scope(scope, fmt::format("flatten {}", type.length), op,
                                  ClockTable::spread(e.draft().clock(scope), type.length))
          : e.generated_scope(scope, op);
  return Wire::stream(e.draft().add_output(op, type.element_id, output));
}

Wire elaborate_take(Elaborator& e, const NativeCall& call) {
  const PortId x = e.port_argument(call, "x");
  const std::optional<std::int64_t> n = e.count_argument(call, "n", 0);
  if (!x.valid() || !n) return Wire::error();
  const DraftScopeId scope = e.scope_of(x);
  const OperatorId op = e.add(TakeOperator{*n}, {x}, scope, call.syntax.span);
  const DraftScopeId output =
      e.draft().child_scope(scope, fmt::format("take {}", *n), op, e.draft().clock(scope));
  return Wire::stream(e.draft().add_output(op, e.item_type(x), output));
}

Wire elaborate_skip(Elaborator& e, const NativeCall& call) {
  const PortId x = e.port_argument(call, "x");
  const std::optional<std::int64_t> n = e.count_argument(call, "n", 0);
  if (!x.valid() || !n) return Wire::error();
  const DraftScopeId scope = e.scope_of(x);
  const OperatorId op = e.add(SkipOperator{*n}, {x}, scope, call.syntax.span);
  const DraftScopeId output = e.draft().child_scope(scope, fmt::format("skip {}", *n), op,
                                                    ClockTable::every(e.draft().clock(scope), 1, *n));
  return Wire::stream(e.draft().add_output(op, e.item_type(x), output));
}

// A count of ticks of `x`: a number, or a duration where `x` has a rate.
std::optional<std::int64_t> tick_count(Elaborator& e, const NativeCall& call, std::string_view name,
                                       PortId x) {
  const CheckedExprId id = e.constant_argument(call, name);
  if (!id.valid()) return std::nullopt;
  const SourceSpan span = span_of(e.ast(), e.argument(call, name));
  const TypeKind kind = e.program().types.kind(e.program().expr(id).type_id);
  if (kind == TypeKind::Int) return e.count_argument(call, name, 1);
  const std::optional<Value> value = e.checker().evaluate_shape(id, span);
  if (!value) return std::nullopt;
  if (kind == TypeKind::Duration) {
    return e.ticks_of(*value, x, span, e.is_given(call, name) ? name : call.syntax.name());
  }
  e.sink().report(diag::CountExpected, span, name, call.syntax.name(), e.type_name(value->type_id))
      .help("write a number of items, as in `window(10)`, or a duration, as in `window(5s)`");
  return std::nullopt;
}

Wire elaborate_prev(Elaborator& e, const NativeCall& call) {
  const ExprId input = e.argument(call, "x");
  if (!input.valid()) return Wire::error();
  if (e.reaches_running(input, call.environment)) return e.defer_prev(call);
  PortId x = e.port_argument(call, "x");
  if (!x.valid()) return Wire::error();
  const std::optional<std::int64_t> n = tick_count(e, call, "n", x);
  if (!n) return Wire::error();
  const CheckedExprId initial = e.initial_argument(call, x);
  if (!initial.valid()) return Wire::error();
  return Wire::stream(e.add_simple(PrevOperator{.count = *n, .initial = initial}, {x}, e.scope_of(x), e.item_type(x),
                                   e.scope_of(x), call.syntax.span));
}

Wire elaborate_delay(Elaborator& e, const NativeCall& call) { return e.delay(call); }

Wire elaborate_best_effort(Elaborator& e, const NativeCall& call) {
  const PortId x = e.port_argument(call, "x");
  if (!x.valid()) return Wire::error();
  const DraftScopeId scope = e.scope_of(x);
  const ClockTerm clock = e.draft().clock(scope);
  const OperatorId op = e.add(LinkOperator{.initial = {{}}, .is_best_effort = true}, {x}, {}, call.syntax.span);
  const DraftScopeId output = e.draft().link_scope(op, scope, e.draft().clocks().generated({&clock, 1}));
  return Wire::stream(e.draft().add_output(op, e.item_type(x), output));
}

Wire elaborate_window(Elaborator& e, const NativeCall& call) {
  const PortId x = e.port_argument(call, "x");
  if (!x.valid()) return Wire::error();
  const std::optional<std::int64_t> size = tick_count(e, call, "size", x);
  if (!size) return Wire::error();
  Wire window{.kind = Wire::Kind::Window, .port = x, .span = call.syntax.span};
  window.shape.size = *size;
  window.shape.every = *size;
  if (e.is_given(call, "every")) {
    const std::optional<std::int64_t> every = tick_count(e, call, "every", x);
    if (!every) return Wire::error();
    window.shape.every = *every;
  }
  const std::optional<bool> partial = e.flag_argument(call, "partial");
  const std::optional<bool> rest = e.flag_argument(call, "rest");
  if (!partial || !rest) return Wire::error();
  window.shape.partial = *partial;
  window.shape.rest = *rest;
  return window;
}

// The streams of a call that takes any number of them; empty after a mistake. `may_lack`: those that go round may be
// missing as long as their types are open.
std::vector<StepInput> stream_arguments(Elaborator& e, const NativeCall& call, bool may_lack) {
  std::vector<StepInput> inputs;
  bool ok = true;
  const auto add = [&](ExprId id) {
    const PortId port = e.elaborate_port(id, call.environment);
    if (!port.valid() && may_lack && e.has_open_types()) return;
    ok = ok && port.valid();
    inputs.push_back({port, id});
  };
  if (call.syntax.piped.valid()) add(call.syntax.piped);
  for (const ast::Argument& argument : call.syntax.arguments) {
    if (argument.is_spread || argument.name.present()) {
      e.report_not_available(
          fmt::format("the argument `{}` of `{}`", argument.is_spread ? ".." : argument.name.text,
                      call.syntax.name()),
          argument.span);
      return {};
    }
    add(argument.value_id);
  }
  if (!ok) return {};
  if (inputs.size() < 2 && !(may_lack && e.has_open_types())) {
    e.sink().report(diag::TooFewStreams, call.syntax.callee_span, call.syntax.name())
        .help(fmt::format("as in `{}(a, b)`", call.syntax.name()));
    return {};
  }
  return inputs;
}

Wire elaborate_zip(Elaborator& e, const NativeCall& call) {
  const std::vector<StepInput> inputs = stream_arguments(e, call, false);
  if (inputs.empty()) return Wire::error();
  const std::optional<DraftScopeId> scope = e.in_step(inputs, false, call.syntax.span);
  if (!scope) return Wire::error();
  std::vector<TypeId> members;
  std::vector<PortId> ports;
  for (const StepInput& input : inputs) {
    members.push_back(e.item_type(input.port));
    ports.push_back(input.port);
  }
  return Wire::stream(
      e.add_map(e.tuple_function(members, call.syntax.span), std::move(ports), *scope, call.syntax.span));
}

Wire elaborate_merge(Elaborator& e, const NativeCall& call) {
  std::vector<StepInput> inputs = stream_arguments(e, call, true);
  if (inputs.empty()) return Wire::error();
  TypeId item = e.item_type(inputs.front().port);
  for (const StepInput& input : inputs) {
    const TypeId common = e.checker().types().common_type(item, e.item_type(input.port));
    if (common.valid()) item = common;
  }
  std::vector<PortId> ports;
  for (StepInput& input : inputs) {
    input.port = e.convert(input.port, item, "merge", span_of(e.ast(), input.expr_id));
    if (!input.port.valid()) return Wire::error();
    ports.push_back(input.port);
  }
  if (!e.couple_by_stamp(inputs, call.syntax.span)) return Wire::error();
  std::vector<DraftScopeId> scopes;
  std::vector<ClockTerm> clocks;
  for (const PortId port : ports) {
    scopes.push_back(e.scope_of(port));
    clocks.push_back(e.draft().clock(e.scope_of(port)));
  }
  const OperatorId op = e.add(MergeOperator{}, std::move(ports), {}, call.syntax.span);
  const DraftScopeId output = e.draft().merge_scope(op, scopes, e.draft().clocks().generated(clocks));
  return Wire::stream(e.draft().add_output(op, item, output));
}

Wire elaborate_unzip(Elaborator& e, const NativeCall& call) {
  const PortId x = e.port_argument(call, "x");
  if (!x.valid()) return Wire::error();
  const TypeId tuple = e.item_type(x);
  if (e.program().types.kind(tuple) != TypeKind::Tuple) {
    e.sink().report(diag::WrongStreamType, call.syntax.callee_span, "unzip", "tuples", e.type_name(tuple));
    return Wire::error();
  }
  static constexpr std::string_view kNames[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
  Wire bundle{.kind = Wire::Kind::Bundle};
  const std::size_t count = e.program().types.get(tuple).elements.size();
  for (std::uint32_t i = 0; i < count; ++i) {
    const FunctionId member = e.member_function(tuple, i, call.syntax.span);
    bundle.names.push_back(i < std::size(kNames) ? std::string(kNames[i]) : fmt::format("{}", i));
    bundle.outputs.push_back(Wire::stream(e.add_map(member, {x}, e.scope_of(x), call.syntax.span)));
  }
  return bundle;
}

struct NamedHandler {
  std::string_view name;
  OperatorHandler handler;
};
constexpr NamedHandler kHandlers[] = {
#define STREAM_OPERATOR(name, handler) {name, handler},
#include "compiler/graph/operators.def"
#undef STREAM_OPERATOR
};

constexpr Connector kConnectors[] = {
#define STREAM_SOURCE(name, is_live) {name, Connector::Kind::Source, is_live, {}},
#define STREAM_SINK(name, destination) {name, Connector::Kind::Sink, false, destination},
#include "compiler/graph/connectors.def"
#undef STREAM_SOURCE
#undef STREAM_SINK
};

}  // namespace

OperatorHandler find_operator(std::string_view native_name) {
  for (const NamedHandler& entry : kHandlers) {
    if (entry.name == native_name) return entry.handler;
  }
  return nullptr;
}

const Connector* find_connector(std::string_view native_name) {
  for (const Connector& connector : kConnectors) {
    if (connector.name == native_name) return &connector;
  }
  return nullptr;
}

}  // namespace streamc
