#include "compiler/place/placement.h"

#include <fmt/format.h>

#include <iterator>
#include <map>
#include <utility>

#include "compiler/graph/heads.h"
#include "compiler/place/node_restart.h"

namespace streamc {
namespace {

// Operators that write to one destination must write in one place.
std::optional<std::string> destination_of(const Operator& op) {
  const auto* sink = std::get_if<SinkOperator>(&op.kind);
  return sink == nullptr ? std::nullopt : std::optional(sink->destination_kind);
}

OperatorId head_of(const Graph& graph, OperatorId id) {
  const Operator& op = graph.op(id);
  return is_head(op) ? id : graph.scope(root_of(graph, graph.port(op.inputs.front()).scope)).opener;
}

// One line a region: its head, then what hangs below it. Sinks stand alone where they run elsewhere.
std::string part_text(const PlacedGraph& placed, PartId part) {
  std::string out;
  std::map<OperatorId, std::string> lines;
  std::vector<OperatorId> order;
  for (std::size_t i = 0; i < placed.graph.operators.size(); ++i) {
    const OperatorId id(i);
    if (placed.part_of[i] != part) continue;
    const Operator& op = placed.graph.op(id);
    OperatorId head = head_of(placed.graph, id);
    if (placed.part_of[head.index()] != part) head = id;
    const auto [line, is_new] = lines.try_emplace(head);
    if (is_new) order.push_back(head);
    if (head != id) line->second += " " + op.path;
  }
  for (const OperatorId head : order) {
    const std::string& path = placed.graph.op(head).path;
    const bool is_sink = placed.graph.op(head).outputs.empty();
    fmt::format_to(std::back_inserter(out), "      {} {}{}{}\n", is_sink ? "sink" : "region of", path,
                   lines[head].empty() ? "" : ":", lines[head]);
  }
  return out;
}

// What leaves the node through a spool, and whether the node may be restarted.
std::string spool_text(const PlacedGraph& placed, NodeId node) {
  const std::optional<std::string> lost = lost_on_restart(placed, node);
  if (!lost) return {};
  std::string out;
  for (const Crossing& crossing : crossings(placed)) {
    if (crossing.from != node) continue;
    const std::int64_t bytes = spool_of(placed, crossing.port, crossing.reader);
    const Port& port = placed.graph.port(crossing.port);
    if (bytes == 0) continue;
    fmt::format_to(std::back_inserter(out), "  spool {} -> {}: {} bytes\n",
                   port.name.empty() ? placed.graph.op(port.producer).equation : port.name,
                   placed.placement.nodes[crossing.to.index()].name, bytes);
  }
  return out + (lost->empty() ? "  may be restarted\n" : fmt::format("  not to be restarted: {}\n", *lost));
}

}  // namespace

const PlacedProcess& process_of(const PlacedGraph& placed, OperatorId id) {
  const PlacedPart& part = placed.placement.parts[placed.part_of[id.index()].index()];
  return placed.placement.processes[part.process_id.index()];
}

Placement one_thread() {
  return {.nodes = {{}},
          .processes = {{.name = {}, .node_id = NodeId(0)}},
          .parts = {{.name = "main", .process_id = ProcessId(0)}},
          .main_part = PartId(0)};
}

PlacedGraph place_on_one_thread(Graph graph) {
  std::vector<PartId> parts(graph.operators.size(), PartId(0));
  return {std::move(graph), one_thread(), std::move(parts), {}};
}

void gather_sinks(const Graph& graph, PartId main_part, std::vector<PartId>& parts) {
  std::map<std::string, PartId> part_of_kind{{"console", main_part}};
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    const Operator& op = graph.operators[i];
    if (std::holds_alternative<CaptureOperator>(op.kind)) parts[i] = main_part;
    if (const auto kind = destination_of(op)) parts[i] = part_of_kind.try_emplace(*kind, parts[i]).first->second;
  }
}

PlacedGraph place(const Graph& graph, Placement placement, std::vector<PartId> wishes) {
  gather_sinks(graph, placement.main_part, wishes);
  std::vector<NodeId> nodes;
  for (const PlacedPart& part : placement.parts) {
    nodes.push_back(placement.processes[part.process_id.index()].node_id);
  }
  std::vector<MovedOperator> moved = settle_parts(graph, nodes, wishes);
  CutGraph cut = cut_graph(graph, wishes);
  return {std::move(cut.graph), std::move(placement), std::move(cut.part_of), std::move(moved)};
}

std::string print_placement(const PlacedGraph& placed) {
  std::string out;
  const Placement& placement = placed.placement;
  for (std::size_t node = 0; node < placement.nodes.size(); ++node) {
    const std::string& name = placement.nodes[node].name;
    out += name.empty() ? "node\n" : "node " + name + "\n";
    if (const auto followed = placement.nodes[node].followed) {
      fmt::format_to(std::back_inserter(out), "  follows the clock of {}\n", placement.nodes[followed->index()].name);
    }
    out += spool_text(placed, NodeId(node));
    for (std::size_t process = 0; process < placement.processes.size(); ++process) {
      if (placement.processes[process].node_id != NodeId(node)) continue;
      const std::string& process_name = placement.processes[process].name;
      out += process_name.empty() ? "  process\n" : "  process " + process_name + "\n";
      for (std::size_t part = 0; part < placement.parts.size(); ++part) {
        if (placement.parts[part].process_id != ProcessId(process)) continue;
        fmt::format_to(std::back_inserter(out), "    thread {}{}\n", placement.parts[part].name,
                       PartId(part) == placement.main_part ? " (console)" : "");
        out += part_text(placed, PartId(part));
      }
    }
  }
  return out;
}

}  // namespace streamc
