#include "runtime/agent/process_keeper.h"

#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <atomic>
#include <csignal>
#include <new>
#include <vector>

namespace streamrt {

namespace {

// What all lives of a process see.
struct Shared {
  std::atomic<int> lives{0};
  std::atomic<bool> is_finished{false};
};

struct SharedWord {
  SharedWord()
      : shared(new(::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Shared) {}
  ~SharedWord() { ::munmap(shared, sizeof(Shared)); }
  Shared* shared;
};

// Dies `deaths` times, then ends with status 7.
KeptProcess dying(Shared& shared, int deaths) {
  KeptProcess kept;
  kept.body = [&shared, deaths] {
    if (++shared.lives <= deaths) std::raise(SIGKILL);
    shared.is_finished = true;
    return 7;
  };
  kept.is_finished = [&shared] { return shared.is_finished.load(); };
  kept.died = [](int, std::int32_t) { return true; };
  kept.progress = [&shared] { return static_cast<std::uint64_t>(shared.lives.load()); };
  kept.is_over = [] { return false; };
  return kept;
}

}  // namespace

TEST_CASE("a process that dies is started again until it comes to its end") {
  const SharedWord word;
  KeptProcess kept = dying(*word.shared, 3);
  std::vector<std::int32_t> restarts;
  kept.died = [&](int status, std::int32_t count) {
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGKILL);
    restarts.push_back(count);
    return true;
  };
  const KeptEnd end = keep_process(kept);
  CHECK(end.is_finished);
  CHECK(end.status == 7);
  CHECK(restarts == std::vector<std::int32_t>{0, 1, 2});
  CHECK(word.shared->lives == 4);
}

TEST_CASE("a process is not started again when it may not be, or when all is over") {
  const SharedWord refused;
  KeptProcess kept = dying(*refused.shared, 10);
  kept.died = [](int, std::int32_t restarts) { return restarts < 2; };
  CHECK_FALSE(keep_process(kept).is_finished);
  CHECK(refused.shared->lives == 3);

  const SharedWord over;
  kept = dying(*over.shared, 10);
  kept.is_over = [&] { return over.shared->lives == 2; };
  CHECK_FALSE(keep_process(kept).is_finished);
  CHECK(over.shared->lives == 2);
}

TEST_CASE("an end that was not told of is a death, whatever its status") {
  const SharedWord word;
  KeptProcess kept = dying(*word.shared, 0);
  kept.is_finished = [] { return false; };
  kept.died = [](int status, std::int32_t) {
    CHECK(WIFEXITED(status));
    return false;
  };
  CHECK_FALSE(keep_process(kept).is_finished);
}

}  // namespace streamrt
