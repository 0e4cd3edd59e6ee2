// Count windows over a stream of ticks, each folded alone by the formula that defines it.
//
// The bracketing of floating-point results is part of the language: panes of gcd(size, every) ticks,
// 8 strided lanes for commutative aggregates, blocks anchored at absolute multiples of the size for
// the others. Ticks outside the stream feed nothing, which covers windows that are partial at the
// start or incomplete at the end.
#pragma once

#include <cstdint>
#include <unordered_map>

#include "tests/support/aggregates.h"

namespace streamref {

struct WindowLength {
  std::int64_t size = 1;   // n
  std::int64_t every = 1;  // k
};

// Whether runs that several windows share are computed once. It changes nothing but the time taken;
// a test compares both.
enum class Sharing { Remember, Recompute };

class WindowFold {
 public:
  // Both references must outlive it.
  WindowFold(Aggregation& aggregation, WindowLength length, ElementAt element,
             Sharing sharing = Sharing::Remember);

  // The window of ticks [begin, begin + size); `begin` may be negative where windows are partial.
  [[nodiscard]] Partial fold(std::int64_t begin);

 private:
  // The index-th pane, or item where a pane is one tick, on the right or the left of a partial fold.
  [[nodiscard]] Partial append(const Partial& state, std::int64_t index);
  [[nodiscard]] Partial prepend(std::int64_t index, const Partial& state);
  [[nodiscard]] const Partial& pane(std::int64_t index);

  // Units `from`, `from + stride`, … `to`, from the left; or from the right.
  [[nodiscard]] Partial prefix(std::int64_t from, std::int64_t to, std::int64_t stride);
  [[nodiscard]] Partial suffix(std::int64_t from, std::int64_t to, std::int64_t stride);

  [[nodiscard]] Partial fold_in_lanes(std::int64_t last);
  [[nodiscard]] Partial lane(std::int64_t last);
  [[nodiscard]] Partial fold_in_order(std::int64_t first);

  Aggregation& aggregation_;
  WindowLength length_;
  ElementAt element_;
  Sharing sharing_;
  std::int64_t pane_ticks_ = 1;    // g
  std::int64_t unit_count_ = 1;    // Panes (or items) of one window.
  std::unordered_map<std::int64_t, Partial> panes_;     // By index.
  std::unordered_map<std::int64_t, Partial> prefixes_;  // By last index: the first follows from it.
  std::unordered_map<std::int64_t, Partial> suffixes_;  // By first index: the last follows from it.
};

}  // namespace streamref
