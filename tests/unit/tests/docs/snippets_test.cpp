#include "tests/docs/snippets.h"

#include <doctest/doctest.h>

namespace streamtest {
namespace {

TEST_CASE("fenced blocks of a document become programs") {
  const std::vector<Snippet> snippets = snippets_of("docs/a.md",
                                                    "Text.\n"
                                                    "```stream\n"
                                                    "x = 1\n"
                                                    "```\n"
                                                    "\n"
                                                    "```output\n"
                                                    "1\n"
                                                    "```\n"
                                                    "```stream fail\n"
                                                    "x == 1\n"
                                                    "```\n"
                                                    "```text\n"
                                                    "no program\n"
                                                    "```\n"
                                                    "- in a list:\n"
                                                    "  ```stream\n"
                                                    "  a = {\n"
                                                    "    b\n"
                                                    "\n"
                                                    "  ```\n"
                                                    "More text, so what follows is of no program.\n"
                                                    "```output\n"
                                                    "2\n"
                                                    "```\n");
  REQUIRE(snippets.size() == 3);
  CHECK(snippets[0].program == "x = 1\n");
  CHECK(snippets[0].line == 3);
  CHECK(snippets[0].output == "1\n");
  CHECK_FALSE(snippets[0].must_fail);
  CHECK(snippets[1].must_fail);
  CHECK_FALSE(snippets[1].output);
  CHECK(snippets[2].program == "a = {\n  b\n\n");
  CHECK_FALSE(snippets[2].output);
}

TEST_CASE("in a program the fences stand in comments") {
  const std::vector<Snippet> snippets = snippets_of("stdlib/a.stream",
                                                    "# The mean.\n"
                                                    "# ```stream\n"
                                                    "# [1, 2] |> mean |> print\n"
                                                    "# ```\n"
                                                    "# ```output\n"
                                                    "# 1.5\n"
                                                    "# ```\n"
                                                    "aggregate mean(x: float) -> float {\n"
                                                    "}\n");
  REQUIRE(snippets.size() == 1);
  CHECK(snippets[0].program == "[1, 2] |> mean |> print\n");
  CHECK(snippets[0].output == "1.5\n");
}

}  // namespace
}  // namespace streamtest
