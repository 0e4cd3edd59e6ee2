#include "compiler/graph/clocks.h"

#include <doctest/doctest.h>

using namespace streamc;

namespace {

Coupling couple(ClockTable& clocks, ClockTerm left, ClockTerm right, bool equal_phase = true) {
  return clocks.unify(left, right, equal_phase).coupling;
}

ClockTerm generated(ClockTable& clocks, ClockTerm parent) { return clocks.generated({&parent, 1}); }

}  // namespace

TEST_CASE("fractions are exact and in lowest terms") {
  CHECK(Fraction(2, 4) == Fraction(1, 2));
  CHECK(Fraction(1, -2) == Fraction(-1, 2));
  CHECK(Fraction(1, 3) + Fraction(1, 6) == Fraction(1, 2));
  CHECK(Fraction(3, 2) / Fraction(3, 4) == Fraction(2));
  CHECK(Fraction(1, 3) < Fraction(1, 2));
  CHECK(Fraction(1, 4).text() == "1/4");
}

TEST_CASE("independent sources advance in step from then on") {
  ClockTable clocks;
  const ClockTerm a = clocks.source();
  const ClockTerm b = clocks.source();
  CHECK(couple(clocks, a, b) == Coupling::Unified);
  CHECK(clocks.resolve(a).base == clocks.resolve(b).base);
}

TEST_CASE("a filter keeps step neither with its parent nor with its sibling") {
  ClockTable clocks;
  const ClockTerm source = clocks.source();
  const ClockTerm first = generated(clocks, source);
  const ClockTerm second = generated(clocks, source);
  CHECK(couple(clocks, first, source) == Coupling::Dependent);
  CHECK(couple(clocks, first, second) == Coupling::Dependent);
  CHECK(couple(clocks, generated(clocks, first), second) == Coupling::Dependent);
}

TEST_CASE("nor through a third stream") {
  ClockTable clocks;
  const ClockTerm a = clocks.source();
  const ClockTerm b = clocks.source();
  const ClockTerm filtered = generated(clocks, a);
  REQUIRE(couple(clocks, b, a) == Coupling::Unified);
  CHECK(couple(clocks, filtered, b) == Coupling::Dependent);
}

TEST_CASE("filters of independent sources keep step") {
  ClockTable clocks;
  const ClockTerm a = clocks.source();
  const ClockTerm b = clocks.source();
  CHECK(couple(clocks, generated(clocks, a), generated(clocks, b)) == Coupling::Unified);
  CHECK(couple(clocks, a, b) == Coupling::Dependent);  // Now their filters say how they go.
}

TEST_CASE("windows multiply the period and set the phase") {
  ClockTable clocks;
  const ClockTerm x = clocks.source();
  const ClockTerm by_four = ClockTable::every(x, 4, 3);
  const CouplingResult result = clocks.unify(x, by_four, true);
  CHECK(result.coupling == Coupling::RatioDiffers);
  CHECK(result.ratio == Fraction(4));
  CHECK(couple(clocks, by_four, ClockTable::every(ClockTable::every(x, 2, 1), 2, 1)) == Coupling::Unified);
}

TEST_CASE("a window and its elements are where they were") {
  ClockTable clocks;
  const ClockTerm x = clocks.source();
  const ClockTerm back = ClockTable::spread(ClockTable::every(x, 4, 3), 4);
  CHECK(couple(clocks, x, back, false) == Coupling::Unified);
  CHECK(couple(clocks, x, back, true) == Coupling::PhaseDiffers);
}

TEST_CASE("arithmetic demands equal phase, zip does not") {
  ClockTable clocks;
  const ClockTerm x = clocks.source();
  const ClockTerm sliding = ClockTable::every(x, 1, 59);
  CHECK(couple(clocks, x, sliding, false) == Coupling::Unified);
  const CouplingResult result = clocks.unify(sliding, x, true);
  CHECK(result.coupling == Coupling::PhaseDiffers);
  CHECK(result.skew == Fraction(59));
}

TEST_CASE("rates that contradict each other are seen") {
  ClockTable clocks;
  const ClockTerm fast = clocks.source(RateValue{100, 1});
  const ClockTerm slow = clocks.source(RateValue{25, 1});
  const CouplingResult result = clocks.unify(fast, slow, true);
  CHECK(result.coupling == Coupling::RatesDiffer);
  CHECK(result.ratio == Fraction(4));
  CHECK(couple(clocks, ClockTable::every(fast, 4, 3), slow) == Coupling::Unified);
  CHECK(clocks.rate(slow) == RateValue{25, 1});
}

TEST_CASE("a rate spreads over the class") {
  ClockTable clocks;
  const ClockTerm with = clocks.source(RateValue{10, 1});
  const ClockTerm without = clocks.source();
  CHECK_FALSE(clocks.rate(without).has_value());
  REQUIRE(couple(clocks, without, ClockTable::every(with, 5, 4)) == Coupling::Unified);
  CHECK(clocks.rate(without) == RateValue{2, 1});
}

TEST_CASE("an unknown clock takes what it meets, and is driven by sources only") {
  ClockTable clocks;
  const ClockTerm unknown = clocks.unknown();
  CHECK_FALSE(clocks.is_driven(unknown));
  CHECK_FALSE(clocks.is_driven(generated(clocks, unknown)));
  const ClockTerm x = clocks.source();
  REQUIRE(couple(clocks, x, unknown) == Coupling::Unified);
  CHECK(clocks.is_driven(unknown));
  CHECK(couple(clocks, unknown, generated(clocks, x)) == Coupling::Dependent);
}

TEST_CASE("by index and by time at once only with rates") {
  ClockTable clocks;
  const ClockTerm a = clocks.source();
  const ClockTerm b = clocks.source();
  REQUIRE(clocks.couple_by_time(a, b));
  CHECK(couple(clocks, a, b) == Coupling::Dependent);
  const ClockTerm c = clocks.source(RateValue{50, 1});
  const ClockTerm d = clocks.source(RateValue{100, 1});
  REQUIRE(clocks.couple_by_time(c, d));
  CHECK(couple(clocks, c, ClockTable::every(d, 2, 0)) == Coupling::Unified);
}

TEST_CASE("phases are whole after the base has been cut") {
  ClockTable clocks;
  const ClockTerm x = clocks.source();
  const ClockTerm late = ClockTable::every(ClockTable::spread(x, 4), 1, 3);
  clocks.note_phase(late);
  CHECK(clocks.parts(clocks.resolve(x).base) == 4);
}
