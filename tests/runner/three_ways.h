// Runs one Stream program in each of the ways that must agree: by the reference interpreter,
// compiled in memory, as an executable of its own, and scattered over threads, processes and nodes.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/runner/subprocess.h"

namespace streamtest {

// The programs under test. `reference` is empty where the interpreter is not built.
struct Programs {
  std::filesystem::path streamc;
  std::filesystem::path reference;
  int draws = 1;  // Random placements of each program in Way::Scatter, which must all agree.
};

// What stands after `streamc run`: the file and options, perhaps `--` and the program's arguments.
struct ProgramRun {
  std::vector<std::string> words;
  std::filesystem::path directory;
  std::string standard_input;
  // Way::Build only: the machine to build for, as `--target` names it, and the words that start an
  // emulator of it. Empty: this machine.
  std::string target = "";
  std::vector<std::string> emulator = {};
};

enum class Way { Run, Reference, Build, Scatter };

inline constexpr Way kAllWays[] = {Way::Run, Way::Reference, Way::Build, Way::Scatter};

// `run`, `reference`, `build` or `scatter`.
[[nodiscard]] std::string_view way_name(Way way);

// The outcome of the program itself; where it could not be built, that of the compiler.
[[nodiscard]] Outcome run_one_way(const Programs& programs, Way way, const ProgramRun& run);

}  // namespace streamtest
