#include "compiler/deploy/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

extern char** environ;

namespace streamc {
namespace {

// A file, perhaps in memory only, that is closed by itself. Files rather than pipes: nobody has to
// feed one end while the other is read.
class OpenFile {
 public:
  explicit OpenFile(int descriptor) : descriptor_(descriptor) {}
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  ~OpenFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  static OpenFile in_memory() { return OpenFile(::memfd_create("streamc", MFD_CLOEXEC)); }
  static OpenFile existing(const std::string& path) {
    return OpenFile(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  }

  [[nodiscard]] int descriptor() const { return descriptor_; }

  bool fill(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t count = ::write(descriptor_, text.data(), text.size());
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(count));
    }
    return ::lseek(descriptor_, 0, SEEK_SET) == 0;
  }

  [[nodiscard]] std::string text() const {
    std::string text;
    std::array<char, 65536> bytes{};
    ::lseek(descriptor_, 0, SEEK_SET);
    for (ssize_t count; (count = ::read(descriptor_, bytes.data(), bytes.size())) > 0;) {
      text.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return text;
  }

 private:
  int descriptor_;
};

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return shell_status(status);
}

}  // namespace

int shell_status(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

std::vector<char*> argument_pointers(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

Result<ChildOutcome> run_child(const ChildCommand& command) {
  const OpenFile input =
      command.input_file.empty() ? OpenFile::in_memory() : OpenFile::existing(command.input_file);
  if (input.descriptor() < 0) {
    return fail("cannot read `{}`: {}", command.input_file, std::strerror(errno));
  }
  const OpenFile output = OpenFile::in_memory();
  const OpenFile errors = OpenFile::in_memory();
  if (output.descriptor() < 0 || errors.descriptor() < 0 ||
      (command.input_file.empty() && !input.fill(command.input))) {
    return fail("cannot start `{}`: {}", command.words[0], std::strerror(errno));
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input.descriptor(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output.descriptor(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors.descriptor(), STDERR_FILENO);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, command.words[0].c_str(), &actions, nullptr,
                                   argument_pointers(command.words).data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail("cannot start `{}`: {}", command.words[0], std::strerror(error));
  const int status = wait_for(child);
  return ChildOutcome{.status = status, .output = output.text(), .errors = errors.text()};
}

}  // namespace streamc
