// A program that is run to its end, with what it reads and what it wrote.
#pragma once

#include <string>
#include <vector>

#include "compiler/support/result.h"

namespace streamc {

struct ChildCommand {
  std::vector<std::string> words;  // The first is a path, or a name to look up in PATH.
  std::string input = {};          // Its standard input, unless `input_file` names one.
  std::string input_file = {};
};

struct ChildOutcome {
  int status = 0;  // 128 + signal where one ended it.
  std::string output;
  std::string errors;
};

// Fails only if the program cannot be started or the input not be read. Waits without a limit.
Result<ChildOutcome> run_child(const ChildCommand& command);

// The status of a child as shells have it, from that of waitpid().
int shell_status(int wait_status);

// `words` as execvp() wants them; they must outlive it.
std::vector<char*> argument_pointers(const std::vector<std::string>& words);

}  // namespace streamc
