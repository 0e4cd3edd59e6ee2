// Nodes that end, or are ended or killed, and links that drop.
#include <fmt/format.h>

#include <csignal>
#include <sstream>
#include <string>
#include <vector>

#include "tests/nodes/node_trial.h"
#include "tests/runner/patience.h"
#include "tests/runner/files.h"

namespace streamtest {
namespace {

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

// A sink that takes nothing, behind a link with more on its way than fits.
constexpr std::string_view kFull = R"(# Numbers for a full disk.
import lines

numbers = lines.read("numbers.csv")
numbers |> lines.write("/dev/full")

deploy full {
  node a { numbers }
  node b { * }
}
)";

class EndTests : public NodeTrial {
 public:
  using NodeTrial::NodeTrial;

  int run() {
    return run_each(*this, {{"a node that is killed", &EndTests::killed},
                            {"a node that is ended", &EndTests::ended},
                            {"an end that nobody hears of", &EndTests::unheard_end},
                            {"a sink that fails", &EndTests::sink_fails},
                            {"a link that drops", &EndTests::drops}});
  }

 private:
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
    if (const long most = kIsSanitized ? 800 : 300; a->cpu_ms() - before > most) problem += fmt::format("{} ms of a second were used\n", a->cpu_ms() - before);
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
      problem += all_has_arrived({a.get(), b.get()});
    }
    return problem;
  }

  // It has items for a node that is not there: it waits, and uses no processor for that.
  std::string unheard_end() {
    std::string problem = build(kLive, "live");
    const std::vector<std::string> flags = addresses({"a", "b"});
    const auto a = start("a", flags);
    pause_ms(1000);
    a->signal(SIGTERM);
    pause_ms(7000);
    const long before = a->cpu_ms();
    pause_ms(1000);
    if (a->cpu_ms() - before > 100) problem += fmt::format("{} ms of a second were used\n", a->cpu_ms() - before);
    if (a->errors().find("note: the end waits for node `b`") == std::string::npos) problem += "not told: " + a->errors();
    const auto b = start("b", flags);
    problem += all_has_arrived({a.get(), b.get()});

    const auto alone = start("a", flags);
    pause_ms(1000);
    alone->signal(SIGTERM);
    pause_ms(500);
    alone->signal(SIGTERM);
    if (const int status = alone->wait(5); status != 128 + SIGTERM) problem += fmt::format("status {}\n", status);
    if (alone->errors().find("warning: ended at once by a second signal") == std::string::npos) {
      problem += "not told: " + alone->errors();
    }
    return problem;
  }

  // The reader starts when the writer has been through with its source for long.
  // Both nodes end, and say why.
  std::string sink_fails() {
    std::string problem = build(kFull, "full");
    std::string expected;
    problem += write_numbers(1'000'000, expected);
    for (int round = 0; round < 5; ++round) {
      const std::vector<std::string> flags = addresses({"a", "b"});
      const auto a = start("a", flags);
      const auto b = start("b", flags);
      if (b->wait(30) != 1 || b->errors().find("No space left on device") == std::string::npos) problem += b->errors();
      if (a->wait(30) != 1 || a->errors().find("node `b` cannot go on") == std::string::npos) problem += a->errors();
    }
    return problem;
  }

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
    problem += wait_for_all({a.get(), b.get()}, 0, 30);
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
};

}  // namespace

int run_end_tests(const RunnerOptions& options) { return EndTests(options).run(); }

}  // namespace streamtest
