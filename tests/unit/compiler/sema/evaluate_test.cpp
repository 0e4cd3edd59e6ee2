#include <doctest/doctest.h>

#include "tests/unit/compiler/sema/fixture.h"

namespace streamtest {
namespace {

// Each line `x = …`, evaluated.
std::string evaluate(std::string_view expression) {
  Program program("x = " + std::string(expression) + "\n");
  const std::string result = program.value("x");
  if (result.starts_with("error")) return program.messages();
  return result;
}

TEST_CASE("numbers are Python's") {
  CHECK(evaluate("7 / 2") == "3.5");
  CHECK(evaluate("-7 // 2") == "-4");
  CHECK(evaluate("-7 % 3") == "2");
  CHECK(evaluate("7.5 // -2") == "-4.0");
  CHECK(evaluate("-7.5 % 2") == "0.5");
  CHECK(evaluate("2 ** 10") == "1024");
  CHECK(evaluate("2 ** -1") == "0.5");
  CHECK(evaluate("-2 ** 2") == "-4");
  CHECK(evaluate("2 ** 0.5") == "1.4142135623730951");
  CHECK(evaluate("1 + 2.5") == "3.5");
  CHECK(evaluate("9223372036854775807 + 1") == "-9223372036854775808");
  CHECK(evaluate("1 / 0") == "failure: division by zero");
  CHECK(evaluate("1.0 % 0") == "failure: division by zero");
}

TEST_CASE("times, durations, rates") {
  CHECK(evaluate("t\"2026-01-02\" - t\"2026-01-01\"") == "1d");
  CHECK(evaluate("t\"2026-01-01\" + 90min") == "2026-01-01T01:30:00Z");
  CHECK(evaluate("2 * 1.5s") == "3s");
  CHECK(evaluate("10s / 4") == "2s500ms");
  CHECK(evaluate("1h / 1min") == "60.0");
  CHECK(evaluate("65s // 1min") == "1");
  CHECK(evaluate("65s % 1min") == "5s");
  CHECK(evaluate("44.1kHz") == "44100Hz");
  CHECK(evaluate("1s < 1000ms") == "false");
  CHECK(evaluate("-5s < 0s") == "true");
}

TEST_CASE("texts") {
  CHECK(evaluate("\"{1 + 1} and {2.5:.2f}\"") == "2 and 2.50");
  CHECK(evaluate("\"a\" + \"b\"") == "ab");
  CHECK(evaluate("len(\"häh\")") == "3");
  CHECK(evaluate("\"ab\" in \"xaby\"") == "true");
  CHECK(evaluate("upper(\"abc\") == \"ABC\"") == "true");
  CHECK(evaluate("string((1, \"a\"))") == "(1, \"a\")");
  CHECK(evaluate("parse_float(\"2.5\") + 1") == "3.5");
  CHECK(evaluate("parse_int(\"x\")").starts_with("failure"));
}

TEST_CASE("arrays") {
  CHECK(evaluate("map(range(4), i => i * i)") == "[0, 1, 4, 9]");
  CHECK(evaluate("map(range(2, 8, 3), i => \"pi{i:03}\")") == "[\"pi002\", \"pi005\"]");
  CHECK(evaluate("where([1, 2, 3, 4], v => v % 2 == 0)") == "[2, 4]");
  CHECK(evaluate("[1, 2.5]") == "[1.0, 2.5]");
  CHECK(evaluate("[1, none]") == "[1, none]");
  CHECK(evaluate("last([1, 2, 3]) + first([10, 20])") == "13");
  CHECK(evaluate("[1, 2, 3][-1]") == "3");
  CHECK(evaluate("len([1, 2, 3])") == "3");
  CHECK(evaluate("2 in [1, 2]") == "true");
  CHECK(evaluate("map([(1, 2), (3, 4)], (a, b) => a + b)") == "[3, 7]");
  CHECK(evaluate("map([1.0, 4.0], sqrt)") == "[1.0, 2.0]");
  CHECK(evaluate("map([1, 2], \"{:03}\")") == "[\"001\", \"002\"]");
}

TEST_CASE("aggregates over arrays") {
  CHECK(evaluate("mean([1, 2, 6])") == "3.0");
  CHECK(evaluate("sum([1, 2, 6])") == "9");
  CHECK(evaluate("sum([0.1, 0.2, 0.3])") == "0.6000000000000001");
  CHECK(evaluate("min([3, 1, 2])") == "1");
  CHECK(evaluate("min(3, 1)") == "1");
  CHECK(evaluate("max(1, 2.5, 2)") == "2.5");
  CHECK(evaluate("std([1.0, 3.0])") == "1.0");
  CHECK(evaluate("argmax([3, 9, 2])") == "1");
  CHECK(evaluate("count([1, 2])") == "2");
  CHECK(evaluate("sum(map(range(100), i => i))") == "4950");
  CHECK(evaluate("mean(where([1.0], v => v > 2))") == "failure: division by zero");
  CHECK(evaluate("[1, 2, 3] |> map(v => v * 2) |> sum") == "12");
}

TEST_CASE("conditions and options") {
  CHECK(evaluate("if 1 < 2 { 1 } else { 2.5 }") == "1.0");
  CHECK(evaluate("if true { none } else { 3 }") == "none");
  CHECK(evaluate("(1 / 0) else 5.0") == "5.0");
  CHECK(evaluate("fail(\"no\") else 1") == "1");
  CHECK(evaluate("fail(\"no luck\")") == "failure: no luck");
  CHECK(evaluate("not true or 1 == 1.0") == "true");
  CHECK(evaluate("clip(5, 0, 1)") == "1");
  CHECK(evaluate("clip(5, 0, 1.5)") == "1.5");
}

TEST_CASE("functions run while compiling") {
  Program program(R"(
fn triangle(n: int) -> int {
  total = 0
  for i in range(n + 1) { total += i }
  return total
}
fn taps(n: int) -> float[] {
  w = map([1.0, 2.0, 3.0], v => v * n)
  return w
}
fn apply(f: (int) -> int, x: int) -> int = f(x) + 1
fn outer(k: int) -> int = apply(v => v * k, 10)
fn swap(a: int, b: int) -> (int, int) {
  a, b = (b, a)
  return a, b
}
type P = { x: int, y: float = 0.5 }
fn moved(p: P) -> P = P(..p, x: p.x + 1)
fn change(p: P) -> P {
  p.y += 1
  return p
}
a = triangle(10)
b = taps(2)
c = outer(3)
d = swap(1, 2)
e = moved(P(x: 1))
f = change(P(1, 2))
g = sum(map(range(3), triangle))
h = moved(moved(P(x: 1))).x
)");
  CHECK(program.value("a") == "55");
  CHECK(program.value("b") == "[2.0, 4.0, 6.0]");
  CHECK(program.value("c") == "31");
  CHECK(program.value("d") == "(2, 1)");
  CHECK(program.value("e") == "P(x: 2, y: 0.5)");
  CHECK(program.value("f") == "P(x: 1, y: 3.0)");
  CHECK(program.value("g") == "4");
  CHECK(program.value("h") == "3");
  CHECK_MESSAGE(program.codes().empty(), program.messages());
}

TEST_CASE("params have defaults, and may be set") {
  Program program("param n: int = 4\nparam need: int\nm = 2 * n\nk = need + 1\n");
  program.check();
  CHECK(program.value("m") == "8");
  CHECK(program.value("k").find("--set need=") != std::string::npos);
  const streamc::FoundValue found = program.modules.find_value(program.modules.main_id(), "n");
  const streamc::ConstantId n = program.checker->module_constant(found);
  program.checker->overrides()[n] = streamc::make_int(program.checked.types, 5);
  CHECK(program.value("m") == "10");
  CHECK_FALSE(program.checked.constant(n).is_fixed);
  const streamc::CheckedExprId m =
      program.checker->check_constant(program.equation("m"), program.environment());
  CHECK(program.checker->evaluate_shape(m, streamc::SourceSpan())->integer == 10);
  CHECK(program.checked.constant(n).is_fixed);
}

TEST_CASE("an evaluation that takes too long is a failure") {
  Program program(
      "fn f(n: int) -> int {\n  t = 0\n  for i in range(n) { t += i }\n  return t\n}\n"
      "x = f(1_000_000_000_000)\n");
  CHECK(program.value("x") == "failure: it takes too long");
}

}  // namespace
}  // namespace streamtest
