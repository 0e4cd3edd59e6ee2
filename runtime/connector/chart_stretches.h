// Stretches of an axis in bounded memory: where a stream of bools is true.
//
// A stretch begins at an item that is true and ends at the next one that is false, or with the
// stream. When there are too many, those with the smallest gap between them become one.
#pragma once

#include <cstdint>
#include <vector>

namespace streamrt {

class ChartStretches {
 public:
  struct Stretch {
    std::int64_t first_stamp = 0;
    std::int64_t last_stamp = 0;
  };

  // Stamps must not fall.
  void add(std::int64_t stamp, bool is_inside);

  [[nodiscard]] const std::vector<Stretch>& stretches() const { return stretches_; }
  [[nodiscard]] std::int64_t count() const { return count_; }

 private:
  static constexpr std::size_t kMost = 512;
  void join_nearest();

  std::vector<Stretch> stretches_;  // In order.
  std::int64_t count_ = 0;          // Begun so far.
  bool is_inside_ = false;
};

}  // namespace streamrt
