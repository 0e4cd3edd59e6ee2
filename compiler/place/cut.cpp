#include "compiler/place/cut.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "compiler/graph/cycles.h"
#include "compiler/graph/heads.h"
#include "compiler/support/assert.h"

namespace streamc {
namespace {

template <class T>
bool is(const Operator& op) {
  return std::holds_alternative<T>(op.kind);
}

std::vector<bool> find_loop_heads(const Graph& graph) {
  std::vector<bool> is_head(graph.operators.size(), false);
  for (std::size_t i = 0; i < graph.operators.size(); ++i) is_head[i] = is_loop_head(graph.operators[i]);
  return is_head;
}

// One entry for each operator: the first one of the cycle through `delay` that it stands on, or invalid.
std::vector<OperatorId> find_loops(const Graph& graph) {
  std::vector<OperatorId> loops = find_cycles(graph);
  std::vector<bool> is_loop(graph.operators.size(), false);  // By the first operator of a cycle.
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    if (is_loop_head(graph.operators[i])) is_loop[loops[i].index()] = true;
  }
  for (OperatorId& loop : loops) {
    if (!is_loop[loop.index()]) loop = OperatorId();
  }
  return loops;
}

// One flag for each operator that is the first of its cycle: every `prev` on it reads values only, so that
// what it gives is what comes round.
std::vector<bool> find_cuttable(const Graph& graph, const std::vector<OperatorId>& cycle_of) {
  std::vector<bool> may_cut(graph.operators.size(), true);
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    const Operator& op = graph.operators[i];
    if (!is<PrevOperator>(op)) continue;
    const Port& input = graph.port(op.inputs.front());
    const bool is_on_cycle = cycle_of[input.producer.index()] == cycle_of[i];
    if (is_on_cycle && input.may_hold_holes) may_cut[cycle_of[i].index()] = false;
  }
  return may_cut;
}

// One flag an operator: a `prev` on a cycle that runs in several parts.
std::vector<bool> find_cut_prevs(const Graph& graph, const std::vector<PartId>& parts) {
  const std::vector<OperatorId> cycle_of = find_cycles(graph, find_loop_heads(graph));
  std::vector<bool> is_spread(graph.operators.size(), false);
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    if (parts[i] != parts[cycle_of[i].index()]) is_spread[cycle_of[i].index()] = true;
  }
  std::vector<bool> is_cut(graph.operators.size(), false);
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    const Operator& op = graph.operators[i];
    if (!is<PrevOperator>(op) || !is_spread[cycle_of[i].index()]) continue;
    is_cut[i] = cycle_of[graph.port(op.inputs.front()).producer.index()] == cycle_of[i];
  }
  return is_cut;
}

}  // namespace

std::vector<MovedOperator> settle_parts(const Graph& graph, const std::vector<NodeId>& nodes,
                                        std::vector<PartId>& parts) {
  std::map<OperatorId, MovedOperator> moved;
  const auto move = [&](OperatorId id, PartId part, MovedOperator::Reason reason) {
    if (parts[id.index()] == part) return;
    const PartId wanted = moved.contains(id) ? moved.at(id).wanted : parts[id.index()];
    moved[id] = {id, wanted, part, reason};
    parts[id.index()] = part;
  };

  // A loop runs on the node of its first operator.
  const std::vector<OperatorId> loops = find_loops(graph);
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    if (!loops[i].valid()) continue;
    const PartId first = parts[loops[i].index()];
    if (nodes[parts[i].index()] != nodes[first.index()]) move(OperatorId(i), first, MovedOperator::Reason::Loop);
  }
  const std::vector<OperatorId> cycle_of = find_cycles(graph, find_loop_heads(graph));

  // A cycle that cannot be cut runs where its first operator runs.
  const std::vector<bool> may_cut = find_cuttable(graph, cycle_of);
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    const OperatorId first = cycle_of[i];
    if (!may_cut[first.index()]) move(OperatorId(i), parts[first.index()], MovedOperator::Reason::Cycle);
  }

  std::vector<OperatorId> worklist;
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    const auto* otherwise = std::get_if<ElseOperator>(&graph.operators[i].kind);
    if (otherwise != nullptr && otherwise->mode == ElseMode::Stop) worklist.push_back(OperatorId(i));
  }
  std::vector<bool> decides(graph.operators.size(), false);
  while (!worklist.empty()) {
    const OperatorId id = worklist.back();
    worklist.pop_back();
    const Operator& op = graph.op(id);
    if (is_head(op) || decides[id.index()]) continue;
    decides[id.index()] = true;
    const OperatorId head = graph.scope(root_of(graph, graph.port(op.inputs.front()).scope)).opener;
    // The whole cycle goes with it.
    for (std::size_t i = 0; i < graph.operators.size(); ++i) {
      if (cycle_of[i] != cycle_of[id.index()]) continue;
      move(OperatorId(i), parts[head.index()], MovedOperator::Reason::Stop);
      for (const PortId input : graph.operators[i].inputs) worklist.push_back(graph.port(input).producer);
    }
  }
  std::vector<MovedOperator> result;
  for (const auto& [id, entry] : moved) {
    if (entry.wanted != parts[id.index()]) result.push_back(entry);
  }
  return result;
}

namespace {

class Cutter {
 public:
  Cutter(const Graph& graph, const std::vector<PartId>& parts)
      : graph_(graph),
        parts_(parts),
        is_cut_prev_(find_cut_prevs(graph, parts)),
        cycle_of_(find_cycles(graph, with_loop_heads(graph, is_cut_prev_))),
        loops_(find_loops(graph)),
        piece_of_(graph.operators.size()) {}

  CutGraph cut() {
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) settle(OperatorId(i));
    order_operators();
    make_links_and_operators();
    connect();
    return std::move(result_);
  }

 private:
  // What becomes a region: a head with what runs behind it. One that begins in the middle of a region of the
  // uncut graph has no head there, and gets a link.
  struct Piece {
    PartId part;
    std::size_t level = 0;         // Pieces read pieces of lower levels only.
    ScopeId link_scope;            // Of the uncut graph; invalid if the piece has a head of its own.
    OperatorId loop;               // Of those that it imports ports for: else a loop would wait for what it drives.
    std::vector<PortId> imports;   // Ports of `link_scope` that the link brings.
    OperatorId link;               // In the new graph.
    OperatorId first_reader;
  };
  using PieceIndex = std::size_t;

  // Finds the piece of an operator, after those of everything it reads. Recursion is as deep as the graph.
  void settle(OperatorId id) {
    if (piece_of_[id.index()] || is_sink(graph_.op(id))) return;
    std::vector<OperatorId> worklist{id};
    while (!worklist.empty()) {
      const OperatorId next = worklist.back();
      const std::vector<OperatorId> members = members_of_cycle(next);
      bool is_ready = true;
      for (const OperatorId member : members) {
        for (const PortId input : forward_inputs(member)) {
          const OperatorId producer = graph_.port(input).producer;
          if (cycle_of_[producer.index()] == cycle_of_[next.index()]) continue;
          if (piece_of_[producer.index()]) continue;
          worklist.push_back(producer);
          is_ready = false;
        }
      }
      if (!is_ready) continue;
      worklist.pop_back();
      if (!piece_of_[next.index()]) assign(next, members);
    }
  }

  std::vector<OperatorId> members_of_cycle(OperatorId id) const {
    std::vector<OperatorId> members;
    for (std::size_t i = cycle_of_[id.index()].index(); i < graph_.operators.size(); ++i) {
      if (cycle_of_[i] == cycle_of_[id.index()]) members.push_back(OperatorId(i));
    }
    return members;
  }

  // Where cycles are broken: at each `prev` that is cut, and at each `delay`.
  static std::vector<bool> with_loop_heads(const Graph& graph, std::vector<bool> is_cut) {
    for (std::size_t i = 0; i < graph.operators.size(); ++i) {
      if (is_loop_head(graph.operators[i])) is_cut[i] = true;
    }
    return is_cut;
  }

  // What an operator reads that is made before it. A `prev` that is cut reads what comes round; what drives it is
  // any port of its scope that does not depend on the cycle. A `delay` on a cycle drives itself.
  std::vector<PortId> forward_inputs(OperatorId id) const {
    const Operator& op = graph_.op(id);
    if (is_loop_head(op)) return {};
    if (!is_cut_prev_[id.index()]) return op.inputs;
    const ScopeId scope = graph_.port(op.inputs.front()).scope;
    for (const PortId output : graph_.op(graph_.scope(scope).opener).outputs) {
      if (graph_.port(output).scope == scope) return {output};
    }
    STREAM_UNREACHABLE("the opener of scope {} gives no port of it", scope);
  }

  void assign(OperatorId id, const std::vector<OperatorId>& members) {
    const Operator& op = graph_.op(id);
    std::vector<PortId> outside;  // Read from beyond the cycle.
    for (const OperatorId member : members) {
      for (const PortId input : forward_inputs(member)) {
        const OperatorId producer = graph_.port(input).producer;
        if (cycle_of_[producer.index()] != cycle_of_[id.index()]) outside.push_back(input);
      }
    }
    if (is_cut_prev_[id.index()]) {
      piece_of_[id.index()] = piece_for_feedback(id, outside.front());
      return;
    }
    const PieceIndex piece = is_head(op) ? new_head(id, outside) : piece_for(id, outside);
    for (const OperatorId member : members) piece_of_[member.index()] = piece;
  }

  PieceIndex piece_of_port(PortId port) const { return *piece_of_[graph_.port(port).producer.index()]; }

  PieceIndex new_head(OperatorId id, const std::vector<PortId>& inputs) {
    Piece piece{.part = parts_[id.index()]};
    for (const PortId input : inputs) {
      piece.level = std::max(piece.level, pieces_[piece_of_port(input)].level + 1);
    }
    pieces_.push_back(piece);
    return pieces_.size() - 1;
  }

  // The piece that the operator joins: that of all its inputs; or a linked one, which can import the others.
  PieceIndex piece_for(OperatorId id, const std::vector<PortId>& inputs) {
    STREAM_ASSERT(!inputs.empty(), "operator {} reads nothing but itself", id);
    const PartId part = parts_[id.index()];
    const OperatorId loop = loops_[id.index()];
    const ScopeId scope = graph_.port(inputs.front()).scope;
    PieceIndex newest = piece_of_port(inputs.front());
    bool is_one = true;
    for (const PortId input : inputs) {
      const PieceIndex piece = piece_of_port(input);
      is_one = is_one && piece == newest;
      if (pieces_[piece].level > pieces_[newest].level) newest = piece;
    }
    if (is_one && pieces_[newest].part == part) return newest;
    const auto may_join = [&](PieceIndex candidate) {
      const Piece& piece = pieces_[candidate];
      return piece.part == part && piece.link_scope == scope && piece.loop == loop &&
             std::all_of(inputs.begin(), inputs.end(), [&](PortId input) {
               const PieceIndex from = piece_of_port(input);
               return from == candidate || pieces_[from].level < piece.level;
             });
    };
    PieceIndex chosen = newest;
    if (!may_join(newest)) {
      const std::size_t level = pieces_[newest].level + 1;
      const auto [found, is_new] = linked_.try_emplace({scope, part, level, loop}, pieces_.size());
      if (is_new) {
        pieces_.push_back({.part = part, .level = level, .link_scope = scope, .loop = loop, .first_reader = id});
      }
      chosen = found->second;
    }
    for (const PortId input : inputs) {
      std::vector<PortId>& imports = pieces_[chosen].imports;
      const bool is_known = std::find(imports.begin(), imports.end(), input) != imports.end();
      if (piece_of_port(input) != chosen && !is_known) imports.push_back(input);
    }
    return chosen;
  }

  // A linked piece that brings the driver, which comes first, and what a cut `prev` gives.
  PieceIndex piece_for_feedback(OperatorId prev, PortId driver) {
    const PartId part = parts_[prev.index()];
    const ScopeId scope = graph_.port(driver).scope;
    const std::size_t level = pieces_[piece_of_port(driver)].level + 1;
    const OperatorId loop = loops_[prev.index()];
    const auto [found, is_new] = linked_.try_emplace({scope, part, level, loop}, pieces_.size());
    if (is_new) {
      pieces_.push_back({.part = part, .level = level, .link_scope = scope, .loop = loop, .first_reader = prev});
    }
    Piece& piece = pieces_[found->second];
    const bool has_driver = std::any_of(piece.imports.begin(), piece.imports.end(),
                                        [&](PortId port) { return !is_feedback(port); });
    if (!has_driver) piece.imports.insert(piece.imports.begin(), driver);
    piece.imports.push_back(graph_.op(prev).outputs.front());
    return found->second;
  }

  // What a cut `prev` gives.
  bool is_feedback(PortId port) const { return is_cut_prev_[graph_.port(port).producer.index()]; }

  // By level, and as in the graph within one; sinks where they stood, behind all that they read.
  void order_operators() {
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      const Operator& op = graph_.operators[i];
      if (is_cut_prev_[i]) continue;  // Its link stands for it.
      const PieceIndex piece = is_sink(op) ? piece_of_port(op.inputs.front()) : *piece_of_[i];
      order_.emplace_back(pieces_[piece].level, OperatorId(i));
    }
    std::sort(order_.begin(), order_.end());
  }

  void make_links_and_operators() {
    port_of_.resize(graph_.ports.size());
    operator_of_.resize(graph_.operators.size());
    // A link stands in front of its level. There may be nothing else in its piece: what a cut `prev` gives may
    // all be read elsewhere.
    std::multimap<std::size_t, PieceIndex> links;
    for (PieceIndex piece = 0; piece < pieces_.size(); ++piece) {
      if (pieces_[piece].link_scope.valid()) links.emplace(pieces_[piece].level, piece);
    }
    auto next = links.begin();
    for (const auto& [level, id] : order_) {
      for (; next != links.end() && next->first <= level; ++next) make_link(next->second);
      make_operator(id);
    }
    result_.graph.captures = graph_.captures;
  }

  void make_link(PieceIndex index) {
    Piece& piece = pieces_[index];
    piece.link = OperatorId(result_.graph.operators.size());
    const Operator& reader = graph_.op(piece.first_reader);
    Operator link{.kind = LinkOperator{},
                  .inputs = piece.imports,  // Translated by connect().
                  .outputs = {},
                  .span = reader.span,
                  .equation = reader.equation};
    link.path = reader.path + "/link";
    const ScopeId scope = scope_for(index, piece.link_scope);
    result_.graph.scopes[scope.index()].opener = piece.link;
    LinkOperator& kind = std::get<LinkOperator>(link.kind);
    for (const PortId import : piece.imports) {
      const PortId output(result_.graph.ports.size());
      Port port = graph_.port(import);
      kind.initial.emplace_back();
      // Other pieces may import what this one brings round, as if it had made it.
      const bool comes_round = is_feedback(import) && piece_of_port(import) == index;
      if (comes_round) {
        const auto& prev = std::get<PrevOperator>(graph_.op(port.producer).kind);
        kind.initial.back() = {prev.count, prev.initial};
        link.inputs[link.outputs.size()] = graph_.op(port.producer).inputs.front();
        port_of_[import.index()] = output;
      }
      port.scope = scope;
      port.producer = piece.link;
      port.index = static_cast<std::uint32_t>(link.outputs.size());
      imported_[{index, import}] = output;
      link.outputs.push_back(output);
      result_.graph.ports.push_back(std::move(port));
    }
    add(std::move(link), piece.part, piece.first_reader);
  }

  void make_operator(OperatorId id) {
    Operator op = graph_.op(id);
    const OperatorId own(result_.graph.operators.size());
    for (PortId& output : op.outputs) {
      const PortId before = output;
      output = PortId(result_.graph.ports.size());
      port_of_[before.index()] = output;
      Port port = graph_.port(before);
      const ScopeId scope = scope_for(*piece_of_[id.index()], port.scope);
      OperatorId& opener = result_.graph.scopes[scope.index()].opener;
      const bool opens = is_head(op) || graph_.port(op.inputs.front()).scope != port.scope;
      if (opens && (!opener.valid() || graph_.scope(port.scope).opener == id)) opener = own;
      port.scope = scope;
      port.producer = own;
      result_.graph.ports.push_back(std::move(port));
    }
    operator_of_[id.index()] = own;
    add(std::move(op), parts_[id.index()], id);
  }

  void add(Operator op, PartId part, OperatorId origin) {
    result_.graph.operators.push_back(std::move(op));
    result_.part_of.push_back(part);
    result_.origins.push_back(origin);
  }

  // The copy of a scope that belongs to a piece. An operator on a cycle may stand before the one that opens it.
  ScopeId scope_for(PieceIndex piece, ScopeId scope) {
    const auto known = scopes_.find({piece, scope});
    if (known != scopes_.end()) return known->second;
    Scope copy = graph_.scope(scope);
    copy.opener = OperatorId();
    if (scope == pieces_[piece].link_scope) copy.parent = ScopeId();
    if (copy.parent.valid()) copy.parent = scope_for(piece, copy.parent);
    const ScopeId id(result_.graph.scopes.size());
    result_.graph.scopes.push_back(std::move(copy));
    scopes_[{piece, scope}] = id;
    return id;
  }

  void connect() {
    for (std::size_t i = 0; i < result_.graph.operators.size(); ++i) {
      Operator& op = result_.graph.operators[i];
      const bool reads_queues = is_head(op) || is_sink(op);
      const std::optional<PieceIndex> piece = piece_of_[result_.origins[i].index()];
      for (PortId& input : op.inputs) {
        const auto import = reads_queues ? imported_.end() : imported_.find({*piece, input});
        input = import != imported_.end() ? import->second : port_of_[input.index()];
      }
    }
    for (Scope& scope : result_.graph.scopes) {
      for (OperatorId& giver : scope.stamp_givers) giver = operator_of_[giver.index()];
      std::sort(scope.stamp_givers.begin(), scope.stamp_givers.end());
    }
  }

  const Graph& graph_;
  const std::vector<PartId>& parts_;
  const std::vector<bool> is_cut_prev_;      // One an operator.
  const std::vector<OperatorId> cycle_of_;   // Of what is left of cycles when loops are broken, too.
  const std::vector<OperatorId> loops_;      // One an operator.
  std::vector<std::optional<PieceIndex>> piece_of_;  // One an operator; none for sinks.
  std::vector<Piece> pieces_;
  std::map<std::tuple<ScopeId, PartId, std::size_t, OperatorId>, PieceIndex> linked_;
  std::vector<std::pair<std::size_t, OperatorId>> order_;  // Level, operator.
  CutGraph result_;
  std::vector<PortId> port_of_;          // New ids by old ones.
  std::vector<OperatorId> operator_of_;
  std::map<std::pair<PieceIndex, PortId>, PortId> imported_;
  std::map<std::pair<PieceIndex, ScopeId>, ScopeId> scopes_;
};

}  // namespace

CutGraph cut_graph(const Graph& graph, const std::vector<PartId>& parts) {
  const bool is_one = std::all_of(parts.begin(), parts.end(), [&](PartId part) { return part == parts.front(); });
  if (!is_one) return Cutter(graph, parts).cut();
  CutGraph whole{graph, parts, {}};
  for (std::size_t i = 0; i < graph.operators.size(); ++i) whole.origins.push_back(OperatorId(i));
  return whole;
}

}  // namespace streamc
