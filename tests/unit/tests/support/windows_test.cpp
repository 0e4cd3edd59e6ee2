// The bracketing of windows: shared and unshared evaluation agree bit for bit, and small windows are
// what the rule says when written out by hand.
#include "tests/support/windows.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <random>
#include <vector>

#include "tests/unit/tests/support/hand_built.h"

using namespace streamref;
using streamtest::HandBuilt;

namespace {

// A stream of one-element ticks; absent ones are holes.
struct Ticks {
  std::vector<std::optional<std::vector<Value>>> elements;

  Ticks(const HandBuilt& built, const std::vector<std::optional<double>>& values) {
    for (const std::optional<double>& value : values) {
      elements.emplace_back();
      if (value) elements.back() = {make_float(built.program.types, *value)};
    }
  }

  ElementAt at() const {
    return [this](std::int64_t tick) -> const std::vector<Value>* {
      if (tick < 0 || tick >= static_cast<std::int64_t>(elements.size())) return nullptr;
      const auto& element = elements[static_cast<std::size_t>(tick)];
      return element ? &*element : nullptr;
    };
  }
};

std::optional<double> total(const Partial& partial) {
  return partial ? std::optional(partial->at(0).real) : std::nullopt;
}

bool same_bits(std::optional<double> a, std::optional<double> b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return std::bit_cast<std::uint64_t>(*a) == std::bit_cast<std::uint64_t>(*b);
}

std::vector<std::optional<double>> rough_values(unsigned seed, std::size_t count) {
  std::mt19937_64 random(seed);
  std::vector<std::optional<double>> values;
  for (std::size_t i = 0; i < count; ++i) {
    switch (random() % 8) {
      case 0:
        values.push_back(std::nullopt);
        break;
      case 1:
        values.push_back(random() % 2 == 0 ? 1e300 : -1e300);
        break;
      default:
        values.push_back(static_cast<double>(random() % 2000) / 7.0 - 100.0);
    }
  }
  return values;
}

}  // namespace

TEST_CASE("a window alone is the same bits as the windows of a stream") {
  HandBuilt built;
  const auto in_lanes = built.sum(true);
  const auto in_order = built.sum(false);
  ItemEvaluator items(built.program);
  std::mt19937_64 random(7);
  for (int round = 0; round < 60; ++round) {
    const WindowLength length{static_cast<std::int64_t>(1 + random() % 40),
                              static_cast<std::int64_t>(1 + random() % 12)};
    const Ticks ticks(built, rough_values(static_cast<unsigned>(round), 90));
    for (const auto aggregate : {in_lanes, in_order}) {
      Aggregation aggregation(items, aggregate, {});
      WindowFold shared(aggregation, length, ticks.at(), Sharing::Remember);
      for (std::int64_t begin = -length.size / length.every * length.every; begin < 90;
           begin += length.every) {
        WindowFold alone(aggregation, length, ticks.at(), Sharing::Recompute);
        CHECK(same_bits(total(shared.fold(begin)), total(alone.fold(begin))));
      }
    }
  }
}

TEST_CASE("a commutative window of nine items is its oldest, then the tree over eight lanes") {
  HandBuilt built;
  const auto aggregate = built.sum(true);
  ItemEvaluator items(built.program);
  Aggregation aggregation(items, aggregate, {});
  const std::vector<std::optional<double>> x = {1e16, 1.0, -1e16, 3.0, 1e-3, 5.0, 7.7,
                                                1e15, 9.0, 0.1,   2.0, -7.0, 4.0};
  const Ticks ticks(built, x);
  WindowFold windows(aggregation, {9, 1}, ticks.at());
  const auto at = [&](std::size_t i) { return *x[i]; };
  for (std::size_t begin = 0; begin + 9 <= x.size(); ++begin) {
    const std::size_t i = begin + 8;
    const double tree = ((at(i - 7) + at(i - 6)) + (at(i - 5) + at(i - 4))) +
                        ((at(i - 3) + at(i - 2)) + (at(i - 1) + at(i)));
    CHECK(same_bits(total(windows.fold(static_cast<std::int64_t>(begin))), at(begin) + tree));
  }
}

TEST_CASE("an ordered window is the suffix of one block from the right, then the prefix of the next") {
  HandBuilt built;
  const auto aggregate = built.sum(false);
  ItemEvaluator items(built.program);
  Aggregation aggregation(items, aggregate, {});
  const std::vector<std::optional<double>> x = {1e16, 1.0, -1e16, 3.0, 1e-3, 5.0};
  const Ticks ticks(built, x);
  WindowFold windows(aggregation, {3, 1}, ticks.at());
  CHECK(same_bits(total(windows.fold(0)), (*x[0] + *x[1]) + *x[2]));
  CHECK(same_bits(total(windows.fold(1)), (*x[1] + *x[2]) + *x[3]));
  CHECK(same_bits(total(windows.fold(2)), *x[2] + (*x[3] + *x[4])));
  CHECK(same_bits(total(windows.fold(-1)), *x[0] + *x[1]));
}

TEST_CASE("a tumbling window is one pane: lanes by rank, and a hole keeps its rank") {
  HandBuilt built;
  const auto aggregate = built.sum(true);
  ItemEvaluator items(built.program);
  Aggregation aggregation(items, aggregate, {});
  std::vector<std::optional<double>> x = {1e16, 1.0, -1e16, 3.0, 1e-3, 5.0, 7.7, 1e15, 9.0, 0.1};
  x[1] = std::nullopt;
  const Ticks ticks(built, x);
  WindowFold windows(aggregation, {10, 10}, ticks.at());
  const double lane0 = *x[0] + *x[8];
  const double lane1 = *x[9];
  CHECK(same_bits(total(windows.fold(0)),
                  ((lane0 + lane1) + (*x[2] + *x[3])) + ((*x[4] + *x[5]) + (*x[6] + *x[7]))));
}
