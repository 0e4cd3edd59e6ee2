#include "tests/support/graph_evaluator.h"

#include <algorithm>
#include <utility>

#include "compiler/support/match.h"
#include "tests/support/operator_state.h"

namespace streamref {

using namespace streamc;  // Operators have two dozen kinds, all used here.

GraphEvaluator::GraphEvaluator(const Graph& graph, ItemEvaluator& items, const Records& records,
                               const HeadLimits& limits, const LoopContents& loops)
    : graph_(graph),
      items_(items),
      records_(records),
      limits_(limits),
      loops_(loops),
      scopes_(graph.scopes.size()),
      cells_(graph.ports.size()) {
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    states_.push_back(std::make_unique<OperatorState>());
  }
}

GraphEvaluator::~GraphEvaluator() = default;

const ScopeTicks& GraphEvaluator::ticks(ScopeId scope) {
  fill(graph_.scope(scope).opener);
  return scopes_[scope.index()];
}

const std::vector<Cell>& GraphEvaluator::cells(PortId port) {
  const std::size_t length = ticks(graph_.port(port).scope).stamps.size();
  for (std::size_t tick = cells_[port.index()].size(); tick < length; ++tick) {
    (void)cell(port, tick);
  }
  return cells_[port.index()];
}

const Cell& GraphEvaluator::cell(PortId port, std::size_t tick) {
  const OperatorId producer = graph_.port(port).producer;
  const Operator& op = graph_.op(producer);
  // Also where the scope is shared, and another operator opens it.
  if (op.inputs.empty() || input_scope(op) != graph_.port(port).scope) {
    fill(producer);
  } else {
    while (cells_[port.index()].size() <= tick) step(producer);
  }
  return cells_[port.index()].at(tick);
}

std::optional<std::vector<Value>> GraphEvaluator::input_values(const Operator& op,
                                                               std::size_t tick) {
  std::vector<Value> values;
  bool is_whole = true;
  for (const PortId input : op.inputs) {
    const Cell& input_cell = cell(input, tick);
    if (input_cell) {
      values.push_back(*input_cell);
    } else {
      is_whole = false;
    }
  }
  if (!is_whole) return std::nullopt;
  return values;
}

std::optional<std::int64_t> GraphEvaluator::now_at(ScopeId scope, std::size_t tick) {
  if (graph_.scope(scope).domain != Domain::Time) return std::nullopt;
  return ticks(scope).stamps.at(tick);
}

ScopeId GraphEvaluator::input_scope(const Operator& op) const {
  return graph_.port(op.inputs.at(0)).scope;
}

std::size_t GraphEvaluator::input_length(const Operator& op) {
  return ticks(input_scope(op)).stamps.size();
}

void GraphEvaluator::report(OperatorId id, std::size_t tick, std::string reason) {
  const Operator& op = graph_.op(id);
  const ScopeId scope = op.inputs.empty() ? graph_.port(op.outputs.at(0)).scope : input_scope(op);
  const std::vector<std::int64_t>& stamps = scopes_[scope.index()].stamps;
  const std::int64_t stamp = tick < stamps.size() ? stamps[tick]
                                                  : scopes_[scope.index()].end_stamp.value_or(0);
  failures_.push_back({id, tick, stamp, std::move(reason)});
}

std::vector<bool> GraphEvaluator::operators_of_sinks() const {
  std::vector<bool> found(graph_.operators.size());
  std::vector<OperatorId> worklist;
  const auto visit = [&](OperatorId id) {
    if (!found[id.index()]) worklist.push_back(id);
    found[id.index()] = true;
  };
  for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
    if (graph_.operators[i].outputs.empty()) visit(OperatorId(i));
  }
  while (!worklist.empty()) {
    const OperatorId id = worklist.back();
    worklist.pop_back();
    for (const PortId input : graph_.op(id).inputs) visit(graph_.port(input).producer);
  }
  return found;
}

std::vector<FailureRecord> GraphEvaluator::all_failures() {
  const std::vector<bool> is_used = operators_of_sinks();
  for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
    const OperatorId id(i);
    if (!is_used[i]) continue;
    for (const PortId port : graph_.op(id).outputs) (void)cells(port);
    if (const auto* folds = std::get_if<WindowFoldOperator>(&graph_.op(id).kind)) {
      start_folds(id, *folds);
      const auto length = static_cast<std::int64_t>(input_length(graph_.op(id)));
      for (std::size_t f = 0; f < folds->folds.size(); ++f) {
        for (std::int64_t tick = 0; tick < length; ++tick) {
          (void)fold_element(id, folds->folds[f], *states_[i]->folds[f], tick);
        }
      }
    }
  }
  std::multimap<std::pair<OperatorId, std::size_t>, FailureRecord> sorted;
  for (const FailureRecord& failure : failures_) {
    sorted.emplace(std::pair(failure.operator_id, failure.tick), failure);
  }
  std::vector<FailureRecord> result;
  for (auto& [place, failure] : sorted) result.push_back(std::move(failure));
  return result;
}

// ---- operators that keep their scope ------------------------------------------------------------

void GraphEvaluator::step(OperatorId id) {
  const Operator& op = graph_.op(id);
  OperatorState& state = *states_[id.index()];
  STREAM_ASSERT(!state.is_running, "operator {} waits for itself: a cycle without `prev`", id);
  state.is_running = true;
  const std::size_t tick = state.next_tick++;
  const auto put = [&](Cell cell) { cells_[op.outputs.at(0).index()].push_back(std::move(cell)); };
  const auto opens_a_scope = [&]() -> void {
    STREAM_UNREACHABLE("operator {} cannot keep the scope of its input", id);
  };
  match(
      op.kind, [&](const SourceOperator&) { opens_a_scope(); },
      [&](const ListOperator&) { opens_a_scope(); },
      [&](const MapOperator& kind) { put(step_map(id, kind, tick)); },
      [&](const WhereOperator&) { opens_a_scope(); },
      [&](const FilterMapOperator&) { opens_a_scope(); },
      [&](const ElseOperator& kind) { put(step_else(id, kind, tick)); },
      [&](const PrevOperator& kind) {
        // The value comes from an earlier tick, so the cycle may come back here.
        state.is_running = false;
        put(step_prev(id, kind, tick));
      },
      [&](const TakeOperator&) { opens_a_scope(); }, [&](const SkipOperator&) { opens_a_scope(); },
      [&](const ScanOperator& kind) { put(step_scan(id, kind, tick)); },
      [&](const RunningOperator& kind) { put(step_running(id, kind, tick)); },
      [&](const WindowOperator& kind) {
        const auto end = static_cast<std::int64_t>(tick) + 1;
        put(window_cell(id, end - kind.shape.size, end));
      },
      [&](const WindowFoldOperator& kind) {
        const auto end = static_cast<std::int64_t>(tick) + 1;
        put(window_cell(id, end - kind.shape.size, end));
      },
      [&](const FlattenOperator&) { opens_a_scope(); }, [&](const ZipOperator&) { opens_a_scope(); },
      [&](const MergeOperator&) { opens_a_scope(); },
      [&](const DelayOperator&) { opens_a_scope(); }, [&](const LinkOperator&) { opens_a_scope(); },
      [&](const AgentOperator& kind) { step_agent(id, kind, tick); },
      [&](const SinkOperator&) { opens_a_scope(); },
      [&](const CaptureOperator&) { opens_a_scope(); });
  state.is_running = false;
}

Cell GraphEvaluator::step_map(OperatorId id, const MapOperator& kind, std::size_t tick) {
  const Operator& op = graph_.op(id);
  std::optional<std::vector<Value>> values = input_values(op, tick);
  if (!values) return std::nullopt;
  try {
    return items_.call(kind.function_id, std::move(*values), now_at(input_scope(op), tick));
  } catch (const ItemFailure& failure) {
    report(id, tick, failure.reason);
    return std::nullopt;
  }
}

namespace {

// What an `else` lets through: nothing for a hole, nor for `none` where that counts.
Cell kept_by_else(const ElseOperator& kind, const Cell& cell) {
  if (!cell || !kind.none_counts) return cell;
  if (!cell->present) return std::nullopt;
  return cell->parts.at(0);
}

}  // namespace

Cell GraphEvaluator::step_else(OperatorId id, const ElseOperator& kind, std::size_t tick) {
  const Operator& op = graph_.op(id);
  Cell kept = kept_by_else(kind, cell(op.inputs.at(0), tick));
  if (kept) return kept;
  if (kind.mode == ElseMode::Stop) {
    stop(id, tick);
    return std::nullopt;
  }
  try {
    return items_.call(kind.fallback_id, {}, now_at(input_scope(op), tick));
  } catch (const ItemFailure& failure) {
    report(id, tick, failure.reason);
    return std::nullopt;
  }
}

Cell GraphEvaluator::step_prev(OperatorId id, const PrevOperator& kind, std::size_t tick) {
  const Operator& op = graph_.op(id);
  const auto count = static_cast<std::size_t>(kind.count);
  if (tick < count) return items_.evaluate_constant(kind.initial);
  const Cell earlier = cell(op.inputs.at(0), tick - count);
  return earlier ? earlier : cells_[op.outputs.at(0).index()].at(tick - 1);
}

Cell GraphEvaluator::step_scan(OperatorId id, const ScanOperator& kind, std::size_t tick) {
  const Operator& op = graph_.op(id);
  OperatorState& state = *states_[id.index()];
  if (!state.scanned) state.scanned = items_.evaluate_constant(kind.initial);
  const Cell input = cell(op.inputs.at(0), tick);
  if (!input) return std::nullopt;
  try {
    state.scanned = items_.call(kind.function_id, {*state.scanned, *input},
                                now_at(input_scope(op), tick));
    return state.scanned;
  } catch (const ItemFailure& failure) {
    report(id, tick, failure.reason);
    return std::nullopt;
  }
}

Cell GraphEvaluator::step_running(OperatorId id, const RunningOperator& kind, std::size_t tick) {
  const Operator& op = graph_.op(id);
  OperatorState& state = *states_[id.index()];
  if (!state.aggregation) {
    std::vector<Value> constants;
    for (const CheckedExprId constant : kind.constants) {
      constants.push_back(items_.evaluate_constant(constant));
    }
    state.aggregation =
        std::make_unique<Aggregation>(items_, kind.aggregate_id, std::move(constants));
  }
  const std::optional<std::vector<Value>> values = input_values(op, tick);
  if (!values) return std::nullopt;
  try {
    // A failing `add` leaves the state; a failing `result` comes after the value was added.
    state.running = state.aggregation->add(state.running, *values);
    return state.aggregation->result(*state.running);
  } catch (const ItemFailure& failure) {
    report(id, tick, failure.reason);
    return std::nullopt;
  }
}

// ---- agents -------------------------------------------------------------------------------------

void GraphEvaluator::start_agent(OperatorId id, const AgentOperator& kind) {
  OperatorState& state = *states_[id.index()];
  if (state.agent_started) return;
  state.agent_started = true;
  const CheckedAgent& agent = program().agent(kind.agent_id);
  state.agent.locals.resize(agent.locals.size());
  for (std::size_t i = 0; i < agent.constants.size(); ++i) {
    state.agent.locals.at(agent.constants[i]) = items_.evaluate_constant(kind.constants.at(i));
  }
  for (const AgentState& declared : agent.states) {
    state.agent.locals.at(declared.local) = items_.evaluate(declared.initial, state.agent);
  }
}

// One reaction: on a failure its state changes and emits are undone.
void GraphEvaluator::react(OperatorId id, const AgentOperator& kind, const AgentHandler& handler,
                           std::size_t tick, std::optional<std::int64_t> stamp) {
  const Operator& op = graph_.op(id);
  const CheckedAgent& agent = program().agent(kind.agent_id);
  OperatorState& state = *states_[id.index()];
  Frame frame = state.agent;
  frame.emits.clear();
  frame.now = stamp;
  for (const LocalIndex local : handler.inputs) {
    const auto input = static_cast<std::size_t>(
        std::find(agent.inputs.begin(), agent.inputs.end(), local) - agent.inputs.begin());
    const Cell& value = cell(op.inputs.at(input), tick);
    if (!value) return;  // Agents do not fire on holes.
    frame.locals.at(local) = *value;
  }
  try {
    items_.execute(handler.body, frame);
  } catch (const ItemFailure& failure) {
    report(id, tick, failure.reason);
    return;
  }
  for (Emit& emit : frame.emits) state.emitted.push_back(std::move(emit));
  frame.emits.clear();
  state.agent = std::move(frame);
}

void GraphEvaluator::step_agent(OperatorId id, const AgentOperator& kind, std::size_t tick) {
  const Operator& op = graph_.op(id);
  OperatorState& state = *states_[id.index()];
  start_agent(id, kind);
  const CheckedAgent& agent = program().agent(kind.agent_id);
  state.emitted.clear();
  for (const AgentHandler& handler : agent.handlers) {
    if (!handler.is_end) react(id, kind, handler, tick, now_at(input_scope(op), tick));
  }
  for (std::size_t port = 0; port < op.outputs.size(); ++port) {
    const PortId output = op.outputs[port];
    std::vector<Cell>& output_cells = cells_[output.index()];
    const bool keeps_scope = graph_.port(output).scope == input_scope(op);
    const std::size_t before = output_cells.size();
    for (const Emit& emit : state.emitted) {
      if (emit.port != port) continue;
      output_cells.push_back(emit.value);
      if (!keeps_scope) add_tick(ticks_of(output), input_scope(op), tick);
    }
    if (keeps_scope && output_cells.size() == before) output_cells.push_back(std::nullopt);
    STREAM_ASSERT(!keeps_scope || output_cells.size() == before + 1,
                  "agent `{}` emits more than once on a port that keeps its clock", agent.name);
  }
}

void GraphEvaluator::fill_agent(OperatorId id, const AgentOperator& kind) {
  const Operator& op = graph_.op(id);
  OperatorState& state = *states_[id.index()];
  const std::size_t length = input_length(op);
  while (state.next_tick < length) step(id);
  start_agent(id, kind);
  const ScopeTicks& input = ticks(input_scope(op));
  const bool has_times = graph_.scope(input_scope(op)).domain == Domain::Time;
  state.emitted.clear();
  for (const AgentHandler& handler : program().agent(kind.agent_id).handlers) {
    if (!handler.is_end || !has_end(input_scope(op))) continue;
    react(id, kind, handler, length,
          has_times ? std::optional(input.end_stamp.value_or(0)) : std::nullopt);
  }
  for (Emit& emit : state.emitted) {
    const PortId output = op.outputs.at(emit.port);
    STREAM_ASSERT(graph_.port(output).scope != input_scope(op), "an emit at the end needs a tick");
    cells_[output.index()].push_back(std::move(emit.value));
    add_tick(ticks_of(output), input_scope(op), length);
  }
  for (const PortId output : op.outputs) {
    if (graph_.port(output).scope != input_scope(op)) ticks_of(output).end_stamp = input.end_stamp;
  }
}

}  // namespace streamref
