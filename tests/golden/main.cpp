// Runs the golden files of the phases given: `stream_golden_tests … tests/golden/sema`.
//
// What a golden file may say is described in tests/golden/expectations.h.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include "tests/golden/expectations.h"
#include "tests/runner/files.h"
#include "tests/runner/options.h"
#include "tests/runner/parallel.h"
#include "tests/runner/text.h"

namespace fs = std::filesystem;

namespace streamtest {
namespace {

// One RUN line in words, with its placeholders and the program's path filled in.
std::vector<std::string> command_words(const GoldenFile& file, const std::string& run,
                                       const RunnerOptions& options, const fs::path& temporary) {
  std::vector<std::string> words = split_command_line(run);
  const std::string folder = fs::path(file.path).parent_path().generic_string();
  for (std::string& word : words) {
    word = replace_all(std::move(word), "%t", temporary.string());
    word = replace_all(std::move(word), "%S", folder);
    word = replace_all(std::move(word), "%s", file.path);
  }
  if (words.front() == "streamc") words.front() = options.programs.streamc.string();
  if (words.front() == "stream_reference") words.front() = options.programs.reference.string();
  return words;
}

// The commands in order; their outputs joined, the first status that is not 0.
GoldenOutput run_golden(const GoldenFile& file, const RunnerOptions& options,
                        std::string& problem) {
  const TemporaryFolder temporary;
  GoldenOutput output;
  for (const std::string& run : file.runs) {
    const Outcome outcome =
        run_command({.arguments = command_words(file, run, options, temporary.path()),
                     .directory = options.root,
                     .standard_input = file.standard_input});
    if (outcome.timed_out) problem += fmt::format("`{}` did not end in time\n", run);
    if (output.exit_code == 0) output.exit_code = outcome.exit_code;
    output.standard_output += outcome.standard_output;
    output.standard_error += outcome.standard_error;
  }
  for (std::string* text : {&output.standard_output, &output.standard_error}) {
    *text = replace_all(std::move(*text), temporary.path().string(), "%t");
  }
  return output;
}

// Every program that `streamc run` runs must do the same by the other ways.
std::string compare_ways(const GoldenFile& file, const RunnerOptions& options) {
  std::string problem;
  for (const std::string& run : file.runs) {
    const TemporaryFolder temporary;
    std::vector<std::string> words = command_words(file, run, options, temporary.path());
    if (words.size() < 2 || words[0] != options.programs.streamc || words[1] != "run") continue;
    words.erase(words.begin(), words.begin() + 2);
    const ProgramRun program{words, options.root, file.standard_input};
    const Outcome expected = run_one_way(options.programs, Way::Run, program);
    for (const Way way : {Way::Reference, Way::Build, Way::Scatter}) {
      const std::string name(way_name(way));
      if (std::find(file.ways.begin(), file.ways.end(), name) == file.ways.end()) continue;
      if (way == Way::Reference && options.programs.reference.empty()) continue;
      const Outcome actual = run_one_way(options.programs, way, program);
      const std::string shown = text_difference(expected.standard_output, actual.standard_output);
      if (!shown.empty()) {
        problem += fmt::format("standard output (- run, + {}):\n{}", name, shown);
      }
      if (expected.exit_code != actual.exit_code) {
        problem += fmt::format("exit status {} by run, {} by {}\n{}", expected.exit_code,
                               actual.exit_code, name, actual.standard_error);
      }
    }
  }
  return problem;
}

Report run_file(const std::string& path, const RunnerOptions& options) {
  Report report{path, ""};
  constexpr int kRoundsMax = 5;  // Rewriting moves lines, which a message may quote.
  const std::string original = read_file(options.root / path).value_or("");
  for (int round = 0; round < kRoundsMax; ++round) {
    const std::string text = read_file(options.root / path).value_or("");
    const GoldenFile file = parse_golden(path, text);
    report.problem = file.problem;
    if (!report.problem.empty()) return report;

    const GoldenOutput output = run_golden(file, options, report.problem);
    if (options.update && file.autoupdate) {
      const std::string updated = update_golden(file, output);
      if (updated != text) {
        if (!write_file(options.root / path, updated)) report.problem = "cannot be written\n";
        continue;
      }
    }
    report.problem += compare_golden(file, output);
    if (!file.must_fail) report.problem += compare_ways(file, options);
    if (!report.problem.empty()) {
      for (const std::string& run : file.runs) report.problem += fmt::format("by: {}\n", run);
    }
    return report;
  }
  report.problem = "rewriting its expectations does not settle; left as it was\n";
  if (!write_file(options.root / path, original)) report.problem += "and cannot be written\n";
  return report;
}

// A folder stands for the programs right in it; folders within hold what those import or read.
std::vector<std::string> golden_files(const RunnerOptions& options) {
  std::vector<std::string> paths;
  for (const std::string& what : options.what) {
    if (!fs::is_directory(options.root / what)) {
      paths.push_back(what);
      continue;
    }
    for (const fs::path& file : files_below(options.root / what)) {
      if (file.extension() == ".stream" && !file.has_parent_path()) {
        paths.push_back((fs::path(what) / file).generic_string());
      }
    }
  }
  return paths;
}

}  // namespace
}  // namespace streamtest

int main(int argc, char** argv) {
  const streamtest::RunnerOptions options = streamtest::parse_runner_options(argc, argv);
  const std::vector<std::string> paths = streamtest::golden_files(options);
  return streamtest::run_all(
      paths.size(), [&](std::size_t i) { return streamtest::run_file(paths[i], options); });
}
