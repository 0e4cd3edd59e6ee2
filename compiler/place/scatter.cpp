#include "compiler/place/scatter.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>
#include <utility>

namespace streamc {

PlacedGraph scatter(const Graph& graph, std::uint64_t seed, const ScatterLimits& limits) {
  std::mt19937_64 random(seed);
  const auto up_to = [&random](std::uint64_t most) { return 1 + random() % most; };
  const std::uint64_t process_count = up_to(limits.processes);
  const std::uint64_t part_count =
      std::max<std::uint64_t>({2, process_count, up_to(std::max<std::uint32_t>(limits.parts, 2))});

  Placement placement;
  // Half of all programs are on one node. Each node has a process, the others go anywhere; those of
  // a node stand together.
  const std::uint64_t node_count =
      random() % 2 == 0 ? 1 : up_to(std::min<std::uint64_t>(process_count, limits.nodes));
  for (std::uint64_t i = 0; i < node_count; ++i) {
    placement.nodes.push_back(
        {.name = node_count == 1 ? std::string() : fmt::format("node_{}", i)});
  }
  std::vector<std::size_t> node_of;
  for (std::uint64_t i = 0; i < process_count; ++i)
    node_of.push_back(i < node_count ? i : random() % node_count);
  std::sort(node_of.begin(), node_of.end());
  for (std::uint64_t i = 0; i < process_count; ++i) {
    const bool is_first = i == 0 || node_of[i - 1] != node_of[i];
    placement.processes.push_back({.name = is_first ? std::string() : fmt::format("process_{}", i),
                                   .node_id = NodeId(node_of[i])});
  }
  // Each process has a part, the others go anywhere; those of a process stand together.
  std::vector<std::size_t> process_of;
  for (std::uint64_t i = 0; i < part_count; ++i) {
    process_of.push_back(i < process_count ? i : random() % process_count);
  }
  std::sort(process_of.begin(), process_of.end());
  for (const std::size_t process : process_of) {
    placement.parts.push_back(
        {.name = fmt::format("thread_{}", placement.parts.size()), .process_id = ProcessId(process)});
  }
  placement.main_part = PartId(0);

  const bool whole_equations = random() % 2 == 0;
  std::map<std::string, PartId> part_of;
  std::vector<PartId> wishes;
  for (const Operator& op : graph.operators) {
    const PartId part(random() % part_count);
    wishes.push_back(whole_equations ? part_of.try_emplace(op.equation, part).first->second : part);
  }
  return place(graph, std::move(placement), std::move(wishes));
}

}  // namespace streamc
