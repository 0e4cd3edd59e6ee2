#include "tests/runner/three_ways.h"

#include <algorithm>
#include <functional>
#include <string>

#include "tests/runner/files.h"

namespace streamtest {
namespace {

// What says where the program runs: the interpreter has no places.
std::vector<std::string> without_placement(const std::vector<std::string>& words) {
  std::vector<std::string> kept;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--deploy" || words[i] == "--scatter" || words[i] == "--threads") {
      ++i;
    } else {
      kept.push_back(words[i]);
    }
  }
  return kept;
}

Outcome run_built(const Programs& programs, const ProgramRun& run) {
  const TemporaryFolder folder;
  const std::string executable = (folder.path() / "program").string();
  const auto separator = std::find(run.words.begin(), run.words.end(), "--");

  std::vector<std::string> build{programs.streamc.string(), "build"};
  build.insert(build.end(), run.words.begin(), separator);
  build.insert(build.end(), {"-o", executable});
  if (!run.target.empty()) build.insert(build.end(), {"--target", run.target});
  Outcome built = run_command({.arguments = std::move(build), .directory = run.directory});
  if (built.exit_code != 0) return built;

  std::vector<std::string> arguments = run.emulator;
  arguments.push_back(executable);
  const bool is_placed = std::any_of(run.words.begin(), separator, [](const std::string& word) {
    return word == "--deploy" || word == "--scatter";
  });
  if (is_placed) {
    std::vector<std::string> help = arguments;
    help.emplace_back("--help");
    const Outcome flags = run_command({.arguments = std::move(help), .directory = run.directory});
    if (flags.standard_output.find("--all-nodes") != std::string::npos)
      arguments.emplace_back("--all-nodes");
  }
  if (separator != run.words.end()) {
    arguments.insert(arguments.end(), separator + 1, run.words.end());
  }
  return run_command({.arguments = std::move(arguments),
                      .directory = run.directory,
                      .standard_input = run.standard_input});
}

// A random placement, with batches cut at random and, mostly, little room between the parts.
Outcome run_scattered(const Programs& programs, const ProgramRun& run, std::uint64_t seed) {
  std::vector<std::string> arguments = {programs.streamc.string(), "run", "--scatter", std::to_string(seed)};
  const std::vector<std::string> words = without_placement(run.words);
  arguments.insert(arguments.end(), words.begin(), words.end());
  if (std::find(words.begin(), words.end(), "--") == words.end()) arguments.emplace_back("--");
  arguments.insert(arguments.end(), {"--batch-cuts", std::to_string(seed)});
  if (const std::uint64_t room = seed % 8; room != 0) {
    arguments.insert(arguments.end(), {"--room", std::to_string(room)});
  }
  return run_command({.arguments = std::move(arguments),
                      .directory = run.directory,
                      .standard_input = run.standard_input});
}

// Other placements for each program; the first one that differs, if any does.
Outcome run_draws(const Programs& programs, const ProgramRun& run) {
  const std::uint64_t first_seed = std::hash<std::string>()(run.words.empty() ? "" : run.words.front()) % 100'000;
  Outcome first;
  for (int draw = 0; draw < std::max(programs.draws, 1); ++draw) {
    const std::uint64_t seed = first_seed + static_cast<std::uint64_t>(draw);
    Outcome outcome = run_scattered(programs, run, seed);
    if (draw == 0) {
      first = std::move(outcome);
    } else if (outcome.exit_code != first.exit_code || outcome.standard_output != first.standard_output) {
      outcome.standard_error += "note: placed by `--scatter " + std::to_string(seed) + "`\n";
      return outcome;
    }
  }
  return first;
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
    case Way::Scatter:
      return "scatter";
  }
  return "";
}

Outcome run_one_way(const Programs& programs, Way way, const ProgramRun& run) {
  if (way == Way::Build) return run_built(programs, run);
  if (way == Way::Scatter) return run_draws(programs, run);
  std::vector<std::string> arguments;
  if (way == Way::Run) {
    arguments = {programs.streamc.string(), "run"};
  } else {
    arguments = {programs.reference.string()};
  }
  const std::vector<std::string> words = way == Way::Run ? run.words : without_placement(run.words);
  arguments.insert(arguments.end(), words.begin(), words.end());
  return run_command({.arguments = std::move(arguments),
                      .directory = run.directory,
                      .standard_input = run.standard_input});
}

}  // namespace streamtest
