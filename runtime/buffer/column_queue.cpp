#include "runtime/buffer/column_queue.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/base/assert.h"
#include "runtime/base/leaves.h"

namespace streamrt {

namespace {

constexpr std::int64_t kSpareTicks = 8;
constexpr std::int64_t kFirstCapacityTicks = 256;

std::size_t bytes_of(std::int64_t ticks, std::size_t item_size) {
  return static_cast<std::size_t>(ticks) * item_size;
}

}  // namespace

std::int64_t later_stamp(std::int64_t stamp, std::int64_t shift_ns) {
  std::int64_t later = 0;
  if (stamp == kEarliestStamp || stamp == kLatestStamp) return stamp;
  if (__builtin_add_overflow(stamp, shift_ns, &later)) return shift_ns > 0 ? kLatestStamp : kEarliestStamp;
  return later;
}

void AlignedBytes::grow(std::size_t size, std::size_t kept) {
  auto* const fresh = static_cast<std::byte*>(::operator new(size, std::align_val_t{64}));
  if (kept > 0) std::memcpy(fresh, bytes_.get(), kept);
  std::memset(fresh + kept, 0, size - kept);
  bytes_.reset(fresh);
}

ColumnQueue::ColumnQueue(const StreamQueue& description) : description_(&description) {
  for (const StreamLeaf& leaf : leaves_of(*description.type)) {
    item_sizes_.push_back(leaf_item_size(leaf));
    has_payloads_ |= leaf.kind == STREAM_LEAF_TEXT || leaf.kind == STREAM_LEAF_VIEW;
  }
  columns_.resize(item_sizes_.size());
  batch_pointers_.resize(item_sizes_.size());
  output_pointers_.resize(item_sizes_.size());
}

const std::uint8_t* ColumnQueue::valid() const {
  if (description_->has_valid == 0) return nullptr;
  return (is_borrowing_ ? borrowed_valid_ : reinterpret_cast<std::uint8_t*>(valid_.data())) + begin_;
}

const std::int64_t* ColumnQueue::stamps() const {
  if (description_->has_stamps == 0) return nullptr;
  return (is_borrowing_ ? borrowed_stamps_ : reinterpret_cast<std::int64_t*>(stamps_.data())) + begin_;
}

void ColumnQueue::borrow(const StreamBatch& items) {
  STREAM_CHECK(can_borrow() && !has_ended_, "items are shown in front of others");
  if (items.count == 0) return;
  borrowed_columns_.assign(items.columns, items.columns + columns_.size());
  borrowed_valid_ = items.valid;
  borrowed_stamps_ = items.stamps;
  is_borrowing_ = true;
  begin_ = 0;
  size_ = items.count;
  if (items.stamps != nullptr) last_stamp_ = items.stamps[items.count - 1];
}

void ColumnQueue::take_over() {
  if (!is_borrowing_) return;
  const std::int64_t first = std::exchange(begin_, 0);
  const std::int64_t live = std::exchange(size_, 0);
  is_borrowing_ = false;
  make_room(live, 0);
  for (std::size_t leaf = 0; leaf < columns_.size(); ++leaf) {
    std::memcpy(columns_[leaf].data(),
                static_cast<const std::byte*>(borrowed_columns_[leaf]) + bytes_of(first, item_sizes_[leaf]),
                bytes_of(live, item_sizes_[leaf]));
  }
  if (description_->has_valid != 0) std::memcpy(valid_.data(), borrowed_valid_ + first, bytes_of(live, 1));
  if (description_->has_stamps != 0) {
    std::memcpy(stamps_.data(), borrowed_stamps_ + first, bytes_of(live, sizeof(std::int64_t)));
  }
  size_ = live;
}

// Room for `ticks` behind the waiting items and `kept_ticks` uncommitted ones, which stay.
void ColumnQueue::make_room(std::int64_t ticks, std::int64_t kept_ticks) {
  take_over();
  const std::int64_t live = size_ + kept_ticks;
  const std::int64_t needed = size_ + std::max(ticks, kept_ticks);
  if (capacity_ > 0 && begin_ + needed <= capacity_) return;

  const auto move_to_front = [this, live](AlignedBytes& bytes, std::size_t item_size) {
    std::memmove(bytes.data(), bytes.data() + bytes_of(begin_, item_size),
                 bytes_of(live, item_size));
  };
  // Moving is worth it only while few wait; otherwise every other call would move all of them.
  const bool grows = needed > capacity_ || live > capacity_ / 2;
  std::int64_t new_capacity = std::max(capacity_, kFirstCapacityTicks);
  while (grows && (new_capacity < needed || new_capacity < 2 * live)) new_capacity *= 2;

  const auto fit = [&](AlignedBytes& bytes, std::size_t item_size) {
    (void)memory_size((new_capacity + kSpareTicks) * static_cast<std::int64_t>(item_size));
    if (is_lent_) return move_into_fresh(bytes, item_size, live, new_capacity);
    if (begin_ > 0 && live > 0) move_to_front(bytes, item_size);
    if (new_capacity > capacity_) {
      bytes.grow(bytes_of(new_capacity + kSpareTicks, item_size), bytes_of(live, item_size));
    }
  };
  for (std::size_t leaf = 0; leaf < columns_.size(); ++leaf) fit(columns_[leaf], item_sizes_[leaf]);
  if (description_->has_valid != 0) fit(valid_, 1);
  if (description_->has_stamps != 0) fit(stamps_, sizeof(std::int64_t));
  begin_ = 0;
  capacity_ = new_capacity;
}

void ColumnQueue::move_into_fresh(AlignedBytes& bytes, std::size_t item_size, std::int64_t live,
                                  std::int64_t capacity) {
  AlignedBytes fresh;
  fresh.grow(bytes_of(capacity + kSpareTicks, item_size), 0);
  if (live > 0) {
    std::memcpy(fresh.data(), bytes.data() + bytes_of(begin_, item_size), bytes_of(live, item_size));
  }
  retired_.push_back(std::exchange(bytes, std::move(fresh)));
}

void ColumnQueue::set_pointers(StreamOutput& out) {
  const std::int64_t tail = begin_ + size_;
  for (std::size_t leaf = 0; leaf < columns_.size(); ++leaf) {
    output_pointers_[leaf] = columns_[leaf].data() + bytes_of(tail, item_sizes_[leaf]);
  }
  out.columns = output_pointers_.data();
  out.valid = description_->has_valid == 0 ? nullptr
                                           : reinterpret_cast<std::uint8_t*>(valid_.data()) + tail;
  out.stamps = description_->has_stamps == 0
                   ? nullptr
                   : reinterpret_cast<std::int64_t*>(stamps_.data()) + tail;
  out.capacity = capacity_ - tail;
}

void ColumnQueue::reserve(std::int64_t ticks, StreamOutput& out) {
  make_room(ticks, 0);
  set_pointers(out);
}

void ColumnQueue::grow(std::int64_t ticks, StreamOutput& out) {
  // At least doubled, so that a loop that asks for one more each time stays linear.
  make_room(std::max(ticks, out.capacity * 2), out.capacity);
  set_pointers(out);
}

void ColumnQueue::commit(std::int64_t ticks, PayloadLifetime lifetime, std::int64_t stamp_floor) {
  STREAM_CHECK(begin_ + size_ + ticks <= capacity_, "more ticks committed than were reserved");
  if (is_closed_ || ticks == 0) return;
  STREAM_CHECK(!has_ended_, "items after END");
  if (description_->has_stamps != 0) {
    auto* const fresh = reinterpret_cast<std::int64_t*>(stamps_.data()) + begin_ + size_;
    if (stamp_floor != kEarliestStamp) {
      for (std::int64_t i = 0; i < ticks; ++i) fresh[i] = std::max(fresh[i], stamp_floor);
    }
    last_stamp_ = fresh[ticks - 1];
  }
  if (has_payloads_ && lifetime == PayloadLifetime::Batch) {
    copy_payloads(begin_ + size_, ticks, payloads_);
  }
  size_ += ticks;
  unshifted_ += ticks;
}

void ColumnQueue::shift_new_stamps() {
  if (delayed_.shift_ns != 0 && !is_closed_) {
    auto* const end = reinterpret_cast<std::int64_t*>(stamps_.data()) + begin_ + size_;
    for (std::int64_t* stamp = end - unshifted_; stamp < end; ++stamp) {
      *stamp = later_stamp(*stamp, delayed_.shift_ns);
    }
  }
  unshifted_ = 0;
}

void ColumnQueue::end(std::int64_t end_stamp, bool is_silent) {
  if (has_ended_) return;
  has_ended_ = true;
  has_silent_end_ = is_silent;
  end_stamp_ = later_stamp(end_stamp, delayed_.shift_ns);
}

std::int64_t ColumnQueue::ready_count() const {
  if (delayed_.shift_ns == 0 || delayed_.accepts_always || has_ended_ || size() == 0) return size();
  const std::int64_t* const first = stamps();
  return std::upper_bound(first, first + size_, written_frontier()) - first;
}

std::int64_t ColumnQueue::earliest_possible_stamp() const {
  if (size() > 0) return stamp_at(0);
  return is_finished() ? kLatestStamp : frontier_;
}

StreamBatch ColumnQueue::batch(std::int64_t count) {
  is_lent_ = delayed_.accepts_always;
  for (std::size_t leaf = 0; leaf < columns_.size(); ++leaf) {
    batch_pointers_[leaf] = column(leaf) + bytes_of(begin_, item_sizes_[leaf]);
  }
  return {count, first_position_, batch_pointers_.data(), valid(), stamps()};
}

void ColumnQueue::consume(std::int64_t count) {
  STREAM_CHECK(count <= size_, "more items consumed than wait");
  is_lent_ = false;
  retired_.clear();
  begin_ += count;
  size_ -= count;
  first_position_ += count;
  release_payloads();
}

// After the queue has become shorter.
void ColumnQueue::release_payloads() {
  if (size_ == 0) {
    begin_ = 0;
    is_borrowing_ = false;
    payloads_.reset();
  } else if (payloads_.used_bytes() > payload_limit_bytes_) {
    compact_payloads();
  }
}

void ColumnQueue::drop_oldest(std::int64_t count) {
  STREAM_CHECK(count <= size_, "more items dropped than wait");
  begin_ += count;
  size_ -= count;
  release_payloads();
}

void ColumnQueue::drop_newest(std::int64_t count) {
  STREAM_CHECK(count <= size_, "more items dropped than wait");
  size_ -= count;
  release_payloads();
}

void ColumnQueue::keep_one_of(std::int64_t every) {
  take_over();
  const std::int64_t kept = (size_ + every - 1) / every;
  const auto thin = [&](AlignedBytes& bytes, std::size_t item_size) {
    std::byte* const first = bytes.data() + bytes_of(begin_, item_size);
    for (std::int64_t i = 1; i < kept; ++i) {
      std::memcpy(first + bytes_of(i, item_size), first + bytes_of(i * every, item_size), item_size);
    }
  };
  for (std::size_t leaf = 0; leaf < columns_.size(); ++leaf) thin(columns_[leaf], item_sizes_[leaf]);
  if (description_->has_valid != 0) thin(valid_, 1);
  if (description_->has_stamps != 0) thin(stamps_, sizeof(std::int64_t));
  size_ = kept;
  release_payloads();
}

void ColumnQueue::close() {
  is_closed_ = true;
  is_borrowing_ = false;
  is_lent_ = false;
  retired_.clear();
  begin_ = 0;
  first_position_ += size_;
  size_ = 0;
  payloads_.reset();
}

void ColumnQueue::copy_payloads(std::int64_t first_tick, std::int64_t count, Arena& arena) {
  const auto* const valid_ticks = reinterpret_cast<const std::uint8_t*>(valid_.data());
  const bool has_valid = description_->has_valid != 0;
  for (std::size_t leaf = 0; leaf < columns_.size(); ++leaf) {
    const StreamLeaf& shape = description_->type->leaves[leaf];
    if (shape.kind != STREAM_LEAF_TEXT && shape.kind != STREAM_LEAF_VIEW) continue;
    const std::size_t item_size = item_sizes_[leaf];
    std::byte* const column = columns_[leaf].data();
    if (has_valid) {  // What a hole's leaves hold means nothing: make it nothing.
      for (std::int64_t tick = first_tick; tick < first_tick + count; ++tick) {
        if (valid_ticks[tick] == 0) std::memset(column + bytes_of(tick, item_size), 0, item_size);
      }
    }
    copy_leaf_payloads(shape, column + bytes_of(first_tick, item_size), count * shape.count, arena);
  }
}

void ColumnQueue::compact_payloads() {
  Arena fresh;
  copy_payloads(begin_, size_, fresh);
  payloads_ = std::move(fresh);
  payload_limit_bytes_ = 2 * payloads_.used_bytes() + kPayloadSlackBytes;
}

void copy_leaf_payloads(const StreamLeaf& leaf, void* elements, std::int64_t element_count,
                        Arena& arena) {
  if (leaf.kind == STREAM_LEAF_TEXT) {
    auto* const texts = static_cast<StreamText*>(elements);
    for (std::int64_t i = 0; i < element_count; ++i) texts[i] = arena.copy(texts[i]);
    return;
  }
  // Sliding windows overlap: views that go forward through one stretch of memory share one copy.
  auto* const views = static_cast<StreamView*>(elements);
  const std::size_t element_size = view_element_size(leaf);
  const auto begin_of = [&](std::int64_t i) {
    return reinterpret_cast<std::uintptr_t>(views[i].data);
  };
  const auto end_of = [&](std::int64_t i) {
    return begin_of(i) + bytes_of(views[i].count, element_size);
  };
  std::int64_t first = 0;
  while (first < element_count) {
    if (views[first].count == 0) {
      views[first++].data = nullptr;
      continue;
    }
    const std::uintptr_t begin = begin_of(first);
    std::uintptr_t end = end_of(first);
    std::int64_t last = first + 1;
    while (last < element_count && views[last].count > 0 && begin_of(last) >= begin_of(last - 1) &&
           begin_of(last) <= end) {
      end = std::max(end, end_of(last));
      ++last;
    }
    auto* const copy = static_cast<std::byte*>(arena.allocate(end - begin));
    std::memcpy(copy, views[first].data, end - begin);
    if (leaf.view_kind == STREAM_LEAF_TEXT) {
      auto* const texts = reinterpret_cast<StreamText*>(copy);
      const std::size_t text_count = (end - begin) / sizeof(StreamText);
      for (std::size_t i = 0; i < text_count; ++i) texts[i] = arena.copy(texts[i]);
    }
    for (; first < last; ++first) views[first].data = copy + (begin_of(first) - begin);
  }
}

}  // namespace streamrt
