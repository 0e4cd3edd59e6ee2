// Runs each conformance case by the reference interpreter and compiled in memory, the latter with
// batches of one item and batches cut at random places: its tests pass, and what it prints is the same.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/runner/files.h"
#include "tests/runner/options.h"
#include "tests/runner/parallel.h"
#include "tests/runner/text.h"

namespace fs = std::filesystem;

namespace streamtest {
namespace {

// How a compiled program is run: flags behind `--`.
const std::vector<std::vector<std::string>>& batch_cuts() {
  static const std::vector<std::vector<std::string>> kCuts = {
      {},
      {"--batch", "1"},
      {"--batch", "3"},
      {"--batch-cuts", "1"},
      {"--batch-cuts", "2"},
      {"--batch-cuts", "3"},
      {"--batch-cuts", "4"},
  };
  return kCuts;
}

std::string check_tests(const std::string& who, std::vector<std::string> command) {
  const Outcome outcome = run_command({.arguments = std::move(command)});
  if (outcome.exit_code == 0) return "";
  return fmt::format("its tests fail under {}:\n{}{}", who, outcome.standard_output,
                     outcome.standard_error);
}

// The names of the deploy blocks of a program.
std::vector<std::string> deployments_of(const std::string& file) {
  constexpr std::string_view kWord = "deploy ";
  std::vector<std::string> names;
  for (const std::string& line : split_lines(read_file(file).value_or(""))) {
    if (!line.starts_with(kWord)) continue;
    names.push_back(line.substr(kWord.size(), line.find_first_of(" {", kWord.size()) - kWord.size()));
  }
  return names;
}

// What stands behind `streamc run`: batches of all sizes; then every placement that the program has and some
// random ones, whole and in small batches.
std::vector<std::vector<std::string>> all_runs(const std::string& file) {
  std::vector<std::vector<std::string>> runs;
  for (const std::vector<std::string>& flags : batch_cuts()) {
    runs.push_back({file, "--"});
    runs.back().insert(runs.back().end(), flags.begin(), flags.end());
  }
  for (const std::string& name : deployments_of(file)) {
    runs.push_back({"--deploy", name, file});
    runs.push_back({"--deploy", name, file, "--", "--batch", "1"});
  }
  for (int seed = 1; seed <= 4; ++seed) {
    runs.push_back({"--scatter", std::to_string(seed), file});
    runs.push_back({"--scatter", std::to_string(seed), file, "--", "--batch-cuts", std::to_string(seed)});
  }
  return runs;
}

std::string check_case(const RunnerOptions& options, const std::string& file) {
  const Programs& programs = options.programs;
  std::string problem = check_tests("streamc", {programs.streamc.string(), "test", file});
  if (programs.reference.empty()) return problem;
  problem += check_tests("the interpreter", {programs.reference.string(), "--test", file});

  const Outcome expected = run_one_way(programs, Way::Reference, {{file}, options.root, ""});
  if (expected.exit_code != 0) {
    return problem + "the interpreter cannot run it:\n" + expected.standard_error;
  }
  for (const std::vector<std::string>& words : all_runs(file)) {
    ProgramRun run{words, options.root, ""};
    const Outcome found = run_one_way(programs, Way::Run, run);
    if (found.standard_output == expected.standard_output && found.exit_code == 0) continue;
    problem += fmt::format("`{}` differs (- interpreter, + compiled), status {}:\n{}{}",
                           fmt::join(words, " "), found.exit_code,
                           text_difference(expected.standard_output, found.standard_output),
                           found.standard_error);
  }
  return problem;
}

int run(const RunnerOptions& options) {
  std::vector<fs::path> cases;
  const fs::path folder = options.root / "tests" / "conformance";
  for (const fs::path& file : files_below(folder)) {
    const bool is_wanted =
        options.what.empty() ||
        std::any_of(options.what.begin(), options.what.end(), [&](const std::string& what) {
          return file.string().find(what) != std::string::npos;
        });
    if (file.extension() == ".stream" && is_wanted) cases.push_back(folder / file);
  }
  return run_all(cases.size(), [&](std::size_t i) {
    return Report{cases[i].stem().string(), check_case(options, cases[i].string())};
  });
}

}  // namespace
}  // namespace streamtest

int main(int argc, char** argv) {
  return streamtest::run(streamtest::parse_runner_options(argc, argv));
}
