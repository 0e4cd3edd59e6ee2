#include "compiler/place/deploy.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "compiler/graph/heads.h"
#include "compiler/place/node_restart.h"
#include "compiler/place/process_restart.h"
#include "compiler/support/assert.h"

namespace streamc {
namespace {

// Where the first node of a block listens; each further one listens one higher.
constexpr std::int32_t kFirstPort = 7400;

class Deployer {
 public:
  Deployer(const CheckedProgram& program, const Graph& graph, const Deployment& deployment, DiagnosticSink& sink)
      : program_(program), graph_(graph), deployment_(deployment), sink_(sink) {}

  std::optional<PlacedGraph> place() {
    make_parts();
    check_ports();
    std::vector<PartId> wishes;
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) wishes.push_back(wish_of(OperatorId(i)));
    for (const DeployedLink& link : deployment_.links) {
      if (link.full != WhenFull::Wait) place_where_it_drops(link, wishes);
    }
    if (!ok_) return std::nullopt;
    const std::vector<PartId> wanted = wishes;
    PlacedGraph placed = streamc::place(graph_, placement_, std::move(wishes));
    warn_of_moved(placed);
    for (const DeployedLink& link : deployment_.links) {
      placed.placement.links.push_back(placed_link(link));
      if (!link.tls.empty()) placed.placement.tls = link.tls;
      placed.placement.allows_insecure_links =
          placed.placement.allows_insecure_links || link.is_insecure;
    }
    for (const DeployedLink& link : deployment_.links) {
      check_spool(placed, link);
      warn_of_nothing(link);
    }
    follow_clocks(placed);
    ok_ = check_restarts(program_, placed, sink_) && ok_;
    if (!ok_) return std::nullopt;
    return placed;
  }

 private:
  // Only what is used, and the first part of each node's first process: there the console is.
  void make_parts() {
    std::set<std::size_t> used_threads;
    for (const DeployedStream& stream : deployment_.streams) used_threads.insert(stream.thread);
    if (deployment_.rest) used_threads.insert(*deployment_.rest);
    const std::size_t main_node =
        deployment_.rest ? deployment_.processes[deployment_.threads[*deployment_.rest].process].node : 0;
    for (std::size_t node = 0; node < deployment_.nodes.size(); ++node) {
      const DeployedNode& own = deployment_.nodes[node];
      const auto index = static_cast<std::int32_t>(node);
      placement_.nodes.push_back({.name = own.name,
                                  .host = own.host,
                                  .port = own.port != 0 ? own.port : kFirstPort + index,
                                  .target = own.target});
      for (std::size_t process = 0; process < deployment_.processes.size(); ++process) {
        if (deployment_.processes[process].node == node) make_process(process, used_threads, node == main_node);
      }
    }
  }

  // Of one machine. Nobody connects to the first node.
  void check_ports() {
    std::map<std::pair<std::string, std::int32_t>, std::size_t> listeners;
    std::int32_t highest = kFirstPort;
    for (const PlacedNode& node : placement_.nodes) highest = std::max(highest, node.port);
    for (std::size_t i = 1; i < placement_.nodes.size(); ++i) {
      const PlacedNode& node = placement_.nodes[i];
      const auto [first, is_new] = listeners.try_emplace({node.host, node.port}, i);
      if (is_new) continue;
      const SourceSpan own = deployment_.nodes[i].port_span;
      const SourceSpan other = deployment_.nodes[first->second].port_span;
      sink_.report(diag::SamePort, own.valid() ? own : other, placement_.nodes[first->second].name, node.name, node.port)
          .help(fmt::format("give one of them another port: `port: {}`", highest + 1));
      ok_ = false;
    }
  }

  void make_process(std::size_t index, const std::set<std::size_t>& used_threads, bool is_main_node) {
    const DeployedProcess& process = deployment_.processes[index];
    const bool is_first = process.name.empty();
    std::vector<std::size_t> threads;
    for (std::size_t thread = 0; thread < deployment_.threads.size(); ++thread) {
      if (deployment_.threads[thread].process == index && used_threads.contains(thread)) threads.push_back(thread);
    }
    if (threads.empty() && !is_first) return;
    const ProcessId process_id(placement_.processes.size());
    placement_.processes.push_back({process.name, NodeId(process.node), process.restart, process.restart_span});
    // The console is where the rest is, if that runs in the first process of its node.
    const bool has_rest = deployment_.rest && deployment_.threads[*deployment_.rest].process == index;
    if (is_first && is_main_node && !has_rest) placement_.main_part = PartId(placement_.parts.size());
    if (threads.empty()) placement_.parts.push_back({.name = "main", .process_id = process_id});
    for (const std::size_t thread : threads) {
      const DeployedThread& own = deployment_.threads[thread];
      part_of_thread_[thread] = PartId(placement_.parts.size());
      if (is_first && is_main_node && has_rest && thread == *deployment_.rest) {
        placement_.main_part = part_of_thread_[thread];
      }
      placement_.parts.push_back({own.name, process_id, own.core, own.priority});
    }
  }

  // The place of an operator is that of its equation, which may go by several names (`a, b = split(x)`).
  PartId wish_of(OperatorId id) {
    const Operator& op = graph_.op(id);
    std::vector<std::string> names;
    for (const PortId output : op.outputs) names.push_back(graph_.port(output).name);
    names.push_back(op.equation);
    for (const std::string& name : names) {
      for (const DeployedStream& stream : deployment_.streams) {
        if (stream.name == name) return part_of_thread_.at(stream.thread);
      }
    }
    if (deployment_.rest) return part_of_thread_.at(*deployment_.rest);
    // A sink without a name writes where the console is.
    if (op.outputs.empty()) return placement_.main_part;
    if (unplaced_.insert(op.equation).second) {
      sink_.report(diag::NotPlaced, op.span, op.equation, deployment_.name)
          .label(deployment_.span, "the block")
          .help(fmt::format("add `{}` to a thread, or `*` to one of them for all the rest", op.equation));
      ok_ = false;
    }
    return placement_.main_part;
  }

  // What waits in front of a `best_effort` may be dropped, so it runs behind the link, with the reader: all who
  // read it get the same items.
  void place_where_it_drops(const DeployedLink& link, std::vector<PartId>& wishes) {
    const std::optional<OperatorId> thinned = best_effort_of(link.from);
    if (!thinned) {
      sink_.report(diag::LinkMayNotDrop, link.full_span, link.from)
          .help(fmt::format("if any subsequence of it will do, end its equation with it: `{} = … |> best_effort`; else "
                            "let the link wait: `full: wait`",
                            link.from));
      ok_ = false;
      return;
    }
    const auto [known, is_new] = drops_.try_emplace(*thinned, link.full_span);
    if (!is_new) {
      sink_.report(diag::TwoLinksDrop, link.full_span, link.from)
          .label(known->second, "the first one")
          .help(fmt::format("all who read `{0}` get the same items; for others make another stream of it in front of its "
                            "`best_effort`, as `{0}_too = … |> best_effort`",
                            link.from));
      ok_ = false;
      return;
    }
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      if (is_called(OperatorId(i), link.to)) {
        wishes[thinned->index()] = wishes[i];
        return;
      }
    }
  }

  // The last operator of the equation, if it is one.
  std::optional<OperatorId> best_effort_of(const std::string& stream) const {
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      const Operator& op = graph_.operators[i];
      if (is_best_effort(op) && graph_.port(op.outputs.front()).name == stream) return OperatorId(i);
    }
    return std::nullopt;
  }

  // Whether an operator belongs to the equation of that name.
  bool is_called(OperatorId id, const std::string& name) const {
    const Operator& op = graph_.op(id);
    return op.equation == name || std::any_of(op.outputs.begin(), op.outputs.end(), [&](PortId output) {
             return graph_.port(output).name == name;
           });
  }

  static PlacedLink placed_link(const DeployedLink& link) {
    return {.from = link.from,
            .to = link.to,
            .buffer = link.buffer,
            .full = link.full,
            .keep_every = link.keep_every,
            .spool_bytes = link.spool_bytes,
            .is_between_nodes = link.is_between_nodes};
  }

  // A spool keeps what goes from one node to another.
  void check_spool(const PlacedGraph& placed, const DeployedLink& link) {
    if (link.spool_bytes == 0) return;
    const PlacedLink wanted = placed_link(link);
    for (const Crossing& crossing : crossings(placed)) {
      if (link_applies(placed, wanted, crossing.port, crossing.reader)) return;
    }
    ok_ = false;
    const std::set<NodeId> from = nodes_of(placed, link.from);
    if (!link.is_between_nodes && from.size() == 1 && from == nodes_of(placed, link.to)) {
      sink_.report(diag::SpoolWithinNode, link.spool_span, link.from, link.to)
          .help(placed.placement.nodes.size() > 1
                    ? fmt::format("leave `spool:` away, or give `{}` to another `node`", link.to)
                    : std::string("leave `spool:` away: what one machine holds outlives no restart of it"));
      return;
    }
    sink_.report(diag::SpoolOfNothing, link.spool_span, link.from, link.to)
        .help(link.is_between_nodes
                  ? fmt::format("`link {1} -> {0}` would be the other direction", link.from, link.to)
                  : fmt::format("name the stream that crosses and one that reads it, or two nodes for all that goes from "
                                "one to the other"));
  }

  // A link between streams of which one does not read the other; spools have messages of their own.
  void warn_of_nothing(const DeployedLink& link) {
    if (link.is_between_nodes || link.spool_bytes > 0) return;
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      if (!is_called(OperatorId(i), link.to)) continue;
      for (const PortId input : graph_.operators[i].inputs) {
        if (graph_.port(input).name == link.from || is_called(graph_.port(input).producer, link.from)) return;
      }
    }
    sink_.report(diag::LinkOfNothing, link.span, link.from, link.to)
        .help(fmt::format("name a stream that reads `{}` itself, or leave the link away", link.from));
  }

  // A node with `clock: follow` follows the first one in the block that it is linked with and that does not do the same.
  void follow_clocks(PlacedGraph& placed) {
    const std::vector<Crossing> crossed = crossings(placed);
    for (std::size_t node = 0; node < deployment_.nodes.size(); ++node) {
      if (!deployment_.nodes[node].clock_span) continue;
      std::set<NodeId> linked;
      for (const Crossing& crossing : crossed) {
        if (crossing.from == NodeId(node)) linked.insert(crossing.to);
        if (crossing.to == NodeId(node)) linked.insert(crossing.from);
      }
      const auto followed = std::find_if(linked.begin(), linked.end(), [&](NodeId other) {
        return !deployment_.nodes[other.index()].clock_span;
      });
      if (followed == linked.end()) {
        report_no_clock(deployment_.nodes[node], linked);
      } else {
        placed.placement.nodes[node].followed = *followed;
      }
    }
  }

  void report_no_clock(const DeployedNode& node, const std::set<NodeId>& linked) {
    ok_ = false;
    auto report = sink_.report(diag::NoClockToFollow, *node.clock_span, node.name);
    if (linked.empty()) {
      report.help("it exchanges no items with another node, so leave `clock: follow` away");
      return;
    }
    const DeployedNode& first = deployment_.nodes[linked.begin()->index()];
    report.label(*first.clock_span, fmt::format("`{}` follows as well", first.name))
        .help(fmt::format("one of the nodes that `{}` exchanges items with has to go by its own clock: leave `clock: "
                          "follow` of `{}` away",
                          node.name, first.name));
  }

  // Where the operators of an equation run.
  std::set<NodeId> nodes_of(const PlacedGraph& placed, const std::string& equation) const {
    std::set<NodeId> nodes;
    for (std::size_t i = 0; i < placed.graph.operators.size(); ++i) {
      if (placed.graph.operators[i].equation != equation) continue;
      nodes.insert(process_of(placed, OperatorId(i)).node_id);
    }
    return nodes;
  }

  void warn_of_moved(const PlacedGraph& placed) {
    std::set<std::string> told;
    for (const MovedOperator& moved : placed.moved) {
      const Operator& op = graph_.op(moved.id);
      if (!told.insert(op.equation).second) continue;
      sink_.report(diag::KeptTogether, op.span, op.equation, place_name(moved.given), place_name(moved.wanted),
                   reason_text(moved.reason));
    }
  }

  // The first thread of a node has no name of its own.
  const std::string& place_name(PartId id) const {
    const PlacedPart& part = placement_.parts[id.index()];
    const PlacedProcess& process = placement_.processes[part.process_id.index()];
    const std::string& node = placement_.nodes[process.node_id.index()].name;
    return process.name.empty() && part.name == "main" && !node.empty() ? node : part.name;
  }

  static std::string_view reason_text(MovedOperator::Reason reason) {
    switch (reason) {
      case MovedOperator::Reason::Stop:
        return "an `else stop` depends on it, and decides before anything leaves its source";
      case MovedOperator::Reason::Cycle: return "it is on a cycle through `prev`, which handles each item as a whole";
      case MovedOperator::Reason::Loop: return "it is on a cycle through `delay`, which runs on one node";
    }
    STREAM_UNREACHABLE("reason {}", static_cast<int>(reason));
  }

  const CheckedProgram& program_;
  const Graph& graph_;
  const Deployment& deployment_;
  DiagnosticSink& sink_;
  Placement placement_;
  std::map<std::size_t, PartId> part_of_thread_;
  std::set<std::string> unplaced_;
  std::map<OperatorId, SourceSpan> drops_;  // Each `best_effort` in front of which a link drops items, and which.
  bool ok_ = true;
};

}  // namespace

std::optional<PlacedGraph> place_by(const CheckedProgram& program, const Graph& graph, const Deployment& deployment,
                                    DiagnosticSink& sink) {
  return Deployer(program, graph, deployment, sink).place();
}

}  // namespace streamc
