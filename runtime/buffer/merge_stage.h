// The ordered merge of several queues into one batch: by stamp, then input, then order in the
// input.
//
// An item leaves when no input can still bring an earlier one, which the inputs' frontiers say
// (semantics.md §2, §4). Holes are dropped. The batch borrows texts and views from the queues, so
// their items are consumed only after it has been worked off.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "runtime/buffer/column_queue.h"

namespace streamrt {

class MergeStage {
 public:
  // Batches hold `limit` ticks at the most. The queues' items are of `type`; both must outlive the
  // stage.
  MergeStage(const StreamType& type, std::vector<ColumnQueue*> inputs, std::int64_t limit);

  // Gathers up to `limit` items that may leave now. Call consume_gathered() once they are worked
  // off, also after a batch without items: holes may have been passed over.
  StreamBatch gather(std::int64_t limit);
  // Whether items were taken from the inputs, be they values or holes.
  bool consume_gathered();

  // The input without items whose frontier holds back everything else; null if an item may leave,
  // or all inputs have ended.
  [[nodiscard]] ColumnQueue* blocking_input() const;

  // Merged items since the beginning.
  [[nodiscard]] std::int64_t total_count() const { return total_count_; }
  // Before the first: so many items were merged already, by a process that died.
  void resume_at(std::int64_t total_count) { total_count_ = total_count; }

 private:
  // The place of an input's next item in the merge order.
  struct Place {
    std::int64_t stamp = kLatestStamp;
    std::size_t input = 0;
    friend auto operator<=>(const Place&, const Place&) = default;
  };
  [[nodiscard]] Place place_of(std::size_t input) const;
  void copy(ColumnQueue& queue, std::int64_t begin, std::int64_t end);

  std::vector<ColumnQueue*> inputs_;
  std::vector<std::int64_t> taken_;      // One entry an input: items taken by this gather.
  std::vector<std::size_t> item_sizes_;  // One entry a leaf.
  std::vector<AlignedBytes> columns_;
  std::vector<void*> pointers_;
  AlignedBytes stamps_;
  std::int64_t count_ = 0;
  std::int64_t total_count_ = 0;
};

}  // namespace streamrt
