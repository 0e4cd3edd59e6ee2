// What the tests of nodes have in common: a program with nodes in a folder of its own, and its nodes as processes.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "tests/nodes/node_process.h"
#include "tests/runner/files.h"
#include "tests/runner/options.h"

namespace streamtest {

// A source that goes on after a restart, kept on disk on its way. What comes out shows every item and its place.
inline constexpr std::string_view kSpooled = R"(# Ticks through a spool.
import clock
import csv

type Row = { n: int, t: time }

ticks = clock.ticks(every: 1ms)
counted = zip(ticks, ticks |> map(t => 1) |> running(sum))
counted |> map((t, n) => Row(n: n, t: t)) |> csv.write("received.csv")

deploy live {
  node a { ticks }
  node b { * }
  link a -> b (spool: 64MiB)
}
)";

void pause_ms(int duration);

class NodeTrial {
 public:
  explicit NodeTrial(const RunnerOptions& options) : streamc_(options.programs.streamc.string()) {}

 protected:
  // Says why the program cannot be built.
  std::string build(std::string_view program, const std::string& block);
  [[nodiscard]] std::string executable() const { return (folder_ / "program").string(); }
  // A node of its own, in the folder of the test.
  std::unique_ptr<NodeProcess> start(const std::string& node, std::vector<std::string> flags,
                                     std::vector<std::string> words = {});
  // Addresses at free ports of this machine.
  static std::vector<std::string> addresses(const std::vector<std::string>& nodes);
  // Numbers in, and what the row makes of them.
  std::string write_numbers(int count, std::string& expected);
  // Says which of them have not ended with `status` after so many seconds, and what they said.
  static std::string wait_for_all(std::initializer_list<NodeProcess*> nodes, int status, int timeout_s);
  // Of kLive, after a signal: both nodes end with it, and have the same items.
  [[nodiscard]] std::string all_has_arrived(std::initializer_list<NodeProcess*> nodes) const;
  // Stamps of the lines of `received.csv`, whose numbers have no gap.
  [[nodiscard]] std::vector<std::int64_t> received_stamps(std::string& problem) const;
  [[nodiscard]] std::string read_text(const std::string& name) const;

  std::filesystem::path folder_;  // Of the test that runs.
  std::string streamc_;
  int started_ = 0;

  // Runs tests, each in a folder of its own, and prints how they end; returns how many failed.
  template <class Tests>
  static int run_each(Tests& tests, const std::vector<std::pair<const char*, std::string (Tests::*)()>>& list) {
    int failed = 0;
    for (const auto& [name, test] : list) {
      const TemporaryFolder folder;
      tests.folder_ = folder.path();
      const std::string problem = (tests.*test)();
      fmt::print("{}: {}\n", name, problem.empty() ? "fine" : problem);
      failed += problem.empty() || problem.starts_with("skipped") ? 0 : 1;
    }
    return failed;
  }
};

// Starts, and how nodes find each other: flags, orders, params, links that are cut. Returns how many failed.
int run_start_tests(const RunnerOptions& options);
// Nodes that end, or are ended or killed, and links that drop. Returns how many failed.
int run_end_tests(const RunnerOptions& options);
// Senders that keep on disk what is on its way. Returns how many failed.
int run_spool_tests(const RunnerOptions& options);
// Clocks that differ, follow, or are not set. Returns how many failed.
int run_clock_tests(const RunnerOptions& options);

}  // namespace streamtest
