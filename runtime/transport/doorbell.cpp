#include "runtime/transport/doorbell.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <ctime>
#include <vector>

namespace streamrt {

namespace {

// The word is shared between processes, hence no FUTEX_PRIVATE_FLAG.
void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected, std::int64_t timeout_ns) {
  struct timespec timeout{};
  timeout.tv_sec = static_cast<std::time_t>(timeout_ns / 1'000'000'000);
  timeout.tv_nsec = static_cast<long>(timeout_ns % 1'000'000'000);
#ifdef SYS_futex_time64
  constexpr long kCall = sizeof(long) == 4 ? SYS_futex_time64 : SYS_futex;
#else
  constexpr long kCall = SYS_futex;
#endif
  ::syscall(kCall, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAIT, expected,
            timeout_ns < 0 ? nullptr : &timeout, nullptr, 0);
}

void futex_wake(std::atomic<std::uint32_t>& word) {
  ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAKE, INT_MAX, nullptr,
            nullptr, 0);
}

void poll_fds(std::int64_t timeout_ns, std::span<const pollfd> fds, int event_fd) {
  std::vector<pollfd> watched(fds.begin(), fds.end());
  watched.push_back({event_fd, POLLIN, 0});
  struct timespec timeout{};
  timeout.tv_sec = static_cast<std::time_t>(timeout_ns / 1'000'000'000);
  timeout.tv_nsec = static_cast<long>(timeout_ns % 1'000'000'000);
  ::ppoll(watched.data(), static_cast<nfds_t>(watched.size()), timeout_ns < 0 ? nullptr : &timeout,
          nullptr);
  std::uint64_t rings = 0;
  (void)!::read(event_fd, &rings, sizeof rings);
}

}  // namespace

void Doorbell::sleep(std::int64_t timeout_ns, std::span<const pollfd> watched) {
  const std::uint32_t how = state_->sleep.load(std::memory_order_acquire);
  if (how == kPolls) {
    poll_fds(timeout_ns, watched, event_fd_);
  } else if (how == kWaits) {
    futex_wait(state_->sleep, kWaits, timeout_ns);
  }
  state_->sleep.store(kAwake, std::memory_order_relaxed);
}

void Doorbell::wake_for_sure() {
  state_->sleep.exchange(kAwake);
  futex_wake(state_->sleep);
  const std::uint64_t one = 1;
  (void)!::write(event_fd_, &one, sizeof one);
}

void Doorbell::wake() {
  const std::uint32_t how = state_->sleep.exchange(kAwake);
  if (how == kWaits) futex_wake(state_->sleep);
  if (how != kPolls) return;
  const int saved_errno = errno;
  const std::uint64_t one = 1;
  (void)!::write(event_fd_, &one, sizeof one);
  errno = saved_errno;
}

}  // namespace streamrt
