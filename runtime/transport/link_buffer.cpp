#include "runtime/transport/link_buffer.h"

#include <bit>
#include <utility>

#include "runtime/base/assert.h"

namespace streamrt {

namespace {

constexpr std::size_t kSmallest = 256;

// Sizes (4 + q) * 64 << e for q in 0..3: class 4e + q.
constexpr std::size_t class_bytes(std::size_t size_class) {
  return ((4 + size_class % 4) * (kSmallest / 4)) << (size_class / 4);
}

constexpr std::size_t class_of(std::size_t size) {
  if (size <= kSmallest) return 0;
  const std::size_t exponent = static_cast<std::size_t>(std::bit_width((size - 1) / kSmallest)) - 1;
  const std::size_t quarter = ((size - 1) >> exponent) / (kSmallest / 4) - 4;
  return 4 * exponent + quarter + 1;
}

static_assert(class_of(256) == 0 && class_of(257) == 1 && class_bytes(1) == 320);
static_assert(class_of(320) == 1 && class_of(321) == 2 && class_of(512) == 4);
static_assert(class_bytes(class_of(513)) == 640 && class_bytes(class_of(1 << 20)) == 1 << 20);

}  // namespace

PooledBytes::~PooledBytes() {
  if (pool_ != nullptr) pool_->give_back(std::move(memory_), size_class_);
}

void PooledBytes::swap(PooledBytes& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(size_, other.size_);
  std::swap(size_class_, other.size_class_);
  std::swap(pool_, other.pool_);
}

PooledBytes BufferPool::take(std::size_t size) {
  PooledBytes taken;
  taken.size_ = size;
  taken.size_class_ = class_of(size);
  taken.pool_ = this;
  STREAM_CHECK(taken.size_class_ < kClasses, "a message larger than any memory");
  {
    const std::lock_guard lock(mutex_);
    auto& idle = idle_[taken.size_class_];
    if (!idle.empty()) {
      taken.memory_ = std::move(idle.back());
      idle.pop_back();
      idle_bytes_ -= class_bytes(taken.size_class_);
    }
  }
  if (taken.memory_ == nullptr) {
    taken.memory_ =
        std::make_unique_for_overwrite<std::byte[]>(class_bytes(taken.size_class_));
  }
  return taken;
}

void BufferPool::give_back(std::unique_ptr<std::byte[]> memory, std::size_t size_class) {
  const std::size_t bytes = class_bytes(size_class);
  const std::lock_guard lock(mutex_);
  if (idle_bytes_ + bytes > idle_bytes_max_) return;  // Frees it.
  idle_bytes_ += bytes;
  idle_[size_class].push_back(std::move(memory));
}

}  // namespace streamrt
