#include "runtime/agent/counters.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <new>

#include "runtime/base/assert.h"

namespace streamrt {

namespace {

// Finds places for arrays in memory that is not there yet.
class Packing {
 public:
  template <class T>
  std::size_t place(std::ptrdiff_t count) {
    const std::size_t offset = size_;
    size_ = (size_ + sizeof(T) * static_cast<std::size_t>(count) + 63) / 64 * 64;
    return offset;
  }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::size_t size_ = 0;
};

template <class T>
T* construct(void* memory, std::size_t offset, std::ptrdiff_t count) {
  T* const first = reinterpret_cast<T*>(static_cast<std::byte*>(memory) + offset);
  for (std::ptrdiff_t i = 0; i < count; ++i) new (first + i) T;
  return first;
}

}  // namespace

RunCounters::RunCounters(const StreamProgram& program)
    : part_count_(static_cast<std::int32_t>(std::max<std::int64_t>(program.part_count, 1))),
      queue_count_(static_cast<std::ptrdiff_t>(program.queue_count)) {
  const auto site_count = static_cast<std::ptrdiff_t>(program.site_count);
  Packing packing;
  const std::size_t question = packing.place<std::atomic<std::uint32_t>>(1);
  const std::size_t parts = packing.place<PartCounters>(part_count_);
  const std::size_t queues = packing.place<QueueCounters>(part_count_ * queue_count_);
  const std::size_t sites = packing.place<SiteCounters>(site_count);
  size_ = packing.size();
  memory_ = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  STREAM_CHECK(memory_ != MAP_FAILED, "no memory that processes can share");
  question_ = construct<std::atomic<std::uint32_t>>(memory_, question, 1);
  parts_ = construct<PartCounters>(memory_, parts, part_count_);
  // Zeros are what their constructors would write, page by page.
  queues_ = reinterpret_cast<QueueCounters*>(static_cast<std::byte*>(memory_) + queues);
  sites_ = construct<SiteCounters>(memory_, sites, site_count);
}

RunCounters::~RunCounters() {
  ::munmap(memory_, size_);
}

bool RunCounters::is_answered(std::uint32_t question) {
  return std::all_of(parts_, parts_ + part_count_, [question](const PartCounters& part) {
    const auto state = static_cast<PartState>(part.state.load(std::memory_order_acquire));
    return state != PartState::Running || part.answered.load(std::memory_order_acquire) == question;
  });
}

void CounterWriter::tell(std::int32_t queue, const ColumnQueue& state, std::int64_t capacity, std::int64_t dropped) {
  QueueCounters& counters = counters_->queue(part_, queue);
  counters.written.store(state.total_count(), std::memory_order_relaxed);
  counters.read.store(state.first_position(), std::memory_order_relaxed);
  counters.capacity.store(capacity, std::memory_order_relaxed);
  counters.dropped.store(dropped, std::memory_order_relaxed);
  counters.is_finished.store(state.is_finished() ? 1 : 0, std::memory_order_relaxed);
  counters.is_closed.store(state.is_closed() ? 1 : 0, std::memory_order_relaxed);
}

void CounterWriter::end_answer() {
  answered_ = answering_;
  counters_->part(part_).answered.store(answered_, std::memory_order_release);
}

void CounterWriter::start() {
  if (counters_ == nullptr) return;
  PartCounters& part = counters_->part(part_);
  part.process_id.store(::getpid(), std::memory_order_relaxed);
  part.thread_id.store(static_cast<std::int32_t>(::syscall(SYS_gettid)), std::memory_order_relaxed);
  set_state(PartState::Running);
}

void CounterWriter::set_waiting(bool is_waiting) {
  if (counters_ != nullptr) set_state(is_waiting ? PartState::Waiting : PartState::Running);
}

void CounterWriter::finish() {
  if (counters_ == nullptr) return;
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  counters_->part(part_).cpu_ns.store(
      static_cast<std::int64_t>(used.tv_sec) * 1'000'000'000 + used.tv_nsec,
      std::memory_order_relaxed);
  set_state(PartState::Finished);
}

void CounterWriter::set_state(PartState state) {
  counters_->part(part_).state.store(static_cast<std::uint32_t>(state), std::memory_order_release);
}

}  // namespace streamrt
