#include "tests/runner/subprocess.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "tests/runner/patience.h"

namespace streamtest {
namespace {

// A pipe whose ends close by themselves; `end(0)` reads, `end(1)` writes.
class Pipe {
 public:
  Pipe() { valid_ = pipe2(ends_.data(), O_CLOEXEC) == 0; }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_end(0);
    close_end(1);
  }

  [[nodiscard]] bool valid() const { return valid_; }
  [[nodiscard]] int end(std::size_t index) const { return ends_[index]; }
  void close_end(std::size_t index) {
    if (ends_[index] >= 0) close(ends_[index]);
    ends_[index] = -1;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
  bool valid_ = false;
};

// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void become(const Command& command, char* const* arguments, const Pipe& in,
                         const Pipe& out, const Pipe& err) {
  setpgid(0, 0);
  dup2(in.end(0), STDIN_FILENO);
  dup2(out.end(1), STDOUT_FILENO);
  dup2(err.end(1), STDERR_FILENO);
  if (chdir(command.directory.c_str()) == 0) execvp(arguments[0], arguments);
  const char* reason = strerror(errno);
  [[maybe_unused]] auto written = write(STDERR_FILENO, reason, strlen(reason));
  written = write(STDERR_FILENO, "\n", 1);
  _exit(127);
}

// Feeds and drains the child until both of its outputs are closed; false when time runs out.
bool exchange(const Command& command, Pipe& in, Pipe& out, Pipe& err, Outcome& outcome) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + std::chrono::seconds(kPatience * command.timeout_s);
  std::string_view input = command.standard_input;
  if (input.empty()) in.close_end(1);
  std::array<char, 65536> buffer{};

  while (out.end(0) >= 0 || err.end(0) >= 0) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    std::array<pollfd, 3> files{pollfd{in.end(1), POLLOUT, 0}, pollfd{out.end(0), POLLIN, 0},
                                pollfd{err.end(0), POLLIN, 0}};
    if (poll(files.data(), files.size(), static_cast<int>(left)) < 0 && errno != EINTR)
      return false;

    if (files[0].revents != 0) {
      const ssize_t count = write(in.end(1), input.data(), input.size());
      if (count > 0) input.remove_prefix(static_cast<std::size_t>(count));
      if ((count < 0 && errno != EAGAIN) || input.empty()) in.close_end(1);
    }
    const auto drain = [&](const pollfd& file, Pipe& pipe, std::string& text) {
      if (file.revents == 0) return;
      const ssize_t count = read(pipe.end(0), buffer.data(), buffer.size());
      if (count > 0) {
        text.append(buffer.data(), static_cast<std::size_t>(count));
      } else {
        pipe.close_end(0);
      }
    };
    drain(files[1], out, outcome.standard_output);
    drain(files[2], err, outcome.standard_error);
  }
  return true;
}

}  // namespace

Outcome run_command(const Command& command) {
  Outcome outcome;
  Pipe in;
  Pipe out;
  Pipe err;
  if (command.arguments.empty() || !in.valid() || !out.valid() || !err.valid()) {
    return {.exit_code = 127, .standard_error = "cannot start a program\n"};
  }
  signal(SIGPIPE, SIG_IGN);  // A child that does not read its input is its own affair.
  fcntl(in.end(1), F_SETFL, O_NONBLOCK);

  std::vector<char*> arguments;
  for (const std::string& argument : command.arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);

  const pid_t child = fork();
  if (child < 0) return {.exit_code = 127, .standard_error = fmt::format("{}\n", strerror(errno))};
  if (child == 0) {
    signal(SIGPIPE, SIG_DFL);
    become(command, arguments.data(), in, out, err);
  }
  setpgid(child, child);  // Both sides do it, so that it holds before either goes on.
  in.close_end(0);
  out.close_end(1);
  err.close_end(1);

  if (!exchange(command, in, out, err, outcome)) {
    outcome.timed_out = true;
    kill(-child, SIGKILL);
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

std::vector<std::string> split_command_line(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool inside = false;  // A word has begun, perhaps with an empty pair of quotes.
  char quote = 0;
  for (const char letter : line) {
    if (quote != 0) {
      if (letter == quote) {
        quote = 0;
      } else {
        word += letter;
      }
    } else if (letter == '\'' || letter == '"') {
      quote = letter;
      inside = true;
    } else if (letter == ' ' || letter == '\t') {
      if (inside) words.push_back(std::move(word));
      word.clear();
      inside = false;
    } else {
      word += letter;
      inside = true;
    }
  }
  if (inside) words.push_back(std::move(word));
  return words;
}

}  // namespace streamtest
