// Starts, and how nodes find each other: flags, orders, params, links that are cut.
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/nodes/network.h"
#include "tests/nodes/node_trial.h"
#include "tests/runner/subprocess.h"

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

class StartTests : public NodeTrial {
 public:
  using NodeTrial::NodeTrial;

  int run() {
    return run_each(*this, {{"flags", &StartTests::flags},
                            {"any order of starting", &StartTests::orders},
                            {"other params", &StartTests::params},
                            {"network", &StartTests::network}});
  }

 private:
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
    problem += wait_for_all({a.get(), b.get(), c.get()}, 0, 120);
    if (c->output() != expected) problem += "items were lost, came twice or out of order\n";
    if (cuts < kCuts) problem += fmt::format("only {} of {} cuts while items flowed\n", cuts, kCuts);
    return problem;
  }
};

}  // namespace

int run_start_tests(const RunnerOptions& options) { return StartTests(options).run(); }

}  // namespace streamtest
