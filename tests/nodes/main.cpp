// Programs on several nodes, each a process of its own, as one would start them on several machines.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/time_text.h"
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

// A source that goes on after a restart, kept on disk on its way. What comes out shows every item and its place.
constexpr std::string_view kSpooled = R"(# Ticks through a spool.
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

// The same with a sender that remembers.
constexpr std::string_view kRemembering = R"(# Numbers through a spool.
import clock

ticks = clock.ticks(every: 5ms)
numbers = ticks |> map(t => 1) |> running(sum)
numbers |> map(n => n + 0) |> print

deploy live {
  node a {
    ticks
    numbers
  }
  node b { * }
  link a -> b (spool: 4MiB)
}
)";

// Recorded items that are more than their spool holds.
constexpr std::string_view kRecorded = R"(# A file through a spool.
import csv

type Row = { n: int }

rows = csv.read("numbers.csv", Row)
rows |> map(r => "{r.n}") |> print

deploy live {
  node a { rows }
  node b { * }
  link a -> b (spool: 4MiB)
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

void pause_ms(int duration) { std::this_thread::sleep_for(std::chrono::milliseconds(duration)); }

class NodeTests {
 public:
  explicit NodeTests(const RunnerOptions& options) : streamc_(options.programs.streamc.string()) {}

  int run() {
    const std::vector<std::pair<const char*, std::string (NodeTests::*)()>> tests = {
        {"flags", &NodeTests::flags},           {"any order of starting", &NodeTests::orders},
        {"other params", &NodeTests::params},   {"a node that is killed", &NodeTests::killed},
        {"a node that is ended", &NodeTests::ended}, {"an end that nobody hears of", &NodeTests::unheard_end},
        {"a sink that fails", &NodeTests::sink_fails},
        {"a link that drops", &NodeTests::drops},
        {"a spooled sender that is killed", &NodeTests::spooled_kills},
        {"a spooled sender that remembers", &NodeTests::spooled_state},
        {"a spool that is full", &NodeTests::spool_full},
        {"a spooled sender without a disk", &NodeTests::disk_full},
        {"clocks that differ", &NodeTests::clocks_differ},
        {"a clock that follows", &NodeTests::clock_follows},
        {"a clock that follows after a restart", &NodeTests::clock_follows_again},
        {"a clock that waits", &NodeTests::clock_waits},
        {"a clock that is not set", &NodeTests::clock_not_set},
        {"network", &NodeTests::network}};
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

  // Of kLive, after a signal: both nodes end with it, and have the same items.
  [[nodiscard]] std::string all_has_arrived(std::initializer_list<NodeProcess*> nodes) const {
    std::string problem;
    for (NodeProcess* const node : nodes) {
      const int status = node->wait(30);
      if (status != 128 + SIGTERM) problem += fmt::format("status {}: {}", status, node->errors());
    }
    const std::string sent = read_text("sent.csv");
    if (std::count(sent.begin(), sent.end(), '\n') < 100) problem += "hardly an item was sent\n";
    if (sent != read_text("received.csv")) problem += "what was sent is not what was received\n";
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

  // Stamps of the lines of `received.csv`, whose numbers have no gap.
  [[nodiscard]] std::vector<std::int64_t> received_stamps(std::string& problem) const {
    std::istringstream lines(read_text("received.csv"));
    std::string line;
    std::vector<std::int64_t> stamps;
    std::getline(lines, line);  // The names of the columns.
    while (std::getline(lines, line)) {
      const std::size_t comma = line.find(',');
      const std::optional<std::int64_t> stamp = streamrt::parse_time(line.substr(comma + 1));
      const bool rises = stamp && (stamps.empty() || *stamp > stamps.back());
      stamps.push_back(stamp.value_or(0));
      if (rises && line.substr(0, comma) == fmt::to_string(stamps.size())) continue;
      problem += fmt::format("line {} is `{}`\n", stamps.size(), line);
      break;
    }
    return stamps;
  }

  // Stamps of all items that stand whole in the first segment of the spool: see spool_segment.h and item_frame.h.
  [[nodiscard]] std::vector<std::int64_t> spooled_stamps() const {
    const std::string bytes = read_text("spool/a/b/ticks/00000000000000000001.spool");
    std::vector<std::int64_t> stamps;
    const auto word = [&bytes](std::size_t offset) {
      std::uint32_t value = 0;
      std::memcpy(&value, bytes.data() + offset, sizeof value);
      return value;
    };
    for (std::size_t record = 16; record + 16 <= bytes.size();) {
      const std::size_t frame = record + 16 + 8;  // Behind the record's header and the word in front of a frame.
      const std::size_t end = record + 16 + word(record);
      if (end > bytes.size()) break;
      for (std::uint32_t i = 0; i < word(frame); ++i) {
        std::int64_t stamp = 0;
        std::memcpy(&stamp, bytes.data() + frame + 24 + i * sizeof stamp, sizeof stamp);
        stamps.push_back(stamp);
      }
      record = end;
    }
    return stamps;
  }

  [[nodiscard]] bool has_spool() const { return fs::exists(folder_ / "spool" / "a"); }

  std::string spooled_kills() {
    constexpr int kKills = 20;
    std::string problem = build(kSpooled, "live");
    const std::vector<std::string> flags = addresses({"a", "b"});
    std::minstd_rand random(7);
    const auto b = start("b", flags);
    auto a = start("a", flags);
    pause_ms(1000);
    b->signal(SIGSTOP);  // It cannot be reached from here on.
    std::vector<std::int64_t> sent;
    for (int kill = 0; kill < kKills; ++kill) {
      pause_ms(20 + static_cast<int>(random() % 280));
      a->signal(SIGKILL);
      if (a->wait(10) != 128 + SIGKILL) problem += "it should have been killed: " + a->errors();
      sent = spooled_stamps();
      a = start("a", flags);
    }
    pause_ms(300);
    b->signal(SIGCONT);
    pause_ms(4000);
    // And while the receiver is there.
    for (int kill = 0; kill < 3; ++kill) {
      a->signal(SIGKILL);
      (void)a->wait(10);
      a = start("a", flags);
      pause_ms(700 + static_cast<int>(random() % 300));
    }
    if (a->errors().find("`ticks` goes on after a restart") == std::string::npos) problem += "not told: " + a->errors();
    a->signal(SIGTERM);
    for (NodeProcess* const node : {a.get(), b.get()}) {
      const int status = node->wait(60);
      if (status != 128 + SIGTERM) problem += fmt::format("status {}: {}", status, node->errors());
    }
    const std::vector<std::int64_t> received = received_stamps(problem);
    if (sent.size() < 1500 || received.size() < sent.size() + 500) {
      problem += fmt::format("only {} items were sent in the outage, and {} in all\n", sent.size(), received.size());
    } else if (!std::equal(sent.begin(), sent.end(), received.begin())) {
      problem += "what was in the spool did not arrive once and in order\n";
    }
    if (has_spool()) problem += "the spool should have gone with its end\n";
    return problem;
  }

  std::string spooled_state() {
    std::string problem = build(kRemembering, "live");
    const std::vector<std::string> flags = addresses({"a", "b"});
    auto a = start("a", flags);
    pause_ms(700);  // An outage: the other node is not there yet.
    a->signal(SIGKILL);
    (void)a->wait(10);
    a = start("a", flags);
    const std::string_view why = "cannot go on where it stopped: `numbers` remembers";
    if (a->wait(20) != 2 || a->errors().find(why) == std::string::npos) {
      problem += "it should be refused: " + a->errors();
    }
    fs::remove_all(folder_ / "spool");
    a = start("a", flags);
    pause_ms(700);
    const auto b = start("b", flags);
    pause_ms(1000);
    a->signal(SIGTERM);
    for (NodeProcess* const node : {a.get(), b.get()}) {
      const int status = node->wait(30);
      if (status != 128 + SIGTERM) problem += fmt::format("status {}: {}", status, node->errors());
    }
    std::string expected;
    const std::string output = b->output();
    for (int i = 1; expected.size() < output.size(); ++i) expected += fmt::format("{}\n", i);
    if (output != expected || output.size() < 200) problem += "other items: " + output.substr(0, 200);
    return problem;
  }

  // Through a spool that is much smaller than the file; then killed when all has been read and nothing delivered.
  std::string spool_full() {
    std::string problem = build(kRecorded, "live");
    std::string expected;
    std::string numbers = "n\n";
    for (int i = 0; i < 2'000'000; ++i) {
      numbers += fmt::format("{}\n", i);
      expected += fmt::format("{}\n", i);
    }
    if (!write_file((folder_ / "numbers.csv").string(), numbers)) problem += "cannot write the numbers\n";
    std::vector<std::string> flags = addresses({"a", "b"});
    auto a = start("a", flags);
    pause_ms(3000);
    std::uintmax_t bytes = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "spool")) {
      if (entry.is_regular_file()) bytes += entry.file_size();
    }
    if (bytes > (std::uintmax_t{4} << 20) + 4096) problem += fmt::format("the spool has {} bytes\n", bytes);
    if (a->errors().find("its spool is full") == std::string::npos) problem += "not told: " + a->errors();
    auto b = start("b", flags);
    for (NodeProcess* const node : {a.get(), b.get()}) {
      if (const int status = node->wait(120); status != 0) problem += fmt::format("status {}: {}", status, node->errors());
    }
    if (b->output() != expected) problem += "items were lost, came twice or out of order\n";
    if (has_spool()) problem += "the spool should have gone with its end\n";

    if (!write_file((folder_ / "numbers.csv").string(), "n\n1\n2\n3\n")) problem += "cannot write the numbers\n";
    flags.insert(flags.end(), {"--spool", "kept"});
    a = start("a", flags);
    pause_ms(1000);
    a->signal(SIGKILL);
    (void)a->wait(10);
    fs::remove(folder_ / "numbers.csv");  // It is not read again.
    a = start("a", flags);
    b = start("b", flags);
    for (NodeProcess* const node : {a.get(), b.get()}) {
      if (const int status = node->wait(30); status != 0) problem += fmt::format("status {}: {}", status, node->errors());
    }
    if (b->output() != "1\n2\n3\n") problem += "what had ended was not delivered: " + b->output();
    return problem;
  }

  // On a disk of two MiB, most of which something else takes until after the end of the source.
  std::string disk_full() {
    if (::geteuid() != 0) return "skipped: a small disk needs root";
    std::string problem = build(kSpooled, "live");
    fs::create_directory(folder_ / "disk");
    const std::string disk = (folder_ / "disk").string();
    const std::string script = fmt::format(
        "mount -t tmpfs -o size=2m small {0} || exit 77; head -c 2080000 /dev/zero > {0}/ballast; "
        "(sleep 12; rm {0}/ballast) & exec \"$@\"",
        disk);
    std::vector<std::string> flags = addresses({"a", "b"});
    const auto b = start("b", flags);
    // Little room, so that the sender soon waits for the disk and nothing else.
    flags.insert(flags.end(), {"--spool", disk + "/spool", "--room", "200"});
    const auto a = start("a", flags, {"unshare", "--mount", "sh", "-c", script, "sh"});
    pause_ms(9000);
    if (a->has_ended() && a->wait(1) == 77) return "skipped: no file system can be mounted";
    a->signal(SIGTERM);
    for (NodeProcess* const node : {a.get(), b.get()}) {
      const int status = node->wait(30);
      if (status != 128 + SIGTERM) problem += fmt::format("status {}: {}", status, node->errors());
    }
    for (const char* const told : {"`ticks` waits, since its spool takes nothing: ", "No space left on device",
                                   "`ticks` goes on: its spool can be written again"}) {
      if (a->errors().find(told) == std::string::npos) problem += fmt::format("not told `{}`: {}", told, a->errors());
    }
    if (received_stamps(problem).size() < 150) problem += "too few items\n";
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
    for (NodeProcess* const node : {a.get(), b.get()}) {
      const int status = node->wait(30);
      if (status != 128 + SIGTERM) problem += fmt::format("status {}: {}", status, node->errors());
    }
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
      for (NodeProcess* const node : {a.get(), b.get()}) {
        const int status = node->wait(30);
        if (status != 128 + SIGTERM) problem += fmt::format("status {}: {}", status, node->errors());
      }
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
