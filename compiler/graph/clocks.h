// Clocks: who ticks with whom, by unification (semantics.md §1).
//
// A clock is a base, a period and a phase: tick i of the clock falls on tick `phase + i * period` of
// the base. Sources and operators that drop or add ticks in a way that depends on the data
// (*generative* ones) have a base of their own. Lock-step operators unify the bases of their inputs;
// that two clocks unify is the proof that the buffer between them is bounded.
//
// The occurs check, in a form that needs no terms: take base classes as the vertices of a graph and
// "is generated from" as its edges. Ratios along an edge are unknown, so two classes may be unified exactly
// if no path of edges joins them, since otherwise the ratio of that path would have to be known. The
// graph therefore stays a forest, and a second union-find over its trees decides it in near constant time.
#pragma once

#include <cstdint>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compiler/sema/types.h"

namespace streamc {

// An exact fraction in lowest terms, denominator > 0. Counts of ticks are small: no overflow checks.
struct Fraction {
  std::int64_t numerator = 0;
  std::int64_t denominator = 1;

  Fraction() = default;
  Fraction(std::int64_t whole) : numerator(whole) {}
  Fraction(std::int64_t top, std::int64_t bottom);

  [[nodiscard]] bool is_whole() const { return denominator == 1; }
  [[nodiscard]] std::string text() const;  // `3`, `1/4`

  friend bool operator==(const Fraction&, const Fraction&) = default;
  friend Fraction operator+(Fraction a, Fraction b) {
    return {a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator};
  }
  friend Fraction operator-(Fraction a, Fraction b) {
    return {a.numerator * b.denominator - b.numerator * a.denominator, a.denominator * b.denominator};
  }
  friend Fraction operator*(Fraction a, Fraction b) {
    return {a.numerator * b.numerator, a.denominator * b.denominator};
  }
  friend Fraction operator/(Fraction a, Fraction b) {
    return {a.numerator * b.denominator, a.denominator * b.numerator};
  }
  friend bool operator<(Fraction a, Fraction b) {
    return a.numerator * b.denominator < b.numerator * a.denominator;
  }
};

using ClockBase = std::uint32_t;

// Tick i falls on tick `phase + i * period` of the base.
struct ClockTerm {
  ClockBase base = 0;
  Fraction period = 1;
  Fraction phase = 0;
};

enum class Coupling : std::uint8_t {
  Unified,        // They keep step (and did before, or do from now on).
  RatioDiffers,   // One base, but one of them ticks `ratio` times as often.
  PhaseDiffers,   // One base and period, but one begins later; only if equal phases were demanded.
  RatesDiffer,    // Their sources have rates that contradict each other; `ratio` of the two.
  Dependent,      // How often one ticks for each tick of the other depends on the data.
};

// `ratio`: ticks of the left clock in the time of one tick of the right. `skew`: ticks by which the
// left one begins later than the right one.
struct CouplingResult {
  Coupling coupling = Coupling::Unified;
  Fraction ratio = 1;
  Fraction skew = 0;
};

class ClockTable {
 public:
  // The clock of a source, or of a cycle that begins by itself. Every source with a rate starts at the same instant.
  [[nodiscard]] ClockTerm source(std::optional<RateValue> rate = std::nullopt);

  // A clock whose ticks depend on the data of streams with clocks `parents`.
  [[nodiscard]] ClockTerm generated(std::span<const ClockTerm> parents);

  // A clock still to be found out: unifies with any other. Used for the output of a `prev` whose
  // input is not known yet.
  [[nodiscard]] ClockTerm unknown() { return {.base = add_base()}; }

  // A clock whose ticks will be known to depend on the data of others, by depend().
  [[nodiscard]] ClockTerm dependent() { return generated({}); }
  void depend(ClockTerm clock, ClockTerm parent);

  // Every `every`-th tick, the first after `offset` ticks: windows, `skip`.
  [[nodiscard]] static ClockTerm every(ClockTerm clock, std::int64_t every, std::int64_t offset) {
    return {clock.base, clock.period * every, clock.phase + clock.period * offset};
  }
  // `times` ticks for each: arrays into their elements.
  [[nodiscard]] static ClockTerm spread(ClockTerm clock, std::int64_t times) {
    return {clock.base, clock.period / times, clock.phase};
  }

  // Takes both in step from now on. Nothing changes unless the result is Unified.
  [[nodiscard]] CouplingResult unify(ClockTerm left, ClockTerm right, bool demand_equal_phase);

  // Records that two sources meet by the time of their items, in a merge. Sources with rates keep an exact
  // ratio; others must not also be coupled by index. False if that is so.
  [[nodiscard]] bool couple_by_time(ClockTerm left, ClockTerm right);

  // Says how often a source ticks, which was made without a rate and is not unified with anything yet.
  void set_rate(ClockTerm clock, RateValue rate);

  // The same clock, over the base that stands for its class.
  [[nodiscard]] ClockTerm resolve(ClockTerm clock) const;
  // Whether something says when this clock ticks; false for one that only unknown() ones were
  // unified with, and for what is generated from such a one.
  [[nodiscard]] bool is_driven(ClockTerm clock) const;

  // Ticks in a second, if some source of the class has a rate.
  [[nodiscard]] std::optional<RateValue> rate(ClockTerm clock) const;

  // Smallest number of parts into which a tick of the base must be cut to make the phase of this
  // clock, and of all others noted before, a whole number.
  void note_phase(ClockTerm clock);
  [[nodiscard]] std::int64_t parts(ClockBase resolved_base) const { return bases_[resolved_base].parts; }

 private:
  // Tick i of this base is tick `offset + i * scale` of its parent; a root is its own parent.
  struct Base {
    ClockBase parent = 0;
    Fraction scale = 1;
    Fraction offset = 0;
    ClockBase tree = 0;                 // Union-find over the trees of the forest; roots only.
    std::optional<Fraction> frequency;  // Ticks in a second; roots only.
    bool is_driven = false;             // By a source; roots of trees only.
    std::int64_t parts = 1;             // Roots only.
  };

  ClockBase add_base();
  [[nodiscard]] ClockBase tree_of(ClockBase root) const;
  void join_trees(ClockBase a, ClockBase b);
  // Makes `right`'s class part of `left`'s such that tick 0 of both (after their phases) coincide.
  void join_classes(ClockTerm left, ClockTerm right);

  std::vector<Base> bases_;
};

}  // namespace streamc
