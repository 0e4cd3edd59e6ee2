#include "runtime/buffer/item_frame.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

#include "runtime/base/leaves.h"
#include "runtime/base/value_text.h"
#include "runtime/connector/item_pointers.h"
#include "tests/fuzz/item_frames.h"
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
          static_cast<StreamRate*>(out.columns[leaf])[i] = {2 * length + 1, 2};
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

// ---- what bytes from outside may not say ---------------------------------------------------------

namespace {

constexpr std::size_t kStartBytes = 24;  // count, flags, frontier, end stamp.
constexpr std::size_t kFlagsAt = 4;

// A queue, and frames of it written by hand.
struct Outside {
  explicit Outside(const StreamType& type, bool has_valid = false, bool has_stamps = false)
      : description{&type, has_valid ? 1 : 0, has_stamps ? 1 : 0, "q", 0, 0, 0, 0}, queue(description) {}

  // What is said of `count` items; `parts` are what follows, each padded.
  std::vector<std::byte> frame(std::uint32_t count, const std::vector<std::string>& parts,
                               const FrameProgress& progress = {}) const {
    std::vector<std::byte> bytes(kStartBytes);
    write_frame(description, StreamBatch{}, progress, bytes.data());
    std::memcpy(bytes.data(), &count, sizeof count);
    bytes[kFlagsAt] |= static_cast<std::byte>(
        count == 0 ? 0 : (description.has_stamps != 0 ? 1 : 0) | (description.has_valid != 0 ? 2 : 0));
    for (const std::string& part : parts) {
      const auto* const begin = reinterpret_cast<const std::byte*>(part.data());
      bytes.insert(bytes.end(), begin, begin + part.size());
      bytes.resize((bytes.size() + 7) / 8 * 8);
    }
    return bytes;
  }
  bool takes(const std::vector<std::byte>& bytes) {
    const std::int64_t count = queue.size();
    const std::size_t memory = queue.payload_arena().used_bytes();
    const std::int64_t frontier = queue.frontier();
    const bool is_taken = read_frame(bytes, queue).has_value();
    if (!is_taken) {
      CHECK(queue.size() == count);
      CHECK(queue.payload_arena().used_bytes() == memory);
      CHECK(queue.frontier() == frontier);
      CHECK_FALSE(queue.has_ended());
    }
    return is_taken;
  }
  bool takes(std::uint32_t count, const std::vector<std::string>& parts,
             const FrameProgress& progress = {}) {
    return takes(frame(count, parts, progress));
  }
  template <class T>
  const T* column(std::size_t leaf = 0) {
    return static_cast<const T*>(queue.batch(queue.size()).columns[leaf]);
  }

  StreamQueue description;
  ColumnQueue queue;
};

std::string words(const std::vector<std::int64_t>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(std::int64_t)};
}

std::string bytes_of(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

}  // namespace

TEST_CASE("a bool from outside is 0 or 1") {
  Outside bools(bool_type());
  CHECK(bools.takes(3, {bytes_of({0, 1, 1})}));
  CHECK_FALSE(bools.takes(3, {bytes_of({0, 2, 1})}));
  CHECK_FALSE(bools.takes(1, {bytes_of({255})}));
}

TEST_CASE("a value of an enumeration from outside has a name") {
  const TypePointer mode = make_enumeration("Mode", {"home", "away"});
  Outside modes(mode->type);
  CHECK(modes.takes(2, {words({0, 1})}));
  for (const std::int64_t wrong : {std::int64_t{2}, std::int64_t{-1}, INT64_MAX, INT64_MIN}) {
    CAPTURE(wrong);
    CHECK_FALSE(modes.takes(2, {words({0, wrong})}));
  }
}

TEST_CASE("a rate from outside is a fraction in lowest terms") {
  Outside rates(rate_type());
  CHECK(rates.takes(2, {words({44100, 1, 1, 3})}));
  CHECK_FALSE(rates.takes(1, {words({1, 0})}));
  CHECK_FALSE(rates.takes(1, {words({1, -1})}));
  CHECK_FALSE(rates.takes(1, {words({INT64_MIN, 1})}));
  CHECK_FALSE(rates.takes(1, {words({2, 4})}));
}

TEST_CASE("numbers, times and the bytes of texts from outside may be any") {
  for (const StreamType* const type : {&int_type(), &float_type(), &time_type(), &duration_type()}) {
    Outside numbers(*type);
    CHECK(numbers.takes(3, {words({INT64_MIN, INT64_MAX, -1})}));
  }
  Outside texts(string_type());
  CHECK(texts.takes(1, {words({2}) + "\xff\xc0"}));
}

TEST_CASE("sizes that add up to a small one are refused") {
  Outside texts(string_type());
  CHECK_FALSE(texts.takes(2, {words({std::int64_t{1} << 40, -(std::int64_t{1} << 40)})}));
  CHECK_FALSE(texts.takes(2, {words({9, -1}) + "12345678"}));
  CHECK_FALSE(texts.takes(2, {words({INT64_MAX, 1}) + "12345678"}));
}

TEST_CASE("the flag of an option from outside is 0 or 1") {
  const TypePointer option = make_option(int_type());
  Outside options(option->type);
  CHECK(options.takes(2, {bytes_of({0, 1}), words({5, 6})}));
  CHECK_FALSE(options.takes(2, {bytes_of({1, 3}), words({5, 6})}));
}

TEST_CASE("what is no value becomes zero where nobody looks") {
  const TypePointer mode = make_enumeration("Mode", {"home", "away"});
  const TypePointer option = make_option(mode->type);
  Outside options(option->type, true);
  CHECK_FALSE(options.takes(2, {bytes_of({1, 1}), bytes_of({1, 0}), words({9, 1})}));
  CHECK_FALSE(options.takes(2, {bytes_of({1, 1}), bytes_of({0, 2}), words({9, 1})}));
  CHECK(options.takes(3, {bytes_of({1, 0, 1}), bytes_of({0, 7, 1}), words({9, 9, 1})}));
  CHECK(options.column<std::uint8_t>(0)[1] == 0);
  CHECK(options.column<std::int64_t>(1)[0] == 0);
  CHECK(options.column<std::int64_t>(1)[1] == 0);
  CHECK(options.column<std::int64_t>(1)[2] == 1);

  const TypePointer rate = make_option(rate_type());
  Outside rates(rate->type);
  CHECK(rates.takes(1, {bytes_of({0}), words({0, 0})}));
  CHECK(rates.column<StreamRate>(1)[0].denominator == 1);
}

TEST_CASE("a validity from outside is 0 or 1") {
  Outside holes(int_type(), true);
  CHECK(holes.takes(2, {bytes_of({0, 1}), words({5, 6})}));
  CHECK_FALSE(holes.takes(2, {bytes_of({0, 4}), words({5, 6})}));
}

TEST_CASE("the leaves of one window from outside have equally many elements") {
  const TypePointer pair = make_record("", {{"", int_type()}, {"", bool_type()}});
  const TypePointer pairs = make_window(pair->type);
  Outside windows(pairs->type, true);
  CHECK(windows.takes(1, {bytes_of({1}), words({2, 5, 6}), words({2}) + bytes_of({0, 1})}));
  CHECK_FALSE(windows.takes(1, {bytes_of({1}), words({2, 5, 6}), words({1}) + bytes_of({0})}));
  CHECK_FALSE(windows.takes(1, {bytes_of({1}), words({1, 5}), words({2}) + bytes_of({0, 1})}));
  CHECK_FALSE(windows.takes(1, {bytes_of({1}), words({1, 5}), words({1}) + bytes_of({2})}));
  CHECK(windows.takes(1, {bytes_of({0}), words({1, 5}), words({2}) + bytes_of({0, 1})}));
  CHECK(windows.column<StreamView>(0)[1].count == 0);
  CHECK(windows.column<StreamView>(1)[1].count == 0);
}

TEST_CASE("stamps from outside never fall, nor below the frontier") {
  Outside items(int_type(), false, true);
  FrameProgress progress;
  CHECK(items.takes(2, {words({5, 7}), words({1, 2})}, progress));
  CHECK_FALSE(items.takes(1, {words({6}), words({3})}));  // Below the last item,
  CHECK_FALSE(items.takes(2, {words({9, 8}), words({3, 4})}));  // the one before,
  progress.frontier = 20;
  CHECK(items.takes(0, {}, progress));
  CHECK_FALSE(items.takes(1, {words({19}), words({3})}));  // and what was promised.
  progress.frontier = 3;
  CHECK(items.takes(1, {words({20}), words({3})}, progress));
  CHECK(items.queue.frontier() == 20);
}

TEST_CASE("an END from outside comes not before the items") {
  FrameProgress end;
  end.is_end = true;
  end.end_stamp = 6;
  {
    Outside items(int_type(), false, true);
    CHECK_FALSE(items.takes(2, {words({5, 7}), words({1, 2})}, end));
    CHECK(items.takes(2, {words({5, 7}), words({1, 2})}));
    items.queue.consume(2);
    CHECK_FALSE(items.takes(0, {}, end));
    end.end_stamp = 7;
    CHECK(items.takes(0, {}, end));
  }
  end.end_stamp = kEarliestStamp;  // Nothing ever had a stamp; what the END brought has 0.
  Outside items(int_type(), false, true);
  CHECK(items.takes(1, {words({0}), words({1})}, end));
}

TEST_CASE("flags that do not fit are refused") {
  Outside items(int_type());
  std::vector<std::byte> bytes = items.frame(1, {words({1})});
  for (const int flags : {1, 2, 3, 8, 16, 255}) {
    CAPTURE(flags);
    bytes[kFlagsAt] = static_cast<std::byte>(flags);
    CHECK_FALSE(items.takes(bytes));
  }
  CHECK_FALSE(items.takes(0, {words({1})}));  // Bytes of no item.
}

TEST_CASE("a frame takes no more memory than its bytes can need") {
  const TypePointer large = make_array(float_type(), std::int64_t{1} << 40);
  Outside items(large->type);  // 1024 of them would need 2^53 bytes.
  CHECK_FALSE(items.takes(1024, {words({1})}));

  const TypePointer window = make_window(string_type());
  Outside windows(window->type);
  CHECK_FALSE(windows.takes(1, {words({1 << 20}), std::string(std::size_t{1} << 20, '\0')}));
}

// STREAM_FUZZ_SEED and STREAM_FUZZ_RUNS in the environment choose other runs.
TEST_CASE("frames of items, sound and damaged") {
  const auto from_environment = [](const char* name, std::uint64_t otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
  };
  const std::uint64_t first_seed = from_environment("STREAM_FUZZ_SEED", 1);
  const std::uint64_t runs = from_environment("STREAM_FUZZ_RUNS", 20'000);
  for (std::uint64_t seed = first_seed; seed < first_seed + runs; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(static_cast<unsigned>(seed));
    std::vector<std::uint8_t> bytes(random() % 300);
    for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
}

}  // namespace streamrt
