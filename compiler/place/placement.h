// Which region of a graph runs where.
//
// A region is a head (a source, zip or merge) with everything below it down to sinks and the queues
// of other heads: the unit that has a thread. Without a `deploy` block there is one node, one process
// and one thread, and it runs all of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/support/ids.h"

namespace streamc {

using ThreadId = Id<struct ThreadTag>;
using RegionId = Id<struct RegionTag>;

struct PlacedThread {
  std::string name;  // Of the `thread` in the deploy block; `main` without one.
};

struct PlacedRegion {
  OperatorId head;
  std::vector<OperatorId> operators;  // With the head, in the order of the graph.
  ThreadId thread_id;
};

struct Placement {
  std::vector<PlacedThread> threads;
  std::vector<PlacedRegion> regions;  // In the order of their heads.
  std::vector<RegionId> region_of;    // One entry for each operator.
};

// Everything on one thread. O(operators + scopes).
Placement place_on_one_thread(const Graph& graph);

// One line for each thread and region: what `--emit=placement` shows.
std::string print_placement(const Placement& placement, const Graph& graph);

}  // namespace streamc
