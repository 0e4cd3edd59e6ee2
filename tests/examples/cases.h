// The examples as test cases: which program, with which arguments, and what is expected of it.
//
// examples/<name>/<name>.stream is run with the files of its folder around it. A folder has one
// case, described by `args` and `expected/`, and one more for each `args.<variant>` and
// `expected.<variant>/`. An args file holds one argument a line, and lines about the case:
//
//   --limit                  an argument; `{root}` in it is the root of the repository
//   skip-if-absent: PATH     no such file or folder (from the root): the case is skipped
//   exit: 1                  the expected exit status, else 0
//   stdin: PATH              a file of the example that is its standard input
//   compare: status          a live example: its status and that it prints something; the reference
//                            interpreter, which knows no live sources, does not run it
//   ignore: PATH             a file that the program writes, not compared
//
// The expected folder holds `stdout` and every file that the program writes. The reference interpreter
// draws no pictures: `.svg` files are compared for the other two ways.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamtest {

struct ExampleCase {
  std::string name;     // Of the example.
  std::string variant;  // Of the case; empty for the plain one.
  std::vector<std::string> arguments;
  std::optional<std::string> skip_if_absent;
  std::optional<std::string> standard_input;
  int exit_code = 0;
  bool compares_output = true;
  std::vector<std::string> ignored;  // Files that are not compared.
  std::string problem;  // What is malformed in its args file, or empty.

  // `expected` or `expected.<variant>`, in the example's folder.
  [[nodiscard]] std::string expected_folder() const;
};

// Reads the lines of an args file into `example`; `root` replaces `{root}`.
void parse_args(ExampleCase& example, std::string_view text, const std::string& root);

// Every case of every example below `root`/examples, sorted by name.
[[nodiscard]] std::vector<ExampleCase> find_cases(const std::filesystem::path& root);

}  // namespace streamtest
