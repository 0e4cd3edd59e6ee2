#include "runtime/transport/doorbell.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <ctime>
#include <vector>

#include "runtime/base/assert.h"

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

// <linux/membarrier.h> of older systems lacks some of these.
enum MembarrierCommand : int {
  kQuery = 0,
  kGlobalExpedited = 1 << 1,
  kRegisterGlobalExpedited = 1 << 2,
  kPrivateExpedited = 1 << 3,
  kRegisterPrivateExpedited = 1 << 4,
};

long membarrier(int command) { return ::syscall(SYS_membarrier, command, 0, 0); }

bool register_for(MembarrierCommand barrier, MembarrierCommand registration) {
  const long known = membarrier(kQuery);
  return known > 0 && (known & barrier) != 0 && (known & registration) != 0 && membarrier(registration) == 0;
}

}  // namespace

void Doorbell::move_fences_to_sleepers(bool has_processes) {
  if (kIsSanitized) return;
  const Fences before = fences_.load();
  const bool for_processes = has_processes || before == Fences::SleeperOfProcesses;
  const bool can = for_processes ? register_for(kGlobalExpedited, kRegisterGlobalExpedited)
                                 : register_for(kPrivateExpedited, kRegisterPrivateExpedited);
  STREAM_CHECK(can || before == Fences::Everywhere, "a process cannot do what the one that started it could");
  if (can) fences_ = for_processes ? Fences::SleeperOfProcesses : Fences::SleeperOfProcess;
}

void Doorbell::fence_for_all() {
  const Fences fences = fences_.load(std::memory_order_relaxed);
  if (fences == Fences::Everywhere) return full_fence();
  const long done = membarrier(fences == Fences::SleeperOfProcess ? kPrivateExpedited : kGlobalExpedited);
  STREAM_CHECK(done == 0, "the system takes back a fence that it knew");
}

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
