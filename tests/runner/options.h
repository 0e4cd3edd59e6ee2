// The command line that all test runners share.
//
//   <runner> --root DIR --streamc FILE [--reference FILE] [--update] [--draws N] [WHAT…]
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/runner/three_ways.h"

namespace streamtest {

struct RunnerOptions {
  std::filesystem::path root;  // Of the repository, absolute.
  Programs programs;
  bool update = false;  // Also by STREAM_TEST_UPDATE=1 in the environment, which ctest passes on.
  std::vector<std::string> what;
};

// Prints what is wrong and exits with status 2 where the arguments do not fit.
[[nodiscard]] RunnerOptions parse_runner_options(int argc, char** argv);

}  // namespace streamtest
