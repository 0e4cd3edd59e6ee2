// Small programs through code generation, compared with the reference interpreter.
#include <doctest/doctest.h>

#include "tests/unit/compiler/link/program_runs.h"

namespace streamtest {
namespace {

TEST_CASE("a list, a map, a filter, print") {
  const std::string output = check_all_ways(R"(
x = items([1.0, -2.0, 3.5, 40.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0])
x |> map(v => v * 2.0 + 1.0) |> where(v => v > 5.0) |> print()
)");
  CHECK(output == "8.0\n81.0\n11.0\n13.0\n15.0\n17.0\n19.0\n21.0\n23.0\n");
}

TEST_CASE("items fail and leave holes") {
  check_all_ways(R"(
x = items([4, 0, 2, 0, 8, 5])
y = x |> map(v => 100 / v)
y |> print()
y else -1.0 |> print()
z = y + 1.0
z |> where(v => v > 20.0) |> print("big {}")
y else skip |> map(v => v * 2.0) |> print()
prev(y, init: 0.5) |> print()
)");
}

TEST_CASE("state: prev, scan, running, cycles") {
  check_all_ways(R"(
x = items([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
y = x + 0.5 * prev(y, init: 0.0)
y |> print()
x |> prev(3, init: -1.0) |> print()
x |> scan((s, v) => s + v, init: 100.0) |> print()
x |> running(mean) |> print()
x |> running(max) |> print()
)");
}

TEST_CASE("scopes: take, skip, flatten, zip, merge") {
  check_all_ways(R"(
x = items([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])
x |> take(4) |> print("take {}")
x |> skip(9) |> print("skip {}")
even = x |> where(v => v % 2 == 0)
odd = x |> where(v => v % 2 == 1)
merge(even, odd) |> print("merged {}")
even |> take(3) |> skip(1) |> print("slice {}")
x |> map(v => [v, v * v]) |> flatten |> print("flat {}")
x |> window(3) |> flatten |> take(5) |> print("window {}")
)");
}

TEST_CASE("two sources in step") {
  check_all_ways(R"(
a = items([1.0, 2.0, 3.0, 4.0, 5.0]) |> map(v => 1.0 / (v - 2.0))
b = items(["one", "two", "three"])
pairs = zip(a, b)
pairs |> print()
pairs |> map((v, name) => "{name}: {v:.3f}") |> print()
)");
}

TEST_CASE("records, options, texts") {
  check_all_ways(R"(
type Reading = { id: int, name: string, value: float? }
x = items([1, 2, 3, 4])
r = x |> map(v => Reading(id: v, name: "n{v}", value: if v % 2 == 0 { 1.5 * v } else { none }))
r |> print()
r.name |> map(n => upper(n)) |> print()
r.value else 0.0 |> print("{:.3f}")
r |> where(v => v.name != "n3") |> print("{}")
prev(r.name, init: "first") |> print()
r.name |> window(2, every: 1) |> map(w => len(w)) |> print()
)");
}

TEST_CASE("else stop ends the program after what precedes the hole") {
  check_all_ways(R"(
x = items([1, 2, 4, 0, 5, 8])
inverse = x |> map(v => 8 / v) else stop
x |> print("x {}")
inverse |> print("inverse {}")
x |> window(3, rest: true) |> sum |> print("sum {}")
)");
  // What other operators hold back until the END knows nothing of the tick that stopped.
  check_all_ways(R"(
x = items([1.0, 2.0, 0.0, 3.0])
x |> window(9, every: 1, rest: true) |> map(w => (mean(w), count(w))) |> print("view {}")
x |> window(9, every: 1, rest: true) |> mean |> print("fold {}")
x |> map(v => 1.0 / v) else stop |> print("inverse {}")
)");
  check_all_ways(R"(
type Row = { a: int, b: float? }
x = items([Row(a: 1, b: 1.5), Row(a: 2, b: 2.5), Row(a: 3, b: none), Row(a: 4, b: 4.5)])
x.b else stop |> print("b {}")
x.a |> window(4, rest: true) |> count |> print("count {}")
)");
}

TEST_CASE("a zip of times with positions has the stamps of the times") {
  check_all_ways(R"(
pairs = items([[1, 2, 3], [4, 5, 6]]) @ 7Hz |> flatten
names = items(["a", "b", "c", "d", "e"])
both = zip(pairs, names) |> map((v, w) => "{v}{w}")
later, rest = both |> split(v => v > "2")
both |> print("both {}")
later |> print("later {}")
)");
}

TEST_CASE("agents: atomic reactions, several ports, on end") {
  check_all_ways(R"(
agent split_up(x: int) -> (even: int, odd: int) {
  state count = 0
  on x {
    count += 1
    if x % 2 == 0 { emit even: x * 10 + count } else { emit odd: x }
    if x == 4 { fail("no fours") }
  }
  on end { emit odd: count }
}
agent twice(x: int) -> int {
  state last = 0
  on x {
    emit x
    emit x + last
    last = x
  }
}
x = items([1, 2, 3, 4, 5, 6])
s = split_up(x)
s.even |> print("even {}")
s.odd |> print("odd {}")
twice(x) |> print("twice {}")
)");
}

TEST_CASE("integers and floats divide as in Python") {
  check_all_ways(R"(
pairs = items([(7, 2), (-7, 2), (7, -2), (-7, -2), (0, 5), (-9223372036854775807, -1)])
a = pairs[0]
b = pairs[1]
(a // b) |> print()
(a % b) |> print()
f = a |> map(v => 0.5 * v)
g = b |> map(v => 0.75 * v)
(f // g) |> print()
(f % g) |> print()
(f / g) |> print()
f |> map(v => round(v) + floor(v) * 2.0 + ceil(v) * 3.0 + trunc(v)) |> print()
f |> map(v => sqrt(abs(v)) + exp(v / 10.0) + sin(v)) |> print()
f |> map(v => int(v)) |> print()
(min(f, g) + max(f, g) * 100.0) |> print()
)");
}

}  // namespace
}  // namespace streamtest
