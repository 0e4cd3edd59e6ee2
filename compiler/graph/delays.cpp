// `delay`: what it is asked for, and cycles through it.
#include <algorithm>

#include "compiler/graph/elaborator.h"

namespace streamc {

namespace {

constexpr const char* kHowTimesAreGiven =
    "say when its items come: a `time` field in its records, or a rate, `lines.read(…) @ 10Hz`; or delay by items: "
    "`delay(x, 1, init: …)`";

}  // namespace

// By how much it delays and what comes first, without `initial`; nothing after reporting a mistake.
std::optional<DelayOperator> Elaborator::delay_shape(const NativeCall& call) {
  const CheckedExprId amount = constant_argument(call, "n");
  const std::optional<std::int64_t> max = count_argument(call, "max", 1);
  if (!amount.valid() || !max) return std::nullopt;
  DelayOperator shape{.max = *max};
  if (program_.types.kind(program_.expr(amount).type_id) != TypeKind::Duration) {
    const std::optional<std::int64_t> count = count_argument(call, "n", 1);
    if (!count) return std::nullopt;
    shape.count = *count;
    if (!is_given(call, "init")) {
      sink_.report(diag::DelayNeedsInit, call.syntax.callee_span)
          .help("say which item comes first, as in `delay(x, 1, init: 0)`; to make items later by a time, write a "
                "duration: `delay(x, 1s)`");
      return std::nullopt;
    }
    if (*max >= *count) return shape;
    sink_.report(diag::CountTooSmall, span_of(ast_, argument(call, "max")), "max", "delay", *count, *max);
    return std::nullopt;
  }
  const SourceSpan span = span_of(ast_, argument(call, "n"));
  const std::optional<Value> duration = checker_.evaluate_shape(amount, span);
  if (!duration) return std::nullopt;
  shape.duration_ns = duration->integer;
  if (shape.duration_ns < 1) {
    sink_.report(diag::DelayTooShort, span, text_of(span))
        .help("a delay by a time makes items later, by 1ns or more");
    return std::nullopt;
  }
  if (is_given(call, "init")) {
    sink_.report(diag::DelayWithoutInit, span_of(ast_, argument(call, "init")))
        .help("a delay by a time begins with the first item of its input: leave out `init`, or delay by a number "
              "of items");
    return std::nullopt;
  }
  return shape;
}

Wire Elaborator::delay(const NativeCall& call) {
  const ExprId input = argument(call, "x");
  if (!input.valid()) return Wire::error();
  std::optional<DelayOperator> shape = delay_shape(call);
  if (!shape) return Wire::error();
  if (is_on_cycle(input, call.environment)) return defer_delay(call, *shape);
  PortId x = port_argument(call, "x");
  if (!x.valid() || !check_delay_domain(*shape, scope_of(x), input, call.syntax.span)) return Wire::error();
  if (!shape->is_by_time()) {
    shape->initial = initial_argument(call, x);
    if (!shape->initial.valid()) return Wire::error();
  }
  const DraftScopeId scope = scope_of(x);
  const ClockTerm clock = draft_.clock(scope);
  const OperatorId op = add(*shape, {x}, {}, call.syntax.span);
  const DraftScopeId output =
      draft_.delay_scope(op, scope, shape->is_by_time() ? draft_.clocks().generated({&clock, 1})
                                                        : ClockTable::every(clock, 1, -shape->count));
  return Wire::stream(draft_.add_output(op, item_type(x), output));
}

// Whether the items have times to add to, or positions (or the ticks of a rate) to begin before.
bool Elaborator::check_delay_domain(const DelayOperator& shape, DraftScopeId scope, ExprId input,
                                    SourceSpan span) {
  const bool has_times = draft_.domain(scope) == Domain::Time;
  if (shape.is_by_time() && !has_times) {
    sink_.report(diag::DelayHasNoTimes, span, describe(input)).help(kHowTimesAreGiven);
    return false;
  }
  if (!shape.is_by_time() && has_times && !draft_.clocks().rate(draft_.clock(scope))) {
    sink_.report(diag::DelayNeedsRate, span, describe(input))
        .help("delay by a time, as in `delay(x, 1s)`; or look back with `prev`, which keeps the times of its input");
    return false;
  }
  return true;
}

// The items that come first, as type of the items of `x`, which may become wider: `init: none` makes options of
// them, and an int literal fits floats. Invalid after reporting a mistake.
CheckedExprId Elaborator::initial_argument(const NativeCall& call, PortId& x) {
  const CheckedExprId first = constant_argument(call, "init");
  if (!first.valid()) return {};
  const TypeId item = item_type(x);
  const TypeId common = checker_.types().common_type(item, program_.expr(first).type_id);
  if (common.valid() && common != item) x = convert(x, common, call.syntax.name(), call.syntax.span);
  if (!x.valid()) return {};
  return constant_argument(call, "init", item_type(x));
}

// What is known of an output on a cycle before its input is: the type, by `init` or by an earlier attempt.
TypeId Elaborator::type_on_cycle(const NativeCall& call) const {
  const auto known = prev_types_.find({expansion_, call.syntax.expr_id});
  return known == prev_types_.end() ? TypeId() : known->second;
}

// The input needs an equation that is being elaborated. By time, nothing says the type of what goes round: the first
// attempt has an error in its place, about which everything is silent, and finds the type by what else is merged.
Wire Elaborator::defer_delay(const NativeCall& call, DelayOperator shape) {
  shape.is_on_cycle = true;
  TypeId type_id = type_on_cycle(call);
  if (!shape.is_by_time()) {
    shape.initial = initial_on_cycle(call, type_id);
    if (!shape.initial.valid()) return Wire::error();
    type_id = program_.expr(shape.initial).type_id;
  } else if (!type_id.valid()) {
    has_open_types_ = true;
    defer(call, {}, {});
    return Wire::error();
  }
  const OperatorId op = add(shape, {}, {}, call.syntax.span);
  ClockTable& clocks = draft_.clocks();
  const DraftScopeId loop = shape.is_by_time()
                                ? draft_.loop_scope(op, clocks.dependent(), Domain::Time)
                                : draft_.loop_scope(op, clocks.source(), Domain::Position);
  const PortId output = draft_.add_output(op, type_id, loop);
  defer(call, op, loop);
  return Wire::stream(output);
}

// The type of what goes round in a cycle by time is that of what else comes there.
void Elaborator::settle_open_type(const Deferred& cycle) {
  if (cycle.input.valid()) {
    prev_types_[{cycle.expansion, cycle.call_id}] = item_type(cycle.input);
    must_retry_ = true;
  } else if (!sink_.has_errors_since(begin_)) {
    report_nothing_drives(cycle);
  }
}

void Elaborator::report_nothing_drives(const Deferred& cycle) {
  sink_.report(diag::NothingDrives, cycle.span, describe(cycle.input_id))
      .help("let a source take part, as in `merge(x, delay(y, 1s))`; or begin with items: `delay(y, 1, init: …)`");
}

// Connects the delays among the cycles, whose inputs are known now.
void Elaborator::close_delays(std::span<const Deferred> cycles) {
  std::vector<Deferred> by_time;
  for (const Deferred& cycle : cycles) {
    const auto* shape = std::get_if<DelayOperator>(&draft_.op(cycle.op).kind);
    if (shape == nullptr || !cycle.input.valid()) continue;
    draft_.op(cycle.op).inputs = {cycle.input};
    if (!shape->is_by_time()) continue;
    draft_.clocks().depend(draft_.clock(cycle.scope), draft_.clock(scope_of(cycle.input)));
    draft_.set_feedback(cycle.scope, scope_of(cycle.input));
    by_time.push_back(cycle);
  }
  for (const Deferred& cycle : by_time) {
    const auto& shape = std::get<DelayOperator>(draft_.op(cycle.op).kind);
    const DraftScopeId input = scope_of(cycle.input);
    if (!check_delay_domain(shape, input, cycle.input_id, cycle.span)) return;
    if (draft_.clocks().is_driven(draft_.clock(cycle.scope))) continue;
    return report_nothing_drives(cycle);
  }
}

}  // namespace streamc
