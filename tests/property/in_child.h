// Runs a function in a child process, so that a crash or a hang of compiled code is a result like any
// other and the test goes on.
#pragma once

#include <functional>
#include <string>

namespace streamtest {

struct ChildResult {
  std::string bytes;    // What the function returned.
  std::string problem;  // How the child ended instead, or empty.
};

// Forks: the caller must have one thread only. Waits for `timeout_s` at the most.
[[nodiscard]] ChildResult run_in_child(const std::function<std::string()>& function, int timeout_s);

}  // namespace streamtest
