#include "compiler/graph/clocks.h"

#include <fmt/format.h>

#include "compiler/support/assert.h"

namespace streamc {

Fraction::Fraction(std::int64_t top, std::int64_t bottom) {
  STREAM_ASSERT(bottom != 0, "a clock divides by zero");
  const std::int64_t divisor = std::gcd(top, bottom);
  numerator = (bottom < 0 ? -top : top) / divisor;
  denominator = (bottom < 0 ? -bottom : bottom) / divisor;
}

std::string Fraction::text() const {
  return is_whole() ? fmt::format("{}", numerator) : fmt::format("{}/{}", numerator, denominator);
}

ClockBase ClockTable::add_base() {
  const auto base = static_cast<ClockBase>(bases_.size());
  bases_.push_back({.parent = base, .tree = base});
  return base;
}

ClockTerm ClockTable::source(std::optional<RateValue> rate) {
  const ClockTerm clock = {.base = add_base()};
  bases_[clock.base].is_driven = true;
  if (rate) set_rate(clock, *rate);
  return clock;
}

void ClockTable::set_rate(ClockTerm clock, RateValue rate) {
  bases_[resolve(clock).base].frequency = Fraction(rate.numerator, rate.denominator);
}

ClockTerm ClockTable::generated(std::span<const ClockTerm> parents) {
  const ClockBase base = add_base();
  for (const ClockTerm& parent : parents) join_trees(base, resolve(parent).base);
  return {.base = base};
}

void ClockTable::depend(ClockTerm clock, ClockTerm parent) {
  join_trees(resolve(clock).base, resolve(parent).base);
}

ClockTerm ClockTable::resolve(ClockTerm clock) const {
  while (bases_[clock.base].parent != clock.base) {
    const Base& base = bases_[clock.base];
    clock = {base.parent, clock.period * base.scale, base.offset + clock.phase * base.scale};
  }
  return clock;
}

ClockBase ClockTable::tree_of(ClockBase root) const {
  while (bases_[root].tree != root) root = bases_[root].tree;
  return root;
}

void ClockTable::join_trees(ClockBase a, ClockBase b) {
  a = tree_of(a);
  b = tree_of(b);
  if (a == b) return;
  bases_[b].tree = a;
  bases_[a].is_driven = bases_[a].is_driven || bases_[b].is_driven;
}

void ClockTable::join_classes(ClockTerm left, ClockTerm right) {
  join_trees(left.base, right.base);
  Base& joined = bases_[right.base];
  Base& root = bases_[left.base];
  joined.parent = left.base;
  joined.scale = left.period / right.period;
  joined.offset = left.phase - right.phase * joined.scale;
  // A tick of the joined base takes `scale` ticks of the root.
  if (joined.frequency && !root.frequency) root.frequency = *joined.frequency * joined.scale;
}

CouplingResult ClockTable::unify(ClockTerm left, ClockTerm right, bool demand_equal_phase) {
  left = resolve(left);
  right = resolve(right);
  if (left.base == right.base) {
    if (left.period != right.period) {
      return {.coupling = Coupling::RatioDiffers, .ratio = right.period / left.period};
    }
    if (demand_equal_phase && left.phase != right.phase) {
      return {.coupling = Coupling::PhaseDiffers, .skew = (left.phase - right.phase) / left.period};
    }
    return {};
  }
  if (tree_of(left.base) == tree_of(right.base)) return {.coupling = Coupling::Dependent};
  const Base& left_base = bases_[left.base];
  const Base& right_base = bases_[right.base];
  if (left_base.frequency && right_base.frequency) {
    const Fraction left_frequency = *left_base.frequency / left.period;
    const Fraction right_frequency = *right_base.frequency / right.period;
    if (left_frequency != right_frequency) {
      return {.coupling = Coupling::RatesDiffer, .ratio = left_frequency / right_frequency};
    }
  }
  join_classes(left, right);
  return {};
}

bool ClockTable::couple_by_time(ClockTerm left, ClockTerm right) {
  left = resolve(left);
  right = resolve(right);
  const std::optional<Fraction> left_frequency = bases_[left.base].frequency;
  const std::optional<Fraction> right_frequency = bases_[right.base].frequency;
  const bool both_have_rates = left_frequency && right_frequency;
  if (left.base == right.base) return both_have_rates;
  if (tree_of(left.base) == tree_of(right.base)) return false;
  if (both_have_rates) {
    // Both start at the same instant: tick 0 with tick 0, at the ratio of the rates.
    join_classes({left.base, *left_frequency / *right_frequency, 0}, {right.base, 1, 0});
  } else {
    join_trees(left.base, right.base);
  }
  return true;
}

bool ClockTable::is_driven(ClockTerm clock) const {
  return bases_[tree_of(resolve(clock).base)].is_driven;
}

std::optional<RateValue> ClockTable::rate(ClockTerm clock) const {
  clock = resolve(clock);
  const std::optional<Fraction> frequency = bases_[clock.base].frequency;
  if (!frequency) return std::nullopt;
  const Fraction rate = *frequency / clock.period;
  return RateValue{.numerator = rate.numerator, .denominator = rate.denominator};
}

void ClockTable::note_phase(ClockTerm clock) {
  clock = resolve(clock);
  Base& root = bases_[clock.base];
  root.parts = std::lcm(root.parts, clock.phase.denominator);
}

}  // namespace streamc
