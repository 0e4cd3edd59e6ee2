// The points of a chart in bounded memory, however long the stream.
//
// Points fall into buckets of equal width along the axis, which keep the least and the greatest
// value. When there are too many buckets the width doubles and neighbours are joined: what is drawn
// stays the envelope of all points, at a resolution finer than the picture's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace streamrt {

class ChartSeries {
 public:
  struct Bucket {
    std::int64_t first_stamp = 0;
    std::int64_t last_stamp = 0;
    double min = 0;
    double max = 0;
    bool min_is_first = true;  // The least value came before the greatest.
    bool gap_before = false;   // The line is interrupted here.
    std::int64_t count = 0;
    std::string text;  // Of the first point, for marks.
  };

  // Stamps must not fall. A NaN interrupts the line; infinities are left out like one.
  void add(std::int64_t stamp, double value, std::string_view text = {});

  [[nodiscard]] const std::vector<Bucket>& buckets() const { return buckets_; }
  [[nodiscard]] std::int64_t count() const { return count_; }

 private:
  static constexpr std::size_t kMostBuckets = 2048;
  void halve();
  [[nodiscard]] std::int64_t bucket_number(std::int64_t stamp) const;

  std::vector<Bucket> buckets_;  // In order; only those that hold a point.
  int width_log2_ = 0;           // Buckets are 2^this wide, from multiples of it on.
  bool has_gap_ = false;
  std::int64_t count_ = 0;
};

}  // namespace streamrt
