// Runs independent tests on all cores and reports them in their own order.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace streamtest {

// A test's name and what is wrong with it, or why it was skipped; `problem` is empty when it
// passed.
struct Report {
  std::string name;
  std::string problem;
  bool skipped = false;
};

// Calls `run(i)` for each i below `count` from several threads, prints the problems in order and a
// closing line `N passed, N failed`, which does not count the skipped. Returns the program's exit
// status.
[[nodiscard]] int run_all(std::size_t count, const std::function<Report(std::size_t)>& run);

}  // namespace streamtest
