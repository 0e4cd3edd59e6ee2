// How a part that has nothing to do sleeps, and how others wake it, across threads and processes.
//
// The sleeper announces that it is about to sleep, looks once more for work, and only then sleeps;
// whoever gives it work rings afterwards. Ringing costs a fence and a load while nobody sleeps.
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

  // ---- the sleeper ----

  // From here on ring() ends the next sleep(). `polls`: it will wait for descriptors.
  void announce(bool polls) {
    state_->sleep.store(polls ? kPolls : kWaits, std::memory_order_relaxed);
    full_fence();
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
    full_fence();
    if (state_->sleep.load(std::memory_order_relaxed) != kAwake) wake();
  }

 private:
  enum : std::uint32_t { kAwake = 0, kWaits = 1, kPolls = 2 };

  // What was written before is seen by whoever sees what is read after. GCC's thread sanitizer knows no fences: for it
  // an exchange does the same.
  void full_fence() {
#ifdef __SANITIZE_THREAD__
    state_->fence.exchange(1);
#else
    std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
  }
  void wake();

  DoorbellState* state_;
  int event_fd_;
};

}  // namespace streamrt
