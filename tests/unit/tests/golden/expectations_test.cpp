#include "tests/golden/expectations.h"

#include <doctest/doctest.h>

namespace streamtest {
namespace {

constexpr const char* kPath = "tests/golden/sema/fail_a.stream";

TEST_CASE("a golden file is read from its comments") {
  const GoldenFile file = parse_golden(kPath,
                                       "# RUN: streamc check %s\n"
                                       "# AUTOUPDATE\n"
                                       "# EXIT: 2\n"
                                       "# CODES: E0203 E0301\n"
                                       "# COUNT:STDOUT 3: loop\n"
                                       "# NOT:STDERR: call\n"
                                       "# CHECK:STDERR: one\n");
  CHECK(file.problem.empty());
  CHECK(file.runs == std::vector<std::string>{"streamc check %s"});
  CHECK(file.autoupdate);
  CHECK(file.must_fail);
  CHECK(file.exit_code == 2);
  CHECK(file.codes == std::vector<std::string>{"E0203", "E0301"});
  REQUIRE(file.searches.size() == 2);
  CHECK(file.searches[0].count == 3);
  CHECK(file.searches[0].text == "loop");
  CHECK(file.searches[1].count == 0);
  CHECK(file.searches[1].channel == Channel::Stderr);
  REQUIRE(file.stderr_checks.size() == 1);
  CHECK(file.stderr_checks[0].line == 7);
}

TEST_CASE("a file without a command is malformed") {
  CHECK(parse_golden(kPath, "x = 1\n").problem == "no `# RUN:` line");
}

TEST_CASE("every line of both outputs must be expected") {
  const GoldenFile file = parse_golden("a.stream",
                                       "# RUN: streamc run %s\n"
                                       "# CHECK:STDOUT: 1\n"
                                       "# CHECK:STDOUT: %s:[[@LINE+2]] took {{[0-9]+}} ms\n");
  CHECK(compare_golden(file, {0, "1\na.stream:5 took 12 ms\n", ""}).empty());
  CHECK(compare_golden(file, {0, "1\na.stream:5 took x ms\n", ""}) ==
        "standard output differs (- expected, + found):\n"
        " 1\n"
        "-a.stream:5 took {{[0-9]+}} ms\n"
        "+a.stream:5 took x ms\n");
  CHECK_FALSE(compare_golden(file, {0, "1\na.stream:5 took 12 ms\n", "warning\n"}).empty());
  CHECK_FALSE(compare_golden(file, {1, "1\na.stream:5 took 12 ms\n", ""}).empty());
}

TEST_CASE("codes and searches leave the other lines free") {
  const GoldenFile file = parse_golden(kPath,
                                       "# RUN: streamc check %s\n"
                                       "# CODES: E0203\n"
                                       "# COUNT:STDOUT 2: loop\n");
  CHECK(compare_golden(file, {1, "loop\nx\nloop\n", "a:1:1: error[E0203]: no\n  1 | x\n"}).empty());
  CHECK_FALSE(compare_golden(file, {1, "loop\n", "a:1:1: error[E0203]: no\n"}).empty());
  CHECK_FALSE(compare_golden(file, {1, "loop\nloop\n", "a:1:1: error[E0204]: no\n"}).empty());
  CHECK_FALSE(compare_golden(file, {139, "loop\nloop\n", "a:1:1: error[E0203]: no\n"}).empty());
}

TEST_CASE("rewritten expectations fit what they were written from") {
  const std::string text =
      "# A rule.\n"
      "# RUN: streamc check %s\n"
      "# AUTOUPDATE\n"
      "\n"
      "a = b\n"
      "# CHECK:STDERR: old\n"
      "c = d\n";
  // As the compiler reports it on the text above: line 7 is `c = d`.
  const GoldenOutput output{1, "{{x}}\n",
                            "tests/golden/sema/fail_a.stream:5:5: error[E0201]: no `b`\n"
                            "  5 | a = b\n"
                            "    |     ^\n"
                            "tests/golden/sema/fail_a.stream:7:5: error[E0201]: no `d`\n"};
  const std::string updated = update_golden(parse_golden(kPath, text), output);
  CHECK(updated ==
        "# A rule.\n"
        "# RUN: streamc check %s\n"
        "# AUTOUPDATE\n"
        "\n"
        "# CHECK:STDERR: %s:[[@LINE+3]]:5: error[E0201]: no `b`\n"
        "# CHECK:STDERR:   [[@LINE+2]] | a = b\n"
        "# CHECK:STDERR:     |     ^\n"
        "a = b\n"
        "# CHECK:STDERR: %s:[[@LINE+1]]:5: error[E0201]: no `d`\n"
        "c = d\n"
        "\n"
        "# CHECK:STDOUT: {{[{][{]}}x}}\n");
  const GoldenOutput again{1, "{{x}}\n",
                           "tests/golden/sema/fail_a.stream:8:5: error[E0201]: no `b`\n"
                           "  8 | a = b\n"
                           "    |     ^\n"
                           "tests/golden/sema/fail_a.stream:10:5: error[E0201]: no `d`\n"};
  const GoldenFile file = parse_golden(kPath, updated);
  CHECK(compare_golden(file, again).empty());
  CHECK(update_golden(file, again) == updated);
}

}  // namespace
}  // namespace streamtest
