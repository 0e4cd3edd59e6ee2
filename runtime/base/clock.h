// Wall time and waiting, passed in so that a test can own them.
//
// Only live sources, the redrawing of terminal displays and `--for` read the clock; no operator
// may.
#pragma once

#include <cstdint>
#include <span>

namespace streamrt {

class Clock {
 public:
  virtual ~Clock() = default;

  // Nanoseconds since 1970-01-01T00:00:00Z.
  virtual std::int64_t utc_ns() = 0;

  // Nanoseconds of a clock that is never set; for durations.
  virtual std::int64_t steady_ns() = 0;

  // Returns when a descriptor can be read, after `timeout_ns` (negative: never), or earlier.
  virtual void wait(std::int64_t timeout_ns, std::span<const int> readable_fds) = 0;
};

// The clock of the machine. Lives for ever.
Clock& system_clock();

// Starts at a chosen time and moves only by waiting: a second of silence costs a test nothing.
class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(std::int64_t utc_ns) : utc_ns_(utc_ns) {}
  std::int64_t utc_ns() override { return utc_ns_; }
  std::int64_t steady_ns() override { return utc_ns_; }
  void wait(std::int64_t timeout_ns, std::span<const int>) override {
    if (timeout_ns > 0) utc_ns_ += timeout_ns;
  }

 private:
  std::int64_t utc_ns_;
};

}  // namespace streamrt
