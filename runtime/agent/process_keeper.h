// Starts a process again when it dies.
//
//   parent ── keeper ── the process itself; after its death: the next one
//
// A process can be forked from one without threads only, and the parent has some by then. So it forks a keeper
// before, which does nothing but wait: it holds what the parent had prepared, and forks from that as often as is needed.
#pragma once

#include <cstdint>
#include <functional>

namespace streamrt {

struct KeptProcess {
  // What the process does. It ends with the status returned. SIGTERM comes to it when its keeper is gone.
  std::function<int()> body;
  // It came to its end by itself, and its status counts.
  std::function<bool()> is_finished;
  // It died with this status, as waitpid() gives it, after `restarts` restarts. Returns whether to start it again.
  std::function<bool(int status, std::int32_t restarts)> died;
  // How far it has come: rises with what need not be done again.
  std::function<std::uint64_t()> progress;
  // The others do not go on, so that there is nothing to wait for.
  std::function<bool()> is_over;
};

// A process that dies without progress since its last start waits longer each time, so that it does not keep the machine
// busy: so many milliseconds, doubled each time up to the most.
inline constexpr std::int64_t kFirstPauseMs = 10;
inline constexpr std::int64_t kLongestPauseMs = 1000;

struct KeptEnd {
  bool is_finished = false;  // Else it was not started again.
  int status = 0;            // With which it exited, if it is finished.
};

// In a process without threads, which is the keeper from here on. A machine that has no room for another process is asked
// again, with the same pauses.
KeptEnd keep_process(const KeptProcess& kept);

}  // namespace streamrt
