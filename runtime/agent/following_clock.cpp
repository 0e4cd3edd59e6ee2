#include "runtime/agent/following_clock.h"

namespace streamrt {

bool FollowingClock::follow(std::int64_t offset_ns) {
  if (is_set()) return false;
  std::int64_t utc_ns = 0;  // Nothing is known of what a stranger says, so it may be anything.
  if (__builtin_add_overflow(own_.utc_ns(), offset_ns, &utc_ns) || utc_ns < kEarliestSetTime)
    return false;
  followed_.ahead_ns.store(utc_ns - own_.steady_ns(), std::memory_order_relaxed);
  followed_.is_known.store(1, std::memory_order_release);
  return true;
}

std::int64_t FollowingClock::utc_ns() {
  if (!is_set()) return own_.utc_ns();
  return own_.steady_ns() + followed_.ahead_ns.load(std::memory_order_relaxed);
}

}  // namespace streamrt
