// Compiles the Stream programs of README.md, docs/ and the library's comments, runs those whose output
// is shown, and the test blocks in them: documents are tests.
#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/docs/snippets.h"
#include "tests/runner/files.h"
#include "tests/runner/options.h"
#include "tests/runner/parallel.h"
#include "tests/runner/text.h"

namespace fs = std::filesystem;

namespace streamtest {
namespace {

std::vector<Snippet> all_snippets(const fs::path& root) {
  std::vector<std::string> documents{"README.md"};
  for (const char* folder : {"docs", "stdlib", "compiler/diag/explain"}) {
    for (const fs::path& file : files_below(root / folder)) {
      if (file.extension() == ".md" || file.extension() == ".stream") {
        documents.push_back((fs::path(folder) / file).generic_string());
      }
    }
  }
  std::vector<Snippet> snippets;
  for (const std::string& document : documents) {
    for (Snippet& snippet : snippets_of(document, read_file(root / document).value_or(""))) {
      snippets.push_back(std::move(snippet));
    }
  }
  return snippets;
}

// Each runs in a folder of its own, so that what it writes bothers nobody.
Report run_snippet(const Snippet& snippet, const Programs& programs) {
  Report report{fmt::format("{}:{}", snippet.document, snippet.line), ""};
  const TemporaryFolder folder;
  const std::string name = "snippet.stream";
  if (!write_file(folder.path() / name, snippet.program)) {
    report.problem = "cannot write the program\n";
    return report;
  }
  const Outcome checked = run_command(
      {.arguments = {programs.streamc.string(), "check", name}, .directory = folder.path()});
  if (snippet.must_fail) {
    if (checked.exit_code == 0) report.problem = "passes the check, but is marked `fail`\n";
    if (checked.exit_code >= 126) report.problem = checked.standard_error;
    return report;
  }
  if (checked.exit_code != 0) {
    report.problem = checked.standard_output + checked.standard_error;
    if (report.problem.empty()) report.problem = "streamc check fails without a word\n";
    return report;
  }
  if (snippet.program.find("\ntest \"") != std::string::npos) {
    const Outcome tested = run_command(
        {.arguments = {programs.streamc.string(), "test", name}, .directory = folder.path()});
    if (tested.exit_code != 0) {
      report.problem = tested.standard_output + tested.standard_error;
      return report;
    }
  }
  if (!snippet.output) return report;
  const Outcome ran = run_one_way(programs, Way::Run, {{name}, folder.path(), ""});
  report.problem = text_difference(*snippet.output, ran.standard_output);
  if (ran.exit_code != 0) {
    report.problem += fmt::format("exit status {}\n{}", ran.exit_code, ran.standard_error);
  }
  return report;
}

}  // namespace
}  // namespace streamtest

int main(int argc, char** argv) {
  const streamtest::RunnerOptions options = streamtest::parse_runner_options(argc, argv);
  const std::vector<streamtest::Snippet> snippets = streamtest::all_snippets(options.root);
  return streamtest::run_all(snippets.size(), [&](std::size_t i) {
    return streamtest::run_snippet(snippets[i], options.programs);
  });
}
