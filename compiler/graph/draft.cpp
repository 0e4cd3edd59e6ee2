#include "compiler/graph/draft.h"

#include <algorithm>
#include <queue>
#include <set>

#include "compiler/support/assert.h"

namespace streamc {

// ---- scopes -----------------------------------------------------------------------------------

DraftScopeId GraphDraft::add_atomic(DraftScope scope) {
  const DraftScopeId id(scopes_.size());
  scope.atoms = {static_cast<Atom>(id.index())};
  by_atoms_.emplace(scope.atoms, id);
  scopes_.push_back(std::move(scope));
  return id;
}

DraftScopeId GraphDraft::source_scope(OperatorId opener, ClockTerm clock, Domain domain) {
  return add_atomic({.clock = clock, .opener = opener, .domain = domain});
}

DraftScopeId GraphDraft::merge_scope(OperatorId opener, std::span<const DraftScopeId> inputs,
                                     ClockTerm clock) {
  return add_atomic({.clock = clock, .merged = {inputs.begin(), inputs.end()}, .opener = opener});
}

DraftScopeId GraphDraft::loop_scope(OperatorId opener, ClockTerm clock, Domain domain) {
  return add_atomic({.clock = clock, .opener = opener, .domain = domain, .is_loop = true});
}

DraftScopeId GraphDraft::child_scope(DraftScopeId parent, std::string_view key, OperatorId opener,
                                     ClockTerm clock) {
  if (key.empty()) return add_atomic({.clock = clock, .parent = parent, .opener = opener});
  const auto [found, is_new] = by_key_.try_emplace({parent, std::string(key)});
  if (is_new) found->second = add_atomic({.clock = clock, .parent = parent, .opener = opener});
  return found->second;
}

DraftScopeId GraphDraft::unknown_scope() {
  return add_atomic({.clock = clocks_.unknown(), .is_unknown = true});
}

DraftScopeId GraphDraft::of_atoms(std::vector<Atom> atoms, ClockTerm clock) {
  const auto [found, is_new] = by_atoms_.try_emplace(std::move(atoms));
  if (is_new) {
    found->second = DraftScopeId(scopes_.size());
    scopes_.push_back({.atoms = found->first, .clock = clock});
  }
  return found->second;
}

DraftScopeId GraphDraft::together(std::span<const DraftScopeId> ids) {
  STREAM_ASSERT(!ids.empty(), "no scopes to take in step");
  std::vector<Atom> atoms;
  ClockTerm clock = clocks_.resolve(scopes_[ids.front().index()].clock);
  for (const DraftScopeId id : ids) {
    const DraftScope& scope = scopes_[id.index()];
    atoms.insert(atoms.end(), scope.atoms.begin(), scope.atoms.end());
    const ClockTerm other = clocks_.resolve(scope.clock);
    if (clock.phase < other.phase) clock.phase = other.phase;
  }
  std::sort(atoms.begin(), atoms.end());
  atoms.erase(std::unique(atoms.begin(), atoms.end()), atoms.end());
  return of_atoms(std::move(atoms), clock);
}

DraftScopeId GraphDraft::canonical(DraftScopeId id) {
  std::vector<Atom> atoms;
  bool changed = false;
  for (const Atom atom : std::vector<Atom>(scopes_[id.index()].atoms)) {
    if (const std::optional<DraftScopeId> bound = scopes_[atom].bound) {
      const std::vector<Atom> inner = scopes_[canonical(*bound).index()].atoms;
      atoms.insert(atoms.end(), inner.begin(), inner.end());
      changed = true;
    } else {
      atoms.push_back(atom);
    }
  }
  if (!changed) return id;
  std::sort(atoms.begin(), atoms.end());
  atoms.erase(std::unique(atoms.begin(), atoms.end()), atoms.end());
  return of_atoms(std::move(atoms), scopes_[id.index()].clock);
}

bool GraphDraft::depends_on(DraftScopeId id, Atom atom, bool itself_counts) {
  for (const Atom inner : std::vector<Atom>(scopes_[canonical(id).index()].atoms)) {
    if (inner == atom && itself_counts) return true;
    const DraftScope scope = scopes_[inner];
    if (scope.parent.valid() && depends_on(scope.parent, atom, true)) return true;
    for (const DraftScopeId merged : scope.merged) {
      if (depends_on(merged, atom, true)) return true;
    }
  }
  return false;
}

bool GraphDraft::bind(DraftScopeId unknown, DraftScopeId scope) {
  const auto atom = static_cast<Atom>(unknown.index());
  STREAM_ASSERT(scopes_[atom].is_unknown && !scopes_[atom].bound, "this scope is known already");
  if (depends_on(scope, atom, false)) return false;
  std::vector<Atom> rest = scopes_[canonical(scope).index()].atoms;
  std::erase(rest, atom);
  if (rest.empty()) return false;
  scopes_[atom].bound = of_atoms(std::move(rest), scopes_[scope.index()].clock);
  return true;
}

Domain GraphDraft::domain(DraftScopeId id) const {
  for (const Atom atom : scopes_[id.index()].atoms) {
    const DraftScope& scope = scopes_[atom];
    Domain domain = scope.domain;
    if (scope.bound) domain = this->domain(*scope.bound);
    if (scope.parent.valid()) domain = this->domain(scope.parent);
    if (!scope.merged.empty()) domain = this->domain(scope.merged.front());
    if (domain == Domain::Time) return Domain::Time;  // Positions zipped with times: times.
  }
  return Domain::Position;
}

std::vector<OperatorId> GraphDraft::stamp_givers(DraftScopeId id) const {
  std::set<OperatorId> givers;
  std::set<Atom> seen;
  collect_stamp_givers(id, givers, seen);
  // Taken in step with something else, a loop only counts what that says.
  const auto is_loop = [&](OperatorId giver) {
    return std::holds_alternative<DelayOperator>(operators_[giver.index()].kind);
  };
  if (!std::all_of(givers.begin(), givers.end(), is_loop)) std::erase_if(givers, is_loop);
  return {givers.begin(), givers.end()};
}

void GraphDraft::collect_stamp_givers(DraftScopeId id, std::set<OperatorId>& givers,
                                      std::set<Atom>& seen) const {
  for (const Atom atom : scopes_[id.index()].atoms) {
    if (!seen.insert(atom).second) continue;
    const DraftScope& scope = scopes_[atom];
    if (scope.is_unknown) {
      if (scope.bound) collect_stamp_givers(*scope.bound, givers, seen);
    } else if (scope.parent.valid()) {
      collect_stamp_givers(scope.parent, givers, seen);
    } else if (scope.is_loop && scope.domain == Domain::Time) {
      if (scope.feedback) collect_stamp_givers(*scope.feedback, givers, seen);
    } else if (!scope.merged.empty()) {
      for (const DraftScopeId merged : scope.merged) collect_stamp_givers(merged, givers, seen);
    } else {
      givers.insert(scope.opener);
    }
  }
}

void GraphDraft::set_rate(DraftScopeId source, RateValue rate) {
  clocks_.set_rate(scopes_[source.index()].clock, rate);
  scopes_[source.index()].domain = Domain::Time;
}

// ---- operators --------------------------------------------------------------------------------

OperatorId GraphDraft::add_operator(Operator op, DraftScopeId run_scope) {
  const OperatorId id(operators_.size());
  operators_.push_back(std::move(op));
  run_scopes_.push_back(run_scope);
  return id;
}

PortId GraphDraft::add_output(OperatorId id, TypeId type_id, DraftScopeId scope) {
  const PortId port_id(ports_.size());
  Operator& producer = operators_[id.index()];
  ports_.push_back({.type_id = type_id,
                    .producer = id,
                    .index = static_cast<std::uint32_t>(producer.outputs.size())});
  port_scopes_.push_back(scope);
  producer.outputs.push_back(port_id);
  return port_id;
}

// ---- finishing --------------------------------------------------------------------------------

OperatorId GraphDraft::zip_of(DraftScopeId scope) {
  const auto [found, is_new] = zips_.try_emplace(scope);
  if (is_new) found->second = add_operator({.kind = ZipOperator{}}, {});
  return found->second;
}

PortId GraphDraft::fetch(PortId port, DraftScopeId scope) {
  const auto found = fetched_.find({scope, port});
  if (found != fetched_.end()) return found->second;
  const OperatorId zip = zip_of(scope);
  operators_[zip.index()].inputs.push_back(port);
  const PortId result = add_output(zip, ports_[port.index()].type_id, scope);
  fetched_.emplace(std::pair(scope, port), result);
  return result;
}

void GraphDraft::insert_zips() {
  for (DraftScopeId& scope : port_scopes_) scope = canonical(scope);
  for (DraftScopeId& scope : run_scopes_) {
    if (scope.valid()) scope = canonical(scope);
  }
  const std::size_t count = operators_.size();
  for (std::size_t i = 0; i < count; ++i) {
    const DraftScopeId scope = run_scopes_[i];
    if (!scope.valid()) continue;
    for (std::size_t k = 0; k < operators_[i].inputs.size(); ++k) {
      const PortId input = operators_[i].inputs[k];
      if (!input.valid() || port_scopes_[input.index()] == scope) continue;
      const PortId fetched = fetch(input, scope);  // May move the operators.
      operators_[i].inputs[k] = fetched;
      Operator& zip = operators_[ports_[fetched.index()].producer.index()];
      if (!zip.span.valid()) {
        zip.span = operators_[i].span;
        zip.equation = operators_[i].equation;
      }
    }
  }
}

// The operators with producers first, otherwise as they were made; a `prev`, and a `delay` on a cycle, wait for
// nothing. O((operators + edges) log operators).
std::vector<OperatorId> GraphDraft::order() const {
  std::vector<std::size_t> missing(operators_.size(), 0);
  std::vector<std::vector<std::size_t>> consumers(operators_.size());
  for (std::size_t i = 0; i < operators_.size(); ++i) {
    const auto* delay = std::get_if<DelayOperator>(&operators_[i].kind);
    const bool looks_back = delay != nullptr && delay->is_on_cycle;
    if (looks_back || std::holds_alternative<PrevOperator>(operators_[i].kind)) continue;
    for (const PortId input : operators_[i].inputs) {
      ++missing[i];
      consumers[ports_[input.index()].producer.index()].push_back(i);
    }
  }
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t i = 0; i < operators_.size(); ++i) {
    if (missing[i] == 0) ready.push(i);
  }
  std::vector<OperatorId> result;
  while (!ready.empty()) {
    const std::size_t i = ready.top();
    ready.pop();
    result.push_back(OperatorId(i));
    for (const std::size_t consumer : consumers[i]) {
      if (--missing[consumer] == 0) ready.push(consumer);
    }
  }
  STREAM_ASSERT(result.size() == operators_.size(), "a cycle without `prev` or `delay` was not reported");
  return result;
}

void GraphDraft::fill_scopes(Graph& graph, const std::vector<OperatorId>& renamed) {
  std::map<DraftScopeId, ScopeId> ids;
  std::vector<DraftScopeId> drafts;
  // In the order of first use, but a parent before its children: a `prev` may come before everything
  // that its scope hangs below.
  const auto id_of = [&](auto&& self, DraftScopeId draft) -> ScopeId {
    if (const auto found = ids.find(draft); found != ids.end()) return found->second;
    const DraftScope& from = scopes_[draft.index()];
    if (from.atoms.size() <= 1 && from.parent.valid()) self(self, canonical(from.parent));
    drafts.push_back(draft);
    return ids[draft] = ScopeId(drafts.size() - 1);
  };
  for (const Operator& op : graph.operators) {
    for (const PortId output : op.outputs) {
      Port& port = graph.ports[output.index()];
      port.scope = id_of(id_of, port_scopes_[port.scope.index()]);
    }
  }
  for (const DraftScopeId draft : drafts) clocks_.note_phase(scopes_[draft.index()].clock);
  for (const DraftScopeId draft : drafts) {
    const DraftScope& from = scopes_[draft.index()];
    Scope scope;
    const bool is_zip = from.atoms.size() > 1;
    if (!is_zip && from.parent.valid()) scope.parent = id_of(id_of, canonical(from.parent));
    const OperatorId opener = is_zip ? zips_.at(draft) : from.opener;
    scope.opener = renamed[opener.index()];
    ClockTerm clock = clocks_.resolve(from.clock);
    const std::int64_t parts = clocks_.parts(clock.base);
    scope.clock = {.base = clock.base,
                   .numerator = clock.period.denominator,
                   .denominator = clock.period.numerator,
                   .phase = (clock.phase * parts).numerator,
                   .rate = clocks_.rate(from.clock)};
    if (parts > 1) {
      const Fraction period = clock.period * parts;
      scope.clock.numerator = period.denominator;
      scope.clock.denominator = period.numerator;
    }
    scope.domain = domain(draft);
    for (const OperatorId giver : stamp_givers(draft)) {
      scope.stamp_givers.push_back(renamed[giver.index()]);
    }
    std::sort(scope.stamp_givers.begin(), scope.stamp_givers.end());
    graph.scopes.push_back(std::move(scope));
  }
  STREAM_ASSERT(graph.scopes.size() == drafts.size(), "a scope has no port before its child");
}

Graph GraphDraft::finish() {
  insert_zips();
  const std::vector<OperatorId> sequence = order();
  std::vector<OperatorId> renamed(operators_.size());
  std::vector<PortId> renamed_ports(ports_.size());
  Graph graph;
  for (const OperatorId old : sequence) {
    renamed[old.index()] = OperatorId(graph.operators.size());
    graph.operators.push_back(operators_[old.index()]);
    for (const PortId output : operators_[old.index()].outputs) {
      renamed_ports[output.index()] = PortId(graph.ports.size());
      Port port = ports_[output.index()];
      port.producer = renamed[old.index()];
      port.scope = ScopeId(output.index());  // The draft port, until fill_scopes().
      graph.ports.push_back(std::move(port));
    }
  }
  std::map<std::string, std::size_t> steps;
  for (Operator& op : graph.operators) {
    for (PortId& input : op.inputs) input = renamed_ports[input.index()];
    for (PortId& output : op.outputs) output = renamed_ports[output.index()];
    op.path = fmt::format("{}/{}", op.equation, ++steps[op.equation]);
  }
  fill_scopes(graph, renamed);
  // Bases count from 0 in the order of the scopes, whatever was tried on the way.
  std::map<std::uint32_t, std::uint32_t> bases;
  for (Scope& scope : graph.scopes) {
    scope.clock.base =
        bases.try_emplace(scope.clock.base, static_cast<std::uint32_t>(bases.size())).first->second;
  }
  return graph;
}

}  // namespace streamc
