// Runs programs that were built for other machines in an emulator, and compares what they print and
// write with what they should, byte for byte.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/examples/cases.h"
#include "tests/examples/example_run.h"
#include "tests/runner/files.h"
#include "tests/runner/options.h"
#include "tests/runner/parallel.h"
#include "tests/runner/text.h"
#include "tests/support/program_generator.h"

namespace fs = std::filesystem;

namespace streamtest {
namespace {

struct Machine {
  std::string target;     // As `--target` names it.
  std::string libraries;  // The folder of its runtime, beside that of streamc.
  std::vector<std::string> emulator;
  bool takes_all = false;  // All programs; one of each architecture does. Others take one example.
};

const char* const kOneExample = "moving_average";

const std::vector<Machine>& machines() {
  static const std::vector<Machine> all = {
      {"pi5", "aarch64-linux-gnu", {"qemu-aarch64", "-cpu", "cortex-a76"}, true},
      {"pi2", "arm-linux-gnueabihf", {"qemu-arm", "-cpu", "cortex-a7"}, true},
      {"pi0", "arm-linux-gnueabi", {"qemu-arm", "-cpu", "arm1176"}, true},
      {"pi4", "aarch64-linux-gnu", {"qemu-aarch64", "-cpu", "cortex-a72"}},
      {"pi3", "aarch64-linux-gnu", {"qemu-aarch64", "-cpu", "cortex-a53"}},
      {"aarch64-linux-gnu", "aarch64-linux-gnu", {"qemu-aarch64", "-cpu", "cortex-a53"}},
      {"arm-linux-gnueabihf", "arm-linux-gnueabihf", {"qemu-arm", "-cpu", "cortex-a8"}},
      {"arm-linux-gnueabi", "arm-linux-gnueabi", {"qemu-arm", "-cpu", "arm1176"}},
  };
  return all;
}

// What keeps programs for a machine from being built and run here, or nothing.
std::string missing_for(const Machine& machine, const RunnerOptions& options) {
  const fs::path lib = options.programs.streamc.parent_path().parent_path() / "lib";
  if (!fs::exists(lib / machine.libraries / "libstreamrt.a")) {
    return "no runtime for it: `./dev setup --targets` makes it";
  }
  if (run_command({.arguments = {machine.emulator.front(), "--version"}}).exit_code != 0) {
    return "no " + machine.emulator.front() + ": `./dev setup --targets` installs it";
  }
  return "";
}

// A program that needs no files of its own.
struct Program {
  std::string name;
  std::string text;
  std::vector<std::string> placement = {};  // How `build` places it; in memory it is one thread.
};

// All that can be compared. What is printed in several places at once comes in no particular order:
// then the lines of each sink, which begin with its tag, stand together, and messages are left out.
std::string describe(const Outcome& outcome, bool is_placed) {
  if (!is_placed) {
    return fmt::format("exit status {}\n{}{}", outcome.exit_code, outcome.standard_error,
                       outcome.standard_output);
  }
  std::vector<std::string> lines = split_lines(outcome.standard_output);
  std::stable_sort(lines.begin(), lines.end(),
                   [](const std::string& left, const std::string& right) {
                     return left.substr(0, left.find(' ')) < right.substr(0, right.find(' '));
                   });
  return fmt::format("exit status {}\n{}", outcome.exit_code, join_lines(lines));
}

// As the machine runs it, and as it runs in memory.
std::string check_program(const Program& program, const Machine& machine,
                          const RunnerOptions& options) {
  const TemporaryFolder folder;
  if (!write_file(folder.path() / "program.stream", program.text)) return "cannot write it\n";
  ProgramRun run{.words = {"program.stream", "--"}, .directory = folder.path()};
  const Outcome expected = run_one_way(options.programs, Way::Run, run);
  run.words.insert(run.words.begin() + 1, program.placement.begin(), program.placement.end());
  run.target = machine.target;
  run.emulator = machine.emulator;
  const Outcome actual = run_one_way(options.programs, Way::Build, run);
  if (actual.timed_out) return "did not end in time\n";
  const bool is_placed = !program.placement.empty();
  const std::string problem =
      text_difference(describe(expected, is_placed), describe(actual, is_placed));
  return problem.empty()
             ? ""
             : fmt::format("(- in memory, + {})\n{}{}", machine.target, problem, program.text);
}

// The program of a seed; every other one is spread over threads and processes. A few in a hundred
// take streams together that cannot be: then another is drawn.
Program random_program(std::uint64_t seed, const RunnerOptions& options) {
  constexpr int kDraws = 8;
  constexpr std::uint64_t kNextDraw = 1'000'003;
  Program program{.name = fmt::format("random program {}", seed)};
  if (seed % 2 == 0) program.placement = {"--scatter", std::to_string(seed)};
  for (int draw = 0; draw < kDraws; ++draw, seed += kNextDraw) {
    program.text = streamgen::generate_program(seed).text();
    const Outcome checked =
        run_command({.arguments = {options.programs.streamc.string(), "check", "-"},
                     .standard_input = program.text});
    if (checked.exit_code == 0) break;
  }
  return program;
}

// `3-20` as a pair; the first is above the last if it is no range.
std::pair<int, int> parse_range(const std::string& word) {
  int first = 1;
  int last = 0;
  const char* const end = word.data() + word.size();
  const auto [behind, error] = std::from_chars(word.data(), end, first);
  if (error != std::errc() || behind == end || *behind != '-') return {1, 0};
  if (std::from_chars(behind + 1, end, last).ptr != end) return {1, 0};
  return {first, last};
}

class Tests {
 public:
  explicit Tests(const RunnerOptions& options) : options_(options) {
    for (const std::string& word : options.what) {
      const std::pair<int, int> range = parse_range(word);
      const bool is_machine =
          std::any_of(machines().begin(), machines().end(),
                      [&](const Machine& machine) { return machine.target == word; });
      if (range.first <= range.second) {
        seeds_ = range;
      } else {
        (is_machine ? wanted_machines_ : wanted_programs_).push_back(word);
      }
    }
    takes_all_ = wanted_programs_.empty() && seeds_ == kUsualSeeds;
    for (const Machine& machine : machines()) add_machine(machine);
  }

  int run() {
    return run_all(tests_.size(), [this](std::size_t i) { return tests_[i](); });
  }

 private:
  static constexpr std::pair<int, int> kUsualSeeds = {1, 12};

  void add_machine(const Machine& machine) {
    if (!wanted_machines_.empty() && !contains(wanted_machines_, machine.target)) return;
    if (const std::string missing = missing_for(machine, options_); !missing.empty()) {
      tests_.push_back([=] { return Report{"programs for " + machine.target, missing, true}; });
      return;
    }
    for (const ExampleCase& example : find_cases(options_.root)) {
      if (!takes_all_ && !contains(wanted_programs_, example.name)) continue;
      if (!machine.takes_all && example.name != kOneExample) continue;
      tests_.push_back([this, example, &machine] {
        return check_example(
            example, {.way = Way::Build, .target = machine.target, .emulator = machine.emulator},
            options_);
      });
    }
    if (!machine.takes_all) return;
    const auto add = [&](std::function<Program()> make) {
      tests_.push_back([this, make = std::move(make), &machine] {
        const Program program = make();
        return Report{fmt::format("{} for {}", program.name, machine.target),
                      check_program(program, machine, options_)};
      });
    };
    for (const fs::path& file : files_below(options_.root / "tests/conformance")) {
      if (!takes_all_ || file.extension() != ".stream") continue;
      add([this, file] {
        return Program{file.stem().string(),
                       read_file(options_.root / "tests/conformance" / file).value_or("")};
      });
    }
    for (int seed = seeds_.first; wanted_programs_.empty() && seed <= seeds_.second; ++seed) {
      add([this, seed] { return random_program(static_cast<std::uint64_t>(seed), options_); });
    }
  }

  static bool contains(const std::vector<std::string>& words, const std::string& word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  }

  const RunnerOptions& options_;
  std::vector<std::string> wanted_machines_;
  std::vector<std::string> wanted_programs_;
  std::pair<int, int> seeds_ = kUsualSeeds;
  bool takes_all_ = true;
  std::vector<std::function<Report()>> tests_;
};

}  // namespace
}  // namespace streamtest

int main(int argc, char** argv) {
  const streamtest::RunnerOptions options = streamtest::parse_runner_options(argc, argv);
  return streamtest::Tests(options).run();
}
