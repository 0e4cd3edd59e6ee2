#include "compiler/deploy/follow_lines.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "compiler/deploy/child_process.h"

extern char** environ;

namespace streamc {
namespace {

// A command that runs, and the line that it has begun.
struct Followed {
  const FollowedCommand* command;
  pid_t child = 0;
  int descriptor = -1;  // The end of its output that is read; -1 once it is closed.
  std::string begun = {};
};

bool start(Followed& followed) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  const std::vector<std::string>& words = followed.command->words;
  const int error = ::posix_spawnp(&followed.child, words[0].c_str(), &actions, nullptr,
                                   argument_pointers(words).data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  followed.descriptor = ends[0];
  if (error != 0)
    fmt::print(stderr, "streamc: cannot start `{}`: {}\n", words[0], std::strerror(error));
  return error == 0;
}

void print_lines(Followed& followed) {
  for (std::size_t end; (end = followed.begun.find('\n')) != std::string::npos;) {
    fmt::print("{}{}\n", followed.command->prefix, followed.begun.substr(0, end));
    followed.begun.erase(0, end + 1);
  }
  std::fflush(stdout);
}

// Reads what there is; closes what has ended.
void read_some(Followed& followed) {
  std::array<char, 4096> bytes{};
  const ssize_t count = ::read(followed.descriptor, bytes.data(), bytes.size());
  if (count < 0 && errno == EINTR) return;
  if (count > 0) {
    followed.begun.append(bytes.data(), static_cast<std::size_t>(count));
  } else {
    if (!followed.begun.empty()) followed.begun += '\n';
    ::close(followed.descriptor);
    followed.descriptor = -1;
  }
  print_lines(followed);
}

bool ended_well(const Followed& followed) {
  int status = 0;
  while (::waitpid(followed.child, &status, 0) < 0 && errno == EINTR) {
  }
  return shell_status(status) == 0;
}

void read_all(std::vector<Followed>& all) {
  for (;;) {
    std::vector<pollfd> files;
    std::vector<Followed*> open;
    for (Followed& followed : all) {
      if (followed.descriptor < 0) continue;
      files.push_back({followed.descriptor, POLLIN, 0});
      open.push_back(&followed);
    }
    if (files.empty()) return;
    if (::poll(files.data(), files.size(), -1) < 0) continue;
    for (std::size_t i = 0; i < files.size(); ++i) {
      if (files[i].revents != 0) read_some(*open[i]);
    }
  }
}

}  // namespace

bool follow_lines(const std::vector<FollowedCommand>& commands) {
  bool good = true;
  std::vector<Followed> all;
  for (const FollowedCommand& command : commands) {
    Followed followed{.command = &command};
    if (start(followed)) {
      all.push_back(std::move(followed));
    } else {
      if (followed.descriptor >= 0) ::close(followed.descriptor);
      good = false;
    }
  }
  read_all(all);
  for (const Followed& followed : all) good = ended_well(followed) && good;
  return good;
}

}  // namespace streamc
