// A random placement, for proving that placement changes no result.
#pragma once

#include <cstdint>

#include "compiler/place/placement.h"

namespace streamc {

struct ScatterLimits {
  std::uint32_t parts = 6;      // Threads, two at the least,
  std::uint32_t processes = 3;  // over so many processes
  std::uint32_t nodes = 3;      // and nodes at the most.
};

// Each operator anywhere, or each equation as a whole. Equal seeds give equal placements.
PlacedGraph scatter(const Graph& graph, std::uint64_t seed, const ScatterLimits& limits = {});

}  // namespace streamc
