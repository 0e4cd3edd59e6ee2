// What is kept on disk between nodes, and whether a node that does so may be started again.
//
// A spool keeps what a node has sent. A node that was restarted goes on behind it, and the others take it for the same
// node: that is true only if nothing else of what it knew is gone. So it may have live sources alone (recorded ones
// would be read again from their beginning), operators that remember nothing, no sinks but the console (files would
// begin anew), nothing that comes from other nodes, and a spool in front of all that it sends; and no source of it may
// feed two streams that cross, as they would have stopped at different items. What a process knew when it died while
// its node goes on is another matter: see process_restart.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/place/placement.h"

namespace streamc {

// A stream that one operator writes and another one, a `Link`, reads on another node.
struct Crossing {
  PortId port;
  OperatorId reader;
  NodeId from;
  NodeId to;
};

// In the order of the graph. O(operators).
std::vector<Crossing> crossings(const PlacedGraph& placed);

// Whether what the block says of `link` is meant for this port and reader, on whatever nodes they are.
bool link_applies(const PlacedGraph& placed, const PlacedLink& link, PortId port, OperatorId reader);

// Bytes of the spool between a port and its reader; 0: it has none.
std::int64_t spool_of(const PlacedGraph& placed, PortId port, OperatorId reader);

// What would be lost if the node were started again, in words for the user; empty: nothing. None if no stream that
// leaves it has a spool.
std::optional<std::string> lost_on_restart(const PlacedGraph& placed, NodeId node);

}  // namespace streamc
