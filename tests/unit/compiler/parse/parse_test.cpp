// Trees, spans and documentation of what parses.
#include <doctest/doctest.h>

#include <string>

#include "tests/unit/compiler/parse/programs.h"

namespace streamc {
namespace {

// The dump of `x = <text>`, without what stands around the value.
std::string value(const std::string& text) {
  const Parsed parsed("x = " + text + "\n");
  REQUIRE_MESSAGE(parsed.result.ok, parsed.messages());
  std::string dump = parsed.dump();
  const std::string before = "module\n  assign =\n    target x\n";
  REQUIRE(dump.starts_with(before));
  std::string result;
  for (std::size_t at = before.size(); at < dump.size();) {
    const std::size_t end = dump.find('\n', at);
    result += dump.substr(at + 4, end - at - 3);
    at = end + 1;
  }
  return result;
}

TEST_CASE("every program parses without a message") {
  const std::vector<Program> programs = all_programs();
  REQUIRE(programs.size() >= 16);
  for (const Program& program : programs) {
    const Parsed parsed(program.text);
    CHECK_MESSAGE(parsed.result.ok, program.name, "\n", parsed.messages());
  }
}

TEST_CASE("operators bind as the table says") {
  CHECK(value("a + b * c") == value("a + (b * c)"));
  CHECK(value("a - b - c") == value("(a - b) - c"));
  CHECK(value("-a ** b") == value("-(a ** b)"));
  CHECK(value("a ** b ** c") == value("a ** (b ** c)"));
  CHECK(value("a ** -b ** c") == value("a ** (-(b ** c))"));
  CHECK(value("not a == b and c or d") == value("((not (a == b)) and c) or d"));
  CHECK(value("a @ b ** c") == value("(a @ b) ** c"));
  CHECK(value("a or b |> f else c |> g") == value("(((a or b) |> f) else c) |> g"));
  CHECK(value("a // b % c / d") == value("((a // b) % c) / d"));
  CHECK(value("x in a + b") == value("x in (a + b)"));
  CHECK(value("- - a.b[0](c)") == value("-(-(((a.b)[0])(c)))"));
}

TEST_CASE("a newline ends a statement, except where it cannot") {
  CHECK(value("f(a,\n\n  b)") == value("f(a, b)"));
  CHECK(value("[1,\n2\n]") == value("[1, 2]"));
  CHECK(value("\n\n a") == value("a"));
  CHECK(value("a\n  # in between\n\n |> f\nelse b") == value("a |> f else b"));
  // Seen again inside braces inside brackets.
  CHECK(value("f(v => {\n y = v\n return y\n})").find("return") != std::string::npos);
  CHECK(Parsed("x = 1\ny = 2").result.module.items.size() == 2);
  CHECK(Parsed("x = 1\r\ny = 2\r\n").result.module.items.size() == 2);
}

TEST_CASE("keywords are names where a field, an argument or a parameter stands") {
  CHECK(value("a.in.if.on").find("field on") != std::string::npos);
  CHECK(value("f(on: t, else: 1)").find("argument on") != std::string::npos);
  CHECK(Parsed("fn f(if: int, node: int) -> int = node\n").result.ok);
  CHECK(Parsed("type T = { on: bool, type: int, at: time }\n").result.ok);
  CHECK(Parsed("at = node + thread + link + given\n").result.ok);
}

TEST_CASE("numbers") {
  CHECK(value("1_000") == "int 1000\n");
  CHECK(value("0xFF") == "int 255\n");
  CHECK(value("0b1_01") == "int 5\n");
  CHECK(value("-9223372036854775808") == "int -9223372036854775808\n");
  CHECK(value("--9223372036854775808") == "unary -\n  int -9223372036854775808\n");
  CHECK(value("1.5e-3") == "float 0.0015\n");
  CHECK(value("2e3") == "float 2000\n");
  CHECK(value("44.1kHz") == "quantity 44.1 kHz\n");
  CHECK(value("t\"1970-01-01T00:00:01Z\"") == "time 1000000000\n");
}

TEST_CASE("texts, escapes and holes") {
  CHECK(value(R"("a\n\u{e9}{{}}")") == "string\n  text \"a\\né{}\"\n");
  CHECK(value(R"("")") == "string\n");
  CHECK(value(R"(r"\n{x}")") == "raw\n  text \"\\\\n{x}\"\n");
  CHECK(value(R"("{:.1f}{}")") == "string\n  hole \".1f\"\n  hole \"\"\n");
  CHECK(value(R"("{f(a: 1)[1:2]:>8}")").find("hole \">8\"") != std::string::npos);
  CHECK(value(R"("é {x + 1}")") ==
        "string\n  text \"é \"\n  hole \"\"\n    binary +\n      name x\n      int 1\n");
}

TEST_CASE("spans are the bytes of the text, in holes too") {
  const std::string program = "name = \"é {a + (b)} c\" |> f(x)\n";
  const Parsed parsed(program);
  REQUIRE(parsed.result.ok);
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < parsed.ast.expr_count(); ++i) {
    texts.emplace_back(parsed.sources.text(span_of(parsed.ast, ExprId(i))));
  }
  const std::vector<std::string> expected = {"a", "b", "a + (b)", "\"é {a + (b)} c\"", "x",
                                             "\"é {a + (b)} c\" |> f(x)"};
  CHECK(texts == expected);
}

TEST_CASE("the comment block directly above is the documentation") {
  const Parsed parsed(
      "# Of the file.\n\n# First line,\n#   second line.\nx = 1   # not this\ny = 2\n\n# Gone.\n\nfn f() = 1\n");
  REQUIRE(parsed.result.ok);
  CHECK(parsed.result.module.doc == "Of the file.");
  const auto& items = parsed.result.module.items;
  const auto* const x = parsed.ast.as<ast::AssignStmt>(std::get<StmtId>(items[0]));
  const auto* const y = parsed.ast.as<ast::AssignStmt>(std::get<StmtId>(items[1]));
  const auto* const f = parsed.ast.as<ast::FnDecl>(std::get<DeclId>(items[2]));
  CHECK(x->doc == "First line,\n  second line.");
  CHECK(y->doc.empty());
  CHECK(f->doc.empty());
  CHECK(Parsed("# Of x.\nx = 1\n").result.module.doc.empty());
}

TEST_CASE("constants in types are read with their precedence") {
  const Parsed parsed("fn f(x: float[2 * n + 1 - k // 2]) -> list[int, max: 10] = x\n");
  REQUIRE(parsed.result.ok);
  CHECK(parsed.dump().find("binary -\n"
                           "            binary +\n"
                           "              binary *\n"
                           "                int 2\n"
                           "                name n\n"
                           "              int 1\n"
                           "            binary //\n") != std::string::npos);
}

TEST_CASE("reactions are to items, to time or to the end") {
  const Parsed parsed(
      "agent a(x: int, y: int) {\n on x, y { }\n on every 1s { }\n on end { }\n}\n"
      "agent b(end: int) {\n on end { }\n}\n");
  REQUIRE(parsed.result.ok);
  const auto* const a = parsed.ast.as<ast::AgentDecl>(std::get<DeclId>(parsed.result.module.items[0]));
  const auto* const b = parsed.ast.as<ast::AgentDecl>(std::get<DeclId>(parsed.result.module.items[1]));
  CHECK(a->handlers[0].inputs.size() == 2);
  CHECK(a->handlers[1].kind == ast::Handler::Kind::Every);
  CHECK(a->handlers[2].kind == ast::Handler::Kind::End);
  CHECK(b->handlers[0].kind == ast::Handler::Kind::Items);
}

TEST_CASE("nothing and only comments are programs") {
  CHECK(Parsed("").result.ok);
  CHECK(Parsed("\n\n").result.ok);
  CHECK(Parsed("# only this").result.ok);
  CHECK(Parsed("\xef\xbb\xbfx = 1\n").result.ok);  // A byte order mark.
}

}  // namespace
}  // namespace streamc
