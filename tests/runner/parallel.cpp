#include "tests/runner/parallel.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <thread>

namespace streamtest {

int run_all(std::size_t count, const std::function<Report(std::size_t)>& run) {
  std::vector<Report> reports(count);
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) reports[i] = run(i);
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
    threads.emplace_back(work);
  }
  work();
  for (std::thread& thread : threads) thread.join();

  std::size_t failed = 0;
  std::size_t skipped = 0;
  for (const Report& report : reports) {
    if (report.skipped) {
      ++skipped;
      fmt::print("skipped: {} ({})\n", report.name, report.problem);
    } else if (!report.problem.empty()) {
      ++failed;
      fmt::print("FAILED: {}\n{}\n", report.name, report.problem);
    }
  }
  fmt::print("{} passed, {} failed\n", count - failed - skipped, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace streamtest
