// Cycles through delays: they end exactly when nothing goes round, keep the order of times, and have a limit.

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/unit/runtime/agent/program_builder.h"

namespace streamrt::test {

namespace {

const std::int64_t* ints(const StreamBatch& batch) {
  return static_cast<const std::int64_t*>(batch.columns[0]);
}

void put(StreamContext* context, std::int32_t queue, std::int64_t value, std::int64_t stamp) {
  StreamOutput out{};
  stream_queue_reserve(context, queue, 1, &out);
  static_cast<std::int64_t*>(out.columns[0])[0] = value;
  if (out.stamps != nullptr) out.stamps[0] = stamp;
  stream_queue_commit(context, queue, 1);
}

// Queue 0 in front of the delay, queue 1 observed: shows each item, and sends it round one smaller.
std::int32_t count_down(void*, StreamContext* context, const StreamBatch* inputs, std::int64_t count,
                        std::uint32_t) {
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t value = ints(inputs[0])[i];
    put(context, 1, value, inputs[0].first_position + i);
    if (value > 1) put(context, 0, value - 1, 0);
  }
  return STREAM_REGION_MORE;
}

// Sends each item round twice.
std::int32_t breed(void*, StreamContext* context, const StreamBatch* inputs, std::int64_t count,
                   std::uint32_t) {
  for (std::int64_t i = 0; i < count; ++i) {
    for (int copies = 0; copies < 2; ++copies) put(context, 0, ints(inputs[0])[i], 0);
  }
  return STREAM_REGION_MORE;
}

template <std::int32_t... kQueues>
std::int32_t copy(void*, StreamContext* context, const StreamBatch* inputs, std::int64_t count,
                  std::uint32_t) {
  for (std::int64_t i = 0; i < count; ++i) {
    (put(context, kQueues, ints(inputs[0])[i], inputs[0].stamps[i]), ...);
  }
  return STREAM_REGION_MORE;
}

// Shows each item of a merge on queue 4, and sends half of it round on queue 2.
std::int32_t halve(void*, StreamContext* context, const StreamBatch* inputs, std::int64_t count,
                   std::uint32_t) {
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t value = ints(inputs[0])[i];
    put(context, 4, value, inputs[0].stamps[i]);
    if (value > 1) put(context, 2, value / 2, inputs[0].stamps[i]);
  }
  return STREAM_REGION_MORE;
}

StreamRegion& delay(ProgramBuilder& builder, std::int32_t input, std::vector<std::int32_t> outputs,
                    StreamRegionFunction run) {
  StreamRegion& region = builder.region(STREAM_HEAD_DELAY, {input}, std::move(outputs), run);
  region.loop = 1;
  region.delay_limit = 100;
  return region;
}

Outcome run_in_batches_of(ProgramBuilder& builder, std::int64_t limit) {
  RunOptions options;
  options.batch_limit = limit;
  return run(builder, options);
}

}  // namespace

TEST_CASE("a cycle without a source ends with its last item") {
  ProgramBuilder builder;
  builder.queue(int_type(), false, false);
  builder.queue(int_type());
  delay(builder, 0, {0, 1}, count_down).initialize = [](void*, StreamContext* context) {
    put(context, 0, 3, 0);
    put(context, 0, 5, 0);
  };
  builder.sink("capture", 1);
  for (const std::int64_t limit : {1, 2, 1024}) {
    const Outcome outcome = run_in_batches_of(builder, limit);
    CHECK(outcome.status == 0);
    CHECK(outcome.captured.at(0) == std::vector<std::string>{"3@0", "5@1", "2@2", "4@3", "1@4", "3@5",
                                                             "2@6", "1@7", "end@7"});
  }
}

TEST_CASE("what is read stays where it is while the same region writes what goes round") {
  constexpr std::int64_t kItems = 3000;
  ProgramBuilder builder;
  builder.queue(int_type(), false, false);
  builder.queue(int_type());
  StreamRegion& head = delay(builder, 0, {0, 1}, count_down);
  head.delay_limit = kItems;
  head.initialize = [](void*, StreamContext* context) {
    for (std::int64_t i = 0; i < kItems; ++i) put(context, 0, i % 5, 0);
  };
  builder.sink("capture", 1);
  for (const std::int64_t limit : {7, 1000, 1024}) {
    const std::vector<std::string> captured = run_in_batches_of(builder, limit).captured.at(0);
    REQUIRE(captured.size() == kItems / 5 * (1 + 1 + 2 + 3 + 4) + 1);
    // The first round as it began, then what the others of it became.
    CHECK(captured[2999] == "4@2999");
    CHECK(captured[3000] == "1@3000");
    CHECK(captured[3001] == "2@3001");
    CHECK(captured[3002] == "3@3002");
    CHECK(captured[3003] == "1@3003");
  }
}

TEST_CASE("a cycle that nothing enters ends at once") {
  ProgramBuilder builder;
  builder.queue(int_type(), false, false);
  builder.queue(int_type());
  delay(builder, 0, {0, 1}, count_down);
  builder.sink("capture", 1);
  CHECK(run(builder).captured.at(0).size() == 1);
}

TEST_CASE("a cycle that grows beyond its limit stops the program, which names it") {
  ProgramBuilder builder;
  builder.queue(int_type(), false, false);
  builder.queue(int_type());
  delay(builder, 0, {0, 1}, breed).initialize = [](void*, StreamContext* context) {
    put(context, 0, 1, 0);
  };
  builder.sink("capture", 1);
  const Outcome outcome = run(builder);
  CHECK(outcome.status == kExitFailed);
  REQUIRE(outcome.messages.size() == 1);
  CHECK(outcome.messages[0].find("more than 100 items wait in the `delay` of `region`") != std::string::npos);
}

TEST_CASE("a cycle by time keeps the order of times, and does not creep through idle years") {
  constexpr std::int64_t kYear = 31'556'952'000'000'000;
  ListItems<std::int64_t> items{.values = {9, 4, 2}, .stamps = {0, 5, kYear}};
  ProgramBuilder builder;
  for (int i = 0; i < 5; ++i) builder.queue(int_type());
  builder.list(0, items);
  builder.region(STREAM_HEAD_SOURCE, {0}, {1}, copy<1>);
  StreamRegion& back = delay(builder, 2, {3}, copy<3>);
  back.delay_ns = 2;
  builder.region(STREAM_HEAD_MERGE, {1, 3}, {2, 4}, halve).loop = 1;
  builder.sink("capture", 4);
  for (const std::int64_t limit : {1, 1024}) {
    CHECK(run_in_batches_of(builder, limit).captured.at(0) ==
          std::vector<std::string>{"9@0", "4@2", "2@4", "4@5", "1@6", "2@7", "1@9",
                                   fmt::format("2@{}", kYear), fmt::format("1@{}", kYear + 2),
                                   fmt::format("end@{}", kYear + 2)});
  }
}

TEST_CASE("a delay by time holds its items until no earlier ones can follow, and its writer goes on") {
  ListItems<std::int64_t> items;
  for (std::int64_t i = 0; i < 20; ++i) {
    items.values.push_back(i);
    items.stamps.push_back(i * 10);
  }
  ProgramBuilder builder;
  for (int i = 0; i < 5; ++i) builder.queue(int_type());
  builder.list(0, items);
  builder.region(STREAM_HEAD_SOURCE, {0}, {1, 2}, copy<1, 2>);
  StreamRegion& later = builder.region(STREAM_HEAD_DELAY, {2}, {3}, copy<3>);
  later.delay_ns = 55;
  later.delay_limit = 7;
  builder.region(STREAM_HEAD_MERGE, {1, 3}, {4}, copy<4>);
  builder.sink("capture", 4);
  RunOptions options;
  options.batch_limit = 1;
  options.queue_limit = 2;
  const Outcome outcome = run(builder, options);
  const std::vector<std::string>& captured = outcome.captured.at(0);
  REQUIRE(captured.size() == 41);
  CHECK(captured[5] == "5@50");
  CHECK(captured[6] == "0@55");
  CHECK(captured[7] == "6@60");
  CHECK(captured.back() == "end@245");
}

}  // namespace streamrt::test
