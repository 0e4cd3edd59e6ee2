// Runs an example in one of the ways and says what differs from its expected folder.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/examples/cases.h"
#include "tests/runner/options.h"
#include "tests/runner/parallel.h"

namespace streamtest {

// What one run left behind: file names with their contents; standard output is the file `stdout`.
using Results = std::map<std::string, std::string>;

struct ExampleRun {
  Outcome outcome;
  Results results;  // Standard output and every file that was not there before or has changed.
};

// How to run it; target and emulator are those of ProgramRun.
struct ExampleWay {
  Way way = Way::Run;
  std::string target = "";
  std::vector<std::string> emulator = {};
  std::string threads = "";  // `--threads` of the compiler; empty: none.

  // `run`, `reference`, `build`, `build for pi5`, or `run on auto threads`.
  [[nodiscard]] std::string name() const;
};

// Runs it in a copy of its folder, so that it finds its data and spoils nothing.
[[nodiscard]] ExampleRun run_example(const ExampleCase& example, const ExampleWay& way,
                                     const RunnerOptions& options);

// Runs it and compares. The pictures that the reference interpreter does not draw are left out.
[[nodiscard]] Report check_example(const ExampleCase& example, const ExampleWay& way,
                                   const RunnerOptions& options);

}  // namespace streamtest
