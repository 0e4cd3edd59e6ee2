#include "runtime/agent/child_processes.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "runtime/agent/run_program.h"
#include "runtime/base/resources.h"

namespace streamrt {

void ChildProcesses::start(std::int32_t id, const Body& body) {
  int fds[2] = {-1, -1};
  if (::pipe2(fds, O_CLOEXEC) != 0) out_of("descriptors");
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) out_of("processes");
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(kExitFailed);
    ::close(fds[0]);
    for (const Child& sibling : children_) ::close(sibling.message_fd);
    children_.clear();
    const int message_fd = fds[1];
    ::_exit(body([message_fd](std::string_view line) {
      // One write of at most PIPE_BUF bytes: lines of several threads do not mix.
      constexpr std::size_t kMost = 4000;
      std::string text(line.substr(0, kMost));
      std::replace(text.begin(), text.end(), '\n', ' ');
      text += '\n';
      (void)!::write(message_fd, text.data(), text.size());
    }));
  }
  ::close(fds[1]);
  children_.push_back({.id = id, .pid = pid, .message_fd = fds[0], .partial_line = {}});
}

bool ChildProcesses::are_running() const {
  return std::any_of(children_.begin(), children_.end(),
                     [](const Child& child) { return child.message_fd >= 0; });
}

bool ChildProcesses::look(int timeout_ms, int other_fd,
                          const std::function<void(std::string_view)>& line,
                          const std::function<void(std::int32_t id, int status)>& ended) {
  std::vector<pollfd> watched;
  std::vector<Child*> running;
  for (Child& child : children_) {
    if (child.message_fd < 0) continue;
    watched.push_back({child.message_fd, POLLIN, 0});
    running.push_back(&child);
  }
  watched.push_back({other_fd, POLLIN, 0});
  (void)::poll(watched.data(), static_cast<nfds_t>(watched.size()), timeout_ms);
  for (std::size_t i = 0; i < running.size(); ++i) {
    if (watched[i].revents == 0 || read_lines(*running[i], line)) continue;
    // Its end of the pipe is closed: it has ended, one way or another.
    ::close(running[i]->message_fd);
    running[i]->message_fd = -1;
    int status = 0;
    while (::waitpid(running[i]->pid, &status, 0) < 0 && errno == EINTR) {
    }
    ended(running[i]->id, status);
  }
  return watched.back().revents != 0;
}

// False at the end of what the child says.
bool ChildProcesses::read_lines(Child& child, const std::function<void(std::string_view)>& line) {
  char bytes[4096];
  const ssize_t count = ::read(child.message_fd, bytes, sizeof bytes);
  if (count < 0 && errno == EINTR) return true;
  if (count <= 0) return false;
  child.partial_line.append(bytes, static_cast<std::size_t>(count));
  for (std::size_t end; (end = child.partial_line.find('\n')) != std::string::npos;) {
    line(std::string_view(child.partial_line).substr(0, end));
    child.partial_line.erase(0, end + 1);
  }
  return true;
}

}  // namespace streamrt
