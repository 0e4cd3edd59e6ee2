#include "compiler/place/balance.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "compiler/graph/cycles.h"
#include "compiler/support/assert.h"

namespace streamc {
namespace {

// Starting a few threads, and waking them, takes some tenths of a millisecond.
constexpr std::int64_t kShortestRunNs = 1'000'000;
// A thread that is idle half of the time keeps up with its sources.
constexpr std::int64_t kBusyEnoughNs = 500'000'000;  // In a second.
// A further thread takes at least one part in so many off the busiest.
constexpr std::int64_t kLeastGain = 10;

// Operators that must run on one thread.
struct Groups {
  std::vector<GroupIndex> group_of;  // One entry an operator.
  std::vector<Bond> bonds;           // One entry a group,
  std::vector<OperatorId> first_of;  // likewise.
  std::optional<GroupIndex> console;
};

// Puts together by union-find what the constraints of placements put together.
class Grouping {
 public:
  explicit Grouping(const Graph& graph) : graph_(graph), parent_(graph.operators.size() + 1), bonds_(parent_.size()) {
    std::iota(parent_.begin(), parent_.end(), std::size_t{0});
  }

  Groups find() {
    join_sinks();
    join_settled();
    join_cycles();
    return number();
  }

 private:
  // The console stands behind all operators.
  [[nodiscard]] std::size_t console() const { return graph_.operators.size(); }

  // A wish of each operator to be alone, which the constraints then overrule.
  [[nodiscard]] std::vector<PartId> alone() const {
    std::vector<PartId> parts;
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) parts.emplace_back(i);
    return parts;
  }

  void join_sinks() {
    std::vector<PartId> parts = alone();
    gather_sinks(graph_, PartId(console()), parts);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i] != PartId(i)) join(i, parts[i].index(), {.is_destination = true});
    }
  }

  void join_settled() {
    std::vector<PartId> parts = alone();
    const std::vector<NodeId> nodes(parts.size(), NodeId(0));
    for (const MovedOperator& moved : settle_parts(graph_, nodes, parts)) {
      const bool is_stop = moved.reason == MovedOperator::Reason::Stop;
      join(moved.id.index(), parts[moved.id.index()].index(), {.is_cycle = !is_stop, .is_stop = is_stop});
    }
  }

  // Any cycle: each item would cross for every step round it.
  void join_cycles() {
    const std::vector<OperatorId> cycle_of = find_cycles(graph_);
    for (std::size_t i = 0; i < cycle_of.size(); ++i) {
      if (cycle_of[i] != OperatorId(i)) join(i, cycle_of[i].index(), {.is_cycle = true});
    }
  }

  std::size_t root_of(std::size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }

  void join(std::size_t a, std::size_t b, Bond bond) {
    a = root_of(a);
    b = root_of(b);
    const auto [first, second] = std::minmax(a, b);
    parent_[second] = first;
    for (const Bond& other : {bonds_[second], bond}) {
      bonds_[first].is_cycle |= other.is_cycle;
      bonds_[first].is_stop |= other.is_stop;
      bonds_[first].is_destination |= other.is_destination;
    }
  }

  Groups number() {
    Groups groups;
    std::map<std::size_t, GroupIndex> index_of;
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      const auto [entry, is_new] = index_of.try_emplace(root_of(i), static_cast<GroupIndex>(index_of.size()));
      groups.group_of.push_back(entry->second);
      if (!is_new) continue;
      groups.bonds.push_back(bonds_[entry->first]);
      groups.first_of.emplace_back(i);
    }
    const auto found = index_of.find(root_of(console()));
    if (found != index_of.end()) groups.console = found->second;
    return groups;
  }

  const Graph& graph_;
  std::vector<std::size_t> parent_;  // By operator; the console behind them.
  std::vector<Bond> bonds_;          // Of roots.
};

WorkGraph work_graph(const Graph& graph, const Groups& groups, const WorkEstimate& work) {
  WorkGraph result;
  result.work_ps.resize(groups.first_of.size());
  std::vector<std::set<GroupIndex>> readers(graph.ports.size());
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    result.work_ps[groups.group_of[i]] += work.work_ps[i];
    for (const PortId input : graph.operators[i].inputs) readers[input.index()].insert(groups.group_of[i]);
  }
  for (std::size_t port = 0; port < graph.ports.size(); ++port) {
    const GroupIndex from = groups.group_of[graph.ports[port].producer.index()];
    readers[port].erase(from);
    if (readers[port].empty()) continue;
    result.flows.push_back({.from = from,
                            .readers = {readers[port].begin(), readers[port].end()},
                            .send_ps = work.crossing_ps[port],
                            .receive_ps = work.crossing_ps[port]});
  }
  return result;
}

class Balancer {
 public:
  Balancer(const Graph& graph, WorkEstimate work, std::uint32_t most_threads)
      : graph_(graph), groups_(Grouping(graph).find()), most_threads_(most_threads) {
    result_.work = std::move(work);
    work_graph_ = work_graph(graph, groups_, result_.work);
  }

  Balance balance() {
    // One more than wanted, to know whether it would be of use.
    const std::vector<Partition> partitions =
        partition_work(work_graph_, std::min(most_threads_ + 1, kMostBalancedThreads));
    if (partitions.empty()) return nothing();
    result_.alone_ps = partitions.front().busiest_ps();
    const std::size_t chosen = choose(partitions);
    take(partitions[chosen]);
    find_crossings();
    name_threads();
    return std::move(result_);
  }

 private:
  // A program without operators.
  Balance nothing() {
    result_.threads.resize(1);
    result_.names = {"main"};
    result_.last = LastThread::FewItems;
    return std::move(result_);
  }

  // The index of the partition to use; says why it has no further thread.
  std::size_t choose(const std::vector<Partition>& partitions) {
    if (const std::optional<LastThread> reason = why_one_is_enough()) {
      result_.last = *reason;
      return 0;
    }
    std::size_t chosen = 0;
    const std::size_t most = std::min<std::size_t>(partitions.size(), most_threads_);
    for (std::size_t next = 1; next < most; ++next) {
      if (pays(partitions[chosen], partitions[next])) chosen = next;
    }
    explain_last(partitions, chosen);
    return chosen;
  }

  [[nodiscard]] std::optional<LastThread> why_one_is_enough() const {
    const std::int64_t alone_ns = result_.alone_ps / 1000;
    const WorkEstimate& work = result_.work;
    if (work.pace == Pace::Lists && alone_ns < kShortestRunNs / std::max<std::int64_t>(work.item_count, 1)) {
      return LastThread::FewItems;
    }
    if (work.pace == Pace::Clock && alone_ns < kBusyEnoughNs / kAssumedLiveRate) return LastThread::Waits;
    return std::nullopt;
  }

  static bool pays(const Partition& now, const Partition& next) {
    const std::int64_t gain = now.busiest_ps() - next.busiest_ps();
    return gain > 0 && gain >= now.busiest_ps() / kLeastGain;
  }

  void explain_last(const std::vector<Partition>& partitions, std::size_t chosen) {
    const bool has_more = partitions.size() > chosen + 1;
    if (chosen + 1 == most_threads_ && (has_more || most_threads_ == kMostBalancedThreads)) return;
    const ThreadLoad now = busiest_of(partitions[chosen]);
    std::optional<Partition> best;
    for (std::size_t next = chosen + 1; next < std::min<std::size_t>(partitions.size(), most_threads_); ++next) {
      if (!best || partitions[next].busiest_ps() < best->busiest_ps()) best = partitions[next];
    }
    result_.would_save_ps = best ? now.own_ps - busiest_of(*best).own_ps : 0;
    const std::int64_t gain = best ? now.sum_ps() - best->busiest_ps() : 0;
    result_.would_cost_ps = result_.would_save_ps - gain;
    find_largest(partitions[chosen]);
    if (result_.would_save_ps <= 0) {
      result_.last = LastThread::Indivisible;
    } else {
      result_.last = gain > 0 ? LastThread::SavesLittle : LastThread::Costs;
    }
  }

  static ThreadLoad busiest_of(const Partition& partition) {
    return *std::max_element(partition.loads.begin(), partition.loads.end(),
                             [](const ThreadLoad& a, const ThreadLoad& b) { return a.sum_ps() < b.sum_ps(); });
  }

  // The group of the busiest thread that costs most.
  void find_largest(const Partition& partition) {
    std::int64_t most_ps = -1;
    GroupIndex largest = 0;
    for (GroupIndex group = 0; group < work_graph_.work_ps.size(); ++group) {
      const bool is_busiest = partition.loads[partition.thread_of[group]].sum_ps() == partition.busiest_ps();
      if (!is_busiest || work_graph_.work_ps[group] <= most_ps) continue;
      most_ps = work_graph_.work_ps[group];
      largest = group;
    }
    result_.bond = groups_.bonds[largest];
    most_ps = -1;
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      if (groups_.group_of[i] != largest || result_.work.work_ps[i] <= most_ps) continue;
      most_ps = result_.work.work_ps[i];
      result_.largest = OperatorId(i);
    }
  }

  // The thread with the console is the first; the others stand as in the program.
  void take(const Partition& partition) {
    constexpr std::uint32_t kNone = ~std::uint32_t{0};
    std::vector<std::uint32_t> number_of(partition.loads.size(), kNone);
    std::uint32_t next = 0;
    if (groups_.console) number_of[partition.thread_of[*groups_.console]] = next++;
    for (const GroupIndex group : groups_.group_of) {
      std::uint32_t& number = number_of[partition.thread_of[group]];
      if (number == kNone) number = next++;
      result_.part_of.emplace_back(number);
    }
    result_.threads.resize(partition.loads.size());
    for (std::size_t thread = 0; thread < partition.loads.size(); ++thread) {
      result_.threads[number_of[thread]] = partition.loads[thread];
    }
  }

  void find_crossings() {
    std::vector<std::set<PartId>> readers(graph_.ports.size());
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      for (const PortId input : graph_.operators[i].inputs) readers[input.index()].insert(result_.part_of[i]);
    }
    for (std::size_t port = 0; port < graph_.ports.size(); ++port) {
      const PartId from = result_.part_of[graph_.ports[port].producer.index()];
      for (const PartId to : readers[port]) {
        if (to != from) result_.crossings.push_back({PortId(port), from, to});
      }
    }
  }

  // By the equation that costs most on it; a second thread of that name gets a number.
  void name_threads() {
    std::vector<std::map<std::string, std::int64_t>> costs(result_.threads.size());
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      costs[result_.part_of[i].index()][graph_.operators[i].equation] += result_.work.work_ps[i];
    }
    std::set<std::string> taken{"main"};
    for (const auto& cost_of : costs) {
      const auto dearest = std::max_element(cost_of.begin(), cost_of.end(),
                                            [](const auto& a, const auto& b) { return a.second < b.second; });
      std::string name = result_.names.empty() ? "main" : dearest->first;
      for (int number = 2; !result_.names.empty() && !taken.insert(name).second; ++number) {
        name = fmt::format("{}_{}", dearest->first, number);
      }
      result_.names.push_back(std::move(name));
    }
  }

  const Graph& graph_;
  const Groups groups_;
  const std::uint32_t most_threads_;
  WorkGraph work_graph_;
  Balance result_;
};

}  // namespace

Balance balance(const Graph& graph, const CheckedProgram& program, std::uint32_t most_threads) {
  return balance(graph, estimate_work(graph, program), most_threads);
}

Balance balance(const Graph& graph, WorkEstimate work, std::uint32_t most_threads) {
  return Balancer(graph, std::move(work), most_threads).balance();
}

PlacedGraph place_balanced(const Graph& graph, const Balance& balance) {
  Placement placement = one_thread();
  placement.parts.clear();
  for (const std::string& name : balance.names) placement.parts.push_back({.name = name, .process_id = ProcessId(0)});
  PlacedGraph placed = place(graph, std::move(placement), balance.part_of);
  STREAM_ASSERT(placed.moved.empty(), "a balance puts operators where they may run");
  return placed;
}

}  // namespace streamc
