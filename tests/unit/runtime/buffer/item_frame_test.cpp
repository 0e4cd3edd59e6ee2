#include "runtime/buffer/item_frame.h"

#include <doctest/doctest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "runtime/base/leaves.h"
#include "runtime/base/value_text.h"
#include "runtime/connector/item_pointers.h"
#include "tests/unit/runtime/test_types.h"

namespace streamrt {

using namespace test;

namespace {

// A record with a member of every kind that can cross.
struct AllKinds {
  TypePointer window = make_window(float_type());
  TypePointer texts = make_window(string_type());
  TypePointer array = make_array(int_type(), 3);
  TypePointer option = make_option(string_type());
  TypePointer record = make_record("R", {{"n", int_type()},
                                         {"flag", bool_type()},
                                         {"s", string_type()},
                                         {"rate", rate_type()},
                                         {"window", window->type},
                                         {"texts", texts->type},
                                         {"array", array->type},
                                         {"option", option->type}});
};

// `count` items made from a seed; every third is a hole.
void fill(ColumnQueue& queue, std::int64_t count, std::uint64_t seed) {
  static std::array<double, 64> numbers;
  static std::vector<std::string> words;
  static std::vector<StreamText> texts;
  if (words.empty()) {
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<double>(i) / 7;
    for (std::size_t i = 0; i < 64; ++i) words.emplace_back(i % 9, static_cast<char>('a' + i % 26));
    for (const std::string& word : words) texts.push_back(text_of(word));
  }
  std::mt19937_64 random(seed);
  StreamOutput out;
  queue.reserve(count, out);
  const std::span<const StreamLeaf> leaves = leaves_of(*queue.description().type);
  for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf) {
    for (std::int64_t i = 0; i < count * leaves[leaf].count; ++i) {
      const std::size_t start = random() % 60;
      const auto length = static_cast<std::int64_t>(random() % 4);
      switch (leaves[leaf].kind) {
        case STREAM_LEAF_I8:
          static_cast<std::int8_t*>(out.columns[leaf])[i] = static_cast<std::int8_t>(random() % 2);
          break;
        case STREAM_LEAF_TEXT:
          static_cast<StreamText*>(out.columns[leaf])[i] = texts[start];
          break;
        case STREAM_LEAF_VIEW:
          static_cast<StreamView*>(out.columns[leaf])[i] = {
              leaves[leaf].view_kind == STREAM_LEAF_TEXT ? static_cast<const void*>(&texts[start])
                                                         : &numbers[start],
              length};
          break;
        case STREAM_LEAF_RATE:
          static_cast<StreamRate*>(out.columns[leaf])[i] = {length + 1, 2};
          break;
        default:
          static_cast<std::int64_t*>(out.columns[leaf])[i] = static_cast<std::int64_t>(random());
      }
    }
  }
  for (std::int64_t i = 0; i < count; ++i) {
    if (out.valid != nullptr) out.valid[i] = (queue.total_count() + i) % 3 == 0 ? 0 : 1;
    if (out.stamps != nullptr) out.stamps[i] = (queue.total_count() + i) * 10;
  }
  queue.commit(count, PayloadLifetime::Batch);
}

std::vector<std::string> texts_of(ColumnQueue& queue) {
  std::vector<std::string> result;
  ItemPointers pointers(*queue.description().type);
  const StreamBatch batch = queue.batch(queue.size());
  for (std::int64_t i = 0; i < batch.count; ++i) {
    std::string text = std::to_string(queue.stamp_at(i)) + " ";
    if (queue.is_valid_at(i)) append_value(text, *queue.description().type, pointers.at(batch, i));
    result.push_back(std::move(text));
  }
  return result;
}

std::vector<std::byte> frame_of(ColumnQueue& queue, std::int64_t count, const FrameProgress& progress) {
  const StreamBatch items = queue.batch(count);
  std::vector<std::byte> frame(frame_size(queue.description(), items));
  write_frame(queue.description(), items, progress, frame.data());
  return frame;
}

}  // namespace

TEST_CASE("items of every kind cross, with holes, stamps and frontier") {
  const AllKinds kinds;
  for (const bool has_stamps : {true, false}) {
    const StreamQueue description{&kinds.record->type, 1, has_stamps ? 1 : 0, "q"};
    ColumnQueue from(description);
    ColumnQueue to(description);
    fill(from, 500, 1);
    const std::vector<std::string> expected = texts_of(from);
    for (const std::int64_t count : {1, 7, 0, 492}) {
      FrameProgress progress;
      progress.frontier = count * 10;
      const std::vector<std::byte> frame = frame_of(from, count, progress);
      const Result<std::int64_t> read = read_frame(frame, to);
      REQUIRE(read.has_value());
      CHECK(*read == count);
      from.consume(count);
    }
    CHECK(texts_of(to) == expected);
    CHECK(to.frontier() == 4920);
    FrameProgress end;
    end.is_end = true;
    end.end_stamp = 5000;
    REQUIRE(read_frame(frame_of(from, 0, end), to).has_value());
    CHECK(to.has_ended());
    CHECK(to.end_stamp() == 5000);
    CHECK_FALSE(read_frame(frame_of(from, 0, end), to).has_value());
  }
}

TEST_CASE("damaged frames are refused or read as items, and nothing else happens") {
  const AllKinds kinds;
  const StreamQueue description{&kinds.record->type, 1, 1, "q"};
  ColumnQueue from(description);
  fill(from, 9, 5);
  const std::vector<std::byte> sound = frame_of(from, 9, {});
  std::mt19937_64 random(7);
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::byte> frame = sound;
    for (std::uint64_t i = 0; i < 1 + random() % 3; ++i) {
      switch (random() % 3) {
        case 0:
          if (!frame.empty()) frame[random() % frame.size()] = static_cast<std::byte>(random());
          break;
        case 1:
          frame.resize(random() % (frame.size() + 1));
          break;
        default:
          frame.insert(frame.begin() + static_cast<std::ptrdiff_t>(random() % (frame.size() + 1)),
                       static_cast<std::byte>(random()));
      }
    }
    ColumnQueue to(description);
    if (read_frame(frame, to)) {
      (void)texts_of(to);  // Everything that was accepted can be read.
    } else {
      CHECK(to.is_empty());
      ++refused;
    }
  }
  CHECK(refused > 500);
}

}  // namespace streamrt
