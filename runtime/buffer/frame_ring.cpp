#include "runtime/buffer/frame_ring.h"

#include <bit>
#include <cstring>

#include "runtime/base/assert.h"

namespace streamrt {

namespace {

// In front of each frame: its size without padding, and whether it only fills the end of the ring.
struct FrameStart {
  std::uint32_t size;
  std::uint32_t is_skip;
};
static_assert(sizeof(FrameStart) == FrameWriter::kFrameHeaderBytes);

// Frames begin at multiples of 8 bytes, which leaves bits of RingHeader::published for a note.
constexpr std::uint32_t kNoteBits = 7;

std::uint32_t bytes_of(std::uint64_t published) { return static_cast<std::uint32_t>(published) & ~kNoteBits; }

std::uint32_t padded(std::size_t size) {
  return static_cast<std::uint32_t>((size + FrameWriter::kFrameHeaderBytes + 7) / 8 * 8);
}

}  // namespace

FrameWriter::FrameWriter(void* memory, std::size_t capacity)
    : header_(static_cast<RingHeader*>(memory)),
      bytes_(static_cast<std::byte*>(memory) + sizeof(RingHeader)),
      capacity_(static_cast<std::uint32_t>(capacity)) {
  STREAM_CHECK(std::has_single_bit(capacity) && capacity >= 256 && capacity <= (std::size_t{1} << 30),
               "the capacity of a ring is a power of two");
  const std::uint64_t published = header_->published.load(std::memory_order_acquire);
  head_ = bytes_of(published);
  items_ = static_cast<std::uint32_t>(published >> 32);
  note_ = static_cast<std::uint32_t>(published) & kNoteBits;
  known_tail_ = header_->tail.load(std::memory_order_acquire);
  known_taken_ = header_->items_taken.load(std::memory_order_acquire);
}

std::byte* FrameWriter::reserve(std::size_t size) {
  STREAM_CHECK(size <= largest_frame(), "a frame larger than the ring takes");
  const std::uint32_t needed = padded(size);
  const std::uint32_t offset = head_ & (capacity_ - 1);
  const std::uint32_t to_end = capacity_ - offset;
  const std::uint32_t skipped = needed > to_end ? to_end : 0;
  if (head_ + skipped + needed - known_tail_ > capacity_) {
    known_tail_ = header_->tail.load(std::memory_order_acquire);
    if (head_ + skipped + needed - known_tail_ > capacity_) return nullptr;
  }
  if (skipped > 0) {
    const FrameStart skip{skipped, 1};
    std::memcpy(bytes_ + offset, &skip, sizeof skip);
  }
  const FrameStart start{static_cast<std::uint32_t>(size), 0};
  std::byte* const frame = bytes_ + ((head_ + skipped) & (capacity_ - 1));
  std::memcpy(frame, &start, sizeof start);
  reserved_ = head_ + skipped + needed;
  return frame + sizeof start;
}

void FrameWriter::publish(std::uint32_t items, std::uint32_t note) {
  STREAM_CHECK(note <= kNoteBits, "a note larger than its place");
  head_ = reserved_;
  items_ += items;
  note_ = note;
  header_->published.store(std::uint64_t{items_} << 32 | head_ | note_, std::memory_order_release);
}

FrameReader::FrameReader(void* memory, std::size_t capacity)
    : header_(static_cast<RingHeader*>(memory)),
      bytes_(static_cast<const std::byte*>(memory) + sizeof(RingHeader)),
      capacity_(static_cast<std::uint32_t>(capacity)) {}

std::span<const std::byte> FrameReader::front() {
  for (;;) {
    if (tail_ == known_head_) {
      known_head_ = bytes_of(header_->published.load(std::memory_order_acquire));
      if (tail_ == known_head_) return {};
    }
    const std::byte* const frame = bytes_ + (tail_ & (capacity_ - 1));
    FrameStart start;
    std::memcpy(&start, frame, sizeof start);
    if (start.is_skip == 0) return {frame + sizeof start, start.size};
    tail_ += start.size;
  }
}

void FrameReader::pop(std::uint32_t items) {
  pass();
  release(tail_, header_->items_taken.load(std::memory_order_relaxed) + items);
}

void FrameReader::pass() { tail_ += padded(front().size()); }

void FrameReader::release(std::uint32_t place, std::uint32_t items) {
  header_->items_taken.store(items, std::memory_order_release);
  header_->tail.store(place, std::memory_order_release);
}

}  // namespace streamrt
