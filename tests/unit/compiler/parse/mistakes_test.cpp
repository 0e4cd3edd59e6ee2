// One mistake gives one message; what is right around it gives none.
#include <doctest/doctest.h>

#include <string>

#include "tests/unit/compiler/parse/programs.h"

namespace streamc {
namespace {

std::string codes(const std::string& text) { return Parsed(text).codes(); }

TEST_CASE("a correct program never meets the repairs") {
  // Each of these looks like a mistake.
  CHECK(codes("type Mode = home | away\n") == "");
  CHECK(codes("x = a - -b\ny = a--b\n") == "");
  CHECK(codes("x = 1 if_not\n") != "");
  CHECK(codes("test \"a\" {\n expect x == 3\n}\n") == "");
  CHECK(codes("fn f(x: int) -> bool {\n return x == 3\n}\n") == "");
  CHECK(codes("x = f(None: 1).True\n") == "");
}

TEST_CASE("what follows a mistake is read") {
  // A value may stand on the line behind its `=`, but these lines stand for themselves.
  const Parsed parsed("x = \ny = 2\nz = )\nfn f(x: int) -> int = x\n");
  CHECK(parsed.codes() == "E0101 E0110");
  CHECK(parsed.result.module.items.size() == 2);
}

TEST_CASE("a line that nothing can begin with is skipped alone") {
  CHECK(codes("x = 1\n= 2\n\n* 3\ny = 10m\n") == "E0101 E0101 E0126");
  CHECK(codes("import csv\n|> 4\ny = 10m\n") == "E0101 E0126");
  CHECK(codes("agent a(x: int) {\n  , 3\n  on x { * }\n  1\n}\ny = 10m\n") ==
        "E0101 E0101 E0101 E0126");
}

TEST_CASE("a statement inside a block is skipped alone") {
  const Parsed parsed(
      "agent a(x: int) -> int {\n"
      "  state n = = 0\n"
      "  on x {\n"
      "    y = x +\n"
      "    emit * y\n"
      "    if x > { emit 1 }\n"
      "    emit n\n"
      "  }\n"
      "}\n"
      "z = 10m\n");
  CHECK(parsed.codes() == "E0101 E0101 E0101 E0101 E0126");
}

TEST_CASE("an unclosed bracket does not swallow what follows") {
  CHECK(codes("x = f(1, 2\ny = 3 4\n") == "E0109 E0101");
  CHECK(codes("x = [1, 2\n|> f(3)\ny = 5 min\n") == "E0109 E0127");
  CHECK(codes("fn f(x: int) -> int {\n return (x\n}\ny = 10m\n") == "E0109 E0126");
  CHECK(codes("fn f(x: int) -> int {\n return x\n\nfn g(x: int) -> int = 10m\n") == "E0109 E0126");
}

TEST_CASE("a line with one mistake gives one message") {
  CHECK(codes("x = \"abc + f(1, [2\n") == "E0106");
  CHECK(codes("x = f(a b c d)\n") == "E0101");
  CHECK(codes("def f(x):\n    return x\n") == "E0122");  // Two: `def`, and the colon.
  CHECK(codes("print(f'{x}')\n") == "E0108");
  CHECK(codes("fn f(x: int -> int = x\n") == "E0109");
}

TEST_CASE("Python's blocks are read by their indentation") {
  CHECK(codes("fn f(x: int) -> int:\n"
              "  if x > 0:\n"
              "    return 1\n"
              "  return 2\n"
              "y = 3\n") == "E0116 E0116");
  CHECK(codes("class A:\n    def f(self):\n        pass\n\ny = 3\n") == "E0114");
}

TEST_CASE("very many mistakes stop being reported") {
  std::string text;
  for (int i = 0; i < 500; ++i) text += "x = = 1\n";
  const Parsed parsed(text);
  CHECK_FALSE(parsed.result.ok);
  CHECK(parsed.sink.error_count() == 50);
}

TEST_CASE("long and hopeless texts take no long time") {
  const auto repeated = [](const std::string& text, std::size_t count) {
    std::string result;
    for (std::size_t i = 0; i < count; ++i) result += text;
    return result;
  };
  constexpr std::size_t kMany = 20'000;
  CHECK(codes("x = (1" + repeated("\n", kMany) + "y = 2\n") == "E0109");
  CHECK(codes(repeated("\n", kMany)) == "");
  CHECK(codes("x = = 1" + repeated("\n", kMany) + "|> f\n") == "E0101");
  CHECK(Parsed(repeated("= 1\n", kMany)).sink.error_count() == 50);
  CHECK(Parsed(repeated("$", kMany)).sink.error_count() == 50);
  CHECK(Parsed(repeated("}\n", kMany)).sink.error_count() == 50);
  CHECK(Parsed(repeated("x = {\n", 150)).sink.error_count() > 0);
  CHECK(codes("x = [" + repeated("1, ", kMany) + "2]\n") == "");
  CHECK(codes("x = \"" + repeated("{y} ", kMany / 10) + "\"\n") == "");
}

TEST_CASE("nesting ends with a message, not with the stack") {
  const auto nested = [](std::string open, std::string close, std::size_t count) {
    std::string text = "x = ";
    for (std::size_t i = 0; i < count; ++i) text += open;
    text += "1";
    for (std::size_t i = 0; i < count; ++i) text += close;
    return Parsed(text + "\n").codes();
  };
  CHECK(nested("(", ")", 150) == "");
  CHECK(nested("(", ")", 10'000) == "E0103");
  CHECK(nested("[", "]", 10'000) == "E0103");
  CHECK(nested("f(", ")", 10'000) == "E0103");
  CHECK(nested("(", "", 10'000) == "E0103");
  CHECK(nested("a[", "]", 10'000) == "E0103");
  CHECK(nested("f(v => ", ")", 10'000) == "E0103");
  CHECK(nested("if a { ", " } else { 1 }", 10'000) == "E0103");
  CHECK(nested("-", "", 10'000) == "E0103");
  CHECK(nested("not ", "", 10'000) == "E0103");
  CHECK(nested("", " ** 2", 10'000) == "E0103");
  CHECK(nested("", " + 1", 10'000) == "E0103");
  CHECK(nested("", "[0]", 10'000) == "E0103");
  CHECK(nested("", " |> f", 10'000) == "E0103");
  CHECK(nested("", " if a { 1 } else", 10) != "");
  CHECK(nested("", " + 1", 900) == "");

  std::string chain = "x = if a { 1 }";
  for (int i = 0; i < 10'000; ++i) chain += " else if b { 2 }";
  CHECK(codes(chain + " else { 3 }\n") == "E0103");
  std::string blocks = "fn f() {\n";
  for (int i = 0; i < 10'000; ++i) blocks += "if a {\n";
  CHECK(codes(blocks) == "E0103");
  std::string types = "fn f(x: ";
  for (int i = 0; i < 10'000; ++i) types += "() -> ";
  CHECK(codes(types + "int) = 1\n") == "E0103");
  std::string suffixes = "fn f(x: int";
  for (int i = 0; i < 10'000; ++i) suffixes += "[]";
  CHECK(codes(suffixes + ") = 1\n") == "E0103");
}

}  // namespace
}  // namespace streamc
