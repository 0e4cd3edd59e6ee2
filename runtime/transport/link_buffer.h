// Memory for messages that is used again: the same few blocks carry a stream of any length, and stay warm in the cache.
//
// Any thread may take and give back. Blocks come in sizes a quarter of a power of two apart; what lies idle is bounded.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace streamrt {

class BufferPool;

// The bytes of one message. Given back to its pool, which must outlive it.
class PooledBytes {
 public:
  PooledBytes() = default;
  PooledBytes(PooledBytes&& other) noexcept { swap(other); }
  PooledBytes& operator=(PooledBytes&& other) noexcept {
    swap(other);
    return *this;
  }
  ~PooledBytes();

  [[nodiscard]] std::span<std::byte> bytes() const { return {memory_.get(), size_}; }

 private:
  friend class BufferPool;
  void swap(PooledBytes& other) noexcept;

  std::unique_ptr<std::byte[]> memory_;
  std::size_t size_ = 0;
  std::size_t size_class_ = 0;
  BufferPool* pool_ = nullptr;
};

class BufferPool {
 public:
  // At most `idle_bytes_max` are kept for later.
  explicit BufferPool(std::size_t idle_bytes_max) : idle_bytes_max_(idle_bytes_max) {}
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  // Not zeroed.
  [[nodiscard]] PooledBytes take(std::size_t size);

 private:
  friend class PooledBytes;
  void give_back(std::unique_ptr<std::byte[]> memory, std::size_t size_class);

  static constexpr std::size_t kClasses = 128;
  std::mutex mutex_;
  std::size_t idle_bytes_max_;
  std::size_t idle_bytes_ = 0;
  std::array<std::vector<std::unique_ptr<std::byte[]>>, kClasses> idle_;  // One stack for each size.
};

}  // namespace streamrt
