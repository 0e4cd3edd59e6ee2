// Wall time and waiting, passed in so that a test can own them.
//
// Only live sources, the redrawing of terminal displays and `--for` read the clock; no operator
// may.
#pragma once

#include <cstdint>
#include <span>

namespace streamrt {

// 2025-01-01T00:00:00Z. This runtime is younger, so a clock that is earlier has not been set. A constant, so that
// building again gives the same bytes.
inline constexpr std::int64_t kEarliestSetTime = 1'735'689'600'000'000'000;

class Clock {
 public:
  virtual ~Clock() = default;

  // Nanoseconds since 1970-01-01T00:00:00Z.
  virtual std::int64_t utc_ns() = 0;

  // Whether utc_ns() is good for a stamp: not while it is that of a board that nobody has told the time yet.
  virtual bool is_set() { return true; }

  // Nanoseconds of a clock that is never set; for durations.
  virtual std::int64_t steady_ns() = 0;

  // Returns when a descriptor can be read, after `timeout_ns` (negative: never), or earlier.
  virtual void wait(std::int64_t timeout_ns, std::span<const int> readable_fds) = 0;
};

// The clock of the machine. Lives for ever.
Clock& system_clock();

// Differs from another one, which must outlive it, by as much: what a test makes of the machine's.
class OffsetClock final : public Clock {
 public:
  OffsetClock(Clock& own, std::int64_t offset_ns) : own_(own), offset_ns_(offset_ns) {}
  std::int64_t utc_ns() override { return own_.utc_ns() + offset_ns_; }
  bool is_set() override { return utc_ns() >= kEarliestSetTime; }
  std::int64_t steady_ns() override { return own_.steady_ns(); }
  void wait(std::int64_t timeout_ns, std::span<const int> readable_fds) override {
    own_.wait(timeout_ns, readable_fds);
  }

 private:
  Clock& own_;
  std::int64_t offset_ns_;
};

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
