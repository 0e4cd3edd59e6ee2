#include "runtime/buffer/merge_stage.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <tuple>

#include "tests/unit/runtime/test_types.h"

namespace streamrt {

using namespace test;

namespace {

void push(ColumnQueue& queue, std::int64_t value, std::int64_t stamp, bool is_valid = true) {
  StreamOutput out;
  queue.reserve(1, out);
  static_cast<std::int64_t*>(out.columns[0])[0] = value;
  if (out.valid != nullptr) out.valid[0] = is_valid ? 1 : 0;
  out.stamps[0] = stamp;
  queue.commit(1, PayloadLifetime::Batch);
  queue.advance_frontier(stamp);
}

}  // namespace

TEST_CASE("any arrival gives the one order: stamp, input, order within the input") {
  const StreamQueue description{&int_type(), 1, 1, "q"};
  struct Item {
    std::int64_t stamp, input, value;
    bool is_valid;
  };
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::vector<Item>> inputs(1 + random() % 4);
    std::vector<Item> expected;
    std::int64_t value = 0;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      std::int64_t stamp = 0;
      for (unsigned i = 0; i < random() % 60; ++i) {
        stamp += static_cast<std::int64_t>(random() % 3);
        inputs[k].push_back({stamp, static_cast<std::int64_t>(k), value++, random() % 6 != 0});
        expected.push_back(inputs[k].back());
      }
    }
    // Values rise in the order of each input.
    std::sort(expected.begin(), expected.end(), [](const Item& left, const Item& right) {
      return std::tie(left.stamp, left.input, left.value) <
             std::tie(right.stamp, right.input, right.value);
    });
    std::erase_if(expected, [](const Item& item) { return !item.is_valid; });

    std::vector<ColumnQueue> queues;
    queues.reserve(inputs.size());
    std::vector<ColumnQueue*> pointers;
    for (std::size_t k = 0; k < inputs.size(); ++k)
      pointers.push_back(&queues.emplace_back(description));
    MergeStage stage(int_type(), pointers, 8);
    std::vector<std::size_t> next(inputs.size());
    std::vector<std::int64_t> merged;
    while (!std::all_of(queues.begin(), queues.end(),
                        [](const auto& queue) { return queue.is_finished(); })) {
      const std::size_t k = random() % inputs.size();
      if (next[k] < inputs[k].size()) {
        const Item& item = inputs[k][next[k]++];
        push(queues[k], item.value, item.stamp, item.is_valid);
      } else {
        queues[k].end(1000);
      }
      for (;;) {
        const StreamBatch batch = stage.gather(1 + static_cast<std::int64_t>(random() % 8));
        for (std::int64_t i = 0; i < batch.count; ++i) {
          const auto number = static_cast<const std::int64_t*>(batch.columns[0])[i];
          REQUIRE(merged.size() < expected.size());
          REQUIRE(batch.stamps[i] == expected[merged.size()].stamp);
          merged.push_back(number);
        }
        if (!stage.consume_gathered()) break;
      }
    }
    REQUIRE(merged.size() == expected.size());
    for (std::size_t i = 0; i < merged.size(); ++i) REQUIRE(merged[i] == expected[i].value);
  }
}

TEST_CASE("a frontier lets items pass, or holds them at equal stamps by position") {
  const StreamQueue description{&int_type(), 0, 1, "q"};
  ColumnQueue first(description);
  ColumnQueue second(description);
  MergeStage stage(int_type(), {&first, &second}, 8);
  push(second, 1, 10);
  CHECK(stage.gather(8).count == 0);
  CHECK(stage.blocking_input() == &first);
  first.advance_frontier(10);  // An item of the first input at 10 would go first.
  CHECK(stage.gather(8).count == 0);
  first.advance_frontier(11);
  CHECK(stage.gather(8).count == 1);
  stage.consume_gathered();
  push(first, 2, 12);
  second.advance_frontier(12);  // The first input goes first at 12.
  CHECK(stage.gather(8).count == 1);
  stage.consume_gathered();
  CHECK(stage.blocking_input() != nullptr);
}

}  // namespace streamrt
