// Programs on several nodes, each a process of its own, as one would start them on several machines.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/nodes/network.h"
#include "tests/nodes/node_process.h"
#include "tests/runner/files.h"
#include "tests/runner/options.h"
#include "tests/runner/ports.h"
#include "tests/runner/subprocess.h"

namespace fs = std::filesystem;

namespace streamtest {
namespace {

// Three nodes in a row; what comes out shows every item and its place.
constexpr std::string_view kRow = R"(# A row of nodes.
import csv

param factor: int = 3
type Row = { n: int }

rows = csv.read("numbers.csv", Row)
scaled = rows |> map(r => factor * r.n)
sums = scaled |> running(sum)
zip(scaled, sums) |> map((v, s) => "{v} {s}") |> print

deploy row {
  node a { rows }
  node b { scaled }
  node c { * }
  link rows -> scaled (buffer: 20, insecure: true)
  link scaled -> sums (buffer: 20)
}
)";

// A source that never ends, written down at both ends.
constexpr std::string_view kLive = R"(# Ticks from one node to the other.
import clock
import csv

type Row = { n: int }

ticks = clock.ticks(every: 1ms) |> map(t => 1) |> running(sum)
ticks |> map(n => Row(n: n)) |> csv.write("sent.csv")
arrived = ticks |> map(n => n + 0)
arrived |> map(n => Row(n: n)) |> csv.write("received.csv")

deploy live {
  node a { ticks }
  node b { * }
}
)";

// What the reader does not get in time, it does without.
constexpr std::string_view kView = R"(# The newest of the numbers, for whoever looks.
import csv

type Row = { n: int }

rows = csv.read("numbers.csv", Row) |> map(r => r.n)
view = rows |> best_effort
shown = view |> map(n => "{n}")
shown |> print

deploy view {
  node a { rows }
  node b { * }
  link view -> shown (buffer: 100, full: drop_oldest)
}
)";

void pause_ms(int duration) { std::this_thread::sleep_for(std::chrono::milliseconds(duration)); }

class NodeTests {
 public:
  explicit NodeTests(const RunnerOptions& options) : streamc_(options.programs.streamc.string()) {}

  int run() {
    const std::vector<std::pair<const char*, std::string (NodeTests::*)()>> tests = {
        {"flags", &NodeTests::flags},           {"any order of starting", &NodeTests::orders},
        {"other params", &NodeTests::params},   {"a node that is killed", &NodeTests::killed},
        {"a node that is ended", &NodeTests::ended}, {"a link that drops", &NodeTests::drops}, {"network", &NodeTests::network}};
    int failed = 0;
    for (const auto& [name, test] : tests) {
      const TemporaryFolder folder;
      folder_ = folder.path();
      const std::string problem = (this->*test)();
      fmt::print("{}: {}\n", name, problem.empty() ? "fine" : problem);
      failed += problem.empty() || problem.starts_with("skipped") ? 0 : 1;
    }
    return failed == 0 ? 0 : 1;
  }

 private:
  std::string build(std::string_view program, const std::string& block) {
    const std::string file = (folder_ / "program.stream").string();
    if (!write_file(file, std::string(program))) return "cannot write the program";
    return run_command({.arguments = {streamc_, "build", "--deploy", block, file, "-o", executable()}})
        .standard_error;
  }
  [[nodiscard]] std::string executable() const { return (folder_ / "program").string(); }

  // A node of its own, in the folder of the test.
  std::unique_ptr<NodeProcess> start(const std::string& node, std::vector<std::string> flags,
                                     std::vector<std::string> words = {}) {
    words.insert(words.end(), {"env", "-C", folder_.string(), executable(), "--no-socket", "--node", node});
    words.insert(words.end(), flags.begin(), flags.end());
    return std::make_unique<NodeProcess>(words, folder_ / fmt::format("{}-{}", node, ++started_));
  }

  // Addresses at free ports of this machine.
  static std::vector<std::string> addresses(const std::vector<std::string>& nodes) {
    std::vector<std::string> flags;
    for (const std::string& node : nodes) {
      flags.insert(flags.end(), {"--at", fmt::format("{}=127.0.0.1:{}", node, free_port())});
    }
    return flags;
  }

  // Numbers in, and what the row makes of them.
  std::string write_numbers(int count, std::string& expected) {
    std::string text = "n\n";
    std::minstd_rand random(static_cast<unsigned>(count));
    std::int64_t sum = 0;
    for (int i = 0; i < count; ++i) {
      const std::int64_t number = static_cast<std::int64_t>(random() % 100000);
      sum += 3 * number;
      text += fmt::format("{}\n", number);
      expected += fmt::format("{} {}\n", 3 * number, sum);
    }
    return write_file((folder_ / "numbers.csv").string(), text) ? "" : "cannot write the numbers";
  }

  std::string flags() {
    std::string problem = build(kRow, "row");
    const Outcome without = run_command({.arguments = {executable()}});
    if (without.exit_code != 2 || without.standard_error.find("`--node a|b|c`") == std::string::npos) {
      problem += "without `--node` it should say which nodes there are:\n" + without.standard_error;
    }
    const Outcome unknown = run_command({.arguments = {executable(), "--node", "d"}});
    if (unknown.exit_code != 2 || unknown.standard_error.find("no node `d`") == std::string::npos) {
      problem += "an unknown node should be told of:\n" + unknown.standard_error;
    }
    return problem;
  }

  std::string orders() {
    std::string problem = build(kRow, "row");
    std::string expected;
    problem += write_numbers(20000, expected);
    for (std::vector<std::string> order : {std::vector<std::string>{"a", "b", "c"}, {"c", "a", "b"}, {"b", "c", "a"}}) {
      const std::vector<std::string> flags = addresses({"a", "b", "c"});
      std::vector<std::unique_ptr<NodeProcess>> nodes;
      NodeProcess* last = nullptr;
      for (const std::string& node : order) {
        nodes.push_back(start(node, flags));
        if (node == "c") last = nodes.back().get();
        pause_ms(150);
      }
      for (const auto& node : nodes) {
        if (const int status = node->wait(60); status != 0) problem += fmt::format("status {}: {}", status, node->errors());
      }
      if (last->output() != expected) problem += fmt::format("started as {}: other items\n", fmt::join(order, ", "));
    }
    return problem;
  }

  std::string params() {
    std::string problem = build(kRow, "row");
    std::string expected;
    problem += write_numbers(10, expected);
    const std::vector<std::string> flags = addresses({"a", "b", "c"});
    std::vector<std::string> others = flags;
    others.insert(others.end(), {"--factor", "4"});
    const auto a = start("a", flags);
    const auto b = start("b", others);
    const auto c = start("c", flags);
    const std::array<NodeProcess*, 2> refused = {a.get(), b.get()};
    for (NodeProcess* const node : refused) {
      const int status = node->wait(30);
      if (status == 1 && node->errors().find("or the same with other params") != std::string::npos) continue;
      problem += fmt::format("status {}: {}", status, node->errors());
    }
    if (!c->output().empty()) problem += "items came from a program with other params\n";
    return problem;
  }

  std::string killed() {
    std::string problem = build(kLive, "live");
    const std::vector<std::string> flags = addresses({"a", "b"});
    const auto a = start("a", flags);
    auto b = start("b", flags);
    pause_ms(700);
    b->signal(SIGKILL);
    if (b->wait(10) != 128 + SIGKILL) problem += "it should have been killed\n";
    pause_ms(2000);
    if (a->has_ended()) problem += "the other node should wait\n";
    if (a->errors().find("no link with node `b`") == std::string::npos) problem += "not told: " + a->errors();
    // Ticks go on, so it is not idle, but waiting for the link must not keep a processor busy.
    const long before = a->cpu_ms();
    pause_ms(1000);
    if (a->cpu_ms() - before > 300) problem += fmt::format("{} ms of a second were used\n", a->cpu_ms() - before);
    b = start("b", flags);
    for (NodeProcess* const node : {a.get(), b.get()}) {
      const int status = node->wait(30);
      if (status == 1 && node->errors().find("`b` was restarted") != std::string::npos) continue;
      problem += fmt::format("status {}: {}", status, node->errors());
    }
    return problem;
  }

  std::string ended() {
    std::string problem;
    for (const bool is_source : {true, false}) {
      problem += build(kLive, "live");
      const std::vector<std::string> flags = addresses({"a", "b"});
      const auto a = start("a", flags);
      const auto b = start("b", flags);
      pause_ms(1500);
      (is_source ? a : b)->signal(SIGTERM);
      for (NodeProcess* const node : {a.get(), b.get()}) {
        const int status = node->wait(30);
        if (status != 128 + SIGTERM) problem += fmt::format("status {}: {}", status, node->errors());
      }
      const std::string sent = read_text("sent.csv");
      if (std::count(sent.begin(), sent.end(), '\n') < 100) problem += "hardly an item was sent\n";
      if (sent != read_text("received.csv")) problem += "what was sent is not what was received\n";
    }
    return problem;
  }

  // The reader starts when the writer has been through with its source for long.
  std::string drops() {
    constexpr int kCount = 500'000;
    std::string problem = build(kView, "view");
    std::string numbers = "n\n";
    for (int i = 0; i < kCount; ++i) numbers += fmt::format("{}\n", i);
    if (!write_file((folder_ / "numbers.csv").string(), numbers)) problem += "cannot write the numbers";
    const std::vector<std::string> flags = addresses({"a", "b"});
    const auto a = start("a", flags);
    pause_ms(1500);
    const auto b = start("b", flags);
    for (NodeProcess* const node : {a.get(), b.get()}) {
      if (const int status = node->wait(30); status != 0) problem += fmt::format("status {}: {}", status, node->errors());
    }
    std::vector<int> shown;
    std::istringstream lines(b->output());
    for (int number = 0; lines >> number;) shown.push_back(number);
    if (shown.empty() || shown.back() != kCount - 1) return problem + "the newest item is missing\n";
    if (!std::is_sorted(shown.begin(), shown.end(), std::less_equal<>())) problem += "an item came twice or too late\n";
    const int dropped = kCount - static_cast<int>(shown.size());
    const std::string note = fmt::format("note: {} of {} items of `view` were dropped: its link was full", dropped, kCount);
    if (dropped < kCount / 2) problem += fmt::format("only {} items were dropped\n", dropped);
    if (a->errors().find(note) == std::string::npos) problem += fmt::format("not told: {}\n{}", note, a->errors());
    return problem;
  }

  std::string network() {
    constexpr int kCuts = 100;
    if (::geteuid() != 0) return "skipped: network namespaces need root";
    const Network network(3);
    if (!network.problem().empty()) return "skipped: no network namespaces: " + network.problem();
    std::string problem = build(kRow, "row");
    std::string expected;
    problem += write_numbers(4'000'000, expected);
    const std::vector<std::string> flags = {"--at", fmt::format("b={}:7501", Network::address(1)), "--at",
                                            fmt::format("c={}:7502", Network::address(2))};
    const auto a = start("a", flags, network.inside(0));
    const auto b = start("b", flags, network.inside(1));
    const auto c = start("c", flags, network.inside(2));
    std::minstd_rand random(1);
    int cuts = 0;
    for (int tries = 0; cuts < kCuts && tries < 20 * kCuts && !c->has_ended(); ++tries) {
      const int cable = static_cast<int>(random() % 2);
      if (random() % 8 == 0) {
        network.set_cable(cable, false);
        pause_ms(static_cast<int>(random() % 100));
        network.set_cable(cable, true);
      }
      cuts += network.cut(cable) ? 1 : 0;
      pause_ms(static_cast<int>(random() % 40));
    }
    for (NodeProcess* const node : {a.get(), b.get(), c.get()}) {
      if (const int status = node->wait(120); status != 0) problem += fmt::format("status {}: {}", status, node->errors());
    }
    if (c->output() != expected) problem += "items were lost, came twice or out of order\n";
    if (cuts < kCuts) problem += fmt::format("only {} of {} cuts while items flowed\n", cuts, kCuts);
    return problem;
  }

  [[nodiscard]] std::string read_text(const std::string& name) const {
    return read_file((folder_ / name).string()).value_or("");
  }

  std::string streamc_;
  fs::path folder_;
  int started_ = 0;
};

}  // namespace
}  // namespace streamtest

int main(int argc, char** argv) {
  return streamtest::NodeTests(streamtest::parse_runner_options(argc, argv)).run();
}
