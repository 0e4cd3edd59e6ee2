// Work that is spread over threads such that the busiest of them has the least to do.
//
// What is spread are groups, which nothing divides. Between groups run flows: one group makes what several
// read, and each thread that reads it beside its own costs both sides something.
//
// First the groups are put in a line, in topological order and branches one behind the other, and the line is
// cut by dynamic programming (Bokhari, "Partitioning problems in parallel, pipelined, and distributed computing", 1988,
// for chains; crossings are part of the load of a piece here). Then groups move to, or change places with groups of,
// other threads as long as that helps the busiest. Nothing is random, and all is integers: equal graphs give equal
// results everywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace streamc {

using GroupIndex = std::uint32_t;

// The most threads that work is spread over.
inline constexpr std::uint32_t kMostBalancedThreads = 64;

// Costs in picoseconds, of one thread, for each item of the sources.
struct WorkFlow {
  GroupIndex from = 0;
  std::vector<GroupIndex> readers;  // Never `from`; each once.
  std::int64_t send_ps = 0;         // Of the thread that makes it, for each other one that reads it.
  std::int64_t receive_ps = 0;      // Of each of those.
};

struct WorkGraph {
  std::vector<std::int64_t> work_ps;  // One entry a group.
  std::vector<WorkFlow> flows;
};

struct ThreadLoad {
  std::int64_t own_ps = 0;
  std::int64_t crossing_ps = 0;  // To send and receive what crosses.

  [[nodiscard]] std::int64_t sum_ps() const { return own_ps + crossing_ps; }
};

struct Partition {
  std::vector<std::uint32_t> thread_of;  // One entry a group.
  std::vector<ThreadLoad> loads;         // One entry a thread; none is without a group.

  // The load of the busiest thread.
  [[nodiscard]] std::int64_t busiest_ps() const;
};

// Entry k spreads the groups over k + 1 threads. As many entries as there are threads or groups, whichever is less.
// `most_threads` is 1 to kMostBalancedThreads. O(groups² + groups · flows) for up to 2,000 groups; beyond, the line is
// cut at coarser places only.
std::vector<Partition> partition_work(const WorkGraph& graph, std::uint32_t most_threads);

}  // namespace streamc
