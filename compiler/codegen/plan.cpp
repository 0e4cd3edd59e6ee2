#include "compiler/codegen/plan.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include "compiler/graph/cycles.h"
#include "compiler/support/match.h"

namespace streamc {

namespace {

template <class T>
const T* as(const Operator& op) {
  return std::get_if<T>(&op.kind);
}

class Planner {
 public:
  Planner(const CheckedProgram& program, const Graph& graph, StraightAnalysis& straight)
      : program_(program), graph_(graph), straight_(straight) {}

  Result<ProgramPlan> plan() {
    plan_.ports.resize(graph_.ports.size());
    if (auto refused = refuse(); !refused) return refused.failure();
    make_regions();
    find_loops();
    make_queues();
    find_stops();
    for (RegionPlan& region : plan_.regions) {
      for (ScopePlan& scope : region.scopes) {
        group_into_loops(scope);
      }
    }
    choose_storage();
    choose_shapes();
    find_stamps();
    find_skews();
    return std::move(plan_);
  }

 private:
  // What a correct front end never asks, or this version does not have.
  Result<void> refuse() {
    for (const Operator& op : graph_.operators) {
      if (is_sink(op) && op.inputs.size() != 1) {
        return fail("`{}` takes {} streams, and a sink takes one", op.equation, op.inputs.size());
      }
      if (const auto* agent_op = as<AgentOperator>(op)) {
        const CheckedAgent& agent = program_.agent(agent_op->agent_id);
        const auto reactions =
            std::count_if(agent.handlers.begin(), agent.handlers.end(),
                          [](const AgentHandler& handler) { return !handler.is_end; });
        if (reactions > 1) {
          return fail("agent `{}` has several `on` with inputs, which this version of streamc "
                      "does not have", agent.name);
        }
      }
    }
    return {};
  }

  void make_regions() {
    std::map<ScopeId, std::pair<std::size_t, std::size_t>> place_of_scope;
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      const Operator& op = graph_.operators[i];
      const OperatorId id(i);
      if (as<SourceOperator>(op) != nullptr || as<ListOperator>(op) != nullptr) {
        plan_.sources.push_back(id);
      }
      if (is_sink(op)) plan_.sinks.push_back(id);
      if (!is_head(op)) continue;
      RegionPlan region;
      region.head = id;
      region.scopes.push_back({.scope_id = graph_.port(op.outputs.front()).scope});
      for (std::size_t s = 0; s < region.scopes.size(); ++s) {
        for (std::size_t child = 0; child < graph_.scopes.size(); ++child) {
          if (graph_.scopes[child].parent == region.scopes[s].scope_id) {
            region.scopes.push_back(
                {.scope_id = ScopeId(child), .parent = static_cast<std::int32_t>(s)});
          }
        }
      }
      for (std::size_t s = 0; s < region.scopes.size(); ++s) {
        place_of_scope[region.scopes[s].scope_id] = {plan_.regions.size(), s};
      }
      plan_.regions.push_back(std::move(region));
    }
    place_of_scope_ = std::move(place_of_scope);
    // At equal stamps, what stands first in the text is written first.
    std::sort(plan_.sinks.begin(), plan_.sinks.end(), [&](OperatorId a, OperatorId b) {
      return std::pair(graph_.op(a).span.begin, a) < std::pair(graph_.op(b).span.begin, b);
    });
  }

  // Numbers the cycles through `delay`. What of a cycle runs in a region hangs below its head, so that stands on it.
  void find_loops() {
    const std::vector<OperatorId> cycle_of = find_cycles(graph_);
    std::map<OperatorId, std::int32_t> loops;
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      if (is_loop_head(graph_.operators[i])) loops.try_emplace(cycle_of[i], static_cast<std::int32_t>(loops.size()) + 1);
    }
    for (RegionPlan& region : plan_.regions) {
      const auto loop = loops.find(cycle_of[region.head.index()]);
      if (loop != loops.end()) region.loop = loop->second;
    }
  }

  QueueIndex add_queue(QueuePlan queue) {
    plan_.queues.push_back(queue);
    return static_cast<QueueIndex>(plan_.queues.size() - 1);
  }

  RegionPlan& region_of(PortId port) {
    return plan_.regions[place_of_scope_.at(graph_.port(port).scope).first];
  }

  void make_queues() {
    for (RegionPlan& region : plan_.regions) {
      const Operator& head = graph_.op(region.head);
      if (as<SourceOperator>(head) == nullptr && as<ListOperator>(head) == nullptr) continue;
      region.inputs.push_back(add_queue({.port = head.outputs.front(),
                                         .reader = region.head,
                                         .is_source_feed = true,
                                         .has_valid = graph_.port(head.outputs.front())
                                                          .may_hold_holes}));
    }
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      const Operator& op = graph_.operators[i];
      const bool is_merge = as<MergeOperator>(op) != nullptr;
      if (op.inputs.empty() || (!is_head(op) && !is_sink(op))) continue;
      for (std::uint32_t input = 0; input < op.inputs.size(); ++input) {
        const PortId port = op.inputs[input];
        QueuePlan queue{.port = port, .reader = OperatorId(i), .reader_input = input};
        queue.is_sink = as<SinkOperator>(op) != nullptr;
        queue.drops_holes = queue.is_sink || is_merge;
        const bool holes = graph_.port(port).may_hold_holes;
        queue.has_valid = holes && !queue.drops_holes;
        const QueueIndex index = add_queue(queue);
        region_of(port).outputs.push_back(index);
        PortPlan& port_plan = plan_.ports[port.index()];
        (holes && queue.drops_holes ? port_plan.compacting : port_plan.queues).push_back(index);
        if (is_sink(op)) continue;
        for (RegionPlan& region : plan_.regions) {
          if (region.head == OperatorId(i)) region.inputs.push_back(index);
        }
      }
    }
  }

  bool is_in_scope(const Operator& op, ScopeId scope) const {
    return !is_head(op) && !is_sink(op) && scope_of_inputs(graph_, op) == scope;
  }

  // What an `else stop` depends on, and the stop: they come first, in loops of their own, so that the
  // others do not see the tick that stops.
  void find_stops() {
    std::vector<OperatorId> worklist;
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      const auto* otherwise = as<ElseOperator>(graph_.operators[i]);
      const bool stops = otherwise != nullptr && otherwise->mode == ElseMode::Stop;
      if (stops) worklist.push_back(OperatorId(i));
    }
    while (!worklist.empty()) {
      const OperatorId id = worklist.back();
      worklist.pop_back();
      if (is_head(graph_.op(id)) || !decides_stop_.insert(id).second) continue;
      for (const PortId input : graph_.op(id).inputs) worklist.push_back(graph_.port(input).producer);
    }
  }
  bool decides_stop(OperatorId id) const { return decides_stop_.contains(id); }

  // Gives each operator of the scope a level: operators of one level share a loop.
  void group_into_loops(ScopePlan& scope) {
    std::vector<OperatorId> members;
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      const Operator& op = graph_.operators[i];
      if (!is_in_scope(op, scope.scope_id)) continue;
      if (as<TakeOperator>(op) != nullptr || as<SkipOperator>(op) != nullptr) {
        (decides_stop(OperatorId(i)) ? scope.slices_of_stops : scope.slices).push_back(OperatorId(i));
      } else {
        members.push_back(OperatorId(i));
      }
    }
    const std::vector<std::size_t> component = components(members);
    std::set<std::size_t> deciding;  // Components of which a stop depends.
    for (std::size_t m = 0; m < members.size(); ++m) {
      if (decides_stop(members[m])) deciding.insert(component[m]);
    }

    std::map<PortId, std::size_t> producer;  // Index into members.
    for (std::size_t m = 0; m < members.size(); ++m) {
      for (const PortId port : graph_.op(members[m]).outputs) {
        if (graph_.port(port).scope == scope.scope_id) producer[port] = m;
      }
    }
    std::vector<std::size_t> component_size(members.size(), 0);
    for (const std::size_t c : component) ++component_size[c];
    std::vector<bool> separate(members.size(), false);
    for (std::size_t m = 0; m < members.size(); ++m) {
      separate[m] = component_size[component[m]] == 1 &&
                    is_vector_window(program_, graph_, graph_.op(members[m]), straight_);
    }
    std::vector<std::size_t> level(members.size(), 0);  // By component.
    for (bool changed = true; changed;) {
      changed = false;
      std::size_t behind_stops = 0;
      for (const std::size_t c : deciding) behind_stops = std::max(behind_stops, level[c] + 1);
      for (std::size_t m = 0; m < members.size(); ++m) {
        if (!deciding.contains(component[m]) && level[component[m]] < behind_stops) {
          level[component[m]] = behind_stops;
          changed = true;
        }
        for (const PortId input : graph_.op(members[m]).inputs) {
          const auto found = producer.find(input);
          if (found == producer.end() || component[found->second] == component[m]) continue;
          const std::size_t needed = level[component[found->second]] +
                                     (separate[m] || separate[found->second] ? 1 : 0);
          if (level[component[m]] < needed) {
            level[component[m]] = needed;
            changed = true;
          }
        }
      }
    }
    std::map<std::size_t, LoopPlan> shared;
    std::map<std::size_t, std::vector<LoopPlan>> windows;
    for (std::size_t m = 0; m < members.size(); ++m) {
      const std::size_t at = level[component[m]];
      const bool decides = deciding.contains(component[m]);
      if (separate[m]) {
        windows[at].push_back({.shape = LoopShape::VectorWindow,
                               .operators = {members[m]},
                               .decides_stop = decides});
      } else {
        shared[at].operators.push_back(members[m]);
        shared[at].decides_stop = decides;
      }
    }
    place_compacting_writes(scope, component, level, separate, producer, shared);
    std::set<std::size_t> levels;
    for (const auto& entry : shared) levels.insert(entry.first);
    for (const auto& entry : windows) levels.insert(entry.first);
    for (const std::size_t at : levels) {
      if (const auto loop = shared.find(at); loop != shared.end()) {
        scope.loops.push_back(std::move(loop->second));
      }
      for (LoopPlan& loop : windows[at]) scope.loops.push_back(std::move(loop));
    }
  }

  // A queue without holes is written in the loop that makes the port, or in the first possible one.
  void place_compacting_writes(const ScopePlan& scope, const std::vector<std::size_t>& component,
                               const std::vector<std::size_t>& level,
                               const std::vector<bool>& separate,
                               const std::map<PortId, std::size_t>& producer,
                               std::map<std::size_t, LoopPlan>& shared) const {
    for (std::size_t p = 0; p < graph_.ports.size(); ++p) {
      if (graph_.ports[p].scope != scope.scope_id || plan_.ports[p].compacting.empty()) continue;
      std::size_t at = 0;
      const auto found = producer.find(PortId(p));
      if (found != producer.end()) {
        at = level[component[found->second]] + (separate[found->second] ? 1 : 0);
      } else if (!shared.empty()) {
        at = shared.begin()->first;
      }
      for (const QueueIndex queue : plan_.ports[p].compacting) {
        shared[at].compacting.push_back(queue);
      }
    }
  }

  // Cycles through prev: operators on one are one component. O(operators * prevs).
  std::vector<std::size_t> components(const std::vector<OperatorId>& members) const {
    std::map<PortId, std::size_t> producer;
    for (std::size_t m = 0; m < members.size(); ++m) {
      for (const PortId port : graph_.op(members[m]).outputs) producer[port] = m;
    }
    std::vector<std::vector<std::size_t>> consumers(members.size());
    for (std::size_t m = 0; m < members.size(); ++m) {
      if (as<PrevOperator>(graph_.op(members[m])) != nullptr) continue;
      for (const PortId input : graph_.op(members[m]).inputs) {
        if (const auto found = producer.find(input); found != producer.end()) {
          consumers[found->second].push_back(m);
        }
      }
    }
    std::vector<std::size_t> component(members.size());
    std::iota(component.begin(), component.end(), std::size_t{0});
    // Union with everything that lies on a way from a prev to its own input; prevs may share ways,
    // so edges of earlier prevs count as well.
    std::vector<std::vector<std::size_t>> edges = consumers;
    std::vector<std::pair<std::size_t, std::size_t>> backs;
    for (std::size_t m = 0; m < members.size(); ++m) {
      if (as<PrevOperator>(graph_.op(members[m])) == nullptr) continue;
      const auto found = producer.find(graph_.op(members[m]).inputs.front());
      if (found == producer.end()) continue;
      edges[found->second].push_back(m);
      backs.emplace_back(found->second, m);
    }
    std::vector<std::vector<std::size_t>> reversed(members.size());
    for (std::size_t m = 0; m < members.size(); ++m) {
      for (const std::size_t next : edges[m]) reversed[next].push_back(m);
    }
    const auto reach = [&](std::size_t start, const std::vector<std::vector<std::size_t>>& next) {
      std::vector<bool> seen(members.size(), false);
      std::vector<std::size_t> worklist{start};
      seen[start] = true;
      while (!worklist.empty()) {
        const std::size_t m = worklist.back();
        worklist.pop_back();
        for (const std::size_t n : next[m]) {
          if (!seen[n]) {
            seen[n] = true;
            worklist.push_back(n);
          }
        }
      }
      return seen;
    };
    for (const auto& [from, prev] : backs) {
      const std::vector<bool> ahead = reach(prev, edges);
      if (!ahead[from]) continue;
      const std::vector<bool> behind = reach(prev, reversed);
      for (std::size_t m = 0; m < members.size(); ++m) {
        if (ahead[m] && behind[m]) component[m] = component[prev];
      }
    }
    return component;
  }

  void choose_storage() {
    std::map<OperatorId, std::size_t> loop_of;  // Numbered over all scopes.
    std::size_t loop_count = 0;
    std::map<QueueIndex, std::size_t> loop_of_write;
    for (const RegionPlan& region : plan_.regions) {
      for (const ScopePlan& scope : region.scopes) {
        for (const LoopPlan& loop : scope.loops) {
          ++loop_count;
          for (const OperatorId id : loop.operators) loop_of[id] = loop_count;
          for (const QueueIndex queue : loop.compacting) loop_of_write[queue] = loop_count;
        }
      }
    }
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      const Operator& op = graph_.operators[i];
      for (const PortId output : op.outputs) {
        PortPlan& port = plan_.ports[output.index()];
        if (is_head(op)) {
          port.storage = Storage::Input;
        } else if (as<TakeOperator>(op) != nullptr || as<SkipOperator>(op) != nullptr) {
          port.storage = Storage::Slice;
        } else if (!port.queues.empty()) {
          port.storage = Storage::Queue;
        } else if (graph_.port(output).scope != scope_of_inputs(graph_, op) ||
                   used_elsewhere(output, loop_of.at(OperatorId(i)), loop_of, loop_of_write)) {
          port.storage = Storage::Scratch;
        }
        // Ports that may be emitted any number of times grow, which a queue's columns cannot here.
        if (port.storage == Storage::Queue && emits_freely(op, output)) {
          port.storage = Storage::Scratch;
        }
      }
    }
  }

  bool emits_freely(const Operator& op, PortId output) const {
    return as<FlattenOperator>(op) != nullptr ||
           (as<AgentOperator>(op) != nullptr &&
            graph_.port(output).scope != scope_of_inputs(graph_, op));
  }

  bool used_elsewhere(PortId port, std::size_t loop,
                      const std::map<OperatorId, std::size_t>& loop_of,
                      const std::map<QueueIndex, std::size_t>& loop_of_write) const {
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      const Operator& op = graph_.operators[i];
      if (is_head(op) || is_sink(op)) continue;
      if (std::find(op.inputs.begin(), op.inputs.end(), port) == op.inputs.end()) continue;
      const auto found = loop_of.find(OperatorId(i));
      if (found == loop_of.end() || found->second != loop) return true;
    }
    const PortPlan& plan = plan_.ports[port.index()];
    return std::any_of(plan.compacting.begin(), plan.compacting.end(), [&](QueueIndex queue) {
      return loop_of_write.at(queue) != loop;
    });
  }

  bool is_vector_operator(const Operator& op) {
    const bool scalars = std::all_of(op.inputs.begin(), op.inputs.end(), [&](PortId port) {
      return straight_.is_scalar_type(graph_.port(port).type_id);
    });
    if (!scalars) return false;
    if (const auto* map = as<MapOperator>(op)) return straight_.is_straight(map->function_id);
    if (const auto* where = as<WhereOperator>(op)) return straight_.is_straight(where->predicate_id);
    if (const auto* filter = as<FilterMapOperator>(op)) {
      return straight_.is_straight(filter->function_id);
    }
    if (const auto* otherwise = as<ElseOperator>(op)) {
      return otherwise->mode == ElseMode::Skip ||
             (otherwise->mode == ElseMode::Fill && straight_.is_straight(otherwise->fallback_id));
    }
    return false;
  }

  void choose_shapes() {
    for (RegionPlan& region : plan_.regions) {
      for (ScopePlan& scope : region.scopes) {
        for (LoopPlan& loop : scope.loops) {
          if (loop.shape != LoopShape::Scalar) continue;
          const bool operators_fit =
              std::all_of(loop.operators.begin(), loop.operators.end(),
                          [&](OperatorId id) { return is_vector_operator(graph_.op(id)); });
          const bool writes_fit =
              std::all_of(loop.compacting.begin(), loop.compacting.end(), [&](QueueIndex queue) {
                return straight_.is_scalar_type(
                    graph_.port(plan_.queues[queue].port).type_id);
              });
          if (operators_fit && writes_fit) loop.shape = LoopShape::Vector;
        }
        for (const LoopPlan& loop : scope.loops) {
          for (const OperatorId id : loop.operators) {
            const auto* otherwise = as<ElseOperator>(graph_.op(id));
            if (otherwise == nullptr || otherwise->mode != ElseMode::Stop) continue;
            const PortId input = graph_.op(id).inputs.front();
            if (graph_.port(input).producer == region.head && !otherwise->none_counts) {
              region.stop_ports.push_back(input);
            } else {
              region.one_by_one = true;
            }
          }
        }
      }
    }
  }

  // Stamps are carried where somebody looks at them: readers that order by them or show them, `now`,
  // and reports of failures. Regions are gone through against the stream.
  void find_stamps() {
    using GroupKey = std::pair<std::string, std::vector<OperatorId>>;
    std::map<GroupKey, int> group_size;
    const auto key_of = [&](const Operator& op) {
      const auto* sink = as<SinkOperator>(op);
      return GroupKey(sink != nullptr ? sink->destination_kind : "",
                      graph_.scope(graph_.port(op.inputs.front()).scope).stamp_givers);
    };
    for (const OperatorId sink : plan_.sinks) ++group_size[key_of(graph_.op(sink))];
    for (QueuePlan& queue : plan_.queues) {
      const Operator& reader = graph_.op(queue.reader);
      if (queue.is_source_feed) continue;
      const bool is_time = graph_.scope(graph_.port(queue.port).scope).domain == Domain::Time;
      if (as<MergeOperator>(reader) != nullptr) queue.has_stamps = true;
      const auto* delay = as<DelayOperator>(reader);
      if (delay != nullptr && delay->is_by_time()) queue.has_stamps = true;
      if (as<CaptureOperator>(reader) != nullptr) queue.has_stamps = is_time;
      if (as<SinkOperator>(reader) != nullptr) {
        queue.has_stamps = is_time || group_size[key_of(reader)] > 1;
      }
    }
    for (auto region = plan_.regions.rbegin(); region != plan_.regions.rend(); ++region) {
      for (const QueueIndex queue : region->outputs) {
        region->end_matters |= end_matters_to(plan_.queues[queue]);
      }
      for (auto scope = region->scopes.rbegin(); scope != region->scopes.rend(); ++scope) {
        for (const LoopPlan& loop : scope->loops) {
          for (const OperatorId id : loop.operators) {
            const Operator& op = graph_.op(id);
            if (emits_at_end(op)) {
              tell_end(*region, *scope, true);
              region->end_matters = true;
            }
            if (loop.shape == LoopShape::VectorWindow) continue;  // Straight: nothing fails.
            scope->counts_ticks |= operator_can_fail(program_, op);
            scope->wants_stamps |= operator_can_fail(program_, op) || uses_now(op);
          }
        }
        for (const QueueIndex queue : region->outputs) {
          if (graph_.port(plan_.queues[queue].port).scope != scope->scope_id) continue;
          scope->wants_stamps |= plan_.queues[queue].has_stamps;
          tell_end(*region, *scope, reads_end(graph_.op(plan_.queues[queue].reader)));
        }
        if (scope->parent >= 0 && scope->wants_stamps) {
          region->scopes[static_cast<std::size_t>(scope->parent)].wants_stamps = true;
        }
      }
      const ScopePlan& root = region->scopes.front();
      const bool is_time = graph_.scope(root.scope_id).domain == Domain::Time;
      const bool is_link = as<LinkOperator>(graph_.op(region->head)) != nullptr;
      for (const QueueIndex queue : region->inputs) {
        if (is_link && queue != region->inputs.front()) continue;  // All have the same stamps.
        if (plan_.queues[queue].is_source_feed) {
          plan_.queues[queue].has_stamps = is_time && root.wants_stamps;
        } else if (root.wants_stamps && !numbers_its_ticks(graph_.op(region->head))) {
          plan_.queues[queue].has_stamps = true;
        }
      }
    }
  }

  // Whether the stamps of a head are the numbers of its own ticks, whatever came in.
  static bool numbers_its_ticks(const Operator& head) {
    return is_loop_head(head) && !as<DelayOperator>(head)->is_by_time();
  }

  // Whether it matters to the reader of a queue which T its END has.
  static bool reads_end(const Operator& reader) {
    if (as<DelayOperator>(reader) != nullptr) return !is_loop_head(reader);
    return as<MergeOperator>(reader) != nullptr || as<LinkOperator>(reader) != nullptr ||
           as<CaptureOperator>(reader) != nullptr;
  }

  // The T of a zip, and of a delay on a cycle, is the stamp of its own last tick: what comes in does not matter to it.
  bool end_matters_to(const QueuePlan& queue) const {
    return std::any_of(plan_.regions.begin(), plan_.regions.end(), [&](const RegionPlan& region) {
      return region.head == queue.reader && region.end_matters &&
             as<ZipOperator>(graph_.op(region.head)) == nullptr && !is_loop_head(graph_.op(region.head));
    });
  }

  // Whether it has something to say at END, stamped T.
  bool emits_at_end(const Operator& op) const {
    if (const auto* window = as<WindowOperator>(op)) return window->shape.rest;
    if (const auto* window = as<WindowFoldOperator>(op)) return window->shape.rest;
    const auto* agent = as<AgentOperator>(op);
    if (agent == nullptr) return false;
    const std::vector<AgentHandler>& handlers = program_.agent(agent->agent_id).handlers;
    return std::any_of(handlers.begin(), handlers.end(),
                       [](const AgentHandler& handler) { return handler.is_end; });
  }

  // A scope below a take may end before the region does: the takes above it say so, and T if it matters.
  void tell_end(RegionPlan& region, ScopePlan& scope, bool with_stamp) const {
    ScopePlan* at = &scope;
    while (at->parent >= 0) {
      const bool is_take = as<TakeOperator>(graph_.op(graph_.scope(at->scope_id).opener)) != nullptr;
      at->tells_end |= is_take;
      at->wants_stamps |= is_take && with_stamp;
      at = &region.scopes[static_cast<std::size_t>(at->parent)];
    }
  }

  // What is taken in step need not come in step: `zip(x, x |> skip(1000))` has 1000 items of x at hand before
  // the first pair. Clocks say how many (semantics.md §6).
  void find_skews() {
    for (const RegionPlan& region : plan_.regions) {
      if (const auto* delay = as<DelayOperator>(graph_.op(region.head))) {
        plan_.queues[region.inputs.front()].skew = delay->count;
      }
      if (region.inputs.size() < 2 || as<MergeOperator>(graph_.op(region.head)) != nullptr) continue;
      const auto clock_of = [&](QueueIndex queue) -> const Clock& {
        return graph_.scope(graph_.port(plan_.queues[queue].port).scope).clock;
      };
      std::int64_t latest = 0;
      for (const QueueIndex queue : region.inputs) latest = std::max(latest, clock_of(queue).phase);
      for (const QueueIndex queue : region.inputs) {
        const Clock& clock = clock_of(queue);
        const std::int64_t burst = (clock.numerator + clock.denominator - 1) / clock.denominator;
        const std::int64_t ahead = (latest - clock.phase) / clock.denominator * clock.numerator;
        plan_.queues[queue].skew = ahead + 2 * burst;
      }
      if (const auto* link = as<LinkOperator>(graph_.op(region.head))) {
        for (std::size_t i = 0; i < region.inputs.size(); ++i) {
          plan_.queues[region.inputs[i]].skew += link->initial[i].count;
        }
      }
    }
  }

  bool uses_now(const Operator& op) const {
    const auto function_uses = [&](FunctionId id) {
      return id.valid() && program_.function(id).uses_now;
    };
    return match(
        op.kind, [&](const MapOperator& map) { return function_uses(map.function_id); },
        [&](const WhereOperator& where) { return function_uses(where.predicate_id); },
        [&](const FilterMapOperator& filter) { return function_uses(filter.function_id); },
        [&](const ElseOperator& otherwise) { return function_uses(otherwise.fallback_id); },
        [&](const ScanOperator& scan) { return function_uses(scan.function_id); },
        [&](const WindowFoldOperator& window) {
          return function_uses(window.finish_id) ||
                 std::any_of(window.folds.begin(), window.folds.end(), [&](const Fold& fold) {
                   return function_uses(fold.filter_id) ||
                          std::any_of(fold.arguments.begin(), fold.arguments.end(), function_uses);
                 });
        },
        [&](const AgentOperator& agent) { return program_.agent(agent.agent_id).uses_now; },
        [](const auto&) { return false; });
  }

  const CheckedProgram& program_;
  const Graph& graph_;
  StraightAnalysis& straight_;
  ProgramPlan plan_;
  std::set<OperatorId> decides_stop_;
  std::map<ScopeId, std::pair<std::size_t, std::size_t>> place_of_scope_;  // Region, scope in it.
};

}  // namespace

Result<ProgramPlan> plan_program(const CheckedProgram& program, const Graph& graph,
                                 StraightAnalysis& straight) {
  return Planner(program, graph, straight).plan();
}

ScopeId scope_of_inputs(const Graph& graph, const Operator& op) {
  return is_head(op) || op.inputs.empty() ? ScopeId() : graph.port(op.inputs.front()).scope;
}

bool operator_can_fail(const CheckedProgram& program, const Operator& op) {
  const auto function_fails = [&](FunctionId id) {
    return id.valid() && program.function(id).can_fail;
  };
  const auto aggregate_fails = [&](AggregateId id) {
    const CheckedAggregate& aggregate = program.aggregate(id);
    return aggregate.add_can_fail || aggregate.result_can_fail || aggregate.has_merge;
  };
  return match(
      op.kind, [&](const SourceOperator&) { return true; },
      [&](const ListOperator&) { return true; },
      [&](const MapOperator& map) { return function_fails(map.function_id); },
      [&](const WhereOperator& where) { return function_fails(where.predicate_id); },
      [&](const FilterMapOperator& filter) { return function_fails(filter.function_id); },
      [&](const ElseOperator& otherwise) { return function_fails(otherwise.fallback_id); },
      [&](const ScanOperator& scan) { return function_fails(scan.function_id); },
      [&](const RunningOperator& running) { return aggregate_fails(running.aggregate_id); },
      [&](const WindowFoldOperator& window) {
        return function_fails(window.finish_id) ||
               std::any_of(window.folds.begin(), window.folds.end(), [&](const Fold& fold) {
                 return aggregate_fails(fold.aggregate_id) || function_fails(fold.filter_id) ||
                        std::any_of(fold.arguments.begin(), fold.arguments.end(), function_fails);
               });
      },
      [&](const AgentOperator& agent) {
        const CheckedAgent& checked = program.agent(agent.agent_id);
        return std::any_of(checked.handlers.begin(), checked.handlers.end(),
                           [](const AgentHandler& handler) { return handler.can_fail; });
      },
      [](const auto&) { return false; });
}

bool is_vector_window(const CheckedProgram& program, const Graph& graph, const Operator& op,
                      StraightAnalysis& straight) {
  const auto* window = as<WindowFoldOperator>(op);
  if (window == nullptr) return false;
  const std::int64_t n = window->shape.size;
  const std::int64_t k = window->shape.every;
  const bool is_tumbling = k >= n;
  const bool is_sliding = k == 1 && n > 1;
  if ((!is_tumbling && !is_sliding) || n < 8) return false;
  for (const PortId input : op.inputs) {
    const Port& port = graph.port(input);
    if (port.may_hold_holes || !straight.is_scalar_type(port.type_id)) return false;
  }
  if (window->shape.rest && is_sliding) return false;
  for (const Fold& fold : window->folds) {
    const CheckedAggregate& aggregate = program.aggregate(fold.aggregate_id);
    if (fold.filter_id.valid() || !aggregate.is_commutative || !aggregate.has_merge) return false;
    if (!straight.aggregate(fold.aggregate_id).is_straight()) return false;
    for (const FunctionId argument : fold.arguments) {
      if (!straight.is_straight(argument)) return false;
    }
  }
  return straight.is_straight(window->finish_id);
}

}  // namespace streamc
