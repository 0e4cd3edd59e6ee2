// Processes that this one forked: what they say, and how they end.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/agent/messages.h"

namespace streamrt {

class ChildProcesses {
 public:
  // What a child does; `message` passes lines on to this process. The child ends with the status
  // returned.
  using Body = std::function<int(const MessageWriter& message)>;

  ChildProcesses() = default;
  ChildProcesses(const ChildProcesses&) = delete;
  ChildProcesses& operator=(const ChildProcesses&) = delete;

  // Before this process has threads. SIGTERM comes to the child when this process is gone.
  void start(std::int32_t id, const Body& body);

  // Waits for so long, or until `other_fd` (-1: none) can be read or a child has something to say
  // or has ended. `line` gets every line; `ended` the id of a child and its status, as waitpid()
  // gives it. Returns whether `other_fd` can be read.
  bool look(int timeout_ms, int other_fd, const std::function<void(std::string_view)>& line,
            const std::function<void(std::int32_t id, int status)>& ended);
  [[nodiscard]] bool are_running() const;

 private:
  struct Child {
    std::int32_t id = 0;
    pid_t pid = 0;
    int message_fd = -1;  // What it says; -1 once it has ended.
    std::string partial_line;
  };
  bool read_lines(Child& child, const std::function<void(std::string_view)>& line);

  std::vector<Child> children_;
};

}  // namespace streamrt
