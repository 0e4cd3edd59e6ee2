#include "compiler/place/deploy.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <utility>

#include "compiler/place/restart.h"
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
    std::vector<PartId> wishes;
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) wishes.push_back(wish_of(OperatorId(i)));
    if (!ok_) return std::nullopt;
    const std::vector<PartId> wanted = wishes;
    PlacedGraph placed = streamc::place(graph_, placement_, std::move(wishes));
    warn_of_moved(placed);
    if (!check_restarts(program_, placed, sink_)) return std::nullopt;
    for (const DeployedLink& link : deployment_.links) {
      if (!link.is_between_nodes)
        placed.placement.links.push_back({link.from, link.to, link.buffer});
      if (!link.tls.empty()) placed.placement.tls = link.tls;
      placed.placement.allows_insecure_links =
          placed.placement.allows_insecure_links || link.is_insecure;
    }
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

  void warn_of_moved(const PlacedGraph& placed) {
    std::set<std::string> told;
    for (const MovedOperator& moved : placed.moved) {
      const Operator& op = graph_.op(moved.id);
      if (!told.insert(op.equation).second) continue;
      sink_.report(diag::KeptTogether, op.span, op.equation, placement_.parts[moved.given.index()].name,
                   placement_.parts[moved.wanted.index()].name,
                   reason_text(moved.reason));
    }
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
  bool ok_ = true;
};

}  // namespace

std::optional<PlacedGraph> place_by(const CheckedProgram& program, const Graph& graph, const Deployment& deployment,
                                    DiagnosticSink& sink) {
  return Deployer(program, graph, deployment, sink).place();
}

}  // namespace streamc
