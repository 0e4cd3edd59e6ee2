// The graph of a program: operators, the ports between them, and the scopes in which items tick.
//
// The builder expands everything wiring-level (graph declarations, lambdas used as wiring, lifted
// arithmetic), so an operator is one of the closed set below and its item functions are checked
// trees. Passes rewrite the graph; code generation and the reference interpreter read it.
//
// A *scope* is one concrete sequence of ticks. Operators that keep the clock share the scope of
// their inputs. An operator that changes how many ticks there are opens a scope for its outputs,
// whose parent is the scope of its input. A source, a `Zip` over different scopes, every `Merge`, `Delay` and
// `Link` open a scope without a parent: they are *heads*, fed through queues. A *region* is a head with
// all that hangs below it down to sinks and the queues of other heads.
//
// Invariant (checked by the verifier): all inputs of an operator other than Zip, Merge and Link are
// ports of one scope.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compiler/sema/checked.h"
#include "compiler/source/source.h"
#include "compiler/support/ids.h"

namespace streamc {

using OperatorId = Id<struct OperatorTag>;
using PortId = Id<struct PortTag>;
using ScopeId = Id<struct ScopeTag>;

// Stamps of a scope: positions of a source without times, or times in nanoseconds.
enum class Domain : std::uint8_t { Position, Time };

// semantics.md §1: a base variable (one for each source and generative operator, unified by
// lock-step operators), ticks = base ticks * numerator / denominator, first tick after `phase` base ticks.
struct Clock {
  std::uint32_t base = 0;
  std::int64_t numerator = 1;
  std::int64_t denominator = 1;
  std::int64_t phase = 0;
  std::optional<RateValue> rate;  // Items in a second, where a source has `@ rate`.
};

struct Scope {
  ScopeId parent;              // Invalid for heads.
  OperatorId opener;           // The operator whose output ticks these are.
  Clock clock;
  Domain domain = Domain::Position;
  // The sources (or, on a cycle that none drives, the delays) whose stamps these are, sorted: `print`s with equal sets
  // share one order.
  std::vector<OperatorId> stamp_givers;
};

struct Port {
  TypeId type_id;
  ScopeId scope;
  OperatorId producer;
  std::uint32_t index = 0;      // Among the producer's outputs.
  bool may_hold_holes = false;  // Some tick may hold the hole of a failed item instead of a value.
  std::string name;             // Of the equation, if this port has one; else empty.
};

// ---- operator kinds --------------------------------------------------------------------------

// An argument of a connector or an agent: constant, evaluated at start.
struct NamedArgument { std::string name; CheckedExprId value; };

// A connector of the runtime ("csv.read", "lines.read", "system.cpu", …). Its items have type
// `outputs[0]`; a record that it cannot read is a hole there, with the failure reported.
struct SourceOperator {
  std::string connector;
  std::vector<NamedArgument> arguments;
  std::optional<RateValue> rate;  // `@ 200Hz` on a recorded source: stamps are computed from it.
  bool has_time_field = false;    // Exactly one `time` field: it gives the stamps.
  std::uint32_t time_field = 0;
  bool is_live = false;
};

// A list: `items([1, 2, 3])`, or what a test gives. A hole where `is_hole`.
struct ListElement { CheckedExprId value; bool is_hole = false; std::optional<std::int64_t> stamp; };
struct ListOperator {
  std::vector<ListElement> elements;
  std::optional<RateValue> rate;
  std::optional<std::int64_t> end_stamp;
};

// One tick out for each tick in. Function parameters = the inputs in order; a hole in any input, or
// a failure, is a hole in the output.
struct MapOperator { FunctionId function_id; };

// Keeps the ticks for which the predicate is true; drops holes. Parameters: the inputs in order.
// Output k carries input k: several columns filtered by one mask. Opens a scope.
struct WhereOperator { FunctionId predicate_id; };

// The function gives an option; keeps what is present. Opens a scope.
struct FilterMapOperator { FunctionId function_id; };

// `else`. A hole, or with `none_counts` also `none` (the output is then the option's element type):
enum class ElseMode : std::uint8_t {
  Fill,  // becomes `fallback()` (a function without parameters); same scope, no holes left.
  Skip,  // is dropped; opens a scope.
  Stop,  // ends the program, after everything that precedes it has been worked off; same scope.
};
struct ElseOperator { ElseMode mode = ElseMode::Fill; FunctionId fallback_id; bool none_counts = false; };

// Value n ticks ago; the first n ticks give `initial` (a constant). On a hole: the newest earlier
// value, else initial. Its input may come from further down: this edge may close a cycle.
struct PrevOperator { std::int64_t count = 1; CheckedExprId initial; };

// take(n): the first n ticks, then ends; same stamps. skip(n): all but the first n.
// Holes count as ticks and pass. Both open a scope.
struct TakeOperator { std::int64_t count = 0; };
struct SkipOperator { std::int64_t count = 0; };

// state = initial; on each value: state = f(state, x), and the new state leaves. Does not fire on
// holes (a hole passes). A failing step leaves the state and is a hole.
struct ScanOperator { FunctionId function_id; CheckedExprId initial; };

// running(aggregate): add, then result, at each value; a left fold over all values so far.
struct RunningOperator { AggregateId aggregate_id; std::vector<CheckedExprId> constants; };

// Count windows, semantics.md §4: [jk, jk+n) from position 0; with `partial` [max(0, jk-n), jk), j >= 1;
// `rest` emits the incomplete window at the end (for k > n or gaps: only if it holds an item).
// Positions are ticks of the input's scope. Stamp of the last item (tick) in the window.
struct WindowShape {
  std::int64_t size = 1;   // n
  std::int64_t every = 1;  // k
  bool partial = false;
  bool rest = false;

  friend bool operator==(const WindowShape&, const WindowShape&) = default;
};

// The window itself as T[]: its values in order, holes left out. Opens a scope unless every == 1
// and partial (then it keeps the scope of its input). A window without a value is a hole. Where the output's
// type is T[N] (only if N is `size`, without partial and rest), a window with any hole in it is a hole.
struct WindowOperator { WindowShape shape; };

// A window summarised incrementally (semantics.md §7), which is what `|> window(…) |> mean` and
// fns made of aggregates become. For each fold: `filter` (optional) selects items, `arguments[i]`
// computes the aggregate's i-th element parameter; both take the inputs in order.
// `finish` takes the results of the folds in order and gives the output. Scope as WindowOperator.
// A fold over no value makes the output a hole, but for aggregates marked `is_total` in Fold.
struct Fold {
  AggregateId aggregate_id;
  std::vector<CheckedExprId> constants;
  std::vector<FunctionId> arguments;
  FunctionId filter_id;
  bool is_total = false;  // Defined without a value, too (count, sum): for filters that pass nothing.
};
struct WindowFoldOperator { WindowShape shape; std::vector<Fold> folds; FunctionId finish_id; };

// T[N] or T[] into its elements, all with the stamp of the array. Opens a scope. A hole of T[N] becomes N holes,
// since its clock counts N ticks for each array; a hole of T[] gives nothing.
struct FlattenOperator {};

// i-th tick with i-th tick, over inputs of different scopes; output k carries input k (holes pass).
// A head. Stamp: the latest of the inputs'. Ends when one input has ended and its queue is empty.
struct ZipOperator {};

// Ordered merge: by stamp, then input position, then order within the input; drops holes. A head.
struct MergeOperator {};

// semantics.md §5. By items: `count` ticks of `initial`, then those of the input, holes included. By time
// (`duration_ns` > 0): the ticks of the input, stamped so much later. A head. One on a cycle may read what is
// produced further down; it always accepts, up to `max` items, and ends when its input has ended or when nothing is
// left on the cycle. Its T is then the stamp of its own last tick.
// Stamps of a delay by items: on a cycle the positions of its own ticks; else those of the input, and the
// initial ticks lie before them, as many positions, or ticks of the rate, before `input_begin`.
struct DelayOperator {
  std::int64_t count = 0;
  CheckedExprId initial;  // Invalid if the delay is by time.
  std::int64_t duration_ns = 0;
  std::int64_t max = 65'536;
  bool is_on_cycle = false;
  std::int64_t input_begin = 0;  // By items, on no cycle: no stamp of the input is earlier (first_stamps.h).

  [[nodiscard]] bool is_by_time() const { return duration_ns > 0; }
};

// Ticks of one clock that another region computes, as they come: output k carries input k (holes pass), the
// stamps and END(T) are those of the first input, and it ends with it. A head. `place` makes it, where it cuts a
// region in two; its inputs may stand in several scopes, copies of what was one. The program makes one of one input, with
// a clock of its own, where it says `best_effort`: what waits in front of that may be dropped.
// An input with `initial` takes the place of a `prev` on a cycle that is cut: so many ticks of a constant come first, and the
// input may be produced further down.
struct LinkInitial { std::int64_t count = 0; CheckedExprId value; };
struct LinkOperator {
  std::vector<LinkInitial> initial;  // One for each input.
  bool is_best_effort = false;
};

// An agent; inputs in the order of CheckedAgent::inputs, one output for each of its ports. An output whose
// shape is ExactlyOnce keeps the scope (a failed reaction or a hole input is a hole), unless the agent has an `on end` handler that
// emits; any other output opens a scope of its own.
struct AgentOperator { AgentId agent_id; std::vector<CheckedExprId> constants; };

// A connector of the runtime that takes items ("print", "csv.write", "chart.line", …); holes are dropped.
struct SinkOperator {
  std::string connector;
  std::vector<NamedArgument> arguments;
  std::string destination_kind;   // "console", "file": one destination is one ordered sink.
};

// A test's observed stream: every tick of the input, holes included, is handed to the caller of the run.
struct CaptureOperator { std::uint32_t capture_index = 0; };

using OperatorKind =
    std::variant<SourceOperator, ListOperator, MapOperator, WhereOperator, FilterMapOperator, ElseOperator,
                 PrevOperator, TakeOperator, SkipOperator, ScanOperator, RunningOperator, WindowOperator,
                 WindowFoldOperator, FlattenOperator, ZipOperator, MergeOperator, DelayOperator, LinkOperator,
                 AgentOperator, SinkOperator, CaptureOperator>;

struct Operator {
  OperatorKind kind;
  std::vector<PortId> inputs;
  std::vector<PortId> outputs;
  SourceSpan span;         // What failures and the picture of the graph point at.
  std::string equation;    // Name of the equation it stands in; sinks without one: the connector's name.
  std::string path;        // Logical path, stable under placement: "smooth/1".
  bool failure_is_handled = false;  // An `else` further down the pipe takes its failures.
};

// Stamp of initial tick `index` of a delay by items whose ticks are `scope`.
std::int64_t initial_stamp(const DelayOperator& delay, const Scope& scope, std::int64_t index);

// Owned vectors; ids are indices. Operators are in an order in which every input but that of a PrevOperator, or of a
// DelayOperator on a cycle, is produced before it is used.
struct Graph {
  std::vector<Operator> operators;
  std::vector<Port> ports;
  std::vector<Scope> scopes;
  std::vector<std::string> captures;  // Text of each captured expression.

  [[nodiscard]] const Operator& op(OperatorId id) const { return operators[id.index()]; }
  [[nodiscard]] const Port& port(PortId id) const { return ports[id.index()]; }
  [[nodiscard]] const Scope& scope(ScopeId id) const { return scopes[id.index()]; }
};

}  // namespace streamc
