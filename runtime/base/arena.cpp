#include "runtime/base/arena.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>

namespace streamrt {

namespace {
constexpr std::size_t kChunkAlignment = 64;
constexpr std::size_t kFirstChunkBytes = 16 * 1024;
// A chunk is up to twice as large as what is asked for.
constexpr std::size_t kMemorySizeMax = PTRDIFF_MAX / 4;
}  // namespace

std::size_t memory_size(std::int64_t bytes) {
  if (bytes < 0 || static_cast<std::uint64_t>(bytes) > kMemorySizeMax) {
    if (const std::new_handler handler = std::get_new_handler()) handler();
    throw std::bad_alloc();
  }
  return static_cast<std::size_t>(bytes);
}

void Arena::FreeChunk::operator()(std::byte* chunk) const {
  ::operator delete(chunk, std::align_val_t{kChunkAlignment});
}

void* Arena::allocate(std::size_t bytes, std::size_t alignment) {
  const auto address = reinterpret_cast<std::uintptr_t>(next_);
  const std::size_t padding = (alignment - address % alignment) % alignment;
  if (next_ == nullptr || static_cast<std::size_t>(end_ - next_) < bytes + padding) {
    return allocate_slow(bytes, alignment);
  }
  std::byte* const result = next_ + padding;
  next_ = result + bytes;
  used_bytes_ += bytes + padding;
  return result;
}

void* Arena::allocate_slow(std::size_t bytes, std::size_t alignment) {
  const std::size_t last_size = chunks_.empty() ? kFirstChunkBytes / 2 : chunks_.back().size;
  const std::size_t size = std::max(last_size * 2, (bytes + alignment) * 2);
  auto* memory = static_cast<std::byte*>(::operator new(size, std::align_val_t{kChunkAlignment}));
  chunks_.push_back({std::unique_ptr<std::byte, FreeChunk>(memory), size});
  next_ = memory;
  end_ = memory + size;
  return allocate(bytes, alignment);
}

StreamText Arena::copy(StreamText text) {
  if (text.size == 0) return {"", 0};
  const auto size = static_cast<std::size_t>(text.size);
  char* const data = static_cast<char*>(allocate(size, 1));
  std::memcpy(data, text.data, size);
  return {data, text.size};
}

void Arena::reset() {
  if (chunks_.empty()) return;
  if (chunks_.size() > 1) chunks_.erase(chunks_.begin(), chunks_.end() - 1);
  next_ = chunks_.back().memory.get();
  end_ = next_ + chunks_.back().size;
  used_bytes_ = 0;
}

void Arena::rewind(const Mark& mark) {
  chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(mark.chunk_count), chunks_.end());
  next_ = mark.next;
  end_ = mark.end;
  used_bytes_ = mark.used_bytes;
}

}  // namespace streamrt
