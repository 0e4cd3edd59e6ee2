#include <doctest/doctest.h>

#include "tests/runner/files.h"
#include "tests/runner/subprocess.h"
#include "tests/runner/text.h"

namespace streamtest {
namespace {

TEST_CASE("a command line splits at blanks outside quotes") {
  CHECK(split_command_line(" a  'b c' \"\" d\"e f\"") ==
        std::vector<std::string>{"a", "b c", "", "de f"});
}

TEST_CASE("a child's output, input and status pass through") {
  const Outcome outcome = run_command(
      {.arguments = {"sh", "-c", "cat; echo no >&2; exit 3"}, .standard_input = "yes\n"});
  CHECK(outcome.standard_output == "yes\n");
  CHECK(outcome.standard_error == "no\n");
  CHECK(outcome.exit_code == 3);
}

TEST_CASE("a child that takes too long is ended with its children") {
  const Outcome outcome =
      run_command({.arguments = {"sh", "-c", "sleep 100 & wait"}, .timeout_s = 1});
  CHECK(outcome.timed_out);
  CHECK(outcome.exit_code == 128 + 9);
}

TEST_CASE("a program that is not there gives 127") {
  CHECK(run_command({.arguments = {"/nowhere/at/all"}}).exit_code == 127);
}

TEST_CASE("large input and output do not block each other") {
  const std::string text(1 << 20, 'x');
  const Outcome outcome = run_command({.arguments = {"cat"}, .standard_input = text});
  CHECK(outcome.standard_output == text);
}

TEST_CASE("a difference names the lines that differ") {
  CHECK(text_difference("a\nb\nc\n", "a\nb\nc\n").empty());
  CHECK(text_difference("a\nb\nc\n", "a\nx\nc\n") == " a\n-b\n+x\n c\n");
  CHECK_FALSE(text_difference("a\n", "a").empty());
}

TEST_CASE("a temporary folder goes away") {
  std::filesystem::path path;
  {
    const TemporaryFolder folder;
    path = folder.path();
    CHECK(write_file(path / "in/a.txt", "1"));
    CHECK(files_below(path) == std::vector<std::filesystem::path>{"in/a.txt"});
    CHECK(read_file(path / "in/a.txt") == "1");
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace streamtest
