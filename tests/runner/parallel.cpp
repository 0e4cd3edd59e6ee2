#include "tests/runner/parallel.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <locale>
#include <thread>

#include "tests/runner/text.h"

namespace streamtest {

namespace {

// A reader wants the first differences; the rest is noise in a log.
std::string shortened(const std::string& problem) {
  constexpr std::size_t kLinesMax = 200;
  std::vector<std::string> lines = split_lines(problem);
  if (lines.size() <= kLinesMax) return problem;
  const std::size_t left_out = lines.size() - kLinesMax;
  lines.resize(kLinesMax);
  return join_lines(lines) + fmt::format("… and {} more lines\n", left_out);
}

// std::regex asks std::ctype<char>::narrow(), which fills a table of libstdc++ as it goes, without locks (its bug 77704).
void fill_table_of_narrow() {
  const auto& letters = std::use_facet<std::ctype<char>>(std::locale::classic());
  for (int letter = std::numeric_limits<char>::min(); letter <= std::numeric_limits<char>::max(); ++letter) {
    (void)letters.narrow(static_cast<char>(letter), '\0');
  }
}

}  // namespace

int run_all(std::size_t count, const std::function<Report(std::size_t)>& run) {
  fill_table_of_narrow();
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
      fmt::print("FAILED: {}\n{}\n", report.name, shortened(report.problem));
    }
  }
  fmt::print("{} passed, {} failed\n", count - failed - skipped, failed);
  return failed == 0 ? 0 : 1;
}

}  // namespace streamtest
