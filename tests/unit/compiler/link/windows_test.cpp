// Windows of every small size and step, bit for bit against the formulas of docs/windows.md, which the
// reference interpreter evaluates for each window alone.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <random>
#include <string>

#include "tests/unit/compiler/link/program_runs.h"

namespace streamtest {
namespace {

// Numbers for which the order of additions shows: far apart, signed zeros, cancelling.
std::string numbers(std::uint64_t seed, int count) {
  std::mt19937_64 random(seed);
  std::string text;
  for (int i = 0; i < count; ++i) {
    const std::uint64_t draw = random();
    std::string number;
    switch (draw % 16) {
      case 0:
        number = "-0.0";
        break;
      case 1:
        number = "1e300";
        break;
      case 2:
        number = "-1e300";
        break;
      case 3:
        number = "5e-324";
        break;
      default:
        number = fmt::format("{:.17g}", static_cast<double>(static_cast<std::int64_t>(random() >> 8)) /
                                            (1LL << (draw % 50)) - 1e3);
        if (number.find_first_of(".en") == std::string::npos) number += ".0";
    }
    text += (i == 0 ? "" : ", ") + number;
  }
  return text;
}

// A few windows in each program: one compilation costs more than a run.
struct Shape {
  int size;
  int every;
  const char* options;
};

std::string program(const std::vector<Shape>& shapes, const std::string& source,
                    const std::string& what) {
  std::string text = source;
  for (const Shape& shape : shapes) {
    text += fmt::format("x |> window({}, every: {}{}) |> {} |> print(\"{}/{}{} {{}}\")\n", shape.size,
                        shape.every, shape.options, what, shape.size, shape.every, shape.options);
  }
  return text;
}

TEST_CASE("sums slide by one: every size to 200") {
  const std::string source = "x = items([" + numbers(7, 900) + "])\n";
  for (int first = 1; first <= 200; first += 25) {
    std::vector<Shape> shapes;
    for (int size = first; size < first + 25; ++size) {
      shapes.push_back({size, 1, size % 2 == 0 ? "" : ", partial: true"});
    }
    check_all_ways(program(shapes, source, "sum"));
  }
}

TEST_CASE("sums by larger steps, with panes and gaps") {
  const std::string source = "x = items([" + numbers(8, 900) + "])\n";
  std::mt19937_64 random(9);
  for (int round = 0; round < 8; ++round) {
    std::vector<Shape> shapes;
    for (int i = 0; i < 25; ++i) {
      const char* const options[] = {"", ", partial: true", ", rest: true",
                                     ", partial: true, rest: true"};
      shapes.push_back({static_cast<int>(1 + random() % 200), static_cast<int>(2 + random() % 199),
                        options[random() % 4]});
    }
    check_all_ways(program(shapes, source, "sum"));
  }
}

TEST_CASE("aggregates of other kinds") {
  const std::string source =
      "aggregate chain(x: float) -> float {\n"  // Associative in form only: order shows.
      "  state total = 0.0\n"
      "  state seen = 0\n"
      "  add {\n    total = total * 0.5 + x\n    seen += 1\n  }\n"
      "  merge o {\n    total = total * 0.25 + o.total\n    seen += o.seen\n  }\n"
      "  result = total + seen\n"
      "}\n"
      "aggregate newest(x: float) -> float {\n"  // No merge.
      "  state value = 0.0\n"
      "  add { value = value * 0.125 + x }\n"
      "  result = value\n"
      "}\n"
      "x = items([" + numbers(10, 700) + "])\n";
  const std::vector<Shape> shapes = {{1, 1, ""},   {5, 1, ""},      {8, 1, ""},
                                     {13, 1, ""},  {16, 1, ", partial: true"}, {64, 1, ""},
                                     {65, 1, ", partial: true"}, {100, 10, ""}, {96, 12, ""},
                                     {32, 32, ""}, {33, 33, ", rest: true"},   {20, 50, ""},
                                     {24, 8, ", partial: true"}};
  for (const char* what : {"mean", "min", "max", "var", "std", "count", "first", "last", "argmax",
                           "slope else 0.0", "chain", "newest", "spread"}) {
    CAPTURE(what);
    check_all_ways(program(shapes, source, what));
  }
}

TEST_CASE("holes keep their rank and add nothing") {
  const std::string source =
      "raw = items([" + numbers(11, 600) + "])\n"
      "x = raw |> map(v => if v > 900.0 { 1.0 / 0.0 * v } else { v / (if v < -900.0 { 0.0 } else { 1.0 }) })\n";
  const std::vector<Shape> shapes = {{3, 1, ""},  {8, 1, ", partial: true"}, {17, 1, ""},
                                     {64, 1, ""}, {30, 6, ""},               {16, 16, ", rest: true"},
                                     {7, 9, ""},  {40, 1, ", partial: true"}};
  for (const char* what : {"sum", "mean", "max", "first", "count"}) {
    CAPTURE(what);
    check_all_ways(program(shapes, source, what));
  }
}

TEST_CASE("functions of windows: several folds, filters, views") {
  check_all_ways("x = items([" + numbers(12, 500) + "])\n" + R"(
fn score(w: float[]) -> float = (last(w) - mean(w)) / (1.0 + std(w))
fn share(w: float[]) -> float = sum(where(w, v => v > 0.0)) - sum(map(w, v => v * 0.5))
fn middle(w: float[]) -> float = w[len(w) // 2] + w[-1]
x |> window(20, every: 1, partial: true) |> score |> print()
x |> window(16) |> score |> print()
x |> window(12, every: 3) |> share |> print()
x |> window(9, every: 2, rest: true) |> middle |> print()
x |> window(9, every: 1, partial: true) |> middle |> print()
x |> window(7, every: 11) |> middle |> print()
)");
}

}  // namespace
}  // namespace streamtest
