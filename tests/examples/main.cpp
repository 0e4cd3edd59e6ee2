// Runs each example in memory (also cut over threads), by the reference interpreter and as an executable, and compares
// what it prints and writes with its expected folder, byte for byte.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "tests/examples/cases.h"
#include "tests/examples/example_run.h"
#include "tests/runner/files.h"
#include "tests/runner/options.h"
#include "tests/runner/parallel.h"

namespace fs = std::filesystem;

namespace streamtest {
namespace {

// The expected folder becomes what the in-memory run gave.
std::string update_expected(const fs::path& folder, const Results& results) {
  std::error_code error;
  fs::remove_all(folder, error);
  for (const auto& [name, text] : results) {
    if (!write_file(folder / name, text)) return fmt::format("cannot write {}\n", name);
  }
  return {};
}

// Expectations come from the in-memory run, before any run is compared with them.
std::string update_all(const std::vector<ExampleCase>& cases, const RunnerOptions& options) {
  std::string problem;
  for (const ExampleCase& example : cases) {
    const bool is_absent =
        example.skip_if_absent && !fs::exists(options.root / *example.skip_if_absent);
    if (is_absent || !example.compares_output) continue;
    const ExampleRun run = run_example(example, {.way = Way::Run}, options);
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
  std::vector<std::pair<const streamtest::ExampleCase*, streamtest::ExampleWay>> runs;
  for (const streamtest::ExampleCase& example : cases) {
    for (const Way way : streamtest::kAllWays) {
      const bool is_live = !example.compares_output;
      if (way == Way::Reference && (is_live || options.programs.reference.empty())) continue;
      runs.emplace_back(&example, streamtest::ExampleWay{.way = way});
    }
    for (const char* threads : {"auto", "2", "4"}) {
      runs.emplace_back(&example, streamtest::ExampleWay{.way = Way::Run, .threads = threads});
    }
  }
  return streamtest::run_all(runs.size(), [&](std::size_t i) {
    return streamtest::check_example(*runs[i].first, runs[i].second, options);
  });
}
