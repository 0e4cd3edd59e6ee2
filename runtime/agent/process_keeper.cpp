#include "runtime/agent/process_keeper.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <thread>

#include "runtime/agent/run_program.h"

namespace streamrt {

namespace {

// Runs the body in a process of its own; returns how that ended, as waitpid() gives it. Nothing if there can be no other
// process now.
std::optional<int> run_once(const std::function<int()>& body) {
  const pid_t keeper = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return std::nullopt;
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != keeper) ::_exit(kExitFailed);
    ::_exit(body());
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

// In small steps: a signal may say in the meantime that everything ends.
void pause(std::int64_t milliseconds, const std::function<bool()>& is_over) {
  constexpr std::int64_t kStepMs = 10;
  for (; milliseconds > 0 && !is_over(); milliseconds -= kStepMs) {
    std::this_thread::sleep_for(std::chrono::milliseconds(std::min(milliseconds, kStepMs)));
  }
}

}  // namespace

KeptEnd keep_process(const KeptProcess& kept) {
  std::int64_t pause_ms = kFirstPauseMs;
  for (std::int32_t restarts = 0;;) {
    const std::uint64_t before = kept.progress();
    if (const std::optional<int> status = run_once(kept.body)) {
      if (WIFEXITED(*status) && kept.is_finished()) return {true, WEXITSTATUS(*status)};
      if (!kept.died(*status, restarts++)) return {};
      if (kept.progress() != before) pause_ms = kFirstPauseMs;
    }
    pause(pause_ms, kept.is_over);
    if (kept.is_over()) return {};
    pause_ms = std::min(2 * pause_ms, kLongestPauseMs);
  }
}

}  // namespace streamrt
