// Where lines are broken.
#include <doctest/doctest.h>

#include "compiler/ast/layout.h"

namespace streamc {
namespace {

Doc list(bool is_broken) {
  Doc inner = Doc::indent({Doc::line_break(""), Doc::of("alpha"), Doc::of(","), Doc::line_break(" "),
                           Doc::of("beta")});
  return Doc::group({Doc::of("f("), inner, Doc::line_break(""), Doc::of(")")}, is_broken);
}

TEST_CASE("a group that fits stays on one line") {
  CHECK(lay_out(list(false), 20) == "f(alpha, beta)");
  CHECK(lay_out(list(false), 14) == "f(alpha, beta)");
}

TEST_CASE("a group that does not fit is broken everywhere") {
  CHECK(lay_out(list(false), 13) == "f(\n  alpha,\n  beta\n)");
  CHECK(lay_out(list(true), 80) == "f(\n  alpha,\n  beta\n)");
}

TEST_CASE("what follows a group up to the next newline counts") {
  const Doc line = Doc::concat({list(false), Doc::of(" |> mean"), Doc::newline(), Doc::of("long line")});
  CHECK(lay_out(line, 22) == "f(alpha, beta) |> mean\nlong line");
  CHECK(lay_out(line, 21) == "f(\n  alpha,\n  beta\n) |> mean\nlong line");
}

TEST_CASE("an aside has no width, and a newline inside breaks no group") {
  CHECK(lay_out(Doc::concat({list(false), Doc::aside("  # a long comment")}), 14) ==
        "f(alpha, beta)  # a long comment");
  const Doc block = Doc::group({Doc::of("f(x => {"), Doc::indent({Doc::newline(), Doc::of("y")}),
                                Doc::newline(), Doc::of("}"), Doc::line_break(""), Doc::of(")")});
  CHECK(lay_out(block, 80) == "f(x => {\n  y\n})");
}

TEST_CASE("a fill breaks only where it must") {
  const Doc fill = Doc::indent({Doc::fill({Doc::of("1,"), Doc::line_break(" "), Doc::of("22,"),
                                           Doc::line_break(" "), Doc::of("333,"),
                                           Doc::line_break(" "), Doc::of("4")})});
  CHECK(lay_out(fill, 80) == "1, 22, 333, 4");
  CHECK(lay_out(fill, 8) == "1, 22,\n  333, 4");
}

TEST_CASE("lines end in no blanks") {
  CHECK(lay_out(Doc::concat({Doc::of("a  "), Doc::newline(2), Doc::of("b ")}), 80) == "a\n\nb");
}

}  // namespace
}  // namespace streamc
