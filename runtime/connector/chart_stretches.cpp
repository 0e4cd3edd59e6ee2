#include "runtime/connector/chart_stretches.h"

#include <algorithm>
#include <cstddef>

namespace streamrt {

void ChartStretches::add(std::int64_t stamp, bool is_inside) {
  if (is_inside && !is_inside_) {
    if (stretches_.size() == kMost) join_nearest();
    stretches_.push_back({stamp, stamp});
    ++count_;
  }
  if (is_inside || is_inside_) stretches_.back().last_stamp = stamp;
  is_inside_ = is_inside;
}

void ChartStretches::join_nearest() {
  std::size_t nearest = 1;
  for (std::size_t i = 2; i < stretches_.size(); ++i) {
    const auto gap = [this](std::size_t at) {
      return stretches_[at].first_stamp - stretches_[at - 1].last_stamp;
    };
    if (gap(i) < gap(nearest)) nearest = i;
  }
  stretches_[nearest - 1].last_stamp = stretches_[nearest].last_stamp;
  stretches_.erase(stretches_.begin() + static_cast<std::ptrdiff_t>(nearest));
}

}  // namespace streamrt
