#include "compiler/place/partition.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <optional>
#include <utility>

#include "compiler/support/assert.h"

namespace streamc {
namespace {

constexpr std::size_t kFinestGroups = 2000;      // So many at the most have a place to cut behind each of them.
constexpr std::size_t kMostSwappedGroups = 256;  // Pairs of more would take too long to try.
constexpr int kMostMoves = 4096;                 // Each of them helps; this only bounds the time.

// Which flows touch a group.
struct Adjacency {
  std::vector<std::vector<std::size_t>> made;  // One entry a group: flows that it makes,
  std::vector<std::vector<std::size_t>> read;  // and flows that it reads.

  explicit Adjacency(const WorkGraph& graph) : made(graph.work_ps.size()), read(graph.work_ps.size()) {
    for (std::size_t flow = 0; flow < graph.flows.size(); ++flow) {
      made[graph.flows[flow].from].push_back(flow);
      for (const GroupIndex reader : graph.flows[flow].readers) read[reader].push_back(flow);
    }
  }
};

// Groups in topological order; what became ready last comes first, so that a branch is followed to its end. Where
// groups read each other in a circle, the first of them begins.
std::vector<GroupIndex> line_of(const WorkGraph& graph, const Adjacency& adjacency) {
  const std::size_t count = graph.work_ps.size();
  std::vector<std::size_t> waits_for(count);
  for (std::size_t group = 0; group < count; ++group) waits_for[group] = adjacency.read[group].size();
  std::vector<bool> is_placed(count, false);
  std::vector<GroupIndex> ready;
  for (std::size_t group = count; group-- > 0;) {
    if (waits_for[group] == 0) ready.push_back(static_cast<GroupIndex>(group));
  }
  std::vector<GroupIndex> line;
  std::size_t first_left = 0;
  while (line.size() < count) {
    while (is_placed[first_left]) ++first_left;
    GroupIndex next = static_cast<GroupIndex>(first_left);
    if (!ready.empty()) {
      next = ready.back();
      ready.pop_back();
    }
    if (is_placed[next]) continue;
    is_placed[next] = true;
    line.push_back(next);
    for (std::size_t i = adjacency.made[next].size(); i-- > 0;) {
      const std::vector<GroupIndex>& readers = graph.flows[adjacency.made[next][i]].readers;
      for (std::size_t k = readers.size(); k-- > 0;) {
        if (--waits_for[readers[k]] == 0) ready.push_back(readers[k]);
      }
    }
  }
  return line;
}

// The load of a piece of the line that grows to the left, group by group.
class GrowingPiece {
 public:
  GrowingPiece(const WorkGraph& graph, const Adjacency& adjacency, const std::vector<std::size_t>& last_reader)
      : graph_(graph), adjacency_(adjacency), last_reader_(last_reader), reads_(graph.flows.size(), false) {}

  // Begins an empty piece whose right end is before `end`.
  void begin(std::size_t end) {
    for (const std::size_t flow : touched_) reads_[flow] = false;
    touched_.clear();
    load_ = 0;
    end_ = end;
  }

  // A flow is paid for once on each side, as if all that read it elsewhere were one thread.
  void add(GroupIndex group) {
    load_ += graph_.work_ps[group];
    for (const std::size_t flow : adjacency_.made[group]) {
      if (last_reader_[flow] >= end_) load_ += graph_.flows[flow].send_ps;
      if (reads_[flow]) load_ -= graph_.flows[flow].receive_ps;
    }
    for (const std::size_t flow : adjacency_.read[group]) {
      if (reads_[flow]) continue;
      reads_[flow] = true;
      touched_.push_back(flow);
      load_ += graph_.flows[flow].receive_ps;
    }
  }

  [[nodiscard]] std::int64_t load_ps() const { return load_; }

 private:
  const WorkGraph& graph_;
  const Adjacency& adjacency_;
  const std::vector<std::size_t>& last_reader_;  // One entry a flow: its place in the line.
  std::vector<bool> reads_;                      // One entry a flow: something in the piece reads it.
  std::vector<std::size_t> touched_;
  std::int64_t load_ = 0;
  std::size_t end_ = 0;
};

// The best cuts of the line into any number of pieces.
class LineCutter {
 public:
  LineCutter(const WorkGraph& graph, const Adjacency& adjacency, std::vector<GroupIndex> line, std::size_t most_pieces)
      : graph_(graph), adjacency_(adjacency), line_(std::move(line)), most_pieces_(most_pieces) {
    const std::size_t stride = (line_.size() + kFinestGroups - 1) / kFinestGroups;
    for (std::size_t at = 0; at < line_.size(); at += stride) places_.push_back(at);
    places_.push_back(line_.size());
    find_best();
  }

  [[nodiscard]] std::size_t most_pieces() const { return std::min(most_pieces_, places_.size() - 1); }

  // One entry a group.
  [[nodiscard]] std::vector<std::uint32_t> cut(std::size_t pieces) const {
    std::vector<std::uint32_t> thread_of(line_.size());
    std::size_t end = places_.size() - 1;
    for (std::size_t piece = pieces; piece-- > 0;) {
      const std::size_t begin = best_[end][piece].begin;
      for (std::size_t at = places_[begin]; at < places_[end]; ++at) {
        thread_of[line_[at]] = static_cast<std::uint32_t>(piece);
      }
      end = begin;
    }
    return thread_of;
  }

 private:
  // Groups in front of a place, in so many pieces: the load of the busiest, and where the last of them begins.
  struct Best {
    std::int64_t busiest_ps = std::numeric_limits<std::int64_t>::max();
    std::size_t begin = 0;
  };

  void find_best() {
    std::vector<std::size_t> place_in_line(line_.size());
    for (std::size_t at = 0; at < line_.size(); ++at) place_in_line[line_[at]] = at;
    std::vector<std::size_t> last_reader(graph_.flows.size(), 0);
    for (std::size_t flow = 0; flow < graph_.flows.size(); ++flow) {
      for (const GroupIndex reader : graph_.flows[flow].readers) {
        last_reader[flow] = std::max(last_reader[flow], place_in_line[reader]);
      }
    }
    GrowingPiece piece(graph_, adjacency_, last_reader);
    best_.assign(places_.size(), std::vector<Best>(most_pieces_));
    for (std::size_t end = 1; end < places_.size(); ++end) {
      piece.begin(places_[end]);
      for (std::size_t begin = end; begin-- > 0;) {
        for (std::size_t at = places_[begin + 1]; at-- > places_[begin];) piece.add(line_[at]);
        improve(begin, end, piece.load_ps());
      }
    }
  }

  void improve(std::size_t begin, std::size_t end, std::int64_t load_ps) {
    for (std::size_t pieces = 0; pieces < most_pieces_; ++pieces) {
      // `begin` groups of places in front of it are in `pieces` pieces, at least one each.
      if ((pieces == 0) != (begin == 0) || pieces > begin) continue;
      const std::int64_t before = pieces == 0 ? 0 : best_[begin][pieces - 1].busiest_ps;
      const std::int64_t busiest = std::max(before, load_ps);
      if (busiest < best_[end][pieces].busiest_ps) best_[end][pieces] = {busiest, begin};
    }
  }

  const WorkGraph& graph_;
  const Adjacency& adjacency_;
  const std::vector<GroupIndex> line_;
  const std::size_t most_pieces_;
  std::vector<std::size_t> places_;      // Where the line may be cut: indices of `line_`, its end too.
  std::vector<std::vector<Best>> best_;  // By place, and pieces - 1.
};

// A partition that changes group by group; loads are exact.
class Arrangement {
 public:
  Arrangement(const WorkGraph& graph, const Adjacency& adjacency, std::vector<std::uint32_t> thread_of,
              std::size_t threads)
      : graph_(graph), adjacency_(adjacency), sizes_(threads, 0) {
    result_.thread_of = std::move(thread_of);
    result_.loads.resize(threads);
    for (std::size_t group = 0; group < graph.work_ps.size(); ++group) {
      result_.loads[result_.thread_of[group]].own_ps += graph.work_ps[group];
      ++sizes_[result_.thread_of[group]];
    }
    for (std::size_t flow = 0; flow < graph.flows.size(); ++flow) count_flow(flow, 1);
  }

  // Moves and swaps groups of the busiest thread while that helps.
  void improve() {
    for (int moves = 0; moves < kMostMoves; ++moves) {
      if (!move_best() && !swap_best()) return;
    }
  }

  [[nodiscard]] Partition result() && { return std::move(result_); }

 private:
  // Less is better.
  using Score = std::pair<std::int64_t, std::int64_t>;  // The busiest thread; all threads together.

  [[nodiscard]] Score score() const {
    Score score{0, 0};
    for (const ThreadLoad& load : result_.loads) {
      score.first = std::max(score.first, load.sum_ps());
      score.second += load.sum_ps();
    }
    return score;
  }

  [[nodiscard]] std::uint32_t busiest() const {
    std::uint32_t thread = 0;
    for (std::uint32_t i = 1; i < result_.loads.size(); ++i) {
      if (result_.loads[i].sum_ps() > result_.loads[thread].sum_ps()) thread = i;
    }
    return thread;
  }

  [[nodiscard]] std::vector<GroupIndex> groups_of(std::uint32_t thread) const {
    std::vector<GroupIndex> groups;
    for (GroupIndex group = 0; group < result_.thread_of.size(); ++group) {
      if (result_.thread_of[group] == thread) groups.push_back(group);
    }
    return groups;
  }

  bool move_best() {
    const std::uint32_t from = busiest();
    if (sizes_[from] == 1) return false;
    Score best = score();
    std::optional<std::pair<GroupIndex, std::uint32_t>> chosen;
    for (const GroupIndex group : groups_of(from)) {
      for (std::uint32_t to = 0; to < result_.loads.size(); ++to) {
        if (to == from) continue;
        move(group, to);
        if (score() < best) {
          best = score();
          chosen = {group, to};
        }
        move(group, from);
      }
    }
    if (chosen) move(chosen->first, chosen->second);
    return chosen.has_value();
  }

  bool swap_best() {
    if (result_.thread_of.size() > kMostSwappedGroups) return false;
    const std::uint32_t from = busiest();
    Score best = score();
    std::optional<std::pair<GroupIndex, GroupIndex>> chosen;
    for (const GroupIndex group : groups_of(from)) {
      for (GroupIndex other = 0; other < result_.thread_of.size(); ++other) {
        const std::uint32_t to = result_.thread_of[other];
        if (to == from) continue;
        move(group, to);
        move(other, from);
        if (score() < best) {
          best = score();
          chosen = {group, other};
        }
        move(other, to);
        move(group, from);
      }
    }
    if (!chosen) return false;
    const std::uint32_t to = result_.thread_of[chosen->second];
    move(chosen->first, to);
    move(chosen->second, from);
    return true;
  }

  void move(GroupIndex group, std::uint32_t to) {
    count_flows_of(group, -1);
    std::uint32_t& thread = result_.thread_of[group];
    result_.loads[thread].own_ps -= graph_.work_ps[group];
    --sizes_[thread];
    thread = to;
    result_.loads[thread].own_ps += graph_.work_ps[group];
    ++sizes_[thread];
    count_flows_of(group, 1);
  }

  void count_flows_of(GroupIndex group, std::int64_t sign) {
    for (const std::size_t flow : adjacency_.made[group]) count_flow(flow, sign);
    for (const std::size_t flow : adjacency_.read[group]) count_flow(flow, sign);
  }

  // Adds what a flow costs, or takes it away.
  void count_flow(std::size_t index, std::int64_t sign) {
    const WorkFlow& flow = graph_.flows[index];
    const std::uint32_t from = result_.thread_of[flow.from];
    std::uint64_t readers = 0;
    for (const GroupIndex reader : flow.readers) readers |= std::uint64_t{1} << result_.thread_of[reader];
    readers &= ~(std::uint64_t{1} << from);
    result_.loads[from].crossing_ps += sign * flow.send_ps * std::popcount(readers);
    for (; readers != 0; readers &= readers - 1) {
      result_.loads[static_cast<std::size_t>(std::countr_zero(readers))].crossing_ps += sign * flow.receive_ps;
    }
  }

  const WorkGraph& graph_;
  const Adjacency& adjacency_;
  Partition result_;
  std::vector<std::size_t> sizes_;  // Groups of each thread.
};

}  // namespace

std::int64_t Partition::busiest_ps() const {
  std::int64_t busiest = 0;
  for (const ThreadLoad& load : loads) busiest = std::max(busiest, load.sum_ps());
  return busiest;
}

std::vector<Partition> partition_work(const WorkGraph& graph, std::uint32_t most_threads) {
  STREAM_ASSERT(most_threads >= 1 && most_threads <= kMostBalancedThreads, "{} threads", most_threads);
  const std::size_t most = std::min<std::size_t>(most_threads, graph.work_ps.size());
  std::vector<Partition> result;
  if (most == 0) return result;
  const Adjacency adjacency(graph);
  const LineCutter cutter(graph, adjacency, line_of(graph, adjacency), most);
  for (std::size_t threads = 1; threads <= cutter.most_pieces(); ++threads) {
    Arrangement arrangement(graph, adjacency, cutter.cut(threads), threads);
    arrangement.improve();
    result.push_back(std::move(arrangement).result());
  }
  return result;
}

}  // namespace streamc
