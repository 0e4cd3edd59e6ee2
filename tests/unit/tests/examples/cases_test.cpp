#include "tests/examples/cases.h"

#include <doctest/doctest.h>

#include "tests/runner/files.h"

namespace streamtest {
namespace {

TEST_CASE("an args file holds arguments and what is special about the case") {
  ExampleCase example;
  parse_args(example,
             "# The long one.\n"
             "--input\n"
             "{root}/data.csv\n"
             "skip-if-absent: ../data\n"
             "exit: 1\n"
             "stdin: input.txt\n"
             "compare: status\n",
             "/r");
  CHECK(example.arguments == std::vector<std::string>{"--input", "/r/data.csv"});
  CHECK(example.skip_if_absent == "../data");
  CHECK(example.exit_code == 1);
  CHECK(example.standard_input == "input.txt");
  CHECK_FALSE(example.compares_output);
  CHECK(example.problem.empty());
}

TEST_CASE("each variant is a case of its own") {
  const TemporaryFolder root;
  const auto folder = root.path() / "examples/echo";
  REQUIRE(write_file(folder / "echo.stream", ""));
  REQUIRE(write_file(folder / "args.long", "--n\n9\n"));
  REQUIRE(write_file(root.path() / "examples/not_one/readme.txt", ""));
  const std::vector<ExampleCase> cases = find_cases(root.path());
  REQUIRE(cases.size() == 2);
  CHECK(cases[0].expected_folder() == "expected");
  CHECK(cases[1].expected_folder() == "expected.long");
  CHECK(cases[1].arguments == std::vector<std::string>{"--n", "9"});
}

}  // namespace
}  // namespace streamtest
