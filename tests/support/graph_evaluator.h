// Runs a graph: every port as the complete sequence of its ticks.
//
// Recorded sources are finite, so a scope's stamps and a port's cells can be computed as a whole,
// each operator by its definition. Operators that keep their scope are asked tick by tick, in
// ascending order, which lets a cycle pass through `prev`; operators that open a scope fill it once.
// What comes round to a `delay` on a cycle has to be known: loops.h finds it, by evaluating until nothing changes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compiler/graph/graph.h"
#include "tests/support/item_evaluator.h"

namespace streamref {

// An item that failed: at tick number `tick` of the scope the operator works in.
struct FailureRecord {
  streamc::OperatorId operator_id;
  std::size_t tick = 0;
  std::int64_t stamp = 0;
  std::string reason;
};

// What a source reads: its records in order, a hole where one cannot be read.
struct Record {
  Cell cell;
  std::optional<std::int64_t> stamp;  // Where the records carry times.
  std::string failure;                // Why the cell is a hole.
};

// The ticks of a scope.
struct ScopeTicks {
  std::vector<std::int64_t> stamps;
  // For each tick the tick of the parent scope in whose handling it arose; the number of the
  // parent's ticks for what arose at its end. Empty for heads.
  std::vector<std::size_t> parents;
  std::optional<std::int64_t> end_stamp;  // T of semantics §2; none if nothing ever had a stamp.
};

// An `else stop` met a hole: nothing of this tick of the head, or after it, takes place. A tick behind
// the last one is the END, of which then nothing takes place either.
struct StopRequest {
  streamc::ScopeId head;
  std::size_t tick = 0;
  bool is_end = false;
};

// What earlier evaluations found of a head that is stopped.
struct HeadLimit {
  std::size_t ticks = SIZE_MAX;  // How many take place.
  bool has_end = true;           // What is held back until the END leaves then.
};

// What came in at a `delay` on a cycle.
struct LoopContent {
  std::vector<Cell> cells;
  std::vector<std::int64_t> stamps;
};
using LoopContents = std::map<streamc::OperatorId, LoopContent>;

class GraphEvaluator {
 public:
  using Records = std::map<streamc::OperatorId, std::vector<Record>>;
  using HeadLimits = std::map<streamc::ScopeId, HeadLimit>;

  // All references must outlive the evaluator. `records` holds those of every SourceOperator;
  // `limits` cuts the heads that an earlier evaluation found to be stopped; `loops` has an entry for every delay on a
  // cycle.
  GraphEvaluator(const streamc::Graph& graph, ItemEvaluator& items, const Records& records,
                 const HeadLimits& limits, const LoopContents& loops);
  ~GraphEvaluator();

  // Throws StopRequest, after which the evaluator is of no more use.
  [[nodiscard]] const ScopeTicks& ticks(streamc::ScopeId scope);
  // One entry for each tick of the port's scope.
  [[nodiscard]] const std::vector<Cell>& cells(streamc::PortId port);

  // Computes what the operators behind sinks have left out because nobody asked (items that a `skip`
  // leaves out, say), so that failures are complete. By operator, then tick.
  [[nodiscard]] std::vector<FailureRecord> all_failures();
  // A `take` or a `zip` left items over, as far as was evaluated.
  [[nodiscard]] bool has_leftovers() const { return has_leftovers_; }

 private:
  struct OperatorState;
  struct FoldState;

  const Cell& cell(streamc::PortId port, std::size_t tick);
  // All input cells of a tick, or nothing if one of them is a hole.
  std::optional<std::vector<Value>> input_values(const streamc::Operator& op, std::size_t tick);
  std::optional<std::int64_t> now_at(streamc::ScopeId scope, std::size_t tick);
  streamc::ScopeId input_scope(const streamc::Operator& op) const;
  std::size_t input_length(const streamc::Operator& op);
  // One flag an operator: a sink or a capture reads it, or what is computed from it.
  std::vector<bool> operators_of_sinks() const;

  // The next tick of an operator that keeps its scope.
  void step(streamc::OperatorId id);
  Cell step_map(streamc::OperatorId id, const streamc::MapOperator& kind, std::size_t tick);
  Cell step_else(streamc::OperatorId id, const streamc::ElseOperator& kind, std::size_t tick);
  Cell step_prev(streamc::OperatorId id, const streamc::PrevOperator& kind, std::size_t tick);
  Cell step_scan(streamc::OperatorId id, const streamc::ScanOperator& kind, std::size_t tick);
  Cell step_running(streamc::OperatorId id, const streamc::RunningOperator& kind, std::size_t tick);
  void step_agent(streamc::OperatorId id, const streamc::AgentOperator& kind, std::size_t tick);
  void start_agent(streamc::OperatorId id, const streamc::AgentOperator& kind);
  void react(streamc::OperatorId id, const streamc::AgentOperator& kind,
             const streamc::AgentHandler& handler, std::size_t tick,
             std::optional<std::int64_t> stamp);

  // Everything that an operator which opens a scope gives.
  void fill(streamc::OperatorId id);
  void fill_source(streamc::OperatorId id, const streamc::SourceOperator& kind);
  void fill_list(streamc::OperatorId id, const streamc::ListOperator& kind);
  void fill_where(streamc::OperatorId id, const streamc::WhereOperator& kind);
  void fill_filter_map(streamc::OperatorId id, const streamc::FilterMapOperator& kind);
  void fill_else_skip(streamc::OperatorId id, const streamc::ElseOperator& kind);
  void fill_take(streamc::OperatorId id, const streamc::TakeOperator& kind);
  void fill_skip(streamc::OperatorId id, const streamc::SkipOperator& kind);
  void fill_flatten(streamc::OperatorId id);
  void fill_windows(streamc::OperatorId id, const streamc::WindowShape& shape);
  void fill_zip(streamc::OperatorId id);
  void fill_merge(streamc::OperatorId id);
  void fill_delay(streamc::OperatorId id, const streamc::DelayOperator& kind);
  void fill_link(streamc::OperatorId id);
  void fill_agent(streamc::OperatorId id, const streamc::AgentOperator& kind);

  // The window of ticks [begin, end) of a WindowOperator or WindowFoldOperator; begin may be negative.
  Cell window_cell(streamc::OperatorId id, std::int64_t begin, std::int64_t end);
  Cell view_cell(const streamc::Operator& op, std::int64_t begin, std::int64_t end);
  Cell fold_cell(streamc::OperatorId id, const streamc::WindowFoldOperator& kind,
                 std::int64_t begin, std::int64_t end);
  void start_folds(streamc::OperatorId id, const streamc::WindowFoldOperator& kind);
  const std::vector<Value>* fold_element(streamc::OperatorId id, const streamc::Fold& fold,
                                         FoldState& state, std::int64_t tick);

  // Appends a tick to a scope that is being filled.
  void add_tick(ScopeTicks& ticks, streamc::ScopeId parent, std::size_t parent_tick);
  // Keeps the first `limit` ticks, if a limit was set for this head.
  void apply_limit(streamc::OperatorId id);
  // Whether the END of the scope's head takes place.
  bool has_end(streamc::ScopeId scope) const;
  // Throws StopRequest.
  void stop(streamc::OperatorId id, std::size_t tick);
  void report(streamc::OperatorId id, std::size_t tick, std::string reason);

  const streamc::CheckedProgram& program() const { return items_.program(); }
  ScopeTicks& ticks_of(streamc::PortId port) {
    const streamc::Port& output = graph_.port(port);
    if (graph_.scope(output.scope).opener != output.producer) return counted_elsewhere_ = {};
    return scopes_[output.scope.index()];
  }

  const streamc::Graph& graph_;
  ItemEvaluator& items_;
  const Records& records_;
  const HeadLimits& limits_;
  const LoopContents& loops_;
  std::vector<ScopeTicks> scopes_;                        // By ScopeId.
  // What an operator would add to a scope that another one, which provably ticks with it, opens.
  ScopeTicks counted_elsewhere_;
  std::vector<std::vector<Cell>> cells_;                  // By PortId.
  std::vector<std::unique_ptr<OperatorState>> states_;    // By OperatorId.
  std::vector<FailureRecord> failures_;
  bool has_leftovers_ = false;
};

}  // namespace streamref
