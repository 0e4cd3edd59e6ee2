// Which operator runs where.
//
// Nodes (machines) hold processes, processes hold parts, each a thread that runs some regions. Without a
// `deploy` block there is one of each. Where an equation runs elsewhere than what it reads, its region
// is cut in two (cut.h). Results never depend on a placement.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/place/cut.h"
#include "compiler/sema/deployment.h"
#include "compiler/support/ids.h"

namespace streamc {

using ProcessId = Id<struct ProcessTag>;

struct PlacedNode {
  std::string name;  // Empty without `node` in the deploy block.
  std::string host;
  std::int32_t port = 0;  // Where it listens.
  std::string target;     // Empty: the machine that compiles.
  std::optional<NodeId> followed;  // The node to whose clock its own is shifted.
};

struct PlacedProcess {
  std::string name;  // Empty for the first of a node: the one that is started.
  NodeId node_id;
  std::int32_t restart = 0;  // How often it is started again; -1: always.
  SourceSpan restart_span;   // Where that is said; for messages.
};

struct PlacedPart {
  std::string name;
  ProcessId process_id;
  std::int32_t core = -1;     // -1: any.
  std::int32_t priority = 0;  // Of a real-time thread; 0: none.
};

// What the block says of what is on the way from one equation to another, or from one node to another.
struct PlacedLink {
  std::string from;
  std::string to;
  std::int64_t buffer = 0;  // Items, at the most; 0: not said.
  WhenFull full = WhenFull::Wait;
  std::int64_t keep_every = 0;   // WhenFull::Sample.
  std::int64_t spool_bytes = 0;  // Room on the sender's disk; 0: not said.
  bool is_between_nodes = false;

  // It ends in front of a `best_effort`, which runs where the reader does, and may drop items there.
  [[nodiscard]] bool drops() const { return full != WhenFull::Wait; }
};

struct Placement {
  std::vector<PlacedNode> nodes;
  std::vector<PlacedProcess> processes;  // Those of a node stand together, the first of each in front.
  std::vector<PlacedPart> parts;         // Likewise by process.
  PartId main_part;                      // Where the console is.
  std::vector<PlacedLink> links;
  std::string tls;                       // Folder of certificates, if nodes speak TLS.
  bool allows_insecure_links = false;  // Nodes may link without TLS also beyond one machine.
};

// A graph that is ready to become code.
struct PlacedGraph {
  Graph graph;
  Placement placement;
  std::vector<PartId> part_of;           // One entry for each operator of `graph`.
  std::vector<MovedOperator> moved;      // Operators that could not stay where they were put; ids of `origin`.
};

// Where an operator runs.
[[nodiscard]] const PlacedProcess& process_of(const PlacedGraph& placed, OperatorId id);

// One node, process and thread.
Placement one_thread();

// Everything on one thread. O(operators).
PlacedGraph place_on_one_thread(Graph graph);

// Changes `parts` (one entry for each operator) for sinks: the console, and what a test observes, belong to the main part;
// files are together where the first of them is, and so are charts and tables.
void gather_sinks(const Graph& graph, PartId main_part, std::vector<PartId>& parts);

// Each operator in the part wished for it, as far as that can be: the console and files that several
// operators write have one place each, and see settle_parts(). `wishes`: one entry for each operator.
PlacedGraph place(const Graph& graph, Placement placement, std::vector<PartId> wishes);

// Nodes, processes, threads and their regions, one a line: what `--emit=placement` shows.
std::string print_placement(const PlacedGraph& placed);

}  // namespace streamc
