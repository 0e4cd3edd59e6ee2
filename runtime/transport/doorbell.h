// How a part that has nothing to do sleeps, and how others wake it, across threads and processes.
//
// The sleeper announces that it is about to sleep, looks once more for work, and only then sleeps;
// whoever gives it work rings afterwards. Between the work and the look at who sleeps there has to be a fence, which
// would be most of what it costs to hand over an item. So where the system can, the sleeper makes it for all others
// (membarrier(2); Mathieu Desnoyers, "sys_membarrier", 2010-2017), and ringing costs a load while nobody sleeps.
#pragma once

#include <poll.h>

#include <atomic>
#include <cstdint>
#include <span>

namespace streamrt {

// In memory that all sides share, zeroed.
struct DoorbellState {
  alignas(64) std::atomic<std::uint32_t> sleep{0};  // 0: awake; 1: sleeps on this word; 2: in poll().
  std::atomic<std::uint32_t> fence{0};              // For the thread sanitizer only.
};

class Doorbell {
 public:
  // `event_fd` is an eventfd (non-blocking) for sleepers that wait for descriptors as well.
  Doorbell(DoorbellState& state, int event_fd) : state_(&state), event_fd_(event_fd) {}

  // Moves the fences from those who ring to those who sleep, if the system can do that. To be called in each process
  // that rings, before its threads, and in the first one before it forks others: all have to do the same.
  // `has_processes`: others than this one share doorbells.
  static void move_fences_to_sleepers(bool has_processes);

  // ---- the sleeper ----

  // From here on ring() ends the next sleep(). `polls`: it will wait for descriptors.
  void announce(bool polls) {
    state_->sleep.store(polls ? kPolls : kWaits, std::memory_order_relaxed);
    fence_for_all();
  }
  // There was work after all.
  void cancel() { state_->sleep.store(kAwake, std::memory_order_relaxed); }
  // Until somebody rings, something happens to a descriptor, or `timeout_ns` has passed (negative: never). Must have
  // been announced, with `polls` if there are descriptors.
  void sleep(std::int64_t timeout_ns, std::span<const pollfd> watched);

  // ---- everybody else; safe in a signal handler ----

  // It sleeps, or is about to, and nobody has rung yet.
  [[nodiscard]] bool is_asleep() const {
    return state_->sleep.load(std::memory_order_acquire) != kAwake;
  }

  // Wakes also a sleeper whom a process that died had only begun to wake. For nothing but that: it makes system calls
  // even if nobody sleeps.
  void wake_for_sure();

  void ring() {
    if (fences_.load(std::memory_order_relaxed) == Fences::Everywhere) {
      full_fence();
    } else {
      std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    if (state_->sleep.load(std::memory_order_relaxed) != kAwake) wake();
  }

 private:
  enum : std::uint32_t { kAwake = 0, kWaits = 1, kPolls = 2 };
  // Who makes the fences, from all to fewer; of a process, it only rises.
  enum class Fences : std::uint8_t {
    Everywhere,           // Both sides.
    SleeperOfProcess,     // The sleeper, for the threads of this process,
    SleeperOfProcesses,   // or for those of all that share doorbells.
  };

  // GCC's thread sanitizer knows no fences: for it an exchange does the same.
#ifdef __SANITIZE_THREAD__
  static constexpr bool kIsSanitized = true;
#else
  static constexpr bool kIsSanitized = false;
#endif

  // What was written before is seen by whoever sees what is read after.
  void full_fence() {
#ifdef __SANITIZE_THREAD__
    state_->fence.exchange(1);
#else
    std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
  }
  void fence_for_all();
  void wake();

  inline static std::atomic<Fences> fences_{Fences::Everywhere};
  DoorbellState* state_;
  int event_fd_;
};

}  // namespace streamrt
