// Items that wait between a writer (a source or a region) and the one reader behind it, as columns.
//
// Items leave in the order in which they came. Beside them the queue carries its *frontier* (every
// later item has a stamp that is not below it) and END. Texts and views that would die with the
// writer's batch are copied into the queue at commit. No threads and no waiting: who may write or
// read when is the scheduler's business (agent/), which also keeps the queue short.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <vector>

#include "runtime/abi/stream_abi.h"
#include "runtime/base/arena.h"

namespace streamrt {

inline constexpr std::int64_t kEarliestStamp = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t kLatestStamp = std::numeric_limits<std::int64_t>::max();

// How long the texts and views of freshly written items live.
enum class PayloadLifetime : std::uint8_t {
  Batch,  // They die with the writer's batch: the queue copies them.
  Queue,  // They stand in payload_arena(), or live as long as the program.
};

// 64-byte aligned bytes with room for vector code to overrun.
class AlignedBytes {
 public:
  // Grows to at least `size`, keeping the first `kept` bytes. New bytes are zero.
  void grow(std::size_t size, std::size_t kept);
  [[nodiscard]] std::byte* data() const { return bytes_.get(); }

 private:
  struct Free {
    void operator()(std::byte* bytes) const { ::operator delete(bytes, std::align_val_t{64}); }
  };
  std::unique_ptr<std::byte, Free> bytes_;
};

// What a queue in front of a delay does beside waiting.
struct DelayedQueue {
  std::int64_t shift_ns = 0;      // Added to all stamps that were written, and to frontiers.
  bool accepts_always = false;    // On a cycle: it is never full, and the reader may take everything at once.
};

// `stamp` + `shift_ns`, where both ends of the range stay what they are.
std::int64_t later_stamp(std::int64_t stamp, std::int64_t shift_ns);

class ColumnQueue {
 public:
  // `description` must outlive the queue.
  explicit ColumnQueue(const StreamQueue& description);

  [[nodiscard]] const StreamQueue& description() const { return *description_; }

  // Makes it the queue in front of a delay, before anything is written.
  void delay(const DelayedQueue& delayed) { delayed_ = delayed; }

  // ---- writer ----

  // Room for `ticks` behind the last committed item. Valid until the next call for this queue.
  void reserve(std::int64_t ticks, StreamOutput& out);
  // As reserve, but keeps what was written since: the first `out.capacity` ticks.
  void grow(std::int64_t ticks, StreamOutput& out);
  // The first `ticks` of the reserved room are items now. Stamps below `stamp_floor` are raised to
  // it.
  void commit(std::int64_t ticks, PayloadLifetime lifetime,
              std::int64_t stamp_floor = kEarliestStamp);
  // Instead of reserve and commit, while nothing waits: `items` are shown where they lie, until they are consumed or
  // take_over() is called. There are no texts or views in them, no delay, and bytes behind each column that may be read,
  // as many as those of 8 ticks.
  void borrow(const StreamBatch& items);
  // Some of what was borrowed still waits: its memory must stay as it is.
  [[nodiscard]] bool is_borrowing() const { return is_borrowing_; }
  // Copies that. Called by whatever writes behind it.
  void take_over();
  // Whether borrow() may be called.
  [[nodiscard]] bool can_borrow() const {
    return size_ == 0 && !has_payloads_ && !is_closed_ && delayed_.shift_ns == 0 && !delayed_.accepts_always;
  }
  // To be called when the writer is through with its batch, since it may read what it committed: the stamps become those
  // behind the delay.
  void shift_new_stamps();
  // Gives up some of what waits; at no time when a batch is being read. What is given up counts as never written:
  // `first_position` is that of the oldest item that stays, as if it had been next.
  void drop_oldest(std::int64_t count);
  void drop_newest(std::int64_t count);
  // Keeps the oldest of each `every` items. O(size).
  void keep_one_of(std::int64_t every);
  // For writers whose texts need no copy at commit.
  [[nodiscard]] Arena& payload_arena() { return payloads_; }

  void advance_frontier(std::int64_t stamp) {
    stamp = later_stamp(stamp, delayed_.shift_ns);
    frontier_ = stamp > frontier_ ? stamp : frontier_;
  }
  // The frontier as it was written: without what a delay adds.
  [[nodiscard]] std::int64_t written_frontier() const { return later_stamp(frontier_, -delayed_.shift_ns); }
  // Before anything is written: `position` items were written and consumed already, by a process that died.
  void resume_at(std::int64_t position) { first_position_ = position; }
  // No more items. `end_stamp` is the T of semantics.md §2, kEarliestStamp if nothing ever had a stamp; only the
  // first call counts. A *silent* end is that of a program stopped by its own END: what readers hold back
  // for the END, they keep.
  void end(std::int64_t end_stamp, bool is_silent = false);
  [[nodiscard]] bool has_ended() const { return has_ended_; }
  // Of the item that was committed last; kEarliestStamp if there was none, or `has_stamps` is 0.
  [[nodiscard]] std::int64_t last_stamp() const { return last_stamp_; }

  // ---- reader ----

  [[nodiscard]] std::int64_t size() const { return is_closed_ ? 0 : size_; }
  [[nodiscard]] bool is_empty() const { return size() == 0; }
  // It holds `limit` items, and the reader can take some: an order by stamps may have to see the next
  // stamp before it lets the last one go, so items of one stamp only are never too many.
  [[nodiscard]] bool is_full(std::int64_t limit) const {
    if (delayed_.accepts_always || size() < limit) return false;
    const std::int64_t count = ready_count();
    return count >= limit && stamp_at(0) != stamp_at(count - 1);
  }
  // How many items the reader may take: all but those that a delay by time holds until no earlier one can follow.
  [[nodiscard]] std::int64_t ready_count() const;
  // END has been reached: no item waits and none will come.
  [[nodiscard]] bool is_finished() const { return is_closed_ || (has_ended_ && size_ == 0); }
  [[nodiscard]] std::int64_t end_stamp() const { return end_stamp_; }
  [[nodiscard]] bool has_silent_end() const { return has_silent_end_; }

  // The number that the oldest waiting item has in the stream.
  [[nodiscard]] std::int64_t first_position() const { return first_position_; }
  // Stamp of the waiting item `index` (0: the oldest).
  [[nodiscard]] std::int64_t stamp_at(std::int64_t index) const {
    return stamps() == nullptr ? first_position_ + index : stamps()[index];
  }
  [[nodiscard]] bool is_valid_at(std::int64_t index) const {
    return description_->has_valid == 0 || valid()[index] != 0;
  }
  [[nodiscard]] std::int64_t frontier() const { return frontier_; }
  // Every item to come, waiting or not yet there, has a stamp that is not below this one.
  [[nodiscard]] std::int64_t earliest_possible_stamp() const;

  // The oldest `count` items. Valid until the next reserve or consume; on a cycle, where the reader may be the writer,
  // until consume.
  [[nodiscard]] StreamBatch batch(std::int64_t count);
  // The oldest `count` items are done with; views of them become invalid.
  void consume(std::int64_t count);
  // The reader needs nothing more: waiting items and later ones are dropped.
  void close();
  [[nodiscard]] bool is_closed() const { return is_closed_; }

  // Items committed since the beginning, for --stats.
  [[nodiscard]] std::int64_t total_count() const { return first_position_ + size_; }

 private:
  [[nodiscard]] const std::uint8_t* valid() const;
  [[nodiscard]] const std::int64_t* stamps() const;
  [[nodiscard]] std::byte* column(std::size_t leaf) const {
    return is_borrowing_ ? static_cast<std::byte*>(borrowed_columns_[leaf]) : columns_[leaf].data();
  }
  void make_room(std::int64_t ticks, std::int64_t kept_ticks);
  void move_into_fresh(AlignedBytes& bytes, std::size_t item_size, std::int64_t live, std::int64_t capacity);
  void set_pointers(StreamOutput& out);
  void copy_payloads(std::int64_t first_tick, std::int64_t count, Arena& arena);
  void compact_payloads();
  void release_payloads();

  const StreamQueue* description_;
  std::vector<AlignedBytes> columns_;    // One for each leaf,
  std::vector<std::size_t> item_sizes_;  // and the bytes of an item in it.
  std::vector<void*> batch_pointers_;    // What StreamBatch points to,
  std::vector<void*> output_pointers_;   // and StreamOutput: on a cycle both may be in use.
  AlignedBytes valid_;
  AlignedBytes stamps_;
  bool has_payloads_ = false;  // Some leaf is a text or a view.
  Arena payloads_;
  std::size_t payload_limit_bytes_ = kPayloadSlackBytes;

  std::int64_t capacity_ = 0;  // Ticks, not counting the spare ones.
  std::int64_t begin_ = 0;     // The oldest waiting tick, as an index into the columns.
  std::int64_t size_ = 0;
  std::int64_t unshifted_ = 0;  // The newest of them, whose stamps are still as they were written.
  std::int64_t first_position_ = 0;
  std::int64_t frontier_ = kEarliestStamp;
  std::int64_t last_stamp_ = kEarliestStamp;
  std::int64_t end_stamp_ = 0;
  bool has_ended_ = false;
  bool has_silent_end_ = false;
  bool is_closed_ = false;
  DelayedQueue delayed_;
  // Where borrowed items lie; `begin_` counts from there.
  bool is_borrowing_ = false;
  std::vector<void*> borrowed_columns_;
  const std::uint8_t* borrowed_valid_ = nullptr;
  const std::int64_t* borrowed_stamps_ = nullptr;
  bool is_lent_ = false;               // On a cycle: a batch is being read, so nothing of it may move,
  std::vector<AlignedBytes> retired_;  // and what it stands in is kept.

  static constexpr std::size_t kPayloadSlackBytes = std::size_t{1} << 20;
};

// Copies what the text and view elements [0, element_count) of a leaf point to into `arena`, and
// lets them point there.
void copy_leaf_payloads(const StreamLeaf& leaf, void* elements, std::int64_t element_count,
                        Arena& arena);

}  // namespace streamrt
