#include "tests/examples/example_run.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "tests/runner/files.h"
#include "tests/runner/text.h"

namespace fs = std::filesystem;

namespace streamtest {
namespace {

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

}  // namespace

std::string ExampleWay::name() const {
  const std::string plain(way_name(way));
  if (!threads.empty()) return fmt::format("{} on {} threads", plain, threads);
  return target.empty() ? plain : plain + " for " + target;
}

ExampleRun run_example(const ExampleCase& example, const ExampleWay& way,
                       const RunnerOptions& options) {
  const TemporaryFolder folder;
  const fs::path source = options.root / "examples" / example.name;
  copy_example(source, folder.path());
  const Results before = read_results(folder.path());

  std::vector<std::string> words{example.name + ".stream"};
  if (!way.threads.empty()) words.insert(words.end(), {"--threads", way.threads});
  words.emplace_back("--");
  ProgramRun program{.words = std::move(words),
                     .directory = folder.path(),
                     .target = way.target,
                     .emulator = way.emulator};
  program.words.insert(program.words.end(), example.arguments.begin(), example.arguments.end());
  if (example.standard_input) {
    program.standard_input = read_file(source / *example.standard_input).value_or("");
  }
  ExampleRun run;
  run.outcome = run_one_way(options.programs, way.way, program);
  for (auto& [name, text] : read_results(folder.path())) {
    const auto old = before.find(name);
    if (old == before.end() || old->second != text) run.results[name] = std::move(text);
  }
  for (const std::string& name : example.ignored) run.results.erase(name);
  run.results["stdout"] = run.outcome.standard_output;
  return run;
}

Report check_example(const ExampleCase& example, const ExampleWay& way,
                     const RunnerOptions& options) {
  Report report{fmt::format("{}{}{} by {}", example.name, example.variant.empty() ? "" : ".",
                            example.variant, way.name()),
                example.problem};
  if (!report.problem.empty()) return report;
  if (example.skip_if_absent && !fs::exists(options.root / *example.skip_if_absent)) {
    return {report.name, "no " + *example.skip_if_absent, true};
  }
  const fs::path folder = options.root / "examples" / example.name / example.expected_folder();
  Results expected = read_results(folder);
  if (way.way == Way::Reference) {
    std::erase_if(expected, [](const auto& file) { return file.first.ends_with(".svg"); });
  }
  report.problem = check_run(example, run_example(example, way, options), expected);
  return report;
}

}  // namespace streamtest
