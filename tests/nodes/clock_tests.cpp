// Clocks that differ, follow, or are not set.
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/time_text.h"
#include "tests/nodes/node_trial.h"
#include "tests/runner/subprocess.h"

namespace streamtest {
namespace {

// Times as a node sees them, in two processes of it.
constexpr std::string_view kTimes = R"(# What a board takes for the time.
import clock

here = clock.ticks(every: 20ms)
there = clock.ticks(every: 50ms)
here |> print
there |> print

deploy alone {
  node a {
    here
    process apart { there }
  }
  node b { * }
}
deploy follows {
  node a(clock: follow) {
    here
    process apart { there }
  }
  node b { * }
}
)";

class ClockTests : public NodeTrial {
 public:
  using NodeTrial::NodeTrial;

  int run() {
    return run_each(*this, {{"clocks that differ", &ClockTests::clocks_differ},
                            {"a clock that follows", &ClockTests::clock_follows},
                            {"a clock that follows after a restart", &ClockTests::clock_follows_again},
                            {"a clock that waits", &ClockTests::clock_waits},
                            {"a clock that is not set", &ClockTests::clock_not_set}});
  }

 private:
  // One after the other, all of them within some seconds of now.
  static std::string true_times(const std::string& output) {
    const std::int64_t now = streamrt::system_clock().utc_ns();
    std::istringstream lines(output);
    std::string line;
    std::int64_t last = 0;
    int count = 0;
    for (; std::getline(lines, line); ++count) {
      const std::int64_t time = streamrt::parse_time(line).value_or(0);
      if (time < last || std::abs(time - now) > 8'000'000'000) return fmt::format("time {} is `{}`\n", count + 1, line);
      last = time;
    }
    return count < 30 ? fmt::format("there are only {} times\n", count) : std::string();
  }

  std::string clocks_differ() {
    std::string problem = build(kTimes, "alone");
    const std::vector<std::string> flags = addresses({"a", "b"});
    std::vector<std::string> shifted = flags;
    shifted.emplace_back("--clock-offset=-75s");
    const auto b = start("b", flags);
    const auto a = start("a", shifted);
    pause_ms(2000);
    for (const NodeProcess* const node : {a.get(), b.get()}) {
      if (node->errors().find("set one of them, or say `clock: follow`") == std::string::npos) {
        problem += "not told: " + node->errors();
      }
    }
    if (!b->output().empty()) problem += "items came although the link is refused\n";
    return problem;
  }

  std::string clock_follows() {
    std::string problem = build(kTimes, "follows");
    for (const auto& [offset, note] : {std::pair("-75s", "the clock of `a` is 75 s behind that of `b`"),
                                       std::pair("75s", "the clock of `a` is 75 s ahead of that of `b`"),
                                       std::pair("-20000d", "the clock of `a` is 1728000000 s behind that of `b`"),
                                       std::pair("10ms", "")}) {
      const std::vector<std::string> flags = addresses({"a", "b"});
      std::vector<std::string> shifted = flags;
      shifted.push_back(fmt::format("--clock-offset={}", offset));
      const auto b = start("b", flags);
      pause_ms(200);
      const auto a = start("a", shifted);
      pause_ms(1500);
      a->signal(SIGTERM);
      for (NodeProcess* const node : {a.get(), b.get()}) {
        const int status = node->wait(30);
        if (status != 128 + SIGTERM) problem += fmt::format("status {}: {}", status, node->errors());
        if (node->errors().find("warning") != std::string::npos) problem += "no warning is due: " + node->errors();
      }
      const std::string told = a->errors();
      if (told.find(note) == std::string::npos) problem += "not told: " + told;
      if (note[0] == '\0' && !told.empty()) problem += "nothing is to be told: " + told;
      problem += true_times(b->output());
    }
    return problem;
  }

  // Each life of a spooled sender finds out anew how far its clock is off.
  std::string clock_follows_again() {
    std::string program(kSpooled);
    program.replace(program.find("node a {"), 6, "node a(clock: follow)");
    std::string problem = build(program, "live");
    const std::vector<std::string> flags = addresses({"a", "b"});
    const std::int64_t began = streamrt::system_clock().utc_ns();
    const auto b = start("b", flags);
    std::unique_ptr<NodeProcess> a;
    for (const char* const offset : {"-75s", "90s", "-20000d"}) {
      if (a) a->signal(SIGKILL);
      if (a && a->wait(10) != 128 + SIGKILL) problem += "it should have been killed: " + a->errors();
      std::vector<std::string> shifted = flags;
      shifted.push_back(fmt::format("--clock-offset={}", offset));
      a = start("a", shifted);
      pause_ms(1500);
    }
    a->signal(SIGTERM);
    problem += wait_for_all({a.get(), b.get()}, 128 + SIGTERM, 30);
    if (a->errors().find("the clock is") != std::string::npos) problem += "its own clock does not matter: " + a->errors();
    const std::vector<std::int64_t> stamps = received_stamps(problem);
    const std::int64_t slack = 1'000'000'000;
    if (stamps.size() < 500 || stamps.front() < began - slack ||
        stamps.back() > streamrt::system_clock().utc_ns() + slack) {
      problem += fmt::format("{} stamps, which are not those of `b`\n", stamps.size());
    }
    return problem;
  }

  // For the node that it follows, which comes late; or is told to end before that.
  std::string clock_waits() {
    std::string problem = build(kTimes, "follows");
    for (const bool ends_early : {false, true}) {
      const std::vector<std::string> flags = addresses({"a", "b"});
      std::vector<std::string> shifted = flags;
      shifted.emplace_back("--clock-offset=75s");
      const auto a = start("a", shifted);
      pause_ms(1800);
      const std::string told = a->errors();
      const std::size_t first = told.find("live sources wait for node `b`, whose clock `a` follows");
      if (first == std::string::npos) problem += "not told: " + told;
      if (told.find("live sources wait", first + 1) != std::string::npos) problem += "told twice: " + told;
      if (ends_early) a->signal(SIGTERM);
      const auto b = start("b", flags);
      if (!ends_early) {
        pause_ms(3000);
        a->signal(SIGTERM);
      }
      problem += wait_for_all({a.get(), b.get()}, 128 + SIGTERM, 30);
      if (ends_early && !b->output().empty()) problem += "no time was known, but items came: " + b->output();
      if (!ends_early) problem += true_times(b->output());
    }
    return problem;
  }

  // As that of a board that was just switched on; nobody's that could be followed, either.
  std::string clock_not_set() {
    std::string problem;
    for (const char* const block : {"alone", "follows"}) {
      problem += build(kTimes, block);
      const Outcome all = run_command({.arguments = {executable(), "--no-socket", "--all-nodes",
                                                     "--clock-offset=-20000d", "--for", "1500ms"}});
      if (all.exit_code != 0 || !all.standard_output.empty()) {
        problem += fmt::format("status {}, times {}\n", all.exit_code, all.standard_output);
      }
      const std::string_view told = std::string_view(block) == "alone"
                                        ? "live sources wait until the clock of this machine is set: it says 19"
                                        : "live sources wait for node `b`, whose clock `a` follows";
      if (all.standard_error.find(told) == std::string::npos) problem += "not told: " + all.standard_error;
    }
    return problem;
  }
};

}  // namespace

int run_clock_tests(const RunnerOptions& options) { return ClockTests(options).run(); }

}  // namespace streamtest
