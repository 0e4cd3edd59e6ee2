#include "runtime/transport/doorbell.h"

#include <doctest/doctest.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <new>
#include <thread>

namespace streamrt {

namespace {

constexpr int kRounds = 20'000;

// Two that take turns, in memory that other processes share.
struct Table {
  DoorbellState states[2];
  std::atomic<int> turn{0};
};

// Waits as a part does: announces, looks again, sleeps. `polls` every other time.
void wait_for(const std::atomic<int>& word, int value, Doorbell bell) {
  for (bool polls = false; word.load(std::memory_order_acquire) != value; polls = !polls) {
    bell.announce(polls);
    if (word.load(std::memory_order_acquire) != value) bell.sleep(-1, {});
    bell.cancel();
  }
}

// Nothing but the doorbells is between the word and the look at who sleeps.
void take_turns(Table& table, const int* fds, int side) {
  const int other = 1 - side;
  for (int i = 0; i < kRounds; ++i) {
    if (side == 1) wait_for(table.turn, 2 * i + 1, {table.states[1], fds[1]});
    table.turn.store(2 * i + 1 + side, std::memory_order_release);
    Doorbell(table.states[other], fds[other]).ring();
    if (side == 0) wait_for(table.turn, 2 * i + 2, {table.states[0], fds[0]});
  }
}

// In a process of its own, since where the fences are holds for all of a process. Returns whether all turns were taken.
template <class Body>
bool plays_in_process(Body body) {
  void* const memory =
      ::mmap(nullptr, sizeof(Table), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto* const table = new (memory) Table;
  const int fds[2] = {::eventfd(0, EFD_NONBLOCK), ::eventfd(0, EFD_NONBLOCK)};
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::alarm(60);  // Whose ring was lost sleeps for ever.
    body(*table, fds);
    ::_exit(0);
  }
  int status = -1;
  ::waitpid(pid, &status, 0);
  const bool has_ended = table->turn.load() == 2 * kRounds;
  ::munmap(memory, sizeof(Table));
  for (const int fd : fds) ::close(fd);
  return status == 0 && has_ended;
}

void play_threads(Table& table, const int* fds) {
  std::thread other([&] { take_turns(table, fds, 1); });
  take_turns(table, fds, 0);
  other.join();
}

}  // namespace

TEST_CASE("no ring is lost between threads, whether the sleeper waits on the word or polls") {
  CHECK(plays_in_process(play_threads));
}

TEST_CASE("no ring is lost between threads when the sleeper makes the fences") {
  CHECK(plays_in_process([](Table& table, const int* fds) {
    Doorbell::move_fences_to_sleepers(false);
    play_threads(table, fds);
  }));
}

TEST_CASE("no ring is lost between processes when the sleeper makes the fences") {
  CHECK(plays_in_process([](Table& table, const int* fds) {
    Doorbell::move_fences_to_sleepers(true);
    const pid_t other = ::fork();
    Doorbell::move_fences_to_sleepers(true);
    take_turns(table, fds, other == 0 ? 1 : 0);
    if (other == 0) ::_exit(0);
    ::waitpid(other, nullptr, 0);
  }));
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
