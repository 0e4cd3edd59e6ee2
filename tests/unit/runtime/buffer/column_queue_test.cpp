#include "runtime/buffer/column_queue.h"

#include <doctest/doctest.h>

#include <deque>
#include <random>
#include <string>

#include "tests/unit/runtime/test_types.h"

namespace streamrt {

using namespace test;

TEST_CASE("items leave as they came, however writing and reading alternate") {
  const auto record =
      make_record("R", {{"n", int_type()}, {"flag", bool_type()}, {"s", string_type()}});
  const StreamQueue description{&record->type, 1, 1, "q"};
  struct Item {
    std::int64_t number;
    std::string text;
    bool is_valid;
  };
  for (unsigned seed = 0; seed < 20; ++seed) {
    ColumnQueue queue(description);
    std::mt19937 random(seed);
    std::deque<Item> expected;
    std::int64_t written = 0;
    std::int64_t read = 0;
    for (int step = 0; step < 2000; ++step) {
      if (random() % 2 == 0) {
        const auto count = static_cast<std::int64_t>(random() % (step % 100 == 0 ? 1000 : 9));
        StreamOutput out;
        queue.reserve(random() % 3 == 0 ? 1 : count, out);
        std::vector<std::string> texts(
            static_cast<std::size_t>(count));  // They die with this block.
        for (std::int64_t i = 0; i < count; ++i) {
          if (i == out.capacity) queue.grow(i + 1, out);
          const bool is_valid = random() % 5 != 0;
          std::string& text = texts[static_cast<std::size_t>(i)] =
              std::string(random() % 40, static_cast<char>('a' + random() % 26));
          static_cast<std::int64_t*>(out.columns[0])[i] = written + i;
          static_cast<std::int8_t*>(out.columns[1])[i] =
              static_cast<std::int8_t>((written + i) % 2);
          static_cast<StreamText*>(out.columns[2])[i] =
              is_valid ? text_of(text) : StreamText{reinterpret_cast<const char*>(1), 1000};
          out.valid[i] = is_valid ? 1 : 0;
          out.stamps[i] = (written + i) * 10;
          expected.push_back({written + i, text, is_valid});
        }
        queue.commit(count, PayloadLifetime::Batch);
        for (std::string& text : texts) text.assign(text.size(), '!');
        written += count;
      } else {
        const auto count =
            std::min<std::int64_t>(queue.size(), static_cast<std::int64_t>(random() % 12));
        const StreamBatch batch = queue.batch(count);
        REQUIRE(batch.first_position == read);
        for (std::int64_t i = 0; i < count; ++i) {
          const Item& item = expected[static_cast<std::size_t>(i)];
          REQUIRE(static_cast<const std::int64_t*>(batch.columns[0])[i] == item.number);
          REQUIRE(static_cast<const std::int8_t*>(batch.columns[1])[i] == item.number % 2);
          REQUIRE((batch.valid[i] != 0) == item.is_valid);
          REQUIRE(batch.stamps[i] == item.number * 10);
          REQUIRE(queue.stamp_at(i) == item.number * 10);
          if (item.is_valid) {
            REQUIRE(view_of(static_cast<const StreamText*>(batch.columns[2])[i]) == item.text);
          }
        }
        queue.consume(count);
        read += count;
        expected.erase(expected.begin(), expected.begin() + count);
      }
      REQUIRE(queue.size() == static_cast<std::int64_t>(expected.size()));
    }
    CHECK(queue.total_count() == written);
  }
}

TEST_CASE("what is borrowed reads like what was written, also when others are written behind it") {
  const auto record = make_record("R", {{"n", int_type()}, {"flag", bool_type()}});
  const StreamQueue description{&record->type, 1, 1, "q"};
  constexpr std::int64_t kCount = 300;
  std::vector<std::int64_t> numbers(kCount + 8), stamps(kCount + 8);
  std::vector<std::uint8_t> flags(kCount + 8), valid(kCount + 8);
  for (std::int64_t i = 0; i < kCount; ++i) {
    const auto at = static_cast<std::size_t>(i);
    numbers[at] = i;
    stamps[at] = i * 10;
    flags[at] = static_cast<std::uint8_t>(i % 2);
    valid[at] = i % 5 != 0 ? 1 : 0;
  }
  void* columns[] = {numbers.data(), flags.data()};
  for (const std::int64_t written : {0, 1, 500}) {
    ColumnQueue queue(description);
    REQUIRE(queue.can_borrow());
    queue.borrow({kCount, 0, columns, valid.data(), stamps.data()});
    CHECK(queue.batch(kCount).columns[0] == numbers.data());
    CHECK(queue.last_stamp() == stamps[kCount - 1]);
    CHECK_FALSE(queue.can_borrow());
    queue.consume(100);
    CHECK(queue.is_borrowing());
    if (written > 0) {
      StreamOutput out;
      queue.reserve(written, out);
      for (std::int64_t i = 0; i < written; ++i) {
        const std::int64_t number = kCount + i;
        static_cast<std::int64_t*>(out.columns[0])[i] = number;
        static_cast<std::uint8_t*>(out.columns[1])[i] = static_cast<std::uint8_t>(number % 2);
        out.valid[i] = number % 5 != 0 ? 1 : 0;
        out.stamps[i] = number * 10;
      }
      queue.commit(written, PayloadLifetime::Batch);
    } else {
      queue.take_over();
    }
    CHECK_FALSE(queue.is_borrowing());
    REQUIRE(queue.size() == kCount - 100 + written);
    const StreamBatch batch = queue.batch(queue.size());
    CHECK(batch.first_position == 100);
    for (std::int64_t i = 0; i < batch.count; ++i) {
      const std::int64_t number = 100 + i;
      REQUIRE(static_cast<const std::int64_t*>(batch.columns[0])[i] == number);
      REQUIRE(static_cast<const std::uint8_t*>(batch.columns[1])[i] == number % 2);
      REQUIRE((batch.valid[i] != 0) == (number % 5 != 0));
      REQUIRE(batch.stamps[i] == number * 10);
    }
    queue.consume(queue.size());
    CHECK(queue.can_borrow());
    CHECK(queue.total_count() == kCount + written);
  }
}

TEST_CASE("columns can be overrun by eight ticks and an empty queue starts aligned") {
  const StreamQueue description{&float_type(), 0, 0, "q"};
  ColumnQueue queue(description);
  StreamOutput out;
  for (int round = 0; round < 50; ++round) {
    queue.reserve(100, out);
    CHECK(out.valid == nullptr);
    CHECK(out.stamps == nullptr);
    CHECK(reinterpret_cast<std::uintptr_t>(out.columns[0]) % 64 == 0);
    for (std::int64_t i = 0; i < out.capacity + 8; ++i) static_cast<double*>(out.columns[0])[i] = 1;
    queue.commit(100, PayloadLifetime::Batch);
    CHECK(queue.stamp_at(0) == queue.first_position());
    queue.consume(100);
  }
}

TEST_CASE("overlapping window views are copied once") {
  const auto window = make_window(int_type());
  const StreamQueue description{&window->type, 0, 0, "q"};
  ColumnQueue queue(description);
  std::vector<std::int64_t> values(1100);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::int64_t>(i);
  StreamOutput out;
  queue.reserve(1000, out);
  auto* const views = static_cast<StreamView*>(out.columns[0]);
  for (std::size_t i = 0; i < 1000; ++i) views[i] = {&values[i], 100};
  queue.commit(1000, PayloadLifetime::Batch);
  CHECK(queue.payload_arena().used_bytes() < 3 * values.size() * sizeof(std::int64_t));
  std::fill(values.begin(), values.end(), -1);
  const StreamBatch batch = queue.batch(1000);
  for (std::size_t i = 0; i < 1000; ++i) {
    const StreamView& view = static_cast<const StreamView*>(batch.columns[0])[i];
    REQUIRE(view.count == 100);
    for (std::size_t k = 0; k < 100; ++k) {
      REQUIRE(static_cast<const std::int64_t*>(view.data)[k] == static_cast<std::int64_t>(i + k));
    }
  }
}

TEST_CASE("views of texts carry their texts along") {
  const auto window = make_window(string_type());
  const StreamQueue description{&window->type, 0, 0, "q"};
  ColumnQueue queue(description);
  std::string one = "one";
  std::string two = "two";
  StreamText texts[] = {text_of(one), text_of(two)};
  StreamOutput out;
  queue.reserve(2, out);
  auto* const views = static_cast<StreamView*>(out.columns[0]);
  views[0] = {texts, 2};
  views[1] = {nullptr, 0};
  queue.commit(2, PayloadLifetime::Batch);
  one = two = "xxx";
  const auto& kept = static_cast<const StreamView*>(queue.batch(2).columns[0])[0];
  CHECK(view_of(static_cast<const StreamText*>(kept.data)[0]) == "one");
  CHECK(view_of(static_cast<const StreamText*>(kept.data)[1]) == "two");
}

TEST_CASE("payloads of a queue that never runs empty stay bounded") {
  const StreamQueue description{&string_type(), 0, 0, "q"};
  ColumnQueue queue(description);
  std::size_t most = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::string text(1000, static_cast<char>('a' + i % 26));
    StreamOutput out;
    queue.reserve(1, out);
    static_cast<StreamText*>(out.columns[0])[0] = text_of(text);
    queue.commit(1, PayloadLifetime::Batch);
    if (queue.size() > 10) {
      const auto oldest = view_of(static_cast<const StreamText*>(queue.batch(1).columns[0])[0]);
      REQUIRE(oldest == std::string(1000, static_cast<char>('a' + (i - 10) % 26)));
      queue.consume(1);
    }
    most = std::max(most, queue.payload_arena().used_bytes());
  }
  CHECK(most < 3'000'000);
}

namespace {

// Texts "0", "1", … with their numbers as stamps; the first two have been read.
ColumnQueue numbered_texts(const StreamQueue& description, std::int64_t count) {
  ColumnQueue queue(description);
  StreamOutput out;
  queue.reserve(count, out);
  const std::string digits = "0123456789";
  for (std::int64_t i = 0; i < count; ++i) {
    static_cast<StreamText*>(out.columns[0])[i] = {digits.data() + i, 1};
    out.stamps[i] = i;
    out.valid[i] = i % 3 != 0 ? 1 : 0;
  }
  queue.commit(count, PayloadLifetime::Batch);
  queue.consume(2);
  return queue;
}

std::string texts_in(ColumnQueue& queue) {
  std::string all;
  for (; !queue.is_empty(); queue.consume(1)) {
    const StreamBatch batch = queue.batch(1);
    all += batch.valid[0] != 0 ? std::string(view_of(static_cast<const StreamText*>(batch.columns[0])[0])) : "-";
    all += "@" + std::to_string(batch.stamps[0]) + " ";
  }
  return all;
}

}  // namespace

TEST_CASE("what is dropped was never written") {
  const StreamQueue description{&string_type(), 1, 1, "q"};
  ColumnQueue oldest = numbered_texts(description, 9);
  oldest.drop_oldest(4);
  CHECK(oldest.total_count() == 5);
  CHECK(oldest.first_position() == 2);
  CHECK(texts_in(oldest) == "-@6 7@7 8@8 ");
  ColumnQueue newest = numbered_texts(description, 9);
  newest.drop_newest(4);
  CHECK(newest.total_count() == 5);
  CHECK(texts_in(newest) == "2@2 -@3 4@4 ");
  ColumnQueue sampled = numbered_texts(description, 9);
  sampled.keep_one_of(3);
  CHECK(sampled.total_count() == 5);
  CHECK(texts_in(sampled) == "2@2 5@5 8@8 ");
}

TEST_CASE("payloads of a queue that drops stay bounded") {
  const StreamQueue description{&string_type(), 0, 0, "q"};
  for (const bool is_oldest : {true, false}) {
    ColumnQueue queue(description);
    for (int i = 0; i < 20000; ++i) {
      const std::string text(1000, 'x');
      StreamOutput out;
      queue.reserve(1, out);
      static_cast<StreamText*>(out.columns[0])[0] = text_of(text);
      queue.commit(1, PayloadLifetime::Batch);
      if (queue.size() > 10) is_oldest ? queue.drop_oldest(1) : queue.drop_newest(1);
    }
    CHECK(queue.payload_arena().used_bytes() < 3'000'000);
  }
}

TEST_CASE("frontier, END and closing") {
  const StreamQueue description{&int_type(), 0, 1, "q"};
  ColumnQueue queue(description);
  CHECK(queue.earliest_possible_stamp() == kEarliestStamp);
  queue.advance_frontier(5);
  queue.advance_frontier(3);
  CHECK(queue.frontier() == 5);
  StreamOutput out;
  queue.reserve(1, out);
  out.stamps[0] = 7;
  queue.commit(1, PayloadLifetime::Batch, 9);
  CHECK(queue.stamp_at(0) == 9);
  CHECK(queue.earliest_possible_stamp() == 9);
  queue.end(20);
  queue.end(30);
  CHECK(queue.end_stamp() == 20);
  CHECK(!queue.is_finished());
  queue.consume(1);
  CHECK(queue.is_finished());
  CHECK(queue.earliest_possible_stamp() == kLatestStamp);

  ColumnQueue closed(description);
  closed.reserve(2, out);
  closed.commit(2, PayloadLifetime::Batch);
  closed.close();
  CHECK(closed.size() == 0);
  closed.reserve(2, out);
  closed.commit(2, PayloadLifetime::Batch);
  CHECK(closed.size() == 0);
  CHECK(closed.is_finished());
}

}  // namespace streamrt
