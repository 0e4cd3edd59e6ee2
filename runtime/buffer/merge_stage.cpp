#include "runtime/buffer/merge_stage.h"

#include <algorithm>
#include <cstring>

#include "runtime/base/leaves.h"

namespace streamrt {

namespace {
constexpr std::int64_t kSpareTicks = 8;
}  // namespace

MergeStage::MergeStage(const StreamType& type, std::vector<ColumnQueue*> inputs, std::int64_t limit)
    : inputs_(std::move(inputs)), taken_(inputs_.size()) {
  const auto capacity = static_cast<std::size_t>(limit + kSpareTicks);
  for (const StreamLeaf& leaf : leaves_of(type)) {
    item_sizes_.push_back(leaf_item_size(leaf));
    columns_.emplace_back().grow(capacity * item_sizes_.back(), 0);
    pointers_.push_back(columns_.back().data());
  }
  stamps_.grow(capacity * sizeof(std::int64_t), 0);
}

MergeStage::Place MergeStage::place_of(std::size_t input) const {
  const ColumnQueue& queue = *inputs_[input];
  if (taken_[input] < queue.size()) return {queue.stamp_at(taken_[input]), input};
  return {queue.has_ended() || queue.is_closed() ? kLatestStamp : queue.frontier(), input};
}

StreamBatch MergeStage::gather(std::int64_t limit) {
  std::fill(taken_.begin(), taken_.end(), 0);
  count_ = 0;
  while (count_ < limit) {
    Place first = place_of(0);
    Place second;  // The earliest of the others: how far a run of `first.input` may go.
    second.input = inputs_.size();
    for (std::size_t i = 1; i < inputs_.size(); ++i) {
      const Place place = place_of(i);
      if (place < first) {
        second = first;
        first = place;
      } else if (place < second) {
        second = place;
      }
    }
    ColumnQueue& queue = *inputs_[first.input];
    std::int64_t& taken = taken_[first.input];
    if (taken == queue.size()) break;  // A frontier is the earliest: nothing may pass it.
    std::int64_t run_begin = taken;  // Of neighbours that are values and not yet copied.
    do {
      const bool is_valid = queue.is_valid_at(taken++);
      if (is_valid) {
        ++count_;
      } else {
        copy(queue, run_begin, taken - 1);
        run_begin = taken;
      }
    } while (count_ < limit && taken < queue.size() &&
             Place{queue.stamp_at(taken), first.input} < second);
    copy(queue, run_begin, taken);
  }
  const StreamBatch batch{count_, total_count_, pointers_.data(), nullptr,
                          reinterpret_cast<const std::int64_t*>(stamps_.data())};
  total_count_ += count_;
  return batch;
}

// Copies items [begin, end), the newest of the counted ones.
void MergeStage::copy(ColumnQueue& queue, std::int64_t begin, std::int64_t end) {
  const std::int64_t count = end - begin;
  if (count == 0) return;
  const std::int64_t target = count_ - count;
  const StreamBatch batch = queue.batch(end);
  for (std::size_t leaf = 0; leaf < columns_.size(); ++leaf) {
    const std::size_t size = item_sizes_[leaf];
    std::memcpy(columns_[leaf].data() + static_cast<std::size_t>(target) * size,
                static_cast<const std::byte*>(batch.columns[leaf]) +
                    static_cast<std::size_t>(begin) * size,
                static_cast<std::size_t>(count) * size);
  }
  auto* const stamps = reinterpret_cast<std::int64_t*>(stamps_.data());
  for (std::int64_t i = 0; i < count; ++i) stamps[target + i] = queue.stamp_at(begin + i);
}

bool MergeStage::consume_gathered() {
  bool any = false;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (taken_[i] > 0) {
      inputs_[i]->consume(taken_[i]);
      any = true;
    }
    taken_[i] = 0;
  }
  return any;
}

ColumnQueue* MergeStage::blocking_input() const {
  ColumnQueue* earliest = nullptr;
  for (ColumnQueue* const input : inputs_) {
    if (earliest == nullptr ||
        input->earliest_possible_stamp() < earliest->earliest_possible_stamp()) {
      earliest = input;
    }
  }
  if (earliest == nullptr || !earliest->is_empty() || earliest->is_finished()) return nullptr;
  return earliest;
}

}  // namespace streamrt
