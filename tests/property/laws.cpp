// Laws of the semantics as relations between the streams of one program.
//
// Each law writes a program over random lists whose streams must be related, runs it both ways, which
// must agree, and then checks the relation on what was printed.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "tests/property/both_ways.h"
#include "tests/property/properties.h"
#include "tests/support/expression_generator.h"
#include "tests/support/random.h"

namespace streamtest {

namespace {

using streamgen::ItemKind;
using streamgen::Random;
using Lines = std::vector<std::string>;

constexpr const char* kConstants = "infinite = 1e308 * 10.0\nnot_a_number = infinite - infinite\n";

std::string float_list(Random& random, std::size_t count) {
  std::string elements;
  for (std::size_t i = 0; i < count; ++i) {
    elements += (i == 0 ? "" : ", ") + streamgen::ExpressionGenerator::constant(random, ItemKind::Float);
  }
  return "items([" + elements + "])";
}

// Small ints, of which about a third are zero.
std::string int_list(Random& random, std::size_t count) {
  std::string elements;
  for (std::size_t i = 0; i < count; ++i) {
    elements += (i == 0 ? "" : ", ") + std::to_string(random.chance(33) ? 0 : random.between(1, 9));
  }
  return "items([" + elements + "])";
}

std::string printed(const std::string& name) {
  return fmt::format("{0} |> print(\"{0} {{}}\")\n", name);
}

// Runs the program, and the relation on its lines if all runs agree.
template <class Relation>
std::string check(const std::string& text, std::uint64_t seed, Relation relation) {
  BothWays result = run_both_ways(kConstants + text, {.seed = seed});
  if (result.problem.empty()) result.problem = relation(result.lines);
  return result.problem.empty() ? "" : fmt::format("seed {}\n{}\n{}", seed, result.problem, text);
}

std::string same(const Lines& a, const Lines& b) {
  if (a == b) return "";
  return fmt::format("these differ:\n[{}]\n[{}]", fmt::join(a, ", "), fmt::join(b, ", "));
}

using LinesByTag = std::map<std::string, Lines>;

std::string merge_is_associative(std::uint64_t seed) {
  Random random(seed);
  std::string text;
  for (const char* const name : {"a", "b", "c"}) {
    text += fmt::format("{} = {}\n", name, float_list(random, 1 + random.below(30)));
    if (random.chance(30)) text += fmt::format("{0}_kept = {0} |> where(v => v > 0.0)\n", name);
  }
  text += "left = merge(merge(a, b), c)\nright = merge(a, merge(b, c))\nflat = merge(a, b, c)\n";
  text += printed("left") + printed("right") + printed("flat");
  return check(text, seed, [](LinesByTag& lines) {
    return same(lines["left"], lines["right"]) + same(lines["left"], lines["flat"]);
  });
}

std::string merge_undoes_split(std::uint64_t seed) {
  Random random(seed);
  std::string text = fmt::format("x = {}\n", float_list(random, 1 + random.below(200)));
  text += fmt::format("high, low = x |> split(v => v > {})\n", random.between(-20, 20));
  text += "some, rest = high |> split(v => v > 1.0)\n";
  text += "whole = merge(high, low)\nagain = merge(merge(some, low), rest)\n";
  text += printed("x") + printed("whole") + printed("again");
  return check(text, seed, [](LinesByTag& lines) {
    return same(lines["x"], lines["whole"]) + same(lines["x"], lines["again"]);
  });
}

std::string prev_looks_back(std::uint64_t seed) {
  Random random(seed);
  const std::size_t count = 1 + random.below(100);
  const std::size_t back = 1 + random.below(12);
  const std::string text =
      fmt::format("x = {}\nearlier = prev(x, {}, init: 7.5)\n", float_list(random, count), back) +
      printed("x") + printed("earlier");
  return check(text, seed, [&](LinesByTag& lines) {
    Lines expected(std::min(back, count), "7.5");
    for (std::size_t i = back; i < count; ++i) expected.push_back(lines["x"][i - back]);
    return same(expected, lines["earlier"]);
  });
}

std::string delay_puts_items_in_front(std::uint64_t seed) {
  Random random(seed);
  const std::size_t count = 1 + random.below(100);
  const std::size_t items = 1 + random.below(random.chance(80) ? 12 : 3000);
  const std::string text =
      fmt::format("x = {}\nlater = delay(x, {}, init: 7.5)\n", float_list(random, count), items) +
      "paired = zip(x, later) |> map((a, b) => b)\n" +
      fmt::format("earlier = prev(x, {}, init: 7.5)\n", items) +
      fmt::format("timed = {} @ 4Hz\n", float_list(random, count)) +
      fmt::format("shifted = delay(timed, {}ms) |> map(v => \"{{now}} {{v}}\")\n", 250 * items) +
      fmt::format("expected = timed |> map(v => \"{{now + {}ms}} {{v}}\")\n", 250 * items) + printed("x") +
      printed("later") + printed("paired") + printed("earlier") + printed("shifted") + printed("expected");
  return check(text, seed, [&](LinesByTag& lines) {
    Lines expected(items, "7.5");
    expected.insert(expected.end(), lines["x"].begin(), lines["x"].end());
    return same(expected, lines["later"]) + same(lines["paired"], lines["earlier"]) +
           same(lines["expected"], lines["shifted"]);
  });
}

// One item at a time, in the order in which they wait: what a cycle must make of them.
Lines go_round(std::vector<std::int64_t> waiting, std::int64_t divisor) {
  Lines lines;
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    const std::int64_t item = waiting[i];
    lines.push_back(std::to_string(item));
    if (item < divisor) continue;
    waiting.push_back(item / divisor);
    if (item % 3 == 0) waiting.push_back(item - 1);
  }
  return lines;
}

std::string loops_end_with_the_last_item(std::uint64_t seed) {
  Random random(seed);
  const std::int64_t first = random.between(1, 60);
  const auto count = static_cast<std::size_t>(random.between(1, 5));
  const std::int64_t divisor = random.between(2, 5);
  const std::string text =
      fmt::format("agent step(v: int, divisor: int) -> int {{\n  on v {{\n    if v >= divisor {{\n      emit v // "
                  "divisor\n      if v % 3 == 0 {{ emit v - 1 }}\n    }}\n  }}\n}}\n") +
      fmt::format("round = delay(next, {}, init: {})\nnext = step(round, {})\n", count, first, divisor) +
      "total = round |> running(count)\n" + printed("round") + printed("total");
  return check(text, seed, [&](LinesByTag& lines) {
    const Lines expected = go_round(std::vector<std::int64_t>(count, first), divisor);
    return same(expected, lines["round"]) + same({std::to_string(expected.size())}, {lines["total"].back()});
  });
}

// Against a queue of everything still to come, by time, input and order.
std::string loops_by_time_are_in_order(std::uint64_t seed) {
  Random random(seed);
  const std::size_t count = 1 + random.below(40);
  const std::int64_t delay_ns = random.pick(std::vector<std::int64_t>{1, 999, 250'000'000, 333'333'333, 3'600'000'000'000});
  std::string elements;
  std::multimap<std::pair<std::int64_t, int>, std::int64_t> waiting;  // By time; the source (0) first.
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t value = random.between(0, 20);
    elements += fmt::format("{}{}", i == 0 ? "" : ", ", value);
    waiting.emplace(std::pair(static_cast<std::int64_t>(i) * 250'000'000, 0), value);
  }
  Lines expected;
  while (!waiting.empty()) {
    const auto [place, value] = *waiting.begin();
    waiting.erase(waiting.begin());
    expected.push_back(std::to_string(value));
    if (value > 1) waiting.emplace(std::pair(place.first + delay_ns, 1), value / 2);
  }
  const std::string text =
      fmt::format("x = items([{}]) @ 4Hz\nwave = merge(x, echo)\n"
                  "echo = delay(wave |> where(v => v > 1) |> map(v => v // 2), {}ns)\n", elements, delay_ns) +
      printed("wave");
  return check(text, seed, [&](LinesByTag& lines) { return same(expected, lines["wave"]); });
}

// A fault at some ticks leaves all other ticks as they are, and partners in step.
std::string faults_stay_in_their_tick(std::uint64_t seed) {
  Random random(seed);
  const std::size_t count = 1 + random.below(120);
  std::string text = fmt::format("x = {}\ny = {}\n", int_list(random, count), int_list(random, count));
  text +=
      "broken = x |> map(v => 60 / v) |> map(q => q + 1.0)\n"
      "whole = x |> map(v => if v == 0 { -1.0 } else { 60 / v + 1.0 })\n"
      "with_partner = zip(broken else -1.0, y)\n"
      "expected = zip(whole, y)\n"
      "direct = (60 / x + y) else -1.0\n"
      "direct_expected = zip(x, y) |> map((v, w) => if v == 0 { -1.0 } else { 60 / v + w })\n"
      "kept = broken else skip\n"
      "kept_expected = x |> where(v => v != 0) |> map(v => 60 / v + 1.0)\n";
  for (const char* const name : {"with_partner", "expected", "direct", "direct_expected", "kept", "kept_expected"}) {
    text += printed(name);
  }
  return check(text, seed, [](LinesByTag& lines) {
    return same(lines["with_partner"], lines["expected"]) + same(lines["direct"], lines["direct_expected"]) +
           same(lines["kept"], lines["kept_expected"]);
  });
}

// An agent that fails at some items is the agent on the others.
std::string a_failed_reaction_leaves_no_trace(std::uint64_t seed) {
  Random random(seed);
  std::string text = R"(agent mixed(v: int) -> float {
  state n = 0
  state total = 0.5
  state word = ""
  on v {
    n += 1
    total = total * 0.5 + n
    word = "{word}{n}"
    if len(word) > 20 { word = "" }
    emit total
    emit 12 / v + len(word)
    if n % 3 == 0 { emit float(n) }
  }
}
)";
  text += fmt::format("x = {}\n", int_list(random, 1 + random.below(150)));
  text += "y = x |> mixed else skip\n";
  text += "expected = x |> where(v => v != 0) |> mixed\n";
  text += "z = x |> map(v => v) |> scan((s, v) => s + 10 / v, init: 0.0) else skip\n";
  text += "z_expected = x |> where(v => v != 0) |> scan((s, v) => s + 10 / v, init: 0.0)\n";
  for (const char* const name : {"y", "expected", "z", "z_expected"}) text += printed(name);
  return check(text, seed, [](LinesByTag& lines) {
    return same(lines["y"], lines["expected"]) + same(lines["z"], lines["z_expected"]);
  });
}

// Holes keep their places in windows, and aggregates see values only.
std::string windows_pass_over_holes(std::uint64_t seed) {
  Random random(seed);
  const std::size_t size = 1 + random.below(12);
  const std::size_t every = 1 + random.below(size + 2);
  std::string text = fmt::format("x = {}\n", int_list(random, 1 + random.below(120)));
  text += "broken = x |> map(v => v + 0 * (1 // v))\n";
  text += fmt::format("counts = broken |> window({0}, every: {1}) |> count else 0\n", size, every);
  text += fmt::format("counts_expected = x |> window({0}, every: {1}) |> map(w => len(where(w, v => v != 0)))\n", size, every);
  text += fmt::format("sums = broken |> window({0}, every: {1}) |> sum else 0\n", size, every);
  text += fmt::format("sums_expected = x |> window({0}, every: {1}) |> sum\n", size, every);
  for (const char* const name : {"counts", "counts_expected", "sums", "sums_expected"}) text += printed(name);
  return check(text, seed, [](LinesByTag& lines) {
    return same(lines["counts"], lines["counts_expected"]) + same(lines["sums"], lines["sums_expected"]);
  });
}

// END: `on end` runs once after the last item; `take` ends its stream there; what is incomplete leaves
// only if asked for.
std::string ends_are_exact(std::uint64_t seed) {
  Random random(seed);
  const std::size_t count = 1 + random.below(60);
  const std::size_t taken = random.below(count + 5);
  const std::size_t size = 2 + random.below(9);
  std::string text = R"(agent tail(v: int) -> int {
  state n = 0
  on v { n += 1 }
  on end { emit n }
}
agent closing(v: int) -> string {
  state n = 0
  on v { n += 1 }
  on end { emit "{n} at {now}" }
}
)";
  text += fmt::format("x = {}\n", int_list(random, count));
  text += fmt::format("timed = {} @ 4Hz\n", int_list(random, count));
  text += "all = x |> tail\n";
  text += fmt::format("some = x |> take({}) |> tail\n", taken);
  text += fmt::format("later = x |> skip({}) |> tail\n", taken);
  text += "nothing = x |> where(v => v > 100) |> tail\n";
  text += fmt::format("blocks = x |> window({}, rest: true) |> count |> running(sum) |> map(v => v)\n", size);
  text += fmt::format("whole = x |> window({}) |> count\n", size);
  text += fmt::format("clock = timed |> take({}) |> closing\n", taken);
  text += "clock_all = timed |> where(v => v < 0) |> closing\n";
  for (const char* const name : {"all", "some", "later", "nothing", "blocks", "whole", "clock", "clock_all"}) {
    text += printed(name);
  }
  return check(text, seed, [&](LinesByTag& lines) {
    const std::size_t kept = std::min(taken, count);
    std::string problem = same(lines["all"], {std::to_string(count)});
    problem += same(lines["some"], {std::to_string(kept)});
    problem += same(lines["later"], {std::to_string(count - kept)});
    problem += same(lines["nothing"], {"0"});
    problem += same({lines["blocks"].empty() ? "" : lines["blocks"].back()}, {std::to_string(count)});
    problem += same(lines["whole"], Lines(count / size, std::to_string(size)));
    return problem;
  });
}

// zip goes by position, whatever became of the items on the way.
std::string zip_counts_ticks(std::uint64_t seed) {
  Random random(seed);
  const std::size_t a = 1 + random.below(80);
  const std::size_t b = 1 + random.below(80);
  const std::size_t skipped = random.below(5);
  std::string text = fmt::format("a = {}\nb = {}\n", int_list(random, a), int_list(random, b));
  text += "pairs = zip(a |> map(v => 12 / v) else 0.0, b) |> map((q, v) => q * 100 + v)\n";
  text += "sums = (12 / a else 0.0) * 100 + b\n";
  text += fmt::format("shifted = zip(a, a |> skip({})) |> map((v, w) => 10 * v + w)\n", skipped);
  text += fmt::format("earlier = zip(prev(a, {0}, init: 0), a) |> skip({0}) |> map((v, w) => 10 * v + w)\n",
                      std::max<std::size_t>(skipped, 1));
  for (const char* const name : {"pairs", "sums", "shifted", "earlier"}) text += printed(name);
  return check(text, seed, [&](LinesByTag& lines) {
    std::string problem = same(lines["pairs"], lines["sums"]);
    if (lines["pairs"].size() != std::min(a, b)) problem += "a zip of the wrong length";
    if (skipped > 0) problem += same(lines["shifted"], lines["earlier"]);
    return problem;
  });
}

}  // namespace

const std::vector<Law>& all_laws() {
  static const std::vector<Law> kLaws = {
      {"merge is associative", merge_is_associative, 6},
      {"merge undoes split", merge_undoes_split, 6},
      {"prev looks back", prev_looks_back, 6},
      {"delay puts items in front", delay_puts_items_in_front, 8},
      {"loops end with the last item", loops_end_with_the_last_item, 10},
      {"loops by time are in order", loops_by_time_are_in_order, 10},
      {"faults stay in their tick", faults_stay_in_their_tick, 8},
      {"a failed reaction leaves no trace", a_failed_reaction_leaves_no_trace, 8},
      {"windows pass over holes", windows_pass_over_holes, 8},
      {"ends are exact", ends_are_exact, 10},
      {"zip counts ticks", zip_counts_ticks, 8},
  };
  return kLaws;
}

}  // namespace streamtest
