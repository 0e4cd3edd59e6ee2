#include "compiler/place/process_restart.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/graph/cycles.h"
#include "compiler/place/node_restart.h"
#include "compiler/support/match.h"

namespace streamc {
namespace {

class RestartChecker {
 public:
  RestartChecker(const CheckedProgram& program, const PlacedGraph& placed, DiagnosticSink& sink)
      : program_(program), placed_(placed), graph_(placed.graph), sink_(sink), cycle_of_(find_cycles(placed.graph)) {
    find_wide_cycles();
    find_links_that_drop();
  }

  bool check() {
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      const PlacedProcess& process = process_of(placed_, OperatorId(i));
      if (process.restart == 0) continue;
      const Operator& op = graph_.operators[i];
      if (const auto reason = what_is_lost(OperatorId(i))) {
        report(process, op, *reason, "");
      } else if (drops_.contains(OperatorId(i))) {
        const std::string why =
            fmt::format("`{}` goes over a link that drops items, and would not drop the same ones again", op.equation);
        report(process, op, why, "let the link wait (`full: wait`), ");
      }
    }
    return told_.empty();
  }

 private:
  // By the first operator of a cycle: it runs in several parts.
  void find_wide_cycles() {
    is_wide_.assign(graph_.operators.size(), false);
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      const OperatorId first = cycle_of_[i];
      if (placed_.part_of[i] != placed_.part_of[first.index()]) is_wide_[first.index()] = true;
    }
  }

  // A link drops on the side of its writer, if that is another part than its reader's.
  void find_links_that_drop() {
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      for (const PortId port : graph_.operators[i].inputs) {
        const OperatorId writer = graph_.port(port).producer;
        if (placed_.part_of[writer.index()] == placed_.part_of[i]) continue;
        const bool drops = std::any_of(placed_.placement.links.begin(), placed_.placement.links.end(), [&](const auto& link) {
          return link.drops() && link_applies(placed_, link, port, OperatorId(i));
        });
        if (drops) drops_.insert(writer);
      }
    }
  }

  // `repair` goes in front of those that help always.
  void report(const PlacedProcess& process, const Operator& op, const std::string& reason, std::string_view repair) {
    if (!told_.emplace(process.name, op.equation).second) return;
    sink_.report(diag::RestartLoses, op.span, process.name, reason)
        .label(process.restart_span, "the restart that is asked for")
        .help(fmt::format("{}place `{}` outside of `{}`, or leave out `restart:`", repair, op.equation, process.name));
  }

  // Nothing if the operator can be taken up again.
  std::optional<std::string> what_is_lost(OperatorId id) const {
    const Operator& op = graph_.op(id);
    if (is_wide_[cycle_of_[id.index()].index()] && !only_brings(op)) {
      return fmt::format("`{}` stands on a cycle that runs on several threads", op.equation);
    }
    if (reads_own_part(id)) {
      const auto* link = std::get_if<LinkOperator>(&op.kind);
      if (link != nullptr && link->is_best_effort) {
        return fmt::format("`{}` is a `best_effort`, and the items that wait in front of it are in `{}` alone", op.equation,
                           placed_.placement.parts[placed_.part_of[id.index()].index()].name);
      }
      return fmt::format("`{}` waits for another stream, and the items that wait meanwhile are in `{}` alone", op.equation,
                         placed_.placement.parts[placed_.part_of[id.index()].index()].name);
    }
    if (remembers_texts(op)) {
      return fmt::format("`{}` remembers texts or windows from item to item, and only numbers can be restored",
                         op.equation);
    }
    const auto source = [&]() -> std::optional<std::string> {
      return fmt::format("`{}` is a source, and only it knows how far it has been read", op.equation);
    };
    const auto sink = [&]() -> std::optional<std::string> {
      return fmt::format("`{}` writes to the outside, where nothing can be taken back", op.equation);
    };
    return match(
        op.kind, [&](const SourceOperator&) { return source(); }, [&](const ListOperator&) { return source(); },
        [&](const SinkOperator&) { return sink(); }, [&](const CaptureOperator&) { return sink(); },
        [&](const DelayOperator&) -> std::optional<std::string> {
          return fmt::format("`{}` is a delay, and the items that it holds are in it alone", op.equation);
        },
        [&](const ElseOperator& otherwise) -> std::optional<std::string> {
          if (otherwise.mode != ElseMode::Stop) return std::nullopt;
          return fmt::format("the `else stop` of `{}` ends the program", op.equation);
        },
        [](const auto&) -> std::optional<std::string> { return std::nullopt; });
  }

  // A link brings what others on a cycle need, and also what has nothing to do with it; one that stands for a `prev` does
  // more than that.
  static bool only_brings(const Operator& op) {
    const auto* link = std::get_if<LinkOperator>(&op.kind);
    return link != nullptr && std::all_of(link->initial.begin(), link->initial.end(),
                                          [](const LinkInitial& initial) { return initial.count == 0; });
  }

  // A head reads queues. One that is also written in this part lies in memory of the process.
  bool reads_own_part(OperatorId id) const {
    const Operator& op = graph_.op(id);
    const bool is_head = std::holds_alternative<ZipOperator>(op.kind) || std::holds_alternative<MergeOperator>(op.kind) ||
                         std::holds_alternative<LinkOperator>(op.kind);
    return is_head && std::any_of(op.inputs.begin(), op.inputs.end(), [&](PortId input) {
             const OperatorId producer = graph_.port(input).producer;
             return placed_.part_of[producer.index()] == placed_.part_of[id.index()];
           });
  }

  // Texts and views point to memory of the process; everything else in a state is plain bytes.
  bool has_texts(TypeId type) const {
    const std::vector<Leaf> leaves = program_.types.leaves(type);
    return std::any_of(leaves.begin(), leaves.end(), [](const Leaf& leaf) {
      return leaf.kind == LeafKind::Text || leaf.kind == LeafKind::View;
    });
  }

  bool have_texts(const std::vector<CheckedExprId>& constants) const {
    return std::any_of(constants.begin(), constants.end(),
                       [&](CheckedExprId id) { return has_texts(program_.expr(id).type_id); });
  }

  bool have_texts(const std::vector<Local>& locals, const std::vector<AgentState>& states) const {
    return std::any_of(states.begin(), states.end(),
                       [&](const AgentState& state) { return has_texts(locals[state.local].type_id); });
  }

  // Of an aggregate, elements are remembered as well as its state.
  bool remembers_texts(AggregateId id, const std::vector<CheckedExprId>& constants) const {
    const CheckedAggregate& aggregate = program_.aggregate(id);
    return have_texts(constants) || have_texts(aggregate.locals, aggregate.states) ||
           std::any_of(aggregate.elements.begin(), aggregate.elements.end(),
                       [&](LocalIndex element) { return has_texts(aggregate.locals[element].type_id); });
  }

  bool remembers_texts(const Operator& op) const {
    const auto input_type = [&] { return graph_.port(op.inputs.front()).type_id; };
    const auto output_type = [&] { return graph_.port(op.outputs.front()).type_id; };
    return match(
        op.kind, [&](const PrevOperator&) { return has_texts(output_type()); },
        [&](const ScanOperator&) { return has_texts(output_type()); },
        [&](const RunningOperator& running) { return remembers_texts(running.aggregate_id, running.constants); },
        [&](const WindowOperator&) { return has_texts(input_type()); },
        [&](const WindowFoldOperator& window) {
          return std::any_of(window.folds.begin(), window.folds.end(), [&](const Fold& fold) {
            return remembers_texts(fold.aggregate_id, fold.constants);
          });
        },
        [&](const AgentOperator& agent) {
          const CheckedAgent& body = program_.agent(agent.agent_id);
          return have_texts(agent.constants) || have_texts(body.locals, body.states);
        },
        [](const auto&) { return false; });
  }

  const CheckedProgram& program_;
  const PlacedGraph& placed_;
  const Graph& graph_;
  DiagnosticSink& sink_;
  std::vector<OperatorId> cycle_of_;
  std::vector<bool> is_wide_;
  std::set<OperatorId> drops_;  // What they write goes over a link that drops items.
  std::set<std::pair<std::string, std::string>> told_;  // Process, equation.
};

}  // namespace

bool check_restarts(const CheckedProgram& program, const PlacedGraph& placed, DiagnosticSink& sink) {
  return RestartChecker(program, placed, sink).check();
}

}  // namespace streamc
