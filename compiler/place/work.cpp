#include "compiler/place/work.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "compiler/place/work_of_functions.h"
#include "compiler/support/match.h"

namespace streamc {
namespace {

// Nanoseconds an item, measured as those in work_of_functions.cpp.
struct ConnectorPrice {
  std::string_view connector;
  double item;    // For each item,
  double column;  // and for each column of it.
};

constexpr ConnectorPrice kConnectorPrices[] = {
    // Reading and parsing.
    {"csv.read", 20.0, 12.0},
    {"numbers.read", 30.0, 0.0},
    {"lines.read", 12.0, 0.0},
    // Waking up; then reading a file of the system.
    {"clock.ticks", 100.0, 0.0},
    {"system.cpu", 20'000.0, 0.0},
    {"system.memory", 20'000.0, 0.0},
    {"system.memory_used", 20'000.0, 0.0},
    {"system.network", 20'000.0, 0.0},
    {"system.disk", 20'000.0, 0.0},
    {"system.temperature", 20'000.0, 0.0},
    // Text of numbers.
    {"print", 60.0, 8.0},
    {"csv.write", 20.0, 60.0},
    {"lines.write", 20.0, 0.0},
    // Keeping the newest, or what can be seen.
    {"table.show", 2.0, 0.0},
    {"chart.line", 2.0, 0.0},
    {"chart.mark", 2.0, 0.0},
    {"chart.shade", 2.0, 0.0},
};
// One that is not in the table.
constexpr ConnectorPrice kOtherConnector{"", 50.0, 10.0};

constexpr double kListItem = 1.0;
constexpr double kStep = 0.05;          // map, else, prev, take: what is left of a step in a fused loop.
constexpr double kFilter = 0.6;         // Closing up what was kept.
constexpr double kState = 0.5;          // A step that waits for the one before it: scan, running.
constexpr double kView = 0.5;           // A window handed on as it lies.
constexpr double kTumblingFold = 0.5;   // An item into a window that has no neighbours,
constexpr double kSlidingFold = 1.0;    // into windows that share panes,
constexpr double kFoldWithHoles = 9.0;  // and the same where an item may have failed, one by one.
constexpr double kFlattened = 1.0;
constexpr double kZipped = 1.0;   // An input of zip: a queue.
constexpr double kMerged = 20.0;  // An item of merge: queues compared by stamp.
constexpr double kDelayed = 2.0;
constexpr double kReaction = 3.0;  // An agent's, without what it computes.
constexpr double kCaptured = 5.0;

// Of one side of a crossing (runtime/transport, measured by cutting programs in two): the queue, the frame, the loop
// that begins behind the link, and waking each other.
constexpr double kCrossingItem = 4.0;
constexpr double kCrossingByte = 0.1;
constexpr double kCrossingText = 10.0;

// One item of four passes a filter: filters look for what is rare more often than for what is common.
constexpr double kPassed = 0.25;
// A source that is not the one that decides how fast the program goes.
constexpr double kSlowSource = 1e-4;

bool is_source(const Operator& op) {
  return std::holds_alternative<SourceOperator>(op.kind) || std::holds_alternative<ListOperator>(op.kind);
}

bool is_live(const Operator& op) {
  const auto* source = std::get_if<SourceOperator>(&op.kind);
  return source != nullptr && source->is_live;
}

const ConnectorPrice& price_of(std::string_view connector) {
  const auto* found = std::find_if(std::begin(kConnectorPrices), std::end(kConnectorPrices),
                                   [&](const ConnectorPrice& price) { return price.connector == connector; });
  return found == std::end(kConnectorPrices) ? kOtherConnector : *found;
}

std::int64_t picoseconds(double nanoseconds) {
  // A program that would need longer than this for an item is told apart from none.
  return static_cast<std::int64_t>(std::llround(std::min(nanoseconds, 1e12) * 1000.0));
}

class Estimator {
 public:
  Estimator(const Graph& graph, const CheckedProgram& program)
      : graph_(graph),
        program_(program),
        functions_(program),
        ticks_(graph.scopes.size(), 1.0),
        lengths_(graph.ports.size(), kAssumedLength) {}

  WorkEstimate estimate() {
    find_pace();
    for (const Operator& op : graph_.operators) {
      const double ticks_in = op.inputs.empty() ? 0.0 : ticks_of(op.inputs.front());
      find_ticks(op, ticks_in);
      find_lengths(op);
      result_.work_ps.push_back(picoseconds(work_of(op, ticks_in)));
    }
    for (std::size_t port = 0; port < graph_.ports.size(); ++port) {
      result_.crossing_ps.push_back(picoseconds(ticks_of(PortId(port)) * crossing_of(PortId(port))));
    }
    return std::move(result_);
  }

 private:
  void find_pace() {
    bool has_reader = false;
    bool has_live = false;
    for (const Operator& op : graph_.operators) {
      if (const auto* list = std::get_if<ListOperator>(&op.kind)) {
        result_.item_count = std::max(result_.item_count, static_cast<std::int64_t>(list->elements.size()));
      } else if (is_source(op)) {
        (is_live(op) ? has_live : has_reader) = true;
      }
    }
    result_.pace = has_reader ? Pace::Reader : has_live ? Pace::Clock : Pace::Lists;
  }

  [[nodiscard]] double ticks_of(PortId port) const { return ticks_[graph_.port(port).scope.index()]; }

  [[nodiscard]] double ticks_of_source(const Operator& op) const {
    const auto* list = std::get_if<ListOperator>(&op.kind);
    if (result_.pace == Pace::Lists && list != nullptr) {
      return static_cast<double>(list->elements.size()) /
             static_cast<double>(std::max<std::int64_t>(result_.item_count, 1));
    }
    const bool decides = list == nullptr && is_live(op) == (result_.pace == Pace::Clock);
    return decides ? 1.0 : kSlowSource;
  }

  // Ticks for each source item of the scopes that the operator opens.
  void find_ticks(const Operator& op, double ticks_in) {
    for (const PortId output : op.outputs) {
      const ScopeId scope = graph_.port(output).scope;
      const bool is_own = op.inputs.empty() || graph_.port(op.inputs.front()).scope != scope;
      if (is_own) ticks_[scope.index()] = ticks_behind(op, output, ticks_in);
    }
  }

  [[nodiscard]] double ticks_behind(const Operator& op, PortId output, double ticks_in) const {
    return match(
        op.kind, [&](const SourceOperator&) { return ticks_of_source(op); },
        [&](const ListOperator&) { return ticks_of_source(op); },
        [&](const WhereOperator&) { return ticks_in * kPassed; },
        [&](const FilterMapOperator&) { return ticks_in * kPassed; },
        [&](const WindowOperator& window) { return ticks_in / static_cast<double>(window.shape.every); },
        [&](const WindowFoldOperator& window) { return ticks_in / static_cast<double>(window.shape.every); },
        [&](const FlattenOperator&) { return ticks_in * length_of(op.inputs.front()); },
        [&](const ZipOperator&) {
          double ticks = ticks_in;
          for (const PortId input : op.inputs) ticks = std::min(ticks, ticks_of(input));
          return ticks;
        },
        [&](const MergeOperator&) { return ticks_of_all(op); },
        [&](const AgentOperator& agent) {
          const std::uint32_t index = graph_.port(output).index;
          const EmitShape shape = program_.agent(agent.agent_id).ports[index].shape;
          return shape == EmitShape::AtMostOnce ? ticks_in * kPassed : ticks_in;
        },
        [&](const auto&) { return ticks_in; });
  }

  [[nodiscard]] double ticks_of_all(const Operator& op) const {
    double ticks = 0;
    for (const PortId input : op.inputs) ticks += ticks_of(input);
    return ticks;
  }

  // Elements of items that are arrays or windows.
  [[nodiscard]] double length_of(PortId port) const {
    const Type& type = program_.types.get(graph_.port(port).type_id);
    return type.kind == TypeKind::Array ? static_cast<double>(type.length) : lengths_[port.index()];
  }

  void find_lengths(const Operator& op) {
    const auto* window = std::get_if<WindowOperator>(&op.kind);
    for (std::size_t i = 0; i < op.outputs.size(); ++i) {
      double& length = lengths_[op.outputs[i].index()];
      const bool keeps = op.inputs.size() == op.outputs.size() &&
                         graph_.port(op.inputs[i]).type_id == graph_.port(op.outputs[i]).type_id;
      if (window != nullptr)
        length = static_cast<double>(window->shape.size);
      else if (keeps)
        length = lengths_[op.inputs[i].index()];
    }
  }

  [[nodiscard]] std::vector<double> lengths_of(const std::vector<PortId>& ports) const {
    std::vector<double> lengths;
    for (const PortId port : ports) lengths.push_back(length_of(port));
    return lengths;
  }

  double function(FunctionId id, const Operator& op) {
    return id.valid() ? functions_.of_function(id, lengths_of(op.inputs)) : 0.0;
  }

  // Nanoseconds for each source item.
  double work_of(const Operator& op, double ticks_in) {
    return match(
        op.kind,
        [&](const SourceOperator& source) {
          return ticks_of(op.outputs.front()) * connector_work(source.connector, op.outputs);
        },
        [&](const ListOperator&) { return ticks_of(op.outputs.front()) * kListItem; },
        [&](const MapOperator& map) { return ticks_in * (kStep + function(map.function_id, op)); },
        [&](const WhereOperator& where) { return ticks_in * (kFilter + function(where.predicate_id, op)); },
        [&](const FilterMapOperator& filter) { return ticks_in * (kFilter + function(filter.function_id, op)); },
        [&](const ElseOperator& otherwise) { return ticks_in * (otherwise.mode == ElseMode::Skip ? kFilter : kStep); },
        [&](const PrevOperator&) { return ticks_in * kStep; }, [&](const TakeOperator&) { return ticks_in * kStep; },
        [&](const SkipOperator&) { return ticks_in * kStep; },
        // Its parameters are the state and the item.
        [&](const ScanOperator& scan) {
          return ticks_in *
                 (kState + functions_.of_function(scan.function_id, {kAssumedLength, length_of(op.inputs.front())}));
        },
        [&](const RunningOperator& running) {
          return ticks_in *
                 (kState + functions_.of_adding(running.aggregate_id) + functions_.of_result(running.aggregate_id));
        },
        [&](const WindowOperator& window) { return ticks_in * kView / static_cast<double>(window.shape.every); },
        [&](const WindowFoldOperator& window) { return ticks_in * work_of_folds(window, op); },
        [&](const FlattenOperator&) { return ticks_in * length_of(op.inputs.front()) * kFlattened; },
        [&](const ZipOperator&) { return ticks_of_all(op) * kZipped; },
        [&](const MergeOperator&) { return ticks_of_all(op) * kMerged; },
        [&](const DelayOperator&) { return ticks_in * kDelayed; }, [&](const LinkOperator&) { return 0.0; },
        [&](const AgentOperator& agent) {
          return ticks_in * (kReaction + functions_.of_agent(agent.agent_id, lengths_of(op.inputs)));
        },
        [&](const SinkOperator& sink) { return ticks_in * connector_work(sink.connector, op.inputs); },
        [&](const CaptureOperator&) { return ticks_in * kCaptured; });
  }

  [[nodiscard]] double connector_work(std::string_view connector, const std::vector<PortId>& ports) const {
    const ConnectorPrice& price = price_of(connector);
    double columns = 0;
    for (const PortId port : ports)
      columns += static_cast<double>(program_.types.leaves(graph_.port(port).type_id).size());
    return price.item + columns * price.column;
  }

  // For each item that goes in. A window that slides adds to panes and puts them together once an output.
  double work_of_folds(const WindowFoldOperator& window, const Operator& op) {
    const bool is_sliding = window.shape.every < window.shape.size;
    const bool has_holes = graph_.port(op.inputs.front()).may_hold_holes;
    const double outputs = 1.0 / static_cast<double>(window.shape.every);
    const double fold_price = !is_sliding ? kTumblingFold : has_holes ? kFoldWithHoles : kSlidingFold;
    double sum = outputs * functions_.of_function(window.finish_id, {});
    for (const Fold& fold : window.folds) {
      sum += fold_price + functions_.of_adding(fold.aggregate_id) + outputs * functions_.of_result(fold.aggregate_id);
      sum += function(fold.filter_id, op);
      for (const FunctionId argument : fold.arguments) sum += function(argument, op);
    }
    return sum;
  }

  [[nodiscard]] double crossing_of(PortId port) const {
    double sum = kCrossingItem;
    for (const Leaf& leaf : program_.types.leaves(graph_.port(port).type_id)) {
      const auto count = static_cast<double>(leaf.count);
      if (leaf.kind == LeafKind::View) {
        const auto element = static_cast<double>(leaf_kind_size(leaf.view_kind) * leaf.view_count);
        sum += length_of(port) * element * kCrossingByte;
      } else {
        sum += count * static_cast<double>(leaf_kind_size(leaf.kind)) * kCrossingByte;
        if (leaf.kind == LeafKind::Text) sum += count * kCrossingText;
      }
    }
    return sum;
  }

  const Graph& graph_;
  const CheckedProgram& program_;
  FunctionWork functions_;
  std::vector<double> ticks_;    // One entry a scope: its ticks for each source item.
  std::vector<double> lengths_;  // One entry a port: elements of an item, if that is a T[].
  WorkEstimate result_;
};

}  // namespace

WorkEstimate estimate_work(const Graph& graph, const CheckedProgram& program) {
  return Estimator(graph, program).estimate();
}

}  // namespace streamc
