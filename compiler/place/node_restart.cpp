#include "compiler/place/node_restart.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <variant>

#include "compiler/graph/heads.h"
#include "compiler/support/match.h"

namespace streamc {
namespace {

NodeId node_of(const PlacedGraph& placed, OperatorId id) { return process_of(placed, id).node_id; }

std::string name_of(const Graph& graph, PortId port) {
  const Port& own = graph.port(port);
  return own.name.empty() ? graph.op(own.producer).equation : own.name;
}

std::string equation_of_path(const Operator& op) { return op.path.substr(0, op.path.find('/')); }

bool is_called(const Operator& op, const std::string& name) {
  return op.equation == name || equation_of_path(op) == name;
}

// What a restart takes from an operator; empty: nothing.
std::string lost_by(const PlacedGraph& placed, const Operator& op) {
  const Graph& graph = placed.graph;
  const auto remembers = [&](const char* what) { return fmt::format("`{}` {}", op.equation, what); };
  return match(
      op.kind,
      [&](const SourceOperator& source) {
        if (!source.is_live) return remembers("would be read from its beginning again");
        const Port& items = graph.port(op.outputs.front());
        return graph.scope(items.scope).domain == Domain::Time ? std::string()
                                                               : remembers("would number its items from 0 again");
      },
      [&](const ListOperator&) { return remembers("would begin with its first item again"); },
      [](const MapOperator&) { return std::string(); }, [](const WhereOperator&) { return std::string(); },
      [](const FilterMapOperator&) { return std::string(); }, [](const ElseOperator&) { return std::string(); },
      [](const MergeOperator&) { return std::string(); },
      [&](const PrevOperator&) { return remembers("looks back at earlier items"); },
      [&](const TakeOperator&) { return remembers("counts items"); },
      [&](const SkipOperator&) { return remembers("counts items"); },
      [&](const ScanOperator&) { return remembers("remembers what it has seen"); },
      [&](const RunningOperator&) { return remembers("remembers what it has seen"); },
      [&](const WindowOperator&) { return remembers("holds the items of a window"); },
      [&](const WindowFoldOperator&) { return remembers("holds the items of a window"); },
      [&](const FlattenOperator&) { return remembers("may have sent a part of an array"); },
      [&](const ZipOperator&) { return remembers("pairs items by their number"); },
      [&](const DelayOperator&) { return remembers("holds items back"); },
      [&](const LinkOperator& link) {
        const bool comes_round = std::any_of(link.initial.begin(), link.initial.end(),
                                             [](const LinkInitial& initial) { return initial.count > 0; });
        return comes_round ? remembers("looks back at earlier items") : std::string();
      },
      [&](const AgentOperator&) { return remembers("is an agent, which may hold state"); },
      [&](const SinkOperator& sink) {
        return sink.destination_kind == "console" ? std::string()
                                                  : fmt::format("what `{}` has written would begin anew", sink.connector);
      },
      [](const CaptureOperator&) { return std::string(); });
}

// The sources of the node that a port depends on.
std::set<OperatorId> sources_of(const Graph& graph, PortId port) {
  std::set<OperatorId> seen;
  std::set<OperatorId> sources;
  std::vector<OperatorId> worklist{graph.port(port).producer};
  while (!worklist.empty()) {
    const OperatorId id = worklist.back();
    worklist.pop_back();
    if (!seen.insert(id).second) continue;
    const Operator& op = graph.op(id);
    if (op.inputs.empty()) sources.insert(id);
    for (const PortId input : op.inputs) worklist.push_back(graph.port(input).producer);
  }
  return sources;
}

// Two streams of one source that leave the node.
std::string lost_step(const Graph& graph, const std::vector<PortId>& leaving) {
  std::map<OperatorId, PortId> first;
  for (const PortId port : leaving) {
    for (const OperatorId source : sources_of(graph, port)) {
      const auto [known, is_new] = first.try_emplace(source, port);
      if (is_new) continue;
      if (known->second == port) {
        return fmt::format("`{}` goes to two places, which would no longer be equally far", name_of(graph, port));
      }
      return fmt::format("`{}` and `{}` come from one source and would no longer go in step, unless they cross as one "
                         "record or tuple",
                         name_of(graph, known->second), name_of(graph, port));
    }
  }
  return {};
}

}  // namespace

std::vector<Crossing> crossings(const PlacedGraph& placed) {
  std::vector<Crossing> result;
  for (std::size_t i = 0; i < placed.graph.operators.size(); ++i) {
    const OperatorId reader(i);
    const NodeId to = node_of(placed, reader);
    for (const PortId port : placed.graph.op(reader).inputs) {
      const NodeId from = node_of(placed, placed.graph.port(port).producer);
      if (from != to) result.push_back({port, reader, from, to});
    }
  }
  return result;
}

bool link_applies(const PlacedGraph& placed, const PlacedLink& link, PortId port, OperatorId reader) {
  const Graph& graph = placed.graph;
  const Operator& writer = graph.op(graph.port(port).producer);
  if (link.is_between_nodes) {
    const auto& nodes = placed.placement.nodes;
    return nodes[node_of(placed, graph.port(port).producer).index()].name == link.from &&
           nodes[node_of(placed, reader).index()].name == link.to;
  }
  if (link.drops()) {  // All that it carries is for one `best_effort`.
    return is_best_effort(graph.op(reader)) && graph.port(graph.op(reader).outputs.front()).name == link.from;
  }
  if (link.from != writer.equation && link.from != graph.port(port).name) return false;
  const Operator& own = graph.op(reader);
  if (is_called(own, link.to)) return true;
  if (!std::holds_alternative<LinkOperator>(own.kind)) return false;
  // Several equations may read what one `Link` brings.
  for (std::size_t k = 0; k < own.inputs.size(); ++k) {
    if (own.inputs[k] != port) continue;
    for (const Operator& op : graph.operators) {
      const bool reads = std::find(op.inputs.begin(), op.inputs.end(), own.outputs[k]) != op.inputs.end();
      if (reads && is_called(op, link.to)) return true;
    }
  }
  return false;
}

std::int64_t spool_of(const PlacedGraph& placed, PortId port, OperatorId reader) {
  if (node_of(placed, placed.graph.port(port).producer) == node_of(placed, reader)) return 0;
  std::int64_t bytes = 0;
  for (const PlacedLink& link : placed.placement.links) {
    if (link.spool_bytes > 0 && link_applies(placed, link, port, reader)) {
      // What is said of a stream goes before what is said of nodes.
      if (!link.is_between_nodes) return link.spool_bytes;
      bytes = link.spool_bytes;
    }
  }
  return bytes;
}

std::optional<std::string> lost_on_restart(const PlacedGraph& placed, NodeId node) {
  const Graph& graph = placed.graph;
  std::vector<PortId> leaving;
  std::string lost;
  const auto note = [&lost](std::string reason) {
    if (lost.empty()) lost = std::move(reason);
  };
  bool has_spool = false;
  for (const Crossing& crossing : crossings(placed)) {
    const std::string name = name_of(graph, crossing.port);
    if (crossing.to == node) {
      note(fmt::format("`{}` comes from node `{}`, which does not send it again", name,
                       placed.placement.nodes[crossing.from.index()].name));
    }
    if (crossing.from != node) continue;
    leaving.push_back(crossing.port);
    if (spool_of(placed, crossing.port, crossing.reader) > 0) {
      has_spool = true;
    } else {
      note(fmt::format("`{}` goes to node `{}` without a spool", name,
                       placed.placement.nodes[crossing.to.index()].name));
    }
  }
  if (!has_spool) return std::nullopt;
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    if (node_of(placed, OperatorId(i)) == node) note(lost_by(placed, graph.op(OperatorId(i))));
  }
  note(lost_step(graph, leaving));
  return lost;
}

}  // namespace streamc
