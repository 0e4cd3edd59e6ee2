#include "runtime/agent/signals.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace streamrt {

namespace {

// A handler can reach nothing but globals.
volatile std::sig_atomic_t g_received = 0;
volatile std::sig_atomic_t g_pipe_fd = -1;
volatile pid_t g_teller = 0;  // A signal of the terminal comes to all processes of the program; this one tells of it.
std::function<void(int)> g_notify;

constexpr char kEndedAtOnce[] =
    "warning: ended at once by a second signal: what had not been written or sent by then is lost\n";

void note_signal(int signal) {
  const int saved_errno = errno;
  if (g_received != 0) {
    if (::getpid() == g_teller) (void)!::write(STDERR_FILENO, kEndedAtOnce, sizeof kEndedAtOnce - 1);
    std::signal(signal, SIG_DFL);
    std::raise(signal);  // Delivered as soon as this handler returns.
    errno = saved_errno;
    return;
  }
  g_received = signal;
  const char byte = 0;
  (void)!::write(g_pipe_fd, &byte, 1);
  if (g_notify) g_notify(signal);
  errno = saved_errno;
}

}  // namespace

SignalWatch::SignalWatch() {
  g_received = 0;
  g_teller = ::getpid();
  if (::pipe2(pipe_, O_CLOEXEC | O_NONBLOCK) != 0) pipe_[0] = pipe_[1] = -1;
  g_pipe_fd = pipe_[1];
  struct sigaction action{};
  action.sa_handler = note_signal;
  ::sigaction(SIGINT, &action, &old_interrupt_);
  ::sigaction(SIGTERM, &action, &old_terminate_);
  action.sa_handler = SIG_IGN;  // A closed pipe is an error of write().
  ::sigaction(SIGPIPE, &action, &old_pipe_);
}

SignalWatch::~SignalWatch() {
  ::sigaction(SIGINT, &old_interrupt_, nullptr);
  ::sigaction(SIGTERM, &old_terminate_, nullptr);
  ::sigaction(SIGPIPE, &old_pipe_, nullptr);
  g_pipe_fd = -1;
  g_notify = nullptr;
  if (pipe_[0] >= 0) ::close(pipe_[0]);
  if (pipe_[1] >= 0) ::close(pipe_[1]);
}

void SignalWatch::notify(std::function<void(int signal)> function) {
  g_notify = std::move(function);
}

int SignalWatch::received() {
  return g_received;
}

}  // namespace streamrt
