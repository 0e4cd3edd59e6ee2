// The clock of a node that says `clock: follow`: it goes with that of another node, from the first
// answer of it on.
//
// The distance is measured once in the life of the node, so that stamps never go back; it is kept
// to the machine's clock that is never set, so that setting the other one (a board without a clock,
// some time after it was switched on) shifts nothing either. How far the two drift apart afterwards
// is told by their links (link_protocol.h), not corrected.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "runtime/base/clock.h"

namespace streamrt {

// What all processes of the node have to know, in memory that they share. Zeroed at first.
struct FollowedTime {
  std::atomic<std::int64_t> ahead_ns{0};  // Of steady_ns(); once `is_known`, it stays.
  std::atomic<std::uint32_t> is_known{0};
};

class FollowingClock final : public Clock {
 public:
  // Both must outlive it; `own` is the machine's.
  FollowingClock(Clock& own, FollowedTime& followed) : own_(own), followed_(followed) {}

  // One thread of the node: the other node's clock is ahead of that of this machine by `offset_ns`.
  // False: that changes nothing, since it follows already, or since the other clock is not set
  // itself.
  bool follow(std::int64_t offset_ns);

  // Until it follows, the time of this machine.
  std::int64_t utc_ns() override;
  bool is_set() override { return followed_.is_known.load(std::memory_order_acquire) != 0; }
  std::int64_t steady_ns() override { return own_.steady_ns(); }
  void wait(std::int64_t timeout_ns, std::span<const int> readable_fds) override {
    own_.wait(timeout_ns, readable_fds);
  }

 private:
  Clock& own_;
  FollowedTime& followed_;
};

}  // namespace streamrt
