// A graph while it is being built.
//
// Three things are not known before the last equation has been read, so the draft keeps them open:
// which scope the output of a `prev` in a cycle belongs to, which scopes have to be brought together
// by a zip, and the order of the operators. finish() settles them and gives the Graph.
//
// A draft scope is a set of *atomic* scopes taken in step: a head or a child scope is the set of
// itself, a lock-step operator over several scopes runs in the union of their sets. Equal sets are
// equal scopes, so `a + b` and `a - b` tick together and need one zip between them. The output of a
// `prev` whose input is still unknown belongs to an *unknown* atomic scope, which bind() replaces; that of a
// `delay` on a cycle to a scope of its own, a *loop*.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "compiler/graph/clocks.h"
#include "compiler/graph/graph.h"

namespace streamc {

using DraftScopeId = Id<struct DraftScopeTag>;

class GraphDraft {
 public:
  ClockTable& clocks() { return clocks_; }
  const ClockTable& clocks() const { return clocks_; }

  // ---- scopes -------------------------------------------------------------------------------

  // The ticks of a source or list.
  DraftScopeId source_scope(OperatorId opener, ClockTerm clock, Domain domain);
  // The ticks of a merge of streams with these scopes.
  DraftScopeId merge_scope(OperatorId opener, std::span<const DraftScopeId> inputs, ClockTerm clock);
  // The ticks of a delay that stands on no cycle: those of its input, or as many and later.
  DraftScopeId delay_scope(OperatorId opener, DraftScopeId input, ClockTerm clock) {
    return merge_scope(opener, {&input, 1}, clock);
  }
  // The ticks of a link that may drop some of its input.
  DraftScopeId link_scope(OperatorId opener, DraftScopeId input, ClockTerm clock) {
    return merge_scope(opener, {&input, 1}, clock);
  }
  // The ticks of a delay on a cycle. By time, they have the stamp-givers of what goes round, once it is known.
  DraftScopeId loop_scope(OperatorId opener, ClockTerm clock, Domain domain);
  void set_feedback(DraftScopeId loop, DraftScopeId input) { scopes_[loop.index()].feedback = input; }
  // Ticks made from those of `parent`. Two calls with one parent and one `key` give the same scope:
  // `key` must say everything the ticks depend on. An empty key makes a scope that nothing shares.
  DraftScopeId child_scope(DraftScopeId parent, std::string_view key, OperatorId opener, ClockTerm clock);
  // The scope in which streams of these scopes are taken in step; their clocks must be unified.
  DraftScopeId together(std::span<const DraftScopeId> scopes);
  // Ticks still to be found out.
  DraftScopeId unknown_scope();
  // Says what an unknown scope is: the scope that the input of its `prev` turned out to have. False
  // if that scope only exists because of the unknown one: the cycle leaves it on the way.
  [[nodiscard]] bool bind(DraftScopeId unknown, DraftScopeId scope);

  [[nodiscard]] ClockTerm clock(DraftScopeId id) const { return scopes_[id.index()].clock; }
  [[nodiscard]] Domain domain(DraftScopeId id) const;
  // Sources whose stamps these are, sorted; loops only where there are no others.
  [[nodiscard]] std::vector<OperatorId> stamp_givers(DraftScopeId id) const;
  // Turns the positions of a source into times at a rate.
  void set_rate(DraftScopeId source, RateValue rate);

  // ---- operators ----------------------------------------------------------------------------

  // `run_scope` is where the operator fires; invalid for sources, lists and merges.
  OperatorId add_operator(Operator op, DraftScopeId run_scope);
  PortId add_output(OperatorId id, TypeId type_id, DraftScopeId scope);

  [[nodiscard]] Operator& op(OperatorId id) { return operators_[id.index()]; }
  [[nodiscard]] const Operator& op(OperatorId id) const { return operators_[id.index()]; }
  [[nodiscard]] Port& port(PortId id) { return ports_[id.index()]; }
  [[nodiscard]] const Port& port(PortId id) const { return ports_[id.index()]; }
  [[nodiscard]] DraftScopeId scope_of(PortId id) const { return port_scopes_[id.index()]; }
  [[nodiscard]] DraftScopeId run_scope_of(OperatorId id) const { return run_scopes_[id.index()]; }
  [[nodiscard]] std::size_t operator_count() const { return operators_.size(); }

  // Inserts zips, orders operators and scopes, numbers paths. To be called once.
  Graph finish();

 private:
  using Atom = std::uint32_t;  // Index of a draft scope that is the set of itself.

  struct DraftScope {
    std::vector<Atom> atoms;  // Sorted.
    ClockTerm clock;
    // Atomic ones only:
    DraftScopeId parent;      // Of a child scope.
    std::vector<DraftScopeId> merged;  // Of a merge.
    OperatorId opener;
    Domain domain = Domain::Position;  // Of a source.
    bool is_unknown = false;
    std::optional<DraftScopeId> bound;  // What an unknown scope turned out to be.
    bool is_loop = false;
    std::optional<DraftScopeId> feedback;  // Of a loop by time: what goes round.
  };

  DraftScopeId add_atomic(DraftScope scope);
  DraftScopeId of_atoms(std::vector<Atom> atoms, ClockTerm clock);
  // The scope with everything unknown replaced.
  [[nodiscard]] DraftScopeId canonical(DraftScopeId id);
  // Whether the ticks of `id` are made, at any distance, from those of the unknown scope `atom`.
  [[nodiscard]] bool depends_on(DraftScopeId id, Atom atom, bool itself_counts);

  // Adds to `givers`, without those of scopes in `seen`.
  void collect_stamp_givers(DraftScopeId id, std::set<OperatorId>& givers, std::set<Atom>& seen) const;

  // The port that brings `port` into `scope`, through the zip that opens `scope`.
  PortId fetch(PortId port, DraftScopeId scope);
  OperatorId zip_of(DraftScopeId scope);
  void insert_zips();
  [[nodiscard]] std::vector<OperatorId> order() const;
  void fill_scopes(Graph& graph, const std::vector<OperatorId>& renamed);

  ClockTable clocks_;
  std::vector<DraftScope> scopes_;
  std::map<std::vector<Atom>, DraftScopeId> by_atoms_;
  std::map<std::pair<DraftScopeId, std::string>, DraftScopeId> by_key_;
  std::vector<Operator> operators_;
  std::vector<DraftScopeId> run_scopes_;  // One for each operator.
  std::vector<Port> ports_;
  std::vector<DraftScopeId> port_scopes_;  // One for each port.
  std::map<DraftScopeId, OperatorId> zips_;
  std::map<std::pair<DraftScopeId, PortId>, PortId> fetched_;
};

}  // namespace streamc
