// A clock that follows another: from when on, by how much, and what does not change it any more.
#include "runtime/agent/following_clock.h"

#include <doctest/doctest.h>

#include <limits>

namespace streamrt::test {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kNow = kEarliestSetTime + 1000 * kSecond;

// A machine whose time of day can be set while it runs.
class Machine final : public Clock {
 public:
  std::int64_t utc = kNow;
  std::int64_t steady = 7 * kSecond;
  std::int64_t utc_ns() override { return utc; }
  std::int64_t steady_ns() override { return steady; }
  void wait(std::int64_t timeout_ns, std::span<const int>) override {
    utc += timeout_ns;
    steady += timeout_ns;
  }
};

}  // namespace

TEST_CASE("a clock follows from the first answer on, and goes on with it") {
  Machine machine;
  FollowedTime followed;
  FollowingClock clock(machine, followed);
  CHECK_FALSE(clock.is_set());
  CHECK(clock.utc_ns() == kNow);
  CHECK(clock.follow(75 * kSecond));
  CHECK(clock.is_set());
  CHECK(clock.utc_ns() == kNow + 75 * kSecond);
  clock.wait(kSecond, {});
  CHECK(clock.utc_ns() == kNow + 76 * kSecond);
  CHECK(clock.steady_ns() == 8 * kSecond);
}

TEST_CASE("what was measured first stays, whatever is measured or set later") {
  Machine machine;
  FollowedTime followed;
  FollowingClock clock(machine, followed);
  CHECK(clock.follow(-75 * kSecond));
  CHECK_FALSE(clock.follow(-76 * kSecond));
  CHECK(clock.utc_ns() == kNow - 75 * kSecond);
  machine.utc -= 500 * kSecond;
  CHECK(clock.utc_ns() == kNow - 75 * kSecond);
}

TEST_CASE("all processes of a node have one time") {
  Machine machine;
  FollowedTime followed;
  FollowingClock one(machine, followed);
  FollowingClock other(machine, followed);
  CHECK(one.follow(kSecond));
  CHECK(other.is_set());
  CHECK(other.utc_ns() == one.utc_ns());
  CHECK_FALSE(other.follow(2 * kSecond));
}

TEST_CASE("a clock that is not set itself is not followed") {
  Machine machine;
  machine.utc = 100 * kSecond;  // A board that was just switched on; so was the other one.
  FollowedTime followed;
  FollowingClock clock(machine, followed);
  CHECK_FALSE(clock.follow(30 * kSecond));
  CHECK_FALSE(clock.follow(std::numeric_limits<std::int64_t>::max()));
  CHECK_FALSE(clock.follow(std::numeric_limits<std::int64_t>::min()));
  CHECK_FALSE(clock.is_set());
  CHECK(clock.follow(kNow - 100 * kSecond));
  CHECK(clock.utc_ns() == kNow);
}

}  // namespace streamrt::test
