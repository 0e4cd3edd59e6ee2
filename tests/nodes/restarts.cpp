// Programs with a process that is started again when it dies, and is killed.
#include <fmt/format.h>
#include <signal.h>
#include <sys/types.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "tests/nodes/node_process.h"
#include "tests/runner/files.h"
#include "tests/runner/options.h"
#include "tests/runner/subprocess.h"

namespace fs = std::filesystem;

namespace streamtest {
namespace {

// On two threads of the process that dies: stateless operators, failures with `else` and without, state of all kinds that can
// be restored, texts, some of them larger than a quarter of a ring, a zip and a merge.
constexpr std::string_view kProgram = R"(# A process that dies.
import csv

param factor: int = 3
type Row = { n: int }

agent alternate(v: int) -> int {
  state odd = false
  state seen = 0
  on v {
    seen = seen + v
    odd = not odd
    emit if odd { seen } else { v }
  }
}

rows = csv.read("numbers.csv", Row)
scaled = rows |> map(r => factor * r.n)
kept = scaled |> where(v => v % 7 != 0)
texts = rows |> map(r => "{r.n:*>9} {r.n % 11}")
quotients = scaled |> map(v => 1000000 // (v % 1009)) else -1
broken = kept |> map(v => 1000000 // (v % 30011))
sums = kept |> running(sum)
means = kept |> window(50, every: 20) |> mean
before = kept |> map(v => v + 1) |> prev(init: 0)
some = scaled |> skip(1000) |> take(200000)
odd = scaled |> alternate
all = merge(quotients, some)
later = kept |> skip(3)
pairs = zip(kept, later) |> map((a, b) => a - b)
labels = zip(texts, scaled) |> map((t, v) => "{t} {v}")

sums |> print("sum {}")
texts |> print("text {}")
broken |> print("broken {}")
means |> print("mean {}")
before |> print("before {}")
all |> print("all {}")
odd |> print("odd {}")
pairs |> print("pair {}")
labels |> print("label {}")

deploy apart {
  process worker(restart: always) {
    thread first { scaled, kept, texts, quotients, broken, some, odd, later }
    thread second { sums, means, before, all, pairs, labels }
  }
  thread rest { * }
}
)";

// A source that never ends, written down at both ends.
constexpr std::string_view kLive = R"(# Ticks through a process that dies.
import clock
import csv

type Row = { n: int }

ticks = clock.ticks(every: 1ms) |> map(t => 1) |> running(sum)
ticks |> map(n => Row(n: n)) |> csv.write("sent.csv")
arrived = ticks |> map(n => n + 0) |> scan((last, n) => if n == last + 1 { n } else { -1 }, init: 0)
arrived |> map(n => Row(n: n)) |> csv.write("received.csv")

deploy apart {
  process worker(restart: always) { arrived }
  thread rest { * }
}
)";

void pause_ms(int duration) { std::this_thread::sleep_for(std::chrono::milliseconds(duration)); }

std::vector<pid_t> children_of(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{0}/task/{0}/children", pid));
  std::vector<pid_t> children;
  for (pid_t child = 0; file >> child;) children.push_back(child);
  return children;
}

bool is_alive(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string text;
  std::getline(file, text);
  const std::size_t end = text.rfind(')');
  return end != std::string::npos && text.substr(end + 2, 1) != "Z";
}

// The lines for which `keeps` holds.
std::string filtered(const std::string& text, const std::function<bool(std::string_view)>& keeps) {
  std::string result;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    if (keeps(line)) result += std::string(line) + "\n";
    begin = end + 1;
  }
  return result;
}

bool tells_of_death(std::string_view line) {
  return line.find("process `worker` was ended by signal") != std::string_view::npos;
}

// Of restarts, or because of one: what is kept for the next takes up room, too.
bool comes_of_restarts(std::string_view line) {
  return tells_of_death(line) || line.find("streams waited for each other") != std::string_view::npos ||
         line.find("(the process died while it told this)") != std::string_view::npos;
}

class RestartTests {
 public:
  explicit RestartTests(const RunnerOptions& options) : streamc_(options.programs.streamc.string()) {}

  int run() {
    const std::vector<std::pair<const char*, std::string (RestartTests::*)()>> tests = {
        {"killed again and again", &RestartTests::killed_often}, {"no restart left", &RestartTests::used_up},
        {"ended while it is killed", &RestartTests::ended},      {"the first process dies", &RestartTests::orphaned},
        {"the keeper dies", &RestartTests::unkept}};
    int failed = 0;
    for (const auto& [name, test] : tests) {
      const TemporaryFolder folder;
      folder_ = folder.path();
      const std::string problem = (this->*test)();
      fmt::print("{}: {}\n", name, problem.empty() ? "fine" : problem);
      failed += problem.empty() ? 0 : 1;
    }
    return failed == 0 ? 0 : 1;
  }

 private:
  std::string build(const std::string& program) {
    const std::string file = (folder_ / "program.stream").string();
    if (!write_file(file, program)) return "cannot write the program";
    return run_command({.arguments = {streamc_, "build", "--deploy", "apart", file, "-o", executable()}}).standard_error;
  }
  [[nodiscard]] std::string executable() const { return (folder_ / "program").string(); }

  std::string write_numbers(int count) {
    std::string text = "n\n";
    std::minstd_rand random(static_cast<unsigned>(count));
    for (int i = 0; i < count; ++i) text += fmt::format("{}\n", random() % 100000);
    return write_file((folder_ / "numbers.csv").string(), text) ? "" : "cannot write the numbers";
  }

  std::unique_ptr<NodeProcess> start() {
    return std::make_unique<NodeProcess>(
        std::vector<std::string>{"env", "-C", folder_.string(), executable(), "--no-socket"},
        folder_ / fmt::format("run-{}", ++started_));
  }

  // The process that keeps the worker, and the worker itself; nothing in between two of its lives.
  struct Kept {
    pid_t keeper;
    pid_t worker;
  };
  static std::optional<Kept> find(const NodeProcess& program) {
    for (const pid_t keeper : children_of(program.pid())) {
      const std::vector<pid_t> workers = children_of(keeper);
      if (!workers.empty()) return Kept{keeper, workers.front()};
    }
    return std::nullopt;
  }
  static std::optional<Kept> wait_for(NodeProcess& program) {
    for (int i = 0; i < 500 && !program.has_ended(); ++i) {
      if (const auto kept = find(program)) return kept;
      pause_ms(10);
    }
    return std::nullopt;
  }

  std::string killed_often() {
    constexpr int kKills = 100;
    std::string problem = build(std::string(kProgram));
    problem += write_numbers(2'000'000);
    const auto undisturbed = start();
    const int status = undisturbed->wait(120);
    const auto program = start();
    std::minstd_rand random(1);
    int kills = 0;
    for (pid_t last = 0; kills < kKills && !program->has_ended(); pause_ms(static_cast<int>(random() % 25))) {
      const auto kept = find(*program);
      if (!kept || kept->worker == last) continue;
      last = kept->worker;
      kills += ::kill(last, random() % 4 == 0 ? SIGSEGV : SIGKILL) == 0 ? 1 : 0;
    }
    if (kills < kKills) problem += fmt::format("only {} of {} kills while items flowed\n", kills, kKills);
    if (const int end = program->wait(300); end != status) problem += fmt::format("status {} instead of {}\n", end, status);
    const std::string errors = program->errors();
    if (program->output() != undisturbed->output()) problem += "items were lost, came twice or out of order\n";
    if (filtered(errors, [](auto line) { return !comes_of_restarts(line); }) != undisturbed->errors()) {
      problem += fmt::format("other messages:\n{}instead of\n{}", errors, undisturbed->errors());
    }
    const std::string deaths = filtered(errors, tells_of_death);
    if (std::count(deaths.begin(), deaths.end(), '\n') != kills) problem += "not every death was told of:\n" + deaths;
    return problem;
  }

  std::string used_up() {
    std::string problem = build(replaced(kLive, "restart: always", "restart: 2"));
    const auto program = start();
    pid_t last = 0;
    for (int kills = 0; kills < 3;) {
      const auto kept = wait_for(*program);
      if (!kept) break;
      if (kept->worker == last) continue;
      pause_ms(50);
      last = kept->worker;
      ::kill(last, SIGKILL);
      ++kills;
    }
    const int status = program->wait(30);
    if (status != 1) problem += fmt::format("status {} instead of 1\n", status);
    for (const char* const text : {"(restart 1 of 2)", "(restart 2 of 2)", "it is not started again, after 2 restarts"}) {
      if (program->errors().find(text) == std::string::npos) problem += fmt::format("not told `{}`: {}\n", text, program->errors());
    }
    return problem;
  }

  std::string ended() {
    std::string problem = build(std::string(kLive));
    const auto program = start();
    std::minstd_rand random(2);
    for (int i = 0; i < 30; ++i) {
      pause_ms(static_cast<int>(random() % 60));
      if (const auto kept = find(*program)) ::kill(kept->worker, SIGKILL);
    }
    program->signal(SIGTERM);
    if (const auto kept = find(*program)) ::kill(kept->worker, SIGKILL);
    if (const int status = program->wait(30); status != 128 + SIGTERM) {
      problem += fmt::format("status {}: {}", status, program->errors());
    }
    const std::string sent = read_file((folder_ / "sent.csv").string()).value_or("");
    if (std::count(sent.begin(), sent.end(), '\n') < 100) problem += "hardly an item was sent\n";
    if (sent != read_file((folder_ / "received.csv").string())) problem += "what was sent is not what was received\n";
    return problem;
  }

  // Nobody is left over when one of those goes whom nobody starts again.
  std::string orphaned() {
    std::string problem = build(std::string(kLive));
    const auto program = start();
    const auto kept = wait_for(*program);
    if (!kept) return problem + "there is no worker\n";
    program->signal(SIGKILL);
    (void)program->wait(10);
    return problem + still_alive(*kept);
  }
  std::string unkept() {
    std::string problem = build(std::string(kLive));
    const auto program = start();
    const auto kept = wait_for(*program);
    if (!kept) return problem + "there is no worker\n";
    pause_ms(200);
    ::kill(kept->keeper, SIGKILL);
    if (const int status = program->wait(30); status != 1) problem += fmt::format("status {}: {}", status, program->errors());
    return problem + still_alive(*kept);
  }
  static std::string still_alive(const Kept& kept) {
    for (int i = 0; i < 500 && (is_alive(kept.keeper) || is_alive(kept.worker)); ++i) pause_ms(10);
    std::string problem;
    if (is_alive(kept.keeper)) problem += "the keeper is left over\n";
    if (is_alive(kept.worker)) problem += "the worker is left over\n";
    return problem;
  }

  static std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
    std::string result(text);
    return result.replace(result.find(from), from.size(), to);
  }

  std::string streamc_;
  fs::path folder_;
  int started_ = 0;
};

}  // namespace
}  // namespace streamtest

int main(int argc, char** argv) {
  return streamtest::RestartTests(streamtest::parse_runner_options(argc, argv)).run();
}
