#include "compiler/place/placement.h"

#include <iterator>
#include <map>

namespace streamc {

Placement place_on_one_thread(const Graph& graph) {
  Placement placement;
  placement.threads.push_back({.name = "main"});
  std::map<OperatorId, RegionId> region_of_head;
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    const OperatorId id(i);
    const Operator& op = graph.op(id);
    const bool is_head = op.inputs.empty() || std::holds_alternative<ZipOperator>(op.kind) ||
                         std::holds_alternative<MergeOperator>(op.kind);
    OperatorId head = id;
    if (!is_head) {
      ScopeId scope = graph.port(op.inputs.front()).scope;
      while (graph.scope(scope).parent.valid()) scope = graph.scope(scope).parent;
      head = graph.scope(scope).opener;
    }
    const auto [found, is_new] = region_of_head.try_emplace(head, RegionId(placement.regions.size()));
    if (is_new) placement.regions.push_back({.head = head, .operators = {}, .thread_id = ThreadId(0)});
    placement.regions[found->second.index()].operators.push_back(id);
    placement.region_of.push_back(found->second);
  }
  return placement;
}

std::string print_placement(const Placement& placement, const Graph& graph) {
  std::string out;
  for (std::size_t thread = 0; thread < placement.threads.size(); ++thread) {
    fmt::format_to(std::back_inserter(out), "thread {}\n", placement.threads[thread].name);
    for (const PlacedRegion& region : placement.regions) {
      if (region.thread_id != ThreadId(thread)) continue;
      fmt::format_to(std::back_inserter(out), "  region of {}:", graph.op(region.head).path);
      for (const OperatorId id : region.operators) {
        if (id != region.head) fmt::format_to(std::back_inserter(out), " {}", graph.op(id).path);
      }
      out += '\n';
    }
  }
  return out;
}

}  // namespace streamc
