#include "runtime/base/clock.h"

#include <poll.h>

#include <chrono>
#include <ctime>
#include <vector>

namespace streamrt {

namespace {

class SystemClock final : public Clock {
 public:
  std::int64_t utc_ns() override {
    return nanoseconds(std::chrono::system_clock::now().time_since_epoch());
  }
  std::int64_t steady_ns() override {
    return nanoseconds(std::chrono::steady_clock::now().time_since_epoch());
  }
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

  static std::int64_t nanoseconds(auto duration) {
    return std::chrono::duration_cast<std::chrono::duration<std::int64_t, std::nano>>(duration)
        .count();
  }
};

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

}  // namespace streamrt
