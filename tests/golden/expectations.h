// A golden file: one program, the commands to run on it, and what they must say.
//
// All of it stands in comments of the program, so that a reader sees cause and effect together:
//
//   # RUN: streamc --emit=graph %s        the command; several are run in order, outputs joined
//   # AUTOUPDATE                          `--update` may rewrite the CHECK lines
//   # CHECK:STDOUT: text                  the next line of standard output, whole
//   # CHECK:STDERR: text                  the next line of standard error, whole
//   # HAS:STDOUT: text                    some line holds this (then the other lines are free)
//   # NOT:STDOUT: text                    no line holds this
//   # COUNT:STDOUT 2: text                exactly so many lines hold this
//   # CODES: E0203 E0301                  the codes reported, in order (then the wording is free)
//   # EXIT: 1                             the exit status; else 0, or not 0 for a `fail_` file
//   # STDIN: text                         one line of standard input
//   # WAYS: run                           of run, reference, build: how `streamc run` is also tried
//
// Texts may use `%s` (this file, from the root of the repository), `%S` (its folder), `%t` (a
// temporary folder), `[[@LINE+n]]` and `{{regular expression}}`. HAS, NOT and COUNT exist for
// STDERR too. Without any of them, every line of both outputs must be a CHECK line.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamtest {

enum class Channel { Stdout, Stderr };

// A CHECK line: the whole line that an output must have next.
struct LineCheck {
  std::size_t line;  // Where it stands in the golden file, from 1.
  std::string text;
};

// A HAS, NOT or COUNT line; no `count` means "at least one".
struct SearchCheck {
  std::size_t line;
  Channel channel;
  std::optional<std::size_t> count;
  std::string text;
};

// What one golden file asks for. The paths are those that stand in for %s and %S.
struct GoldenFile {
  std::string path;
  std::vector<std::string> lines;
  std::vector<std::string> runs;
  std::vector<std::string> ways = {"run", "reference", "build", "scatter"};
  bool autoupdate = false;
  bool must_fail = false;  // By its `fail_` prefix.
  std::optional<int> exit_code;
  std::optional<std::vector<std::string>> codes;
  std::vector<LineCheck> stdout_checks;
  std::vector<LineCheck> stderr_checks;
  std::vector<SearchCheck> searches;
  std::string standard_input;
  std::string problem;  // What is malformed in the file itself, or empty.
};

// What the commands of a golden file gave, with the temporary folder written as `%t`.
struct GoldenOutput {
  int exit_code = 0;
  std::string standard_output;
  std::string standard_error;
};

// `path` is the file's path from the root of the repository.
[[nodiscard]] GoldenFile parse_golden(std::string path, std::string_view text);

// What differs, for a reader; empty when the output fits.
[[nodiscard]] std::string compare_golden(const GoldenFile& file, const GoldenOutput& output);

// The file's text with its CHECK lines rewritten to fit `output`: those of standard error stand
// above the line they speak of, those of standard output at the end.
[[nodiscard]] std::string update_golden(const GoldenFile& file, const GoldenOutput& output);

}  // namespace streamtest
