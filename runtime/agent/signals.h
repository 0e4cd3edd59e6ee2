// SIGINT and SIGTERM as something a loop can look at and wait for.
//
// The first one is noted; a second one of either kind ends the process at once, with what it does by default, and
// the process that made the object tells that something may be lost. One object at a time; the handlers in place
// before are put back.
#pragma once

#include <csignal>
#include <functional>

namespace streamrt {

class SignalWatch {
 public:
  SignalWatch();
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  // The signal that came, or 0.
  [[nodiscard]] static int received();
  // Called by the handler with the first signal, in whichever process it comes to: may do only what a signal
  // handler may. Lasts as long as the watch.
  static void notify(std::function<void(int signal)> function);
  // Becomes readable when a signal has come.
  [[nodiscard]] int fd() const { return pipe_[0]; }

 private:
  int pipe_[2] = {-1, -1};
  struct sigaction old_interrupt_{};
  struct sigaction old_terminate_{};
  struct sigaction old_pipe_{};
};

}  // namespace streamrt
