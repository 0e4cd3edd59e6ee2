#include "compiler/place/balance.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "compiler/driver/front_end.h"
#include "compiler/graph/cycles.h"
#include "compiler/place/balance_text.h"

using namespace streamc;

namespace {

struct Program {
  FrontEnd front_end;

  explicit Program(const std::string& text) {
    static int number = 0;
    const std::filesystem::path path =
        std::filesystem::temp_directory_path() / fmt::format("streamc_place_{}_{}.stream", ::getpid(), number++);
    std::ofstream(path) << text;
    REQUIRE(front_end.read(path.string()));
    const bool is_good = front_end.run();
    for (const Diagnostic& diagnostic : front_end.sink().diagnostics()) MESSAGE(diagnostic.message);
    REQUIRE(is_good);
    std::filesystem::remove(path);
  }

  Balance cut(std::uint32_t most_threads) { return balance(front_end.graph(), front_end.program(), most_threads); }

  // The threads on which operators of an equation run.
  std::set<PartId> threads_of(const Balance& cut, const std::string& equation) {
    std::set<PartId> threads;
    for (std::size_t i = 0; i < cut.part_of.size(); ++i) {
      if (front_end.graph().operators[i].equation == equation) threads.insert(cut.part_of[i]);
    }
    return threads;
  }
};

// Two heavy branches behind one file, each as dear as reading it.
const char* const kTwoBranches = R"(
import numbers
x = numbers.read("x.txt") else skip
a = x |> map(v => sin(cos(sin(cos(sin(cos(v)))))))
b = x |> map(v => cos(sin(cos(sin(cos(sin(v)))))))
zip(a, b) |> where((p, q) => p > q + 2.0) |> print
)";

// All that keeps operators together, with enough work around it that a cut pays.
const char* const kBound = R"(
import chart
import numbers
x = numbers.read("x.txt") else skip
checked = x |> map(v => 8 // int(v)) else stop
total = sin(x) + last
last = prev(total, init: 0.0)
curve = x |> map(v => sin(cos(sin(cos(v)))))
y = numbers.read("y.txt") else skip
wave = y |> map(v => sin(cos(sin(cos(v)))))
curve |> chart.line("c.svg", label: "curve")
wave |> chart.line("c.svg", label: "wave")
curve |> where(v => v > 1.0) |> print
wave |> where(v => v > 1.0) |> print
total |> where(v => v > 1e9) |> print
checked |> where(v => v > 1_000_000) |> print
)";

}  // namespace

TEST_CASE("heavy branches get threads, and the estimate of the busiest falls with each") {
  Program program(kTwoBranches);
  std::int64_t before = program.cut(1).alone_ps;
  for (const std::uint32_t threads : {2U, 3U}) {
    const Balance cut = program.cut(threads);
    REQUIRE(cut.threads.size() == threads);
    std::int64_t busiest = 0;
    for (const ThreadLoad& load : cut.threads) busiest = std::max(busiest, load.sum_ps());
    CHECK(busiest < before);
    before = busiest;
  }
  CHECK(program.threads_of(program.cut(3), "a") != program.threads_of(program.cut(3), "b"));
}

TEST_CASE("own work of all threads is the work of one, however it is cut") {
  Program program(kBound);
  for (const std::uint32_t threads : {1U, 2U, 3U, 8U, 64U}) {
    const Balance cut = program.cut(threads);
    CHECK(cut.threads.size() <= threads);
    std::int64_t own = 0;
    for (const ThreadLoad& load : cut.threads) own += load.own_ps;
    CHECK(own == cut.alone_ps);
  }
}

TEST_CASE("constraints are kept: nothing has to be moved afterwards") {
  Program program(kBound);
  const Graph& graph = program.front_end.graph();
  for (const std::uint32_t threads : {2U, 3U, 8U}) {
    const Balance cut = program.cut(threads);
    REQUIRE(cut.threads.size() > 1);
    CHECK(place_balanced(graph, cut).moved.empty());
    const std::vector<OperatorId> cycle_of = find_cycles(graph);
    std::set<PartId> charts;
    for (std::size_t i = 0; i < graph.operators.size(); ++i) {
      CHECK(cut.part_of[i] == cut.part_of[cycle_of[i].index()]);
      const auto* sink = std::get_if<SinkOperator>(&graph.operators[i].kind);
      if (sink != nullptr && sink->destination_kind == "console") CHECK(cut.part_of[i] == PartId(0));
      if (sink != nullptr && sink->destination_kind == "chart") charts.insert(cut.part_of[i]);
    }
    CHECK(charts.size() == 1);
    CHECK(program.threads_of(cut, "checked") == program.threads_of(cut, "x"));
  }
}

TEST_CASE("equal programs are cut equally") {
  Program first(kBound);
  Program second(kBound);
  for (const std::uint32_t threads : {2U, 4U}) {
    CHECK(first.cut(threads).part_of == second.cut(threads).part_of);
    CHECK(first.cut(threads).names == second.cut(threads).names);
  }
}

TEST_CASE("one thread is enough for what no cut helps") {
  const auto last_of = [](const std::string& text) {
    Program program(text);
    const Balance cut = program.cut(8);
    CHECK(cut.threads.size() == 1);
    CHECK(place_balanced(program.front_end.graph(), cut).placement.parts.size() == 1);
    return cut.last;
  };
  CHECK(last_of("x = items([1.0, 2.0])\nx |> map(v => sin(v)) |> print\n") == LastThread::FewItems);
  CHECK(last_of("import system\nsystem.cpu() |> print\n") == LastThread::Waits);
  CHECK(
      last_of(
          "import numbers\nx = numbers.read(\"x.txt\") else skip\nx |> where(v => v > 1.0) |> window(1000) |> mean |> "
          "print\n") == LastThread::SavesLittle);
  CHECK(last_of("import chart\nimport lines\nlines.read(\"x.txt\") |> map(s => len(s)) |> chart.line(\"c.svg\", label: "
                "\"length\")\n") == LastThread::Costs);
}

TEST_CASE("the kind of window, its step and the length of arrays decide what they cost") {
  const auto cost_of = [](const std::string& equation) {
    Program program("import numbers\nx = numbers.read(\"x.txt\") else 0.0\ny = " + equation + "\ny |> print\n");
    const Balance cut = program.cut(1);
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < cut.part_of.size(); ++i) {
      if (program.front_end.graph().operators[i].equation == "y") sum += cut.work.work_ps[i];
    }
    return sum;
  };
  const std::int64_t of_every_item = cost_of("x |> window(100, every: 1) |> map(w => len(where(w, v => v > 3.0)))");
  CHECK(of_every_item > 100'000);
  CHECK(cost_of("x |> window(100, every: 100) |> map(w => len(where(w, v => v > 3.0)))") < of_every_item / 50);
  CHECK(cost_of("x |> window(1000, every: 1) |> map(w => len(where(w, v => v > 3.0)))") > of_every_item * 8);
  CHECK(cost_of("x |> window(100) |> mean") < cost_of("x |> window(100, every: 1) |> mean"));
}

TEST_CASE("the text names what is cut and why") {
  Program program(kTwoBranches);
  const auto text = [&](std::uint32_t threads) {
    return describe_balance(program.front_end.graph(), program.cut(threads), program.front_end.program(),
                            &program.front_end.sources());
  };
  CHECK(text(1).find("no further thread: no more are allowed") != std::string::npos);
  CHECK(text(2).find("no further thread: no more are allowed") != std::string::npos);
  CHECK(text(8).find("between threads\n") != std::string::npos);
}
