// A ring of frames between one writer and one reader, in memory that both can reach: threads of a
// process, or processes that share a mapping.
//
//   | RingHeader | capacity bytes: frame, frame, …, skip |
//
// A frame is a size and so many bytes, never split: where it does not fit behind the last one, a
// skip fills the end of the ring. The indices count bytes and wrap at 2^32. No waiting here; who
// sleeps and who wakes whom is agent/'s business. Nothing in the ring points anywhere, so that each
// process may map it where it likes.
//
// A writer or reader that died is replaced by a new one on the same memory. All that a writer has published
// is said in one atomic word: a frame is there as a whole, counted, or not at all. A reader need not let go
// of a frame when it has read it; what it kept, the next reader finds again.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace streamrt {

// Written by one side, read by the other; each side has a cache line of its own.
struct RingHeader {
  // What is published: items modulo 2^32 in the upper half; below, the bytes, and in the
  // three bits that are never needed for those what the writer noted.
  alignas(64) std::atomic<std::uint64_t> published{0};
  alignas(64) std::atomic<std::uint32_t> tail{0};  // Bytes done with.
  std::atomic<std::uint32_t> items_taken{0};       // Items in frames done with, modulo 2^32.
  // The reader needs nothing more. On a line that hardly ever changes, since the writer asks for each frame.
  alignas(64) std::atomic<std::uint32_t> is_closed{0};
};
static_assert(std::atomic<std::uint32_t>::is_always_lock_free && std::atomic<std::uint64_t>::is_always_lock_free);

// Bytes of memory for a ring of `capacity` bytes.
constexpr std::size_t ring_bytes(std::size_t capacity) { return sizeof(RingHeader) + capacity; }

class FrameWriter {
 public:
  // `memory` is zeroed, 64-byte aligned and of ring_bytes(capacity); capacity is a power of two, at
  // most 2^30. Or it is what another writer left.
  FrameWriter(void* memory, std::size_t capacity);

  // Frames may have up to this many bytes.
  [[nodiscard]] std::size_t largest_frame() const { return capacity_ / 4 - kFrameHeaderBytes; }
  // Room for a frame of `size` bytes, 8-byte aligned; null while there is none.
  std::byte* reserve(std::size_t size);
  // What was reserved last is a frame now, with so many items. `note`, 0 to 7, is for the writer's successor.
  void publish(std::uint32_t items, std::uint32_t note = 0);
  // Items published since the beginning, modulo 2^32.
  [[nodiscard]] std::uint32_t items_published() const { return items_; }
  // What was noted with the frame published last; 0 in front of the first.
  [[nodiscard]] std::uint32_t note() const { return note_; }

  // How many more items may be published if no more than `capacity` may be on the way; at least `wanted`, if that is true.
  // Looks at what the reader says only if need be, since that is a cache line of the reader's.
  [[nodiscard]] std::int64_t item_room(std::int64_t capacity, std::int64_t wanted) {
    if (capacity - std::int64_t{items_ - known_taken_} < wanted) {
      known_taken_ = header_->items_taken.load(std::memory_order_acquire);
    }
    return capacity - std::int64_t{items_ - known_taken_};
  }
  // Items published and not yet done with by the reader.
  [[nodiscard]] std::uint32_t items_on_the_way() const {
    return items_ - header_->items_taken.load(std::memory_order_acquire);
  }
  // At least so many items are on the way. Looks at what the reader says only now and then: for up to 16 calls it may be
  // behind.
  [[nodiscard]] bool has_on_the_way(std::uint32_t items) {
    constexpr unsigned kCalls = 16;
    if (items_ - known_taken_ < items) return false;
    if (calls_ == 0) known_taken_ = header_->items_taken.load(std::memory_order_acquire);
    const bool has_as_many = items_ - known_taken_ >= items;
    calls_ = has_as_many ? (calls_ + 1) % kCalls : 0;
    return has_as_many;
  }
  // The reader is done with every frame.
  [[nodiscard]] bool is_drained() const {
    return header_->tail.load(std::memory_order_acquire) == head_;
  }
  [[nodiscard]] bool is_closed() const {
    return header_->is_closed.load(std::memory_order_acquire) != 0;
  }

  static constexpr std::size_t kFrameHeaderBytes = 8;

 private:
  RingHeader* header_;
  std::byte* bytes_;
  std::uint32_t capacity_;
  std::uint32_t head_ = 0;         // Published.
  std::uint32_t reserved_ = 0;     // Where the reserved frame ends.
  std::uint32_t known_tail_ = 0;   // The reader is at least here.
  std::uint32_t items_ = 0;
  std::uint32_t known_taken_ = 0;  // The reader is done with at least so many of them.
  std::uint32_t note_ = 0;
  unsigned calls_ = 0;  // Of has_on_the_way() since it looked.
};

class FrameReader {
 public:
  // Begins at the first frame: see resume().
  FrameReader(void* memory, std::size_t capacity);

  // The oldest frame; null data if there is none. Valid until pop().
  [[nodiscard]] std::span<const std::byte> front();
  // Bytes of the ring's memory behind a frame that front() gave.
  [[nodiscard]] std::size_t bytes_behind(std::span<const std::byte> frame) const {
    return static_cast<std::size_t>(bytes_ + capacity_ - (frame.data() + frame.size()));
  }
  // The oldest frame, with so many items, is done with.
  void pop(std::uint32_t items);

  // ---- instead of pop(), for readers that others may have to replace ----

  // The oldest frame has been read. The writer does not get its room yet.
  void pass();
  // Bytes read since the beginning, modulo 2^32: the end of the frame passed last, or where the next one begins.
  [[nodiscard]] std::uint32_t place() const { return tail_; }
  // The frames in front of `place` are done with; so are, since the beginning, `items` items (modulo 2^32).
  void release(std::uint32_t place, std::uint32_t items);
  // Bytes read and not yet done with.
  [[nodiscard]] std::uint32_t held_bytes() const {
    return tail_ - header_->tail.load(std::memory_order_relaxed);
  }
  // Goes on where another reader was, which had released what is in front of `place`.
  void resume(std::uint32_t place) { tail_ = known_head_ = place; }
  [[nodiscard]] std::uint32_t capacity() const { return capacity_; }

  [[nodiscard]] bool is_empty() { return front().data() == nullptr; }
  // Nothing more is needed: the writer learns of it.
  void close() { header_->is_closed.store(1, std::memory_order_release); }

 private:
  RingHeader* header_;
  const std::byte* bytes_;
  std::uint32_t capacity_;
  std::uint32_t tail_ = 0;
  std::uint32_t known_head_ = 0;  // The writer is at least here.
};

}  // namespace streamrt
