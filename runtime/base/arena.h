// A bump allocator: memory that is given back all at once.
//
// Grows by chunks, doubling; reset() keeps the largest chunk, so that a batch loop soon stops
// asking the system for memory. Not thread-safe: every context owns its arenas.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "runtime/abi/stream_abi.h"

namespace streamrt {

// `bytes` as the machine counts them. More than there can ever be, such as gigabytes where addresses have 32
// bits, is refused as `new` refuses it: by the new-handler, else std::bad_alloc.
std::size_t memory_size(std::int64_t bytes);

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  Arena(Arena&&) = default;
  Arena& operator=(Arena&&) = default;

  // Never null, also for 0 bytes. Not zeroed. `alignment` is a power of two, at most 64.
  void* allocate(std::size_t bytes, std::size_t alignment = 64);

  // A copy of `text` that lives as long as this arena's memory.
  StreamText copy(StreamText text);

  // Everything allocated so far becomes invalid.
  void reset();

  // A state to come back to: what was allocated since becomes invalid, and its chunks are given back.
  // Not across a reset().
  struct Mark {
    std::size_t chunk_count = 0;
    std::byte* next = nullptr;
    std::byte* end = nullptr;
    std::size_t used_bytes = 0;
  };
  [[nodiscard]] Mark mark() const { return {chunks_.size(), next_, end_, used_bytes_}; }
  void rewind(const Mark& mark);

  // Bytes handed out since the last reset, including alignment.
  [[nodiscard]] std::size_t used_bytes() const { return used_bytes_; }

 private:
  struct FreeChunk {
    void operator()(std::byte* chunk) const;
  };
  struct Chunk {
    std::unique_ptr<std::byte, FreeChunk> memory;
    std::size_t size = 0;
  };
  void* allocate_slow(std::size_t bytes, std::size_t alignment);

  std::vector<Chunk> chunks_;  // The last one is the current one and the largest.
  std::byte* next_ = nullptr;
  std::byte* end_ = nullptr;
  std::size_t used_bytes_ = 0;
};

inline std::string_view view_of(StreamText text) {
  return {text.data, static_cast<std::size_t>(text.size)};
}
inline StreamText text_of(std::string_view view) {
  return {view.data(), static_cast<std::int64_t>(view.size())};
}

}  // namespace streamrt
