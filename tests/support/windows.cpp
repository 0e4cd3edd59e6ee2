#include "tests/support/windows.h"

#include <numeric>
#include <utility>
#include <vector>

namespace streamref {

WindowFold::WindowFold(Aggregation& aggregation, WindowLength length, ElementAt element,
                       Sharing sharing)
    : aggregation_(aggregation),
      length_(length),
      element_(std::move(element)),
      sharing_(sharing),
      pane_ticks_(std::gcd(length.size, length.every)),
      unit_count_(length.size / pane_ticks_) {}

Partial WindowFold::fold(std::int64_t begin) {
  if (!aggregation_.has_merge()) {
    return fold_left(aggregation_, begin, begin + length_.size, element_);
  }
  if (length_.every >= length_.size) {  // The window itself is the pane.
    return fold_pane(aggregation_, begin, begin + length_.size, element_);
  }
  const std::int64_t first = floor_divide(begin, pane_ticks_);  // Exact: both anchors are multiples.
  return aggregation_.is_commutative() ? fold_in_lanes(first + unit_count_ - 1)
                                       : fold_in_order(first);
}

// The oldest m from the left, then the tree over the 8 lanes that end at the newest 8.
Partial WindowFold::fold_in_lanes(std::int64_t last) {
  const std::int64_t in_lanes = unit_count_ / 8 * 8;  // B
  Partial oldest;
  for (std::int64_t index = last - unit_count_ + 1; index <= last - in_lanes; ++index) {
    oldest = append(oldest, index);
  }
  if (in_lanes == 0) return oldest;
  std::vector<Partial> lanes;
  for (std::int64_t newest = last - 7; newest <= last; ++newest) lanes.push_back(lane(newest));
  return aggregation_.merge(oldest, merge_lanes(aggregation_, lanes));
}

// Z(j): the q units j, j−8, …, j−8(q−1): a suffix of the block before j's, then a prefix of j's.
Partial WindowFold::lane(std::int64_t last) {
  const std::int64_t block = unit_count_ / 8 * 8;
  const std::int64_t block_begin = block * floor_divide(last, block);
  const std::int64_t phase = floor_modulo(last, 8);
  const Partial newer = prefix(block_begin + phase, last, 8);
  const std::int64_t oldest = last - (block - 8);
  if (oldest >= block_begin) return newer;
  return aggregation_.merge(suffix(oldest, block_begin - 8 + phase, 8), newer);
}

// A suffix of the first block, then a prefix of the last; exactly one block is its prefix.
Partial WindowFold::fold_in_order(std::int64_t first) {
  const std::int64_t last = first + unit_count_ - 1;
  const std::int64_t last_block = unit_count_ * floor_divide(last, unit_count_);
  const Partial newer = prefix(last_block, last, 1);
  if (first == last_block) return newer;
  return aggregation_.merge(suffix(first, last_block - 1, 1), newer);
}

Partial WindowFold::append(const Partial& state, std::int64_t index) {
  if (pane_ticks_ > 1) return aggregation_.merge(state, pane(index));
  const std::vector<Value>* values = element_(index);
  return values != nullptr ? Partial(aggregation_.add(state, *values)) : state;
}

Partial WindowFold::prepend(std::int64_t index, const Partial& state) {
  if (pane_ticks_ > 1) return aggregation_.merge(pane(index), state);
  const std::vector<Value>* values = element_(index);
  if (values == nullptr) return state;
  return aggregation_.merge(aggregation_.add(std::nullopt, *values), state);
}

const Partial& WindowFold::pane(std::int64_t index) {
  if (const auto known = panes_.find(index);
      known != panes_.end() && sharing_ == Sharing::Remember) {
    return known->second;
  }
  const std::int64_t begin = index * pane_ticks_;
  return panes_[index] = fold_pane(aggregation_, begin, begin + pane_ticks_, element_);
}

Partial WindowFold::prefix(std::int64_t from, std::int64_t to, std::int64_t stride) {
  Partial state;
  std::int64_t next = from;
  if (sharing_ == Sharing::Remember) {
    for (std::int64_t index = to; index >= from; index -= stride) {
      const auto known = prefixes_.find(index);
      if (known == prefixes_.end()) continue;
      state = known->second;
      next = index + stride;
      break;
    }
  }
  for (; next <= to; next += stride) {
    state = append(state, next);
    if (sharing_ == Sharing::Remember) prefixes_[next] = state;
  }
  return state;
}

Partial WindowFold::suffix(std::int64_t from, std::int64_t to, std::int64_t stride) {
  Partial state;
  std::int64_t next = to;
  if (sharing_ == Sharing::Remember) {
    for (std::int64_t index = from; index <= to; index += stride) {
      const auto known = suffixes_.find(index);
      if (known == suffixes_.end()) continue;
      state = known->second;
      next = index - stride;
      break;
    }
  }
  for (; next >= from; next -= stride) {
    state = prepend(next, state);
    if (sharing_ == Sharing::Remember) suffixes_[next] = state;
  }
  return state;
}

}  // namespace streamref
