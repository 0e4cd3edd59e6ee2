// A ring of frames between one writer and one reader, in memory that both can reach: threads of a
// process, or processes that share a mapping.
//
//   | RingHeader | capacity bytes: frame, frame, …, skip |
//
// A frame is a size and so many bytes, never split: where it does not fit behind the last one, a
// skip fills the end of the ring. The indices count bytes and wrap at 2^32. No waiting here; who
// sleeps and who wakes whom is agent/'s business. Nothing in the ring points anywhere, so that each
// process may map it where it likes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace streamrt {

// Written by one side, read by the other; each side has a cache line of its own.
struct RingHeader {
  alignas(64) std::atomic<std::uint32_t> head{0};  // Bytes published.
  alignas(64) std::atomic<std::uint32_t> tail{0};  // Bytes done with.
  std::atomic<std::uint32_t> items_taken{0};       // Items in frames done with, modulo 2^32.
  std::atomic<std::uint32_t> is_closed{0};         // The reader needs nothing more.
};
static_assert(std::atomic<std::uint32_t>::is_always_lock_free);

// Bytes of memory for a ring of `capacity` bytes.
constexpr std::size_t ring_bytes(std::size_t capacity) { return sizeof(RingHeader) + capacity; }

class FrameWriter {
 public:
  // `memory` is zeroed, 64-byte aligned and of ring_bytes(capacity); capacity is a power of two, at
  // most 2^30.
  FrameWriter(void* memory, std::size_t capacity);

  // Frames may have up to this many bytes.
  [[nodiscard]] std::size_t largest_frame() const { return capacity_ / 4 - kFrameHeaderBytes; }
  // Room for a frame of `size` bytes, 8-byte aligned; null while there is none.
  std::byte* reserve(std::size_t size);
  // What was reserved last is a frame now, with so many items.
  void publish(std::uint32_t items);

  // Items published and not yet done with by the reader.
  [[nodiscard]] std::uint32_t items_on_the_way() const {
    return items_ - header_->items_taken.load(std::memory_order_acquire);
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
};

class FrameReader {
 public:
  FrameReader(void* memory, std::size_t capacity);

  // The oldest frame; null data if there is none. Valid until pop().
  [[nodiscard]] std::span<const std::byte> front();
  // The oldest frame, with so many items, is done with.
  void pop(std::uint32_t items);
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
