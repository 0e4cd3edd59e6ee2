#include "tests/runner/three_ways.h"

#include <algorithm>

#include "tests/runner/files.h"

namespace streamtest {
namespace {

Outcome run_built(const Programs& programs, const ProgramRun& run) {
  const TemporaryFolder folder;
  const std::string executable = (folder.path() / "program").string();
  const auto separator = std::find(run.words.begin(), run.words.end(), "--");

  std::vector<std::string> build{programs.streamc.string(), "build"};
  build.insert(build.end(), run.words.begin(), separator);
  build.insert(build.end(), {"-o", executable});
  Outcome built = run_command({.arguments = std::move(build), .directory = run.directory});
  if (built.exit_code != 0) return built;

  std::vector<std::string> arguments{executable};
  if (separator != run.words.end()) {
    arguments.insert(arguments.end(), separator + 1, run.words.end());
  }
  return run_command({.arguments = std::move(arguments),
                      .directory = run.directory,
                      .standard_input = run.standard_input});
}

}  // namespace

std::string_view way_name(Way way) {
  switch (way) {
    case Way::Run:
      return "run";
    case Way::Reference:
      return "reference";
    case Way::Build:
      return "build";
  }
  return "";
}

Outcome run_one_way(const Programs& programs, Way way, const ProgramRun& run) {
  if (way == Way::Build) return run_built(programs, run);
  std::vector<std::string> arguments;
  if (way == Way::Run) {
    arguments = {programs.streamc.string(), "run"};
  } else {
    arguments = {programs.reference.string()};
  }
  arguments.insert(arguments.end(), run.words.begin(), run.words.end());
  return run_command({.arguments = std::move(arguments),
                      .directory = run.directory,
                      .standard_input = run.standard_input});
}

}  // namespace streamtest
