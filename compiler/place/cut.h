// Cuts a graph where its operators run in different parts.
//
// A region is a loop over the ticks of one scope and its children, and runs on one thread. Where an equation
// runs elsewhere than the one it reads, the region becomes two: the ticks that are needed on the other
// side cross in queues, and a `Link` is the head of what continues there.
//
// A cycle through `prev` that runs in several parts is cut at each `prev`: its first ticks stand in the link from
// the beginning, the others come round.
//
//   one region                  two regions
//   source ─ map ─ where        source ─ map ═══ link ─ where
//
// Results do not change: a link hands on ticks, holes, stamps and END(T) as they are.
#pragma once

#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/support/ids.h"

namespace streamc {

using NodeId = Id<struct NodeTag>;  // A machine.
using PartId = Id<struct PartTag>;  // A thread of a process of a node.

struct CutGraph {
  Graph graph;
  std::vector<PartId> part_of;      // One entry for each operator of `graph`.
  std::vector<OperatorId> origins;  // The operator of the uncut graph; of a link: one that reads it.
};

// An operator that cannot run where it was put, and the part it was moved to.
struct MovedOperator {
  enum class Reason : std::uint8_t {
    Stop,   // An `else stop` depends on it: it decides before anything of the tick leaves its region.
    Cycle,  // It is on a cycle through a `prev` of something that may hold holes, which is handled tick by tick.
    Loop,   // It is on a cycle through `delay`, whose parts must share memory to see when it ends.
  };
  OperatorId id;
  PartId wanted;
  PartId given;
  Reason reason = Reason::Stop;
};

// Changes `parts` (one entry for each operator) where operators must stay together; in the order of the graph.
// `nodes`: the node of each part.
std::vector<MovedOperator> settle_parts(const Graph& graph, const std::vector<NodeId>& nodes,
                                        std::vector<PartId>& parts);

// `parts` must be settled. Operators of one part stay in the order of the graph. O(edges · log).
CutGraph cut_graph(const Graph& graph, const std::vector<PartId>& parts);

}  // namespace streamc
