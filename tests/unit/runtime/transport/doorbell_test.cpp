#include "runtime/transport/doorbell.h"

#include <doctest/doctest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace streamrt {

namespace {

// Waits as a part does: announces, looks again, sleeps. `polls` every other time.
void wait_for(std::atomic<int>& word, int value, Doorbell bell) {
  for (bool polls = false; word.load() != value; polls = !polls) {
    bell.announce(polls);
    if (word.load() != value) bell.sleep(-1, {});
    bell.cancel();
  }
}

}  // namespace

TEST_CASE("no ring is lost, whether the sleeper waits on the word or polls") {
  DoorbellState states[2];
  const int fds[2] = {::eventfd(0, EFD_NONBLOCK), ::eventfd(0, EFD_NONBLOCK)};
  std::atomic<int> turn{0};
  constexpr int kRounds = 20'000;
  std::thread other([&] {
    for (int i = 0; i < kRounds; ++i) {
      wait_for(turn, 2 * i + 1, {states[1], fds[1]});
      turn.store(2 * i + 2);
      Doorbell(states[0], fds[0]).ring();
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    turn.store(2 * i + 1);
    Doorbell(states[1], fds[1]).ring();
    wait_for(turn, 2 * i + 2, {states[0], fds[0]});
  }
  other.join();
  CHECK(turn.load() == 2 * kRounds);
  for (const int fd : fds) ::close(fd);
}

TEST_CASE("a sleep ends after its time") {
  DoorbellState state;
  const int fd = ::eventfd(0, EFD_NONBLOCK);
  Doorbell bell(state, fd);
  for (const bool polls : {false, true}) {
    const auto started = std::chrono::steady_clock::now();
    bell.announce(polls);
    bell.sleep(20'000'000, {});
    CHECK(std::chrono::steady_clock::now() - started >= std::chrono::milliseconds(19));
  }
  ::close(fd);
}

}  // namespace streamrt
