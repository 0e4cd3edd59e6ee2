#include "runtime/connector/chart_series.h"

#include <cmath>

namespace streamrt {

std::int64_t ChartSeries::bucket_number(std::int64_t stamp) const {
  return stamp >> width_log2_;
}

void ChartSeries::add(std::int64_t stamp, double value, std::string_view text) {
  if (!std::isfinite(value)) {
    has_gap_ = true;
    return;
  }
  ++count_;
  if (!buckets_.empty() && !has_gap_ &&
      bucket_number(buckets_.back().first_stamp) == bucket_number(stamp)) {
    Bucket& bucket = buckets_.back();
    bucket.last_stamp = stamp;
    ++bucket.count;
    if (value < bucket.min) {
      bucket.min = value;
      bucket.min_is_first = false;
    }
    if (value > bucket.max) {
      bucket.max = value;
      bucket.min_is_first = true;
    }
    return;
  }
  Bucket bucket;
  bucket.first_stamp = bucket.last_stamp = stamp;
  bucket.min = bucket.max = value;
  bucket.gap_before = has_gap_;
  bucket.count = 1;
  bucket.text = text;
  buckets_.push_back(std::move(bucket));
  has_gap_ = false;
  while (buckets_.size() > kMostBuckets) halve();
}

// Doubles the width. A gap shorter than a bucket vanishes.
void ChartSeries::halve() {
  ++width_log2_;
  std::size_t kept = 0;
  for (std::size_t i = 1; i < buckets_.size(); ++i) {
    Bucket& last = buckets_[kept];
    Bucket& next = buckets_[i];
    if (bucket_number(last.first_stamp) != bucket_number(next.first_stamp)) {
      ++kept;
      if (kept != i) buckets_[kept] = std::move(next);
      continue;
    }
    // The order of the extremes follows from which side each of them came from.
    const bool min_from_next = next.min < last.min;
    const bool max_from_next = next.max > last.max;
    if (min_from_next && max_from_next) {
      last.min_is_first = next.min_is_first;
    } else if (min_from_next != max_from_next) {
      last.min_is_first = max_from_next;
    }
    if (min_from_next) last.min = next.min;
    if (max_from_next) last.max = next.max;
    last.last_stamp = next.last_stamp;
    last.count += next.count;
  }
  buckets_.resize(kept + 1);
}

}  // namespace streamrt
