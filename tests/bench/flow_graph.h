// The peer of the thread rows: the same items through a flow graph of oneTBB.
#pragma once

#include <cstdint>

namespace streambench {

// False where oneTBB was not installed when this was built; then the next one must not be called.
bool has_flow_graph();

// Seconds until a node has added up all that a source node made, in batches of `batch` items on two threads. The batches
// stand in memory that both nodes know, as many as are on the way; what goes over the edge is where.
double time_flow_graph(std::int64_t batch, std::int64_t batches, double& sum);

}  // namespace streambench
