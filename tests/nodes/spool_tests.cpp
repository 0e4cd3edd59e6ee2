// Senders that keep on disk what is on its way.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "tests/nodes/node_trial.h"
#include "tests/runner/files.h"

namespace fs = std::filesystem;

namespace streamtest {
namespace {

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

class SpoolTests : public NodeTrial {
 public:
  using NodeTrial::NodeTrial;

  int run() {
    return run_each(*this, {{"a spooled sender that is killed", &SpoolTests::spooled_kills},
                            {"a spooled sender that remembers", &SpoolTests::spooled_state},
                            {"a spool that is full", &SpoolTests::spool_full},
                            {"a spooled sender without a disk", &SpoolTests::disk_full}});
  }

 private:
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
    problem += wait_for_all({a.get(), b.get()}, 128 + SIGTERM, 60);
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
    problem += wait_for_all({a.get(), b.get()}, 128 + SIGTERM, 30);
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
    problem += wait_for_all({a.get(), b.get()}, 0, 120);
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
    problem += wait_for_all({a.get(), b.get()}, 0, 30);
    if (b->output() != "1\n2\n3\n") problem += "what had ended was not delivered: " + b->output();
    return problem;
  }

  // On a disk of two MiB, most of which something else takes until after the end of the source. On the full disk the node
  // is killed and started again.
  std::string disk_full() {
    if (::geteuid() != 0) return "skipped: a small disk needs root";
    std::string problem = build(kSpooled, "live");
    fs::create_directory(folder_ / "disk");
    const std::string disk = (folder_ / "disk").string();
    const std::string script = fmt::format(
        "mount -t tmpfs -o size=2m small {0} || exit 77; head -c 2080000 /dev/zero > {0}/ballast; "
        "(sleep 17; rm {0}/ballast) & \"$@\" & sleep 5; kill -9 $!; wait $!; exec \"$@\"",
        disk);
    std::vector<std::string> flags = addresses({"a", "b"});
    const auto b = start("b", flags);
    // Little room, so that the sender soon waits for the disk and nothing else.
    flags.insert(flags.end(), {"--spool", disk + "/spool", "--room", "200"});
    const auto a = start("a", flags, {"unshare", "--mount", "sh", "-c", script, "sh"});
    pause_ms(14000);
    if (a->has_ended() && a->wait(1) == 77) return "skipped: no file system can be mounted";
    a->signal(SIGTERM);
    problem += wait_for_all({a.get(), b.get()}, 128 + SIGTERM, 30);
    for (const char* const told : {"`ticks` waits, since its spool takes nothing: ", "No space left on device",
                                   "`ticks` goes on: its spool can be written again", "`ticks` goes on after a restart"}) {
      if (a->errors().find(told) == std::string::npos) problem += fmt::format("not told `{}`: {}", told, a->errors());
    }
    if (received_stamps(problem).size() < 150) problem += "too few items\n";
    return problem;
  }
};

}  // namespace

int run_spool_tests(const RunnerOptions& options) { return SpoolTests(options).run(); }

}  // namespace streamtest
