#include "tests/property/in_child.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>

#include "tests/runner/patience.h"

namespace streamtest {

namespace {

void write_all(int fd, const std::string& bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t count = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (count <= 0) return;
    done += static_cast<std::size_t>(count);
  }
}

// Everything that comes before the other end is closed; false if that takes too long.
bool read_all(int fd, int timeout_s, std::string& bytes) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(streamtest::kPatience * timeout_s);
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd waiting{fd, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) == 0) return false;
    std::array<char, 4096> buffer;
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count <= 0) return true;
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace

ChildResult run_in_child(const std::function<std::string()>& function, int timeout_s) {
  ChildResult result;
  std::array<int, 2> ends{};
  std::fflush(nullptr);
  if (::pipe(ends.data()) != 0) {
    result.problem = "no pipe";
    return result;
  }
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    write_all(ends[1], function());
    ::_exit(0);
  }
  ::close(ends[1]);
  const bool ended = child > 0 && read_all(ends[0], timeout_s, result.bytes);
  ::close(ends[0]);
  if (child < 0) {
    result.problem = "no child process";
    return result;
  }
  if (!ended) ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!ended) {
    result.problem = fmt::format("hangs: nothing after {} s", streamtest::kPatience * timeout_s);
  } else if (WIFSIGNALED(status)) {
    result.problem = fmt::format("crashes with signal {}", WTERMSIG(status));
  } else if (WEXITSTATUS(status) != 0) {
    result.problem = fmt::format("ends with status {}", WEXITSTATUS(status));
  }
  return result;
}

}  // namespace streamtest
