// Runs each example in memory, by the reference interpreter and as an executable, and compares what
// it prints and writes with its expected folder, byte for byte.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <vector>

#include "tests/examples/cases.h"
#include "tests/runner/files.h"
#include "tests/runner/options.h"
#include "tests/runner/parallel.h"
#include "tests/runner/text.h"

namespace fs = std::filesystem;

namespace streamtest {
namespace {

// What one run left behind: file names with their contents; standard output is the file `stdout`.
using Results = std::map<std::string, std::string>;

Results read_results(const fs::path& folder) {
  Results results;
  for (const fs::path& file : files_below(folder)) {
    results[file.generic_string()] = read_file(folder / file).value_or("");
  }
  return results;
}

// Copies an example without its expectations, so that a run finds its data and spoils nothing.
void copy_example(const fs::path& from, const fs::path& to) {
  for (const fs::path& file : files_below(from)) {
    if (file.begin()->string().starts_with("expected")) continue;
    std::error_code error;
    fs::create_directories((to / file).parent_path(), error);
    fs::copy_file(from / file, to / file, error);
  }
}

struct ExampleRun {
  Outcome outcome;
  Results results;  // Standard output and every file that was not there before or has changed.
};

ExampleRun run_example(const ExampleCase& example, Way way, const RunnerOptions& options) {
  const TemporaryFolder folder;
  const fs::path source = options.root / "examples" / example.name;
  copy_example(source, folder.path());
  const Results before = read_results(folder.path());

  ProgramRun program{{example.name + ".stream", "--"}, folder.path(), ""};
  program.words.insert(program.words.end(), example.arguments.begin(), example.arguments.end());
  if (example.standard_input) {
    program.standard_input = read_file(source / *example.standard_input).value_or("");
  }
  ExampleRun run;
  run.outcome = run_one_way(options.programs, way, program);
  for (auto& [name, text] : read_results(folder.path())) {
    const auto old = before.find(name);
    if (old == before.end() || old->second != text) run.results[name] = std::move(text);
  }
  for (const std::string& name : example.ignored) run.results.erase(name);
  run.results["stdout"] = run.outcome.standard_output;
  return run;
}

std::string compare_results(const Results& expected, const Results& actual) {
  std::string problem;
  for (const auto& [name, text] : expected) {
    const auto found = actual.find(name);
    if (found == actual.end()) {
      problem += fmt::format("did not write {}\n", name);
    } else if (text != found->second) {
      problem += fmt::format("{} differs (- expected, + found):\n{}", name,
                             text_difference(text, found->second));
    }
  }
  for (const auto& [name, text] : actual) {
    if (!expected.contains(name)) problem += fmt::format("wrote {}, which is not expected\n", name);
  }
  return problem;
}

std::string check_run(const ExampleCase& example, const ExampleRun& run, const Results& expected) {
  std::string problem;
  if (run.outcome.timed_out) problem += "did not end in time\n";
  if (run.outcome.exit_code != example.exit_code) {
    problem += fmt::format("exit status {}, expected {}\n{}", run.outcome.exit_code,
                           example.exit_code, run.outcome.standard_error);
  }
  if (example.compares_output) {
    problem += compare_results(expected, run.results);
  } else if (run.outcome.standard_output.empty()) {
    problem += "printed nothing\n";
  }
  return problem;
}

// The expected folder becomes what the in-memory run gave.
std::string update_expected(const fs::path& folder, const Results& results) {
  std::error_code error;
  fs::remove_all(folder, error);
  for (const auto& [name, text] : results) {
    if (!write_file(folder / name, text)) return fmt::format("cannot write {}\n", name);
  }
  return {};
}

Report run_case(const ExampleCase& example, Way way, const RunnerOptions& options) {
  Report report{fmt::format("{}{}{} by {}", example.name, example.variant.empty() ? "" : ".",
                            example.variant, way_name(way)),
                example.problem};
  if (!report.problem.empty()) return report;
  if (example.skip_if_absent && !fs::exists(options.root / *example.skip_if_absent)) {
    return {report.name, "no " + *example.skip_if_absent, true};
  }
  const fs::path folder = options.root / "examples" / example.name / example.expected_folder();
  Results expected = read_results(folder);
  if (way == Way::Reference) {
    std::erase_if(expected, [](const auto& file) { return file.first.ends_with(".svg"); });
  }
  report.problem = check_run(example, run_example(example, way, options), expected);
  return report;
}

// Expectations come from the in-memory run, before any run is compared with them.
std::string update_all(const std::vector<ExampleCase>& cases, const RunnerOptions& options) {
  std::string problem;
  for (const ExampleCase& example : cases) {
    const bool is_absent =
        example.skip_if_absent && !fs::exists(options.root / *example.skip_if_absent);
    if (is_absent || !example.compares_output) continue;
    const ExampleRun run = run_example(example, Way::Run, options);
    if (run.outcome.exit_code != example.exit_code) continue;  // The comparison will tell.
    problem += update_expected(options.root / "examples" / example.name / example.expected_folder(),
                               run.results);
  }
  return problem;
}

}  // namespace
}  // namespace streamtest

int main(int argc, char** argv) {
  using streamtest::Way;
  const streamtest::RunnerOptions options = streamtest::parse_runner_options(argc, argv);
  std::vector<streamtest::ExampleCase> cases = streamtest::find_cases(options.root);
  std::erase_if(cases, [&](const streamtest::ExampleCase& example) {
    return !options.what.empty() &&
           std::find(options.what.begin(), options.what.end(), example.name) == options.what.end();
  });
  if (options.update) {
    const std::string problem = streamtest::update_all(cases, options);
    if (!problem.empty()) fmt::print("{}", problem);
  }
  std::vector<std::pair<const streamtest::ExampleCase*, Way>> runs;
  for (const streamtest::ExampleCase& example : cases) {
    for (const Way way : streamtest::kAllWays) {
      const bool is_live = !example.compares_output;
      if (way == Way::Reference && (is_live || options.programs.reference.empty())) continue;
      runs.emplace_back(&example, way);
    }
  }
  return streamtest::run_all(runs.size(), [&](std::size_t i) {
    return streamtest::run_case(*runs[i].first, runs[i].second, options);
  });
}
