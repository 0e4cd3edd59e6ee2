// The operators that open a scope: each is a loop over the complete input.
#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "compiler/graph/first_stamps.h"
#include "compiler/support/match.h"
#include "tests/support/graph_evaluator.h"
#include "tests/support/operator_state.h"

namespace streamref {

using namespace streamc;  // Operators have two dozen kinds, all used here.

namespace {

// Stamp of tick i on a clock of that rate: floor(i · q · 10^9 / p).
std::int64_t rate_stamp(std::size_t tick, const RateValue& rate) {
  const WideInt nanoseconds =
      static_cast<WideInt>(tick) * rate.denominator * 1'000'000'000 / rate.numerator;
  return static_cast<std::int64_t>(nanoseconds);
}

}  // namespace

void GraphEvaluator::fill(OperatorId id) {
  OperatorState& state = *states_[id.index()];
  if (state.is_filled) return;
  STREAM_ASSERT(!state.is_running, "operator {} waits for itself: a cycle without `prev`", id);
  state.is_running = true;
  const auto keeps_scope = [&]() -> void { STREAM_UNREACHABLE("operator {} opens no scope", id); };
  match(
      graph_.op(id).kind, [&](const SourceOperator& kind) { fill_source(id, kind); },
      [&](const ListOperator& kind) { fill_list(id, kind); },
      [&](const MapOperator&) { keeps_scope(); },
      [&](const WhereOperator& kind) { fill_where(id, kind); },
      [&](const FilterMapOperator& kind) { fill_filter_map(id, kind); },
      [&](const ElseOperator& kind) { fill_else_skip(id, kind); },
      [&](const PrevOperator&) { keeps_scope(); },
      [&](const TakeOperator& kind) { fill_take(id, kind); },
      [&](const SkipOperator& kind) { fill_skip(id, kind); },
      [&](const ScanOperator&) { keeps_scope(); }, [&](const RunningOperator&) { keeps_scope(); },
      [&](const WindowOperator& kind) { fill_windows(id, kind.shape); },
      [&](const WindowFoldOperator& kind) { fill_windows(id, kind.shape); },
      [&](const FlattenOperator&) { fill_flatten(id); }, [&](const ZipOperator&) { fill_zip(id); },
      [&](const MergeOperator&) { fill_merge(id); },
      [&](const DelayOperator& kind) { fill_delay(id, kind); }, [&](const LinkOperator&) { fill_link(id); },
      [&](const AgentOperator& kind) {
        state.is_running = false;  // It steps through its input.
        fill_agent(id, kind);
      },
      [&](const SinkOperator&) { keeps_scope(); }, [&](const CaptureOperator&) { keeps_scope(); });
  state.is_running = false;
  state.is_filled = true;
  apply_limit(id);
}

void GraphEvaluator::add_tick(ScopeTicks& ticks, ScopeId parent, std::size_t parent_tick) {
  const ScopeTicks& from = scopes_[parent.index()];
  ticks.stamps.push_back(parent_tick < from.stamps.size() ? from.stamps[parent_tick]
                                                          : from.end_stamp.value_or(0));
  ticks.parents.push_back(parent_tick);
}

void GraphEvaluator::apply_limit(OperatorId id) {
  for (const PortId output : graph_.op(id).outputs) {
    const auto limit = limits_.find(graph_.port(output).scope);
    if (limit == limits_.end()) continue;
    ScopeTicks& ticks = ticks_of(output);
    const std::size_t count = limit->second.ticks;
    if (ticks.stamps.size() > count) {
      ticks.stamps.resize(count);
      ticks.end_stamp = ticks.stamps.empty() ? std::nullopt : std::optional(ticks.stamps.back());
    }
    std::vector<Cell>& output_cells = cells_[output.index()];
    if (output_cells.size() > count) output_cells.resize(count);
  }
}

void GraphEvaluator::stop(OperatorId id, std::size_t tick) {
  ScopeId scope = input_scope(graph_.op(id));
  for (; graph_.scope(scope).parent.valid(); scope = graph_.scope(scope).parent) {
    const std::vector<std::size_t>& parents = scopes_[scope.index()].parents;
    const auto* take = std::get_if<TakeOperator>(&graph_.op(graph_.scope(scope).opener).kind);
    const bool is_full = take != nullptr && parents.size() == static_cast<std::size_t>(take->count);
    if (tick < parents.size()) {
      tick = parents[tick];
    } else if (is_full && !parents.empty()) {
      tick = parents.back();  // A full `take` ends with its last tick.
    } else {
      tick = scopes_[graph_.scope(scope).parent.index()].stamps.size();
    }
  }
  throw StopRequest{scope, tick, tick >= scopes_[scope.index()].stamps.size()};
}

bool GraphEvaluator::has_end(ScopeId scope) const {
  while (graph_.scope(scope).parent.valid()) scope = graph_.scope(scope).parent;
  const auto limit = limits_.find(scope);
  return limit == limits_.end() || limit->second.has_end;
}

// ---- heads --------------------------------------------------------------------------------------

void GraphEvaluator::fill_source(OperatorId id, const SourceOperator& kind) {
  const PortId output = graph_.op(id).outputs.at(0);
  ScopeTicks& ticks = ticks_of(output);
  for (const Record& record : records_.at(id)) {
    const std::size_t tick = ticks.stamps.size();
    ticks.stamps.push_back(kind.rate      ? rate_stamp(tick, *kind.rate)
                           : record.stamp ? *record.stamp
                                          : static_cast<std::int64_t>(tick));
    cells_[output.index()].push_back(record.cell);
    if (!record.cell) report(id, tick, record.failure);
  }
  if (!ticks.stamps.empty()) ticks.end_stamp = ticks.stamps.back();
}

void GraphEvaluator::fill_list(OperatorId id, const ListOperator& kind) {
  const PortId output = graph_.op(id).outputs.at(0);
  ScopeTicks& ticks = ticks_of(output);
  for (const ListElement& element : kind.elements) {
    const std::size_t tick = ticks.stamps.size();
    ticks.stamps.push_back(element.stamp ? *element.stamp
                           : kind.rate   ? rate_stamp(tick, *kind.rate)
                                         : static_cast<std::int64_t>(tick));
    cells_[output.index()].push_back(element.is_hole ? Cell()
                                                     : items_.evaluate_constant(element.value));
  }
  if (!ticks.stamps.empty()) ticks.end_stamp = ticks.stamps.back();
  if (kind.end_stamp) ticks.end_stamp = kind.end_stamp;
}

// The i-th tick with the i-th tick; the latest of their stamps. It ends with its last tick: how far a
// longer input has come by then is nobody's business.
void GraphEvaluator::fill_zip(OperatorId id) {
  const Operator& op = graph_.op(id);
  ScopeTicks& zipped = ticks_of(op.outputs.at(0));
  std::size_t length = SIZE_MAX;
  for (const PortId input : op.inputs) {
    length = std::min(length, ticks(graph_.port(input).scope).stamps.size());
  }
  const auto counts = [&](PortId input) {
    return counts_in_zip(graph_, graph_.port(input).scope, graph_.port(op.outputs[0]).scope);
  };
  for (std::size_t tick = 0; tick < length; ++tick) {
    std::optional<std::int64_t> stamp;
    for (const PortId input : op.inputs) {
      if (!counts(input)) continue;
      const std::int64_t own = ticks(graph_.port(input).scope).stamps[tick];
      stamp = stamp ? std::max(*stamp, own) : own;
    }
    zipped.stamps.push_back(stamp.value_or(static_cast<std::int64_t>(tick)));
  }
  if (length > 0) zipped.end_stamp = zipped.stamps.back();
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const std::vector<Cell>& all = cells(op.inputs[i]);
    has_leftovers_ |= all.size() > length;
    cells_[op.outputs.at(i).index()].assign(all.begin(),
                                            all.begin() + static_cast<std::ptrdiff_t>(length));
  }
}

// By stamp, then input, then order within the input; holes are dropped.
void GraphEvaluator::fill_merge(OperatorId id) {
  const Operator& op = graph_.op(id);
  ScopeTicks& merged = ticks_of(op.outputs.at(0));
  using Place = std::tuple<std::int64_t, std::size_t, std::size_t>;  // Stamp, input, tick.
  std::vector<Place> places;
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const ScopeTicks& input = ticks(graph_.port(op.inputs[i]).scope);
    const std::vector<Cell>& input_cells = cells(op.inputs[i]);
    for (std::size_t tick = 0; tick < input_cells.size(); ++tick) {
      if (input_cells[tick]) places.emplace_back(input.stamps[tick], i, tick);
    }
    merged.end_stamp = std::max(merged.end_stamp, input.end_stamp);
  }
  std::sort(places.begin(), places.end());
  for (const auto& [stamp, input, tick] : places) {
    merged.stamps.push_back(stamp);
    cells_[op.outputs[0].index()].push_back(cells(op.inputs[input])[tick]);
  }
}

// So many times `initial`, then what comes in; or what comes in, later by a time. On a cycle by items the ticks are
// counted anew, and a cycle ends with the last tick that went round.
void GraphEvaluator::fill_delay(OperatorId id, const DelayOperator& kind) {
  const Operator& op = graph_.op(id);
  const PortId output = op.outputs.at(0);
  ScopeTicks& delayed = ticks_of(output);
  const Scope& scope = graph_.scope(graph_.port(output).scope);
  const LoopContent input = kind.is_on_cycle
                                ? loops_.at(id)
                                : LoopContent{cells(op.inputs.at(0)), ticks(input_scope(op)).stamps};
  const bool counts = kind.is_on_cycle && !kind.is_by_time();
  for (std::int64_t i = 0; i < kind.count; ++i) {
    cells_[output.index()].push_back(items_.evaluate_constant(kind.initial));
    delayed.stamps.push_back(initial_stamp(kind, scope, i));
  }
  for (std::size_t i = 0; i < input.cells.size(); ++i) {
    cells_[output.index()].push_back(input.cells[i]);
    delayed.stamps.push_back(counts ? kind.count + static_cast<std::int64_t>(i)
                                    : input.stamps[i] + kind.duration_ns);
  }
  if (!delayed.stamps.empty()) delayed.end_stamp = delayed.stamps.back();
  if (kind.is_on_cycle) return;
  if (const std::optional<std::int64_t> end = ticks(input_scope(op)).end_stamp) {
    delayed.end_stamp = std::max(delayed.end_stamp.value_or(*end), *end + kind.duration_ns);
  }
}

// Drops nothing.
void GraphEvaluator::fill_link(OperatorId id) {
  const Operator& op = graph_.op(id);
  ScopeTicks& linked = ticks_of(op.outputs.at(0));
  linked.stamps = ticks(input_scope(op)).stamps;
  linked.end_stamp = ticks(input_scope(op)).end_stamp;
  cells_[op.outputs.front().index()] = cells(op.inputs.at(0));
}

// ---- fewer ticks, or more -----------------------------------------------------------------------

void GraphEvaluator::fill_where(OperatorId id, const WhereOperator& kind) {
  const Operator& op = graph_.op(id);
  ScopeTicks& kept = ticks_of(op.outputs.at(0));
  const std::size_t length = input_length(op);
  for (std::size_t tick = 0; tick < length; ++tick) {
    const std::optional<std::vector<Value>> values = input_values(op, tick);
    if (!values) continue;
    try {
      const Value keep = items_.call(kind.predicate_id, *values, now_at(input_scope(op), tick));
      if (keep.integer == 0) continue;
    } catch (const ItemFailure& failure) {
      report(id, tick, failure.reason);
      continue;
    }
    for (std::size_t i = 0; i < op.outputs.size(); ++i) {
      cells_[op.outputs[i].index()].push_back((*values)[i]);
    }
    add_tick(kept, input_scope(op), tick);
  }
  kept.end_stamp = ticks(input_scope(op)).end_stamp;
}

void GraphEvaluator::fill_filter_map(OperatorId id, const FilterMapOperator& kind) {
  const Operator& op = graph_.op(id);
  ScopeTicks& kept = ticks_of(op.outputs.at(0));
  const std::size_t length = input_length(op);
  for (std::size_t tick = 0; tick < length; ++tick) {
    std::optional<std::vector<Value>> values = input_values(op, tick);
    if (!values) continue;
    try {
      Value option =
          items_.call(kind.function_id, std::move(*values), now_at(input_scope(op), tick));
      if (!option.present) continue;
      cells_[op.outputs[0].index()].push_back(std::move(option.parts.at(0)));
      add_tick(kept, input_scope(op), tick);
    } catch (const ItemFailure& failure) {
      report(id, tick, failure.reason);
    }
  }
  kept.end_stamp = ticks(input_scope(op)).end_stamp;
}

void GraphEvaluator::fill_else_skip(OperatorId id, const ElseOperator& kind) {
  const Operator& op = graph_.op(id);
  STREAM_ASSERT(kind.mode == ElseMode::Skip, "only `else skip` opens a scope");
  ScopeTicks& kept = ticks_of(op.outputs.at(0));
  const std::vector<Cell>& input = cells(op.inputs.at(0));
  for (std::size_t tick = 0; tick < input.size(); ++tick) {
    if (!input[tick] || (kind.none_counts && !input[tick]->present)) continue;
    cells_[op.outputs[0].index()].push_back(kind.none_counts ? input[tick]->parts.at(0)
                                                             : *input[tick]);
    add_tick(kept, input_scope(op), tick);
  }
  kept.end_stamp = ticks(input_scope(op)).end_stamp;
}

void GraphEvaluator::fill_take(OperatorId id, const TakeOperator& kind) {
  const Operator& op = graph_.op(id);
  ScopeTicks& taken = ticks_of(op.outputs.at(0));
  const std::size_t length = input_length(op);
  const std::size_t count = std::min(static_cast<std::size_t>(kind.count), length);
  for (std::size_t tick = 0; tick < count; ++tick) {
    cells_[op.outputs[0].index()].push_back(cell(op.inputs.at(0), tick));
    add_tick(taken, input_scope(op), tick);
  }
  // It ends with its last tick; where the input is shorter, with the input.
  const bool is_full = count == static_cast<std::size_t>(kind.count);
  has_leftovers_ |= count < length;
  if (!is_full) {
    taken.end_stamp = ticks(input_scope(op)).end_stamp;
  } else if (count > 0) {
    taken.end_stamp = taken.stamps.back();
  }
}

void GraphEvaluator::fill_skip(OperatorId id, const SkipOperator& kind) {
  const Operator& op = graph_.op(id);
  ScopeTicks& left = ticks_of(op.outputs.at(0));
  const std::size_t length = input_length(op);
  for (auto tick = static_cast<std::size_t>(kind.count); tick < length; ++tick) {
    cells_[op.outputs[0].index()].push_back(cell(op.inputs.at(0), tick));
    add_tick(left, input_scope(op), tick);
  }
  left.end_stamp = ticks(input_scope(op)).end_stamp;
}

// A hole of a T[N] is N holes, so that the clock stays a multiple; one of a T[] is nothing.
void GraphEvaluator::fill_flatten(OperatorId id) {
  const Operator& op = graph_.op(id);
  ScopeTicks& flat = ticks_of(op.outputs.at(0));
  const Type& type = items_.types().get(graph_.port(op.inputs.at(0)).type_id);
  const std::size_t holes =
      type.kind == TypeKind::Array ? static_cast<std::size_t>(type.length) : 0;
  const std::vector<Cell>& input = cells(op.inputs[0]);
  for (std::size_t tick = 0; tick < input.size(); ++tick) {
    const std::size_t count = input[tick] ? input[tick]->parts.size() : holes;
    for (std::size_t i = 0; i < count; ++i) {
      cells_[op.outputs[0].index()].push_back(input[tick] ? Cell(input[tick]->parts[i]) : Cell());
      add_tick(flat, input_scope(op), tick);
    }
  }
  flat.end_stamp = ticks(input_scope(op)).end_stamp;
}

// ---- windows ------------------------------------------------------------------------------------

void GraphEvaluator::fill_windows(OperatorId id, const WindowShape& shape) {
  const Operator& op = graph_.op(id);
  const PortId output = op.outputs.at(0);
  ScopeTicks& windows = ticks_of(output);
  const auto length = static_cast<std::int64_t>(input_length(op));
  // Window j of the two anchors; the first has j = 0, with `partial` j = 1.
  const auto begin_of = [&](std::int64_t j) {
    return shape.partial ? (j + 1) * shape.every - shape.size : j * shape.every;
  };
  std::int64_t j = 0;
  std::int64_t covered_end = 0;  // No emitted window covers a tick from here on.
  for (; begin_of(j) + shape.size <= length; ++j) {
    const std::int64_t begin = begin_of(j);
    covered_end = begin + shape.size;
    cells_[output.index()].push_back(window_cell(id, begin, covered_end));
    add_tick(windows, input_scope(op), static_cast<std::size_t>(covered_end - 1));
  }
  // The next window, if it holds a tick that none before it did.
  if (shape.rest && has_end(input_scope(op)) && std::max(begin_of(j), covered_end) < length) {
    cells_[output.index()].push_back(window_cell(id, begin_of(j), begin_of(j) + shape.size));
    add_tick(windows, input_scope(op), static_cast<std::size_t>(length));
  }
  windows.end_stamp = ticks(input_scope(op)).end_stamp;
}

Cell GraphEvaluator::window_cell(OperatorId id, std::int64_t begin, std::int64_t end) {
  const Operator& op = graph_.op(id);
  if (const auto* kind = std::get_if<WindowFoldOperator>(&op.kind)) {
    return fold_cell(id, *kind, begin, end);
  }
  return view_cell(op, begin, end);
}

// The values of the window in order, holes left out; without any, a hole.
Cell GraphEvaluator::view_cell(const Operator& op, std::int64_t begin, std::int64_t end) {
  std::vector<Value> values;
  end = std::min(end, static_cast<std::int64_t>(input_length(op)));
  for (std::int64_t tick = std::max<std::int64_t>(begin, 0); tick < end; ++tick) {
    const Cell& input = cell(op.inputs.at(0), static_cast<std::size_t>(tick));
    if (input) values.push_back(*input);
  }
  if (values.empty()) return std::nullopt;
  return make_composite(graph_.port(op.outputs.at(0)).type_id, std::move(values));
}

void GraphEvaluator::start_folds(OperatorId id, const WindowFoldOperator& kind) {
  OperatorState& state = *states_[id.index()];
  if (!state.folds.empty()) return;
  for (const Fold& fold : kind.folds) {
    std::vector<Value> constants;
    for (const CheckedExprId constant : fold.constants) {
      constants.push_back(items_.evaluate_constant(constant));
    }
    auto fold_state = std::make_unique<FoldState>();
    fold_state->aggregation =
        std::make_unique<Aggregation>(items_, fold.aggregate_id, std::move(constants));
    FoldState* const kept = fold_state.get();
    fold_state->windows = std::make_unique<WindowFold>(
        *fold_state->aggregation, WindowLength{kind.shape.size, kind.shape.every},
        [this, id, &fold, kept](std::int64_t tick) { return fold_element(id, fold, *kept, tick); });
    state.folds.push_back(std::move(fold_state));
  }
}

// What a tick feeds a fold: nothing if it does not exist, is a hole, is filtered out, or fails here.
const std::vector<Value>* GraphEvaluator::fold_element(OperatorId id, const Fold& fold,
                                                       FoldState& state, std::int64_t tick) {
  const Operator& op = graph_.op(id);
  if (tick < 0 || tick >= static_cast<std::int64_t>(input_length(op))) return nullptr;
  auto known = state.elements.find(tick);
  if (known == state.elements.end()) {
    std::optional<std::vector<Value>> element;
    const auto index = static_cast<std::size_t>(tick);
    if (const std::optional<std::vector<Value>> values = input_values(op, index)) {
      const std::optional<std::int64_t> now = now_at(input_scope(op), index);
      try {
        const bool passes = !fold.filter_id.valid() ||
                            items_.call(fold.filter_id, *values, now).integer != 0;
        if (passes) {
          element.emplace();
          for (const FunctionId argument : fold.arguments) {
            element->push_back(items_.call(argument, *values, now));
          }
        }
      } catch (const ItemFailure& failure) {
        report(id, index, failure.reason);
        element.reset();
      }
    }
    known = state.elements.emplace(tick, std::move(element)).first;
  }
  return known->second ? &*known->second : nullptr;
}

Cell GraphEvaluator::fold_cell(OperatorId id, const WindowFoldOperator& kind, std::int64_t begin,
                               std::int64_t end) {
  const Operator& op = graph_.op(id);
  start_folds(id, kind);
  const auto length = static_cast<std::int64_t>(input_length(op));
  const auto last = static_cast<std::size_t>(std::min(end, length) - 1);
  try {
    std::vector<Value> results;
    for (std::size_t i = 0; i < kind.folds.size(); ++i) {
      FoldState& fold = *states_[id.index()]->folds[i];
      const Partial folded = fold.windows->fold(begin);
      if (!folded && !kind.folds[i].is_total) return std::nullopt;
      results.push_back(
          fold.aggregation->result(folded ? *folded : fold.aggregation->initial()));
    }
    return items_.call(kind.finish_id, std::move(results), now_at(input_scope(op), last));
  } catch (const ItemFailure& failure) {
    report(id, last, failure.reason);
    return std::nullopt;
  }
}

}  // namespace streamref
