// Runs a program as a child process and collects what it writes.
//
// Tests run `streamc` and compiled programs the way a user does, from the outside. A child that
// outlives its time limit is killed with its whole process group, so that no test can hang a run.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace streamtest {

// What to run. `arguments[0]` is a path, or a name to look up in PATH.
struct Command {
  std::vector<std::string> arguments;
  std::filesystem::path directory = ".";
  std::string standard_input;
  int timeout_s = 120;
};

// What came of it. A child ended by a signal has `exit_code` 128 + signal, as shells have it.
struct Outcome {
  int exit_code = 0;
  bool timed_out = false;
  std::string standard_output;
  std::string standard_error;
};

// Blocks until the child has ended. A program that cannot be started gives exit code 127 and says
// why in `standard_error`. Any thread may call it.
[[nodiscard]] Outcome run_command(const Command& command);

// Splits like a shell would: at blanks, with '…' and "…" keeping them; no other expansion.
[[nodiscard]] std::vector<std::string> split_command_line(std::string_view line);

}  // namespace streamtest
