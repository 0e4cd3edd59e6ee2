// `streamc fmt`: print-then-parse is the identity, and a second time changes nothing.
#include <doctest/doctest.h>

#include <string>

#include "tests/unit/compiler/parse/programs.h"

namespace streamc {
namespace {

std::string format(const std::string& text) {
  const Parsed parsed(text);
  REQUIRE_MESSAGE(parsed.result.ok, parsed.messages());
  return parsed.formatted();
}

TEST_CASE("formatting keeps the tree and the comments, and is done after once") {
  for (const Program& program : all_programs()) {
    const Parsed first(program.text);
    REQUIRE_MESSAGE(first.result.ok, program.name);
    const std::string once = first.formatted();
    const Parsed second(once);
    REQUIRE_MESSAGE(second.result.ok, program.name, "\n", second.messages());
    CHECK_MESSAGE(first.dump() == second.dump(), program.name, " has another tree");
    CHECK_MESSAGE(once == second.formatted(), program.name, " changes again");
    CHECK_MESSAGE(first.result.module.comments.size() == second.result.module.comments.size(),
                  program.name, " lost a comment");
  }
}

TEST_CASE("blanks and empty lines") {
  CHECK(format("x=1+  2\n\n\n\ny   = -3   # why\n") == "x = 1 + 2\n\ny = -3  # why\n");
  CHECK(format("a |>f( b ,c:1 )\n") == "a |> f(b, c: 1)\n");
  CHECK(format("x = a[ 1 : n ][ * ]\n") == "x = a[1:n][*]\n");
  CHECK(format("x = f(\n  a,\n    b)\n") == "x = f(\n  a,\n  b\n)\n");
}

TEST_CASE("parentheses stay as they are") {
  CHECK(format("x = (a + (b)) * c\n") == "x = (a + (b)) * c\n");
  CHECK(format("x = (a |> f) + 1\n") == "x = (a |> f) + 1\n");
}

TEST_CASE("long pipelines are broken before each step") {
  const std::string step = "|> where(value => value > some_limit) ";
  CHECK(format("result = source " + step + step + step + "\n") ==
        "result = source\n"
        "  |> where(value => value > some_limit)\n"
        "  |> where(value => value > some_limit)\n"
        "  |> where(value => value > some_limit)\n");
  // What the user broke stays broken, everywhere.
  CHECK(format("x = a |> f else 0\n|> g\n") == "x = a\n  |> f else 0\n  |> g\n");
}

TEST_CASE("blocks stand on one line only where they did") {
  CHECK(format("fn f() -> int { return 1 }\n") == "fn f() -> int { return 1 }\n");
  CHECK(format("fn f() -> int {\nreturn 1 }\n") == "fn f() -> int {\n  return 1\n}\n");
}

TEST_CASE("comments stay where they are") {
  const std::string text =
      "# top\n"
      "\n"
      "# doc\n"
      "agent a(x: int) {  # behind the brace\n"
      "  # first\n"
      "  state n = 0  # behind\n"
      "\n"
      "  on x {\n"
      "    # only this\n"
      "  }\n"
      "  # last\n"
      "}\n"
      "# end\n";
  CHECK(format(text) == text);
}

TEST_CASE("a line with a comment inside is left alone") {
  const std::string text = "x = f(a,   # the first\n      b)\n";
  CHECK(format(text) == text);
}

}  // namespace
}  // namespace streamc
