#include "compiler/graph/loops.h"

#include <algorithm>
#include <set>
#include <utility>

#include "compiler/graph/clocks.h"
#include "compiler/graph/cycles.h"
#include "compiler/support/match.h"

namespace streamc {
namespace {

class LoopChecker {
 public:
  LoopChecker(const Graph& graph, const CheckedProgram& program, DiagnosticSink& sink)
      : graph_(graph), program_(program), sink_(sink), cycle_of_(find_cycles(graph)) {
    for (std::size_t i = 0; i < graph.operators.size(); ++i) {
      const auto* delay = std::get_if<DelayOperator>(&graph.operators[i].kind);
      if (delay != nullptr && delay->is_on_cycle) heads_.push_back(OperatorId(i));
    }
  }

  void run() {
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      const OperatorId id(i);
      const bool is_on_loop = std::any_of(heads_.begin(), heads_.end(), [&](OperatorId head) {
        return cycle_of_[head.index()] == cycle_of_[i];
      });
      if (!is_on_loop) continue;
      const Operator& op = graph_.operators[i];
      if (std::holds_alternative<MergeOperator>(op.kind)) check_merge(op);
      if (std::holds_alternative<ZipOperator>(op.kind)) check_zip(id);
      if (emits_at_end(op)) report_emit_at_end(op);
    }
  }

 private:
  const Scope& scope_of(PortId port) const { return graph_.scope(graph_.port(port).scope); }
  bool is_on_cycle_of(PortId port, OperatorId id) const {
    return cycle_of_[graph_.port(port).producer.index()] == cycle_of_[id.index()];
  }
  std::string name_of(PortId port) const {
    const Port& found = graph_.port(port);
    return found.name.empty() ? graph_.op(found.producer).equation : found.name;
  }

  // By position: all inputs must count the same positions.
  void check_merge(const Operator& op) {
    if (scope_of(op.outputs.front()).domain == Domain::Time) return;
    const std::vector<OperatorId>& givers = scope_of(op.inputs.front()).stamp_givers;
    const bool is_one = std::all_of(op.inputs.begin(), op.inputs.end(), [&](PortId input) {
      return scope_of(input).stamp_givers == givers;
    });
    if (is_one) return;
    sink_.report(diag::LoopMergedByPosition, op.span, op.equation)
        .help("give the items times, and delay by a time: `merge(x @ 10Hz, delay(y, 1s))`; or take them in step, as "
              "in `x + delay(y, 1, init: 0)`");
  }

  // What is taken in step with something from outside: the cycle must bring an item for each one that it took.
  void check_zip(OperatorId id) {
    const Operator& op = graph_.op(id);
    const bool meets_outside = std::any_of(op.inputs.begin(), op.inputs.end(), [&](PortId input) {
      return !is_on_cycle_of(input, id);
    });
    if (!meets_outside) return;
    const Clock& clock = scope_of(op.outputs.front()).clock;
    const bool returns = std::any_of(heads_.begin(), heads_.end(), [&](OperatorId head) {
      return cycle_of_[head.index()] == cycle_of_[id.index()] && ticks_with(clock, head) && brings_back(head);
    });
    if (returns) return;
    const auto from_loop = std::find_if(op.inputs.begin(), op.inputs.end(), [&](PortId input) {
      return is_on_cycle_of(input, id);
    });
    sink_.report(diag::LoopStarves, op.span, op.equation)
        .label(graph_.op(graph_.port(*from_loop).producer).span, "this comes round")
        .help("every item that goes in must come round: move `where`, `skip` and `window` behind the cycle; "
              "or merge by time: `merge(x, delay(y, 1s))`");
  }

  static bool same_pace(const Clock& a, const Clock& b) {
    return a.base == b.base && a.numerator * b.denominator == b.numerator * a.denominator;
  }
  bool ticks_with(const Clock& clock, OperatorId head) const {
    const bool is_by_time = std::get<DelayOperator>(graph_.op(head).kind).is_by_time();
    return !is_by_time && same_pace(clock, scope_of(graph_.op(head).outputs.front()).clock);
  }

  // Whether as many items come back to a head as leave it, through other heads of the cycle maybe, and some are
  // always on the way. (A `take` ends the cycle, and with it what waits for it.)
  bool brings_back(OperatorId head) const {
    std::set<OperatorId> seen;
    Fraction on_the_way = 0;
    OperatorId at = head;
    do {
      if (!seen.insert(at).second) return false;
      const Operator& delay = graph_.op(at);
      on_the_way = on_the_way + std::get<DelayOperator>(delay.kind).count;
      const Scope& input = scope_of(delay.inputs.front());
      const auto from = std::find_if(heads_.begin(), heads_.end(),
                                     [&](OperatorId other) { return ticks_with(input.clock, other); });
      if (from == heads_.end()) return false;
      const OperatorId next = ticks_with(input.clock, head) ? head : *from;
      const Clock& origin = scope_of(graph_.op(next).outputs.front()).clock;
      on_the_way = on_the_way - Fraction((input.clock.phase - origin.phase) * origin.numerator, origin.denominator);
      at = next;
    } while (at != head);
    return Fraction(0) < on_the_way;
  }

  bool emits_at_end(const Operator& op) const {
    if (const auto* window = std::get_if<WindowOperator>(&op.kind)) return window->shape.rest;
    if (const auto* window = std::get_if<WindowFoldOperator>(&op.kind)) return window->shape.rest;
    const auto* agent = std::get_if<AgentOperator>(&op.kind);
    if (agent == nullptr) return false;
    const std::vector<AgentHandler>& handlers = program_.agent(agent->agent_id).handlers;
    return std::any_of(handlers.begin(), handlers.end(),
                       [](const AgentHandler& handler) { return handler.is_end && emits(handler.body); });
  }

  static bool emits(const CheckedBlock& block) {
    return std::any_of(block.begin(), block.end(), [](const CheckedStmt& stmt) {
      return match(
          stmt.node, [](const EmitStmt&) { return true; },
          [](const IfStmt& s) { return emits(s.then_block) || emits(s.else_block); },
          [](const ForRangeStmt& s) { return emits(s.body); }, [](const ForArrayStmt& s) { return emits(s.body); },
          [](const AssignStmt&) { return false; }, [](const ReturnStmt&) { return false; },
          [](const ExprStmt&) { return false; });
    });
  }

  void report_emit_at_end(const Operator& op) {
    sink_.report(diag::EmitAtEndOfLoop, op.span, op.equation)
        .help("let the cycle go on without it, and put the agent with `on end`, or the window with `rest: true`, behind "
              "the cycle");
  }

  const Graph& graph_;
  const CheckedProgram& program_;
  DiagnosticSink& sink_;
  const std::vector<OperatorId> cycle_of_;
  std::vector<OperatorId> heads_;  // Delays on cycles.
};

}  // namespace

void check_loops(const Graph& graph, const CheckedProgram& program, DiagnosticSink& sink) {
  LoopChecker(graph, program, sink).run();
}

}  // namespace streamc
