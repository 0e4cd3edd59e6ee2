#include "runtime/base/clock.h"

#include <poll.h>

#include <ctime>
#include <vector>

namespace streamrt {

namespace {

class SystemClock final : public Clock {
 public:
  std::int64_t utc_ns() override { return read(CLOCK_REALTIME); }
  bool is_set() override { return utc_ns() >= kEarliestSetTime; }
  std::int64_t steady_ns() override { return read(CLOCK_MONOTONIC); }
  void wait(std::int64_t timeout_ns, std::span<const int> readable_fds) override {
    std::vector<pollfd> polled;
    for (const int fd : readable_fds) polled.push_back({fd, POLLIN, 0});
    timespec timeout{};
    timeout.tv_sec = static_cast<decltype(timeout.tv_sec)>(timeout_ns / kSecond);
    timeout.tv_nsec = static_cast<decltype(timeout.tv_nsec)>(timeout_ns % kSecond);
    // A signal ends the wait early, which the contract allows.
    (void)::ppoll(polled.data(), static_cast<nfds_t>(polled.size()),
                  timeout_ns < 0 ? nullptr : &timeout, nullptr);
  }

 private:
  static constexpr std::int64_t kSecond = 1'000'000'000;

  // Not std::chrono: on 32-bit machines the C++ library was built with clocks that end in 2038.
  static std::int64_t read(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<std::int64_t>(now.tv_sec) * kSecond + now.tv_nsec;
  }
};

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

}  // namespace streamrt
