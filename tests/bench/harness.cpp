#include "tests/bench/harness.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

namespace streambench {

namespace {

// Processor time of this thread: what other programs on the machine take does not count.
double now_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

double time_of(const std::function<void()>& work, int repetitions) {
  const double start = now_seconds();
  for (int i = 0; i < repetitions; ++i) work();
  return (now_seconds() - start) / repetitions;
}

std::string first_line_of(const char* command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command, "r"), ::pclose);
  char line[256] = "";
  if (pipe == nullptr || std::fgets(line, sizeof line, pipe.get()) == nullptr) return "unknown";
  std::string text = line;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace

void print_header() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  std::string machine = "unknown";
  for (std::string line; std::getline(cpuinfo, line);) {
    if (!line.starts_with("model name")) continue;
    machine = line.substr(line.find(':') + 2);
    break;
  }
  fmt::print("machine {}, commit {}\n", machine,
             first_line_of("git -C " STREAM_SOURCE_DIR
                           " describe --always --dirty 2>/dev/null"));
  fmt::print("{:<44} {:>10} {:>10} {:>8} {:>6} {:>10}\n", "", "compiled", "by hand", "ratio", "bar",
             "G items/s");
}

void measure(const Row& row) {
  constexpr int kRounds = 31;
  constexpr double kRoundSeconds = 0.004;
  const auto repetitions = [&](const std::function<void()>& work) {
    (void)time_of(work, 1);
    return std::max(1, static_cast<int>(kRoundSeconds / std::max(time_of(work, 1), 1e-8)));
  };
  const int compiled_repetitions = repetitions(row.compiled);
  const int hand_repetitions = repetitions(row.hand);
  std::vector<double> compiled;
  std::vector<double> hand;
  std::vector<double> ratios;
  for (int round = 0; round < kRounds; ++round) {
    compiled.push_back(time_of(row.compiled, compiled_repetitions) / row.items * 1e9);
    hand.push_back(time_of(row.hand, hand_repetitions) / row.items * 1e9);
    ratios.push_back(compiled.back() / hand.back());
  }
  fmt::print("{:<44} {:>7.3f} ns {:>7.3f} ns {:>8.2f} {:>6.2f} {:>10.2f}\n", row.name,
             median(compiled), median(hand), median(ratios), row.bar, 1.0 / median(compiled));
  std::fflush(stdout);
}

}  // namespace streambench
