// The runner's promises: batch cuts never show, frontiers and END are exact, failures are told.

#include "runtime/agent/run_program.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstring>
#include <limits>

#include "runtime/base/clock.h"
#include "tests/unit/runtime/agent/program_builder.h"

namespace streamrt::test {

namespace {

std::int64_t stamp_of(const StreamBatch& batch, std::int64_t i) {
  return batch.stamps == nullptr ? batch.first_position + i : batch.stamps[i];
}

const std::int64_t* ints(const StreamBatch& batch, std::size_t column = 0) {
  return static_cast<const std::int64_t*>(batch.columns[column]);
}

// One output whose items are written one by one.
class Writer {
 public:
  Writer(StreamContext* context, std::int32_t queue) : context_(context), queue_(queue) {
    stream_queue_reserve(context, queue, 4, &out_);
  }
  ~Writer() { stream_queue_commit(context_, queue_, count_); }
  void put(std::int64_t value, std::int64_t stamp, bool is_valid = true) {
    if (count_ == out_.capacity) stream_queue_grow(context_, queue_, count_ + 1, &out_);
    static_cast<std::int64_t*>(out_.columns[0])[count_] = value;
    if (out_.valid != nullptr) out_.valid[count_] = is_valid ? 1 : 0;
    if (out_.stamps != nullptr) out_.stamps[count_] = stamp;
    ++count_;
  }

 private:
  StreamContext* context_;
  std::int32_t queue_;
  StreamOutput out_{};
  std::int64_t count_ = 0;
};

// Copies every tick to each of the queues.
template <std::int32_t... kQueues>
std::int32_t copy(void*, StreamContext* context, const StreamBatch* inputs, std::int64_t count,
                  std::uint32_t) {
  for (const std::int32_t queue : {kQueues...}) {
    Writer writer(context, queue);
    for (std::int64_t i = 0; i < count; ++i) {
      writer.put(ints(inputs[0])[i], stamp_of(inputs[0], i),
                 inputs[0].valid == nullptr || inputs[0].valid[i] != 0);
    }
  }
  return STREAM_REGION_MORE;
}

// Keeps the multiples of kDivisor.
template <std::int32_t kQueue, std::int64_t kDivisor>
std::int32_t multiples(void*, StreamContext* context, const StreamBatch* inputs, std::int64_t count,
                       std::uint32_t) {
  Writer writer(context, kQueue);
  for (std::int64_t i = 0; i < count; ++i) {
    if (ints(inputs[0])[i] % kDivisor == 0) writer.put(ints(inputs[0])[i], stamp_of(inputs[0], i));
  }
  return STREAM_REGION_MORE;
}

// Sums in pairs; an odd one out leaves at the end, with the time of the end.
template <std::int32_t kQueue>
std::int32_t sum_pairs(void* state, StreamContext* context, const StreamBatch* inputs,
                       std::int64_t count, std::uint32_t flags) {
  struct Sum {
    std::int64_t total, terms;
  };
  Sum& sum = *static_cast<Sum*>(state);
  Writer writer(context, kQueue);
  for (std::int64_t i = 0; i < count; ++i) {
    sum.total += ints(inputs[0])[i];
    if (++sum.terms == 2) {
      writer.put(sum.total, stamp_of(inputs[0], i));
      sum = {};
    }
  }
  if ((flags & STREAM_REGION_END) != 0 && sum.terms > 0) writer.put(sum.total, inputs[0].stamps[0]);
  return STREAM_REGION_MORE;
}

// Adds the items of two inputs in step.
template <std::int32_t kQueue>
std::int32_t add(void*, StreamContext* context, const StreamBatch* inputs, std::int64_t count,
                 std::uint32_t) {
  Writer writer(context, kQueue);
  for (std::int64_t i = 0; i < count; ++i) {
    writer.put(ints(inputs[0])[i] * 1000 + ints(inputs[1])[i],
               std::max(stamp_of(inputs[0], i), stamp_of(inputs[1], i)));
  }
  return STREAM_REGION_MORE;
}

// The first kCount ticks, then done.
template <std::int32_t kQueue, std::int64_t kCount>
std::int32_t take(void* state, StreamContext* context, const StreamBatch* inputs,
                  std::int64_t count, std::uint32_t) {
  auto& taken = *static_cast<std::int64_t*>(state);
  const std::int64_t before = taken;
  {
    Writer writer(context, kQueue);
    for (std::int64_t i = 0; i < count && taken < kCount; ++i, ++taken) {
      writer.put(ints(inputs[0])[i], stamp_of(inputs[0], i));
    }
  }
  if (before < kCount && taken == kCount) {
    stream_queue_end(context, kQueue, stamp_of(inputs[0], kCount - 1 - before));
  }
  return taken == kCount ? STREAM_REGION_DONE : STREAM_REGION_MORE;
}

ListItems<std::int64_t> numbers(std::int64_t count, std::int64_t step = 1) {
  ListItems<std::int64_t> items;
  for (std::int64_t i = 0; i < count; ++i) items.values.push_back(i * step);
  return items;
}

// Runs as it is, then with many random cuts and small queues: nothing may differ.
Outcome run_with_cuts(ProgramBuilder& builder) {
  const Outcome whole = run(builder);
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    RunOptions options;
    options.batch_cuts_seed = seed;
    options.queue_limit = 1 + static_cast<std::int64_t>(seed % 7) * 3;
    const Outcome cut = run(builder, options);
    CAPTURE(seed);
    CHECK(cut.status == whole.status);
    CHECK(cut.console == whole.console);
    CHECK(cut.captured == whole.captured);
    CHECK(cut.messages == whole.messages);
  }
  return whole;
}

std::size_t line_count(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("a split and its merge give back the original, and sinks of one group their order") {
  // 0: source; 1, 2: its branches; 3, 4: merged and printed; 5: the threes printed beside.
  const auto items = numbers(5000);
  ProgramBuilder builder;
  for (int i = 0; i < 6; ++i) builder.queue(int_type());
  builder.list(0, items);
  builder.region(STREAM_HEAD_SOURCE, {0}, {1, 2, 5},
                 [](void*, StreamContext* context, const StreamBatch* inputs, std::int64_t count,
                    std::uint32_t) -> std::int32_t {
                   Writer even(context, 1);
                   Writer odd(context, 2);
                   Writer threes(context, 5);
                   for (std::int64_t i = 0; i < count; ++i) {
                     const std::int64_t value = ints(inputs[0])[i];
                     (value % 2 == 0 ? even : odd).put(value, stamp_of(inputs[0], i));
                     if (value % 3 == 0) threes.put(-value, stamp_of(inputs[0], i));
                   }
                   return STREAM_REGION_MORE;
                 });
  builder.region(STREAM_HEAD_MERGE, {1, 2}, {3}, copy<3>);
  builder.sink("print", 3, 0);
  builder.sink("print", 5, 0);
  const Outcome outcome = run_with_cuts(builder);
  std::string expected;
  for (std::int64_t i = 0; i < 5000; ++i) {
    expected += fmt::format("{}\n", i);
    if (i % 3 == 0) expected += fmt::format("{}\n", -i);
  }
  CHECK(outcome.console == expected);
}

TEST_CASE("zip pairs two sources and ends with the shorter one") {
  const auto left = numbers(3000);
  const auto right = numbers(2001, 7);
  ProgramBuilder builder;
  for (int i = 0; i < 3; ++i) builder.queue(int_type());
  builder.queue(int_type());
  builder.queue(int_type());
  builder.list(0, left);
  builder.list(1, right);
  builder.region(STREAM_HEAD_SOURCE, {0}, {2}, copy<2>);
  builder.region(STREAM_HEAD_SOURCE, {1}, {3}, copy<3>);
  builder.region(STREAM_HEAD_ZIP, {2, 3}, {4}, add<4>);
  builder.sink("capture", 4, 0);
  const Outcome outcome = run_with_cuts(builder);
  const std::vector<std::string>& captured = outcome.captured.at(0);
  REQUIRE(captured.size() == 2002);
  CHECK(captured[3] == "3021@3");
  CHECK(captured[2000] == "2014000@2000");
  CHECK(captured.back() == "end@2000");
}

TEST_CASE("a zip of branches with different rates of selection needs a queue beyond its limit") {
  // Branch 1 carries every item, branch 2 every 50th; the zip consumes both in step.
  const auto items = numbers(20'000);
  ProgramBuilder builder;
  for (int i = 0; i < 4; ++i) builder.queue(int_type());
  builder.list(0, items);
  builder.region(STREAM_HEAD_SOURCE, {0}, {1, 2},
                 [](void* state, StreamContext* context, const StreamBatch* inputs,
                    std::int64_t count, std::uint32_t flags) -> std::int32_t {
                   (void)copy<1>(state, context, inputs, count, flags);
                   return multiples<2, 50>(state, context, inputs, count, flags);
                 });
  builder.region(STREAM_HEAD_ZIP, {1, 2}, {3}, add<3>);
  builder.sink("print", 3, 0);
  const Outcome outcome = run_with_cuts(builder);
  CHECK(line_count(outcome.console) == 400);
}

TEST_CASE("what leaves at END is stamped END(T) and merges exactly") {
  const auto left = numbers(2001);
  ListItems<std::int64_t> right = numbers(1500);
  for (std::int64_t i = 0; i < 1500; ++i) right.stamps.push_back(i * 2);
  ListItems<std::int64_t> timed_left = left;
  for (std::int64_t i = 0; i < 2001; ++i) timed_left.stamps.push_back(i);
  ProgramBuilder builder;
  for (int i = 0; i < 5; ++i) builder.queue(int_type());
  builder.list(0, timed_left);
  builder.list(1, right);
  builder.region(STREAM_HEAD_SOURCE, {0}, {2}, sum_pairs<2>);
  builder.region(STREAM_HEAD_SOURCE, {1}, {3}, copy<3>);
  builder.region(STREAM_HEAD_MERGE, {2, 3}, {4}, copy<4>);
  builder.sink("capture", 4, 0);
  const Outcome outcome = run_with_cuts(builder);
  const std::vector<std::string>& captured = outcome.captured.at(0);
  REQUIRE(captured.size() == 1000 + 1 + 1500 + 1);
  CHECK(captured.back() == "end@2998");
  // The rest, 2000, was emitted at T = 2000, before the right one's item there.
  const auto rest = std::find(captured.begin(), captured.end(), "2000@2000");
  REQUIRE(rest != captured.end());
  CHECK(*(rest + 1) == "1000@2000");
  CHECK(*(rest - 1) == "3997@1999");
}

TEST_CASE("holes keep their place, and only merges and sinks drop them") {
  ListItems<std::int64_t> items = numbers(3000);
  for (std::int64_t i = 0; i < 3000; ++i) items.valid.push_back(i % 7 == 3 ? 0 : 1);
  ProgramBuilder builder;
  builder.queue(int_type(), true);
  builder.queue(int_type(), true);
  builder.queue(int_type(), true);
  builder.queue(int_type());
  builder.list(0, items);
  builder.region(STREAM_HEAD_SOURCE, {0}, {1, 2}, copy<1, 2>);
  builder.region(STREAM_HEAD_MERGE, {2}, {3}, copy<3>);
  builder.sink("capture", 1, 0);
  builder.sink("print", 3, 1);
  const Outcome outcome = run_with_cuts(builder);
  CHECK(outcome.captured.at(0).size() == 3001);
  CHECK(outcome.captured.at(0)[3] == "hole@3");
  CHECK(line_count(outcome.console) == 3000 - 429);
}

TEST_CASE("a region that is done cancels what is above it") {
  // The source would fail at its end: a file that it never reads to there.
  const auto items = numbers(1'000'000);
  ProgramBuilder builder;
  for (int i = 0; i < 4; ++i) builder.queue(int_type());
  builder.list(0, items);
  builder.region(STREAM_HEAD_SOURCE, {0}, {1}, copy<1>);
  builder.region(STREAM_HEAD_MERGE, {1}, {2}, take<2, 5>);
  builder.sink("capture", 2, 0);
  RunOptions options;
  std::vector<std::string> told;
  options.shows_statistics = true;
  const Outcome outcome = run(builder, options);
  CHECK(outcome.captured.at(0) ==
        std::vector<std::string>{"0@0", "1@1", "2@2", "3@3", "4@4", "end@4"});
  bool found = false;
  for (const std::string& line : outcome.messages) {
    if (line.starts_with("stats: source")) {
      found = true;
      CHECK(line.find("1000000") == std::string::npos);
    }
  }
  CHECK(found);
}

TEST_CASE("`else stop` ends the program after what precedes it") {
  const auto items = numbers(100'000);
  ProgramBuilder builder;
  builder.queue(int_type());
  builder.queue(int_type());
  builder.list(0, items);
  builder.region(STREAM_HEAD_SOURCE, {0}, {1},
                 [](void*, StreamContext* context, const StreamBatch* inputs, std::int64_t count,
                    std::uint32_t) -> std::int32_t {
                   Writer writer(context, 1);
                   for (std::int64_t i = 0; i < count; ++i) {
                     if (ints(inputs[0])[i] == 2500) return STREAM_REGION_STOP;
                     writer.put(ints(inputs[0])[i], stamp_of(inputs[0], i));
                   }
                   return STREAM_REGION_MORE;
                 });
  builder.sink("print", 1, 0);
  const Outcome outcome = run_with_cuts(builder);
  CHECK(outcome.status == 0);
  CHECK(line_count(outcome.console) == 2500);
}

TEST_CASE("failures: the first of each equation is named, totals come at the end") {
  const auto items = numbers(2000);
  ProgramBuilder builder;
  builder.queue(int_type());
  builder.queue(int_type(), true);
  builder.site("ratio", false);   // 0
  builder.site("ratio", false);   // 1, the same equation
  builder.site("guarded", true);  // 2
  builder.list(0, items);
  builder.region(STREAM_HEAD_SOURCE, {0}, {1},
                 [](void*, StreamContext* context, const StreamBatch* inputs, std::int64_t count,
                    std::uint32_t) -> std::int32_t {
                   Writer writer(context, 1);
                   for (std::int64_t i = 0; i < count; ++i) {
                     const std::int64_t value = ints(inputs[0])[i];
                     const bool fails = value % 500 == 7;
                     const StreamText why = text_of("no way");
                     if (fails) {
                       stream_report_failure(context, value < 600 ? 0 : 1,
                                             STREAM_FAILURE_DIVISION_BY_ZERO, value, value,
                                             nullptr);
                     }
                     if (value == 900) {
                       stream_report_failure(context, 2, STREAM_FAILURE_USER, value, value, &why);
                     }
                     writer.put(value, value, !fails);
                   }
                   return STREAM_REGION_MORE;
                 });
  builder.sink("print", 1, 0);
  const Outcome outcome = run_with_cuts(builder);
  CHECK(outcome.status == kExitFailed);
  CHECK(outcome.messages ==
        std::vector<std::string>{
            "test.stream:1:1: error: item 7 of `ratio` failed: division by zero",
            "error: 4 items of `ratio` failed",
            "note: 1 item of `guarded` failed and was handled by `else`; the first: item 900 of "
            "`guarded` failed: no way"});
  CHECK(line_count(outcome.console) == 1996);
}

TEST_CASE("stamps come from a rate, a list, or the position") {
  const auto items = numbers(3);
  ProgramBuilder builder;
  builder.queue(int_type());
  builder.queue(int_type());
  StreamSource& source = builder.list(0, items);
  source.has_rate = 1;
  source.rate = {3, 1};
  builder.region(STREAM_HEAD_SOURCE, {0}, {1}, copy<1>);
  builder.sink("capture", 1, 0);
  CHECK(run(builder).captured.at(0) ==
        std::vector<std::string>{"0@0", "1@333333333", "2@666666666", "end@666666666"});

  ListItems<std::int64_t> timed{{5, 6}, {10, 20}};
  ProgramBuilder given;
  given.queue(int_type());
  given.queue(int_type());
  StreamSource& list = given.list(0, timed);
  list.list_has_end = 1;
  list.list_end_stamp = 90;
  given.region(STREAM_HEAD_SOURCE, {0}, {1}, copy<1>);
  given.sink("capture", 1, 0);
  CHECK(run(given).captured.at(0) == std::vector<std::string>{"5@10", "6@20", "end@90"});
}

TEST_CASE("empty sources end at once") {
  const auto none = numbers(0);
  ProgramBuilder builder;
  for (int i = 0; i < 5; ++i) builder.queue(int_type());
  builder.list(0, none);
  builder.list(1, none);
  builder.region(STREAM_HEAD_SOURCE, {0}, {2}, sum_pairs<2>);
  builder.region(STREAM_HEAD_SOURCE, {1}, {3}, copy<3>);
  builder.region(STREAM_HEAD_ZIP, {2, 3}, {4}, add<4>);
  builder.sink("capture", 4, 0);
  CHECK(run_with_cuts(builder).captured.at(0) == std::vector<std::string>{"end@0"});
}

TEST_CASE("live sources of one pace share their stamps, and `--for` ends them") {
  ProgramBuilder builder;
  for (int i = 0; i < 5; ++i) builder.queue(int_type());
  builder.source("clock.ticks", 0, {int_argument("every", 250'000'000)});
  builder.source("clock.ticks", 1, {int_argument("every", 500'000'000)});
  builder.region(STREAM_HEAD_SOURCE, {0}, {2}, copy<2>);
  builder.region(STREAM_HEAD_SOURCE, {1}, {3}, copy<3>);
  builder.region(STREAM_HEAD_MERGE, {2, 3}, {4}, copy<4>);
  builder.sink("capture", 4, 0);
  VirtualClock clock(1'000'000'000'000'000'100);
  RunOptions options;
  options.clock = &clock;
  options.run_for_ns = 1'200'000'000;
  const Outcome outcome = run(builder, options);
  const std::vector<std::string> expected = {"0@1000000000250000000",  "1@1000000000500000000",
                                             "0@1000000000500000000",  "2@1000000000750000000",
                                             "3@1000000001000000000",  "1@1000000001000000000",
                                             "end@1000000001500000000"};
  CHECK(outcome.captured.at(0) == expected);
  CHECK(outcome.status == 0);
}

TEST_CASE("live sources wait for a clock that is set, and the user hears of it") {
  ProgramBuilder builder;
  for (int i = 0; i < 2; ++i) builder.queue(int_type());
  builder.source("clock.ticks", 0, {int_argument("every", 250'000'000)});
  builder.region(STREAM_HEAD_SOURCE, {0}, {1}, copy<1>);
  builder.sink("capture", 1, 0);
  VirtualClock machine(1'000'000'000);
  struct : Clock {
    VirtualClock* own = nullptr;
    std::int64_t set_at_ns = 0;
    std::int64_t utc_ns() override { return own->utc_ns(); }
    bool is_set() override { return own->utc_ns() >= set_at_ns; }
    std::int64_t steady_ns() override { return own->steady_ns(); }
    void wait(std::int64_t timeout_ns, std::span<const int> fds) override { own->wait(timeout_ns, fds); }
  } clock;
  clock.own = &machine;
  RunOptions options;
  options.clock = &clock;
  options.run_for_ns = 2'800'000'000;
  SUBCASE("it is set") {
    clock.set_at_ns = 3'200'000'000;
    const Outcome outcome = run(builder, options);
    CHECK(outcome.captured.at(0) == std::vector<std::string>{"0@3250000000", "1@3500000000",
                                                             "2@3750000000", "end@4000000000"});
    REQUIRE(outcome.messages.size() == 2);
    CHECK(outcome.messages[0] ==
          "warning: live sources wait until the clock of this machine is set: it says 1970-01-01T00:00:02Z");
    CHECK(outcome.messages[1] == "note: the clock is set, and live sources begin");
    CHECK(outcome.status == 0);
  }
  SUBCASE("it is not") {
    clock.set_at_ns = std::numeric_limits<std::int64_t>::max();
    const Outcome outcome = run(builder, options);
    CHECK(outcome.captured.at(0) == std::vector<std::string>{"end@0"});
    CHECK(outcome.messages.size() == 1);
    CHECK(outcome.status == 0);
  }
}

TEST_CASE("a source that cannot be opened stops the program before it starts") {
  ProgramBuilder builder;
  builder.queue(string_type());
  builder.source("lines.read", 0, {text_argument("path", "/nowhere/at/all.txt")});
  builder.sink("print", 0, 0);
  const Outcome outcome = run(builder);
  CHECK(outcome.status == kExitUnusable);
  CHECK(outcome.messages ==
        std::vector<std::string>{
            "error: cannot open `/nowhere/at/all.txt`: No such file or directory"});

  ProgramBuilder unknown;
  unknown.queue(string_type());
  unknown.source("tape.read", 0);
  unknown.sink("print", 0, 0);
  CHECK(run(unknown).messages[0].starts_with(
      "error: this runtime has no source `tape.read`; it has list, "));
}

}  // namespace streamrt::test
