#include "tests/fuzz/item_frames.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "runtime/base/assert.h"
#include "runtime/base/leaves.h"
#include "runtime/base/value_text.h"
#include "runtime/buffer/item_frame.h"
#include "runtime/connector/item_pointers.h"
#include "tests/unit/runtime/test_types.h"

namespace streamrt {
namespace {

using namespace test;

constexpr std::int64_t kItemsMax = 12;
constexpr std::size_t kFrameMax = std::size_t{1} << 16;

// The input as choices; 0 when it is used up.
class Choices {
 public:
  explicit Choices(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const std::uint8_t first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }
  std::size_t below(std::size_t bound) {
    return bound == 0 ? 0 : (byte() | std::size_t{byte()} << 8U) % bound;
  }
  std::int64_t word() {
    constexpr std::array<std::int64_t, 12> kSpecial = {
        0, 1, 2, -1, 3, 255, INT64_MAX, INT64_MIN, std::int64_t{1} << 32, std::int64_t{1} << 40,
        7, 24};
    const std::uint8_t choice = byte();
    if (choice < kSpecial.size()) return kSpecial[choice];
    return static_cast<std::int64_t>(std::uint64_t{choice} << (byte() % 64U));
  }
  [[nodiscard]] bool is_empty() const { return bytes_.empty(); }
  [[nodiscard]] std::span<const std::uint8_t> rest() const { return bytes_; }

 private:
  std::span<const std::uint8_t> bytes_;
};

// Queues whose items have leaves of every kind, alone and inside each other.
struct Queues {
  TypePointer mode = make_enumeration("Mode", {"home", "away", "off"});
  TypePointer modes = make_array(mode->type, 3);
  TypePointer option_rate = make_option(rate_type());
  TypePointer tuple = make_record("", {{"", int_type()}, {"", string_type()}, {"", bool_type()}});
  TypePointer floats = make_window(float_type());
  TypePointer tuples = make_window(tuple->type);
  TypePointer mode_window = make_window(modes->type);
  TypePointer reading = make_record("Reading", {{"at", time_type()},
                                                {"mode", mode->type},
                                                {"rate", option_rate->type},
                                                {"text", string_type()}});
  TypePointer maybe = make_option(reading->type);
  TypePointer maybes = make_array(maybe->type, 2);
  TypePointer maybe_window = make_window(maybe->type);
  TypePointer all = make_record("All", {{"flag", bool_type()},
                                        {"windows", tuples->type},
                                        {"maybes", maybes->type},
                                        {"for", duration_type()}});
  std::array<const StreamType*, 13> types = {
      &int_type(),   &float_type(),       &bool_type(),       &mode->type,   &string_type(),
      &rate_type(),  &modes->type,        &option_rate->type, &floats->type, &tuples->type,
      &maybes->type, &maybe_window->type, &all->type};

  [[nodiscard]] StreamQueue queue(std::size_t choice) const {
    const std::size_t form = choice / types.size();
    return {types[choice % types.size()],
            static_cast<std::int32_t>(form & 1U),
            static_cast<std::int32_t>(form >> 1U & 1U),
            "q",
            0,
            0,
            0,
            0};
  }
};

// ---- sound items
// ---------------------------------------------------------------------------------

// Elements of one leaf that are values whatever the type makes of them.
void fill_elements(Choices& choices, std::int32_t kind, std::byte* out, std::int64_t count) {
  static constexpr std::string_view kWords = "no item, and then some \xc3\xa9\xff";
  const std::size_t size = leaf_kind_size(kind);
  for (std::int64_t i = 0; i < count; ++i, out += size) {
    const std::uint8_t choice = choices.byte();
    if (kind == STREAM_LEAF_I8) {
      *out = static_cast<std::byte>(choice % 2);
    } else if (kind == STREAM_LEAF_TEXT) {
      const StreamText text = text_of(kWords.substr(choice % 16, choice / 16));
      std::memcpy(out, &text, size);
    } else if (kind == STREAM_LEAF_RATE) {
      const StreamRate rate{1 + choice, 1};
      std::memcpy(out, &rate, size);
    } else {
      const std::int64_t value = choice % 3;
      std::memcpy(out, &value, size);
    }
  }
}

// Views of one window have equally many elements.
void fill_leaf(Choices& choices, const StreamLeaf& leaf, void* column, std::int64_t ticks,
               Arena& arena) {
  const std::int64_t count = ticks * leaf.count;
  if (leaf.kind != STREAM_LEAF_VIEW) {
    fill_elements(choices, leaf.kind, static_cast<std::byte*>(column), count);
    return;
  }
  auto* const views = static_cast<StreamView*>(column);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t own = i % 4;
    auto* const elements = static_cast<std::byte*>(
        arena.allocate(static_cast<std::size_t>(own) * view_element_size(leaf)));
    fill_elements(choices, leaf.view_kind, elements, own * leaf.view_count);
    views[i] = {elements, own};
  }
}

std::vector<std::byte> sound_frame(Choices& choices, const StreamQueue& description,
                                   std::int64_t first_stamp) {
  ColumnQueue queue(description);
  const auto count = static_cast<std::int64_t>(choices.byte() % (kItemsMax + 1));
  StreamOutput out{};
  queue.reserve(count, out);
  const std::span<const StreamLeaf> leaves = leaves_of(*description.type);
  for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf) {
    fill_leaf(choices, leaves[leaf], out.columns[leaf], count, queue.payload_arena());
  }
  for (std::int64_t i = 0; i < count; ++i) {
    if (out.valid != nullptr) out.valid[i] = choices.byte() % 4 == 0 ? 0 : 1;
    if (out.stamps != nullptr) out.stamps[i] = first_stamp += choices.byte() % 2;
  }
  queue.commit(count, PayloadLifetime::Queue);
  FrameProgress progress;
  progress.frontier = first_stamp;
  progress.is_end = choices.byte() % 8 == 1;
  progress.is_silent_end = progress.is_end && count % 2 == 1;
  progress.end_stamp = first_stamp + 1;
  const StreamBatch items = queue.batch(count);
  std::vector<std::byte> frame(frame_size(description, items));
  write_frame(description, items, progress, frame.data());
  return frame;
}

void damage(Choices& choices, std::vector<std::byte>& frame) {
  while (!choices.is_empty() && frame.size() < kFrameMax) {
    const std::uint8_t how = choices.byte();
    const std::size_t at = choices.below(frame.size());
    const auto place = frame.begin() + static_cast<std::ptrdiff_t>(at);
    if (frame.empty() || how % 8 == 0) {
      frame.insert(place, 1U + how / 8U, static_cast<std::byte>(choices.byte()));
    } else if (how % 8 == 1) {
      frame.erase(place, place + static_cast<std::ptrdiff_t>(
                                     std::min<std::size_t>(1U + how / 8U, frame.size() - at)));
    } else if (how % 8 == 2) {
      frame.resize(at);
    } else if (how % 8 < 6) {
      *place = static_cast<std::byte>(choices.byte());
    } else if (const std::size_t word = at / 8 * 8; word + 8 <= frame.size()) {
      const std::int64_t value = choices.word();
      std::memcpy(frame.data() + word, &value, sizeof value);
    }
  }
}

// ---- what must be true
// ---------------------------------------------------------------------------

template <class T>
T load(const void* address) {
  T value;
  std::memcpy(&value, address, sizeof value);
  return value;
}

void check_value(const StreamType& type, const void* const* leaves);

void check_elements(const StreamType& element, std::vector<const void*> leaves,
                    std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    check_value(element, leaves.data());
    for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf) {
      leaves[leaf] =
          static_cast<const std::byte*>(leaves[leaf]) + leaf_item_size(element.leaves[leaf]);
    }
  }
}

void check_window(const StreamType& type, const void* const* leaves) {
  std::vector<const void*> elements;
  const std::int64_t count = load<StreamView>(leaves[0]).count;
  for (std::int32_t leaf = 0; leaf < type.leaf_count; ++leaf) {
    const auto view = load<StreamView>(leaves[leaf]);
    STREAM_CHECK(view.count == count, "leaves of a window with different counts");
    elements.push_back(view.data);
  }
  check_elements(*type.element, std::move(elements), count);
}

// What compiled code takes for granted.
void check_value(const StreamType& type, const void* const* leaves) {
  switch (type.kind) {
    case STREAM_TYPE_BOOL:
      STREAM_CHECK(load<std::uint8_t>(leaves[0]) <= 1, "a bool that is none");
      return;
    case STREAM_TYPE_ENUMERATION:
      STREAM_CHECK(load<std::uint64_t>(leaves[0]) < static_cast<std::uint64_t>(type.field_count),
                   "a value of an enumeration without a name");
      return;
    case STREAM_TYPE_RATE: {
      const auto rate = load<StreamRate>(leaves[0]);
      STREAM_CHECK(rate.numerator >= 0 && rate.denominator > 0, "a rate that is none");
      STREAM_CHECK(std::gcd(rate.numerator, rate.denominator) == 1, "a rate not in lowest terms");
      return;
    }
    case STREAM_TYPE_OPTION:
      STREAM_CHECK(load<std::uint8_t>(leaves[0]) <= 1, "an option that is neither");
      return check_value(*type.element, leaves + 1);
    case STREAM_TYPE_RECORD:
    case STREAM_TYPE_TUPLE:
      for (const StreamField& field : fields_of(type)) {
        check_value(*field.type, leaves);
        leaves += field.type->leaf_count;
      }
      return;
    case STREAM_TYPE_ARRAY:
      return check_elements(*type.element, std::vector(leaves, leaves + type.leaf_count),
                            type.length);
    case STREAM_TYPE_WINDOW:
      return check_window(type, leaves);
    default:
      return;
  }
}

// All that a queue holds and knows, as a frame.
std::vector<std::byte> state_of(ColumnQueue& queue) {
  const StreamBatch items = queue.batch(queue.size());
  std::vector<std::byte> frame(frame_size(queue.description(), items));
  FrameProgress progress;
  progress.frontier = queue.frontier();
  progress.is_end = queue.has_ended();
  progress.is_silent_end = queue.has_silent_end();
  progress.end_stamp = queue.end_stamp();
  write_frame(queue.description(), items, progress, frame.data());
  return frame;
}

void check_items_of(ColumnQueue& queue, bool as_text) {
  const StreamType& type = *queue.description().type;
  ItemPointers pointers(type);
  const StreamBatch batch = queue.batch(queue.size());
  std::int64_t least_stamp = kEarliestStamp;
  std::string text;
  for (std::int64_t i = 0; i < batch.count; ++i) {
    STREAM_CHECK(queue.stamp_at(i) >= least_stamp, "a stamp that falls");
    least_stamp = queue.stamp_at(i);
    check_value(type, pointers.at(batch, i));
    if (as_text && queue.is_valid_at(i)) append_value(text, type, pointers.at(batch, i));
  }
  STREAM_CHECK(!queue.has_ended() || queue.end_stamp() == kEarliestStamp ||
                   batch.stamps == nullptr || queue.end_stamp() >= least_stamp,
               "an END before the items");
}

void check_sent_on(ColumnQueue& queue) {
  const std::vector<std::byte> frame = state_of(queue);
  ColumnQueue other(queue.description());
  STREAM_CHECK(read_frame(frame, other).has_value(), "what was accepted is refused when sent on");
  STREAM_CHECK(state_of(other) == frame, "what was sent on is something else");
}

// A queue that shows a frame where it lies has what one has that copied it.
void check_lent(const StreamQueue& description, std::span<const std::byte> bytes) {
  constexpr std::size_t kBehind = 4096;
  std::vector<std::byte> frame(bytes.begin(), bytes.end());
  frame.resize(bytes.size() + kBehind);
  ColumnQueue lent(description);
  if (!lend_frame(std::span(frame).first(bytes.size()), kBehind, lent)) return;
  ColumnQueue copied(description);
  STREAM_CHECK(read_frame(bytes, copied).has_value(), "a frame is shown that would be refused");
  check_items_of(lent, false);
  STREAM_CHECK(state_of(lent) == state_of(copied), "a frame is shown as something else");
  lent.take_over();
  std::fill(frame.begin(), frame.end(), std::byte{0xff});
  STREAM_CHECK(state_of(lent) == state_of(copied), "a frame that was taken over still depends on its memory");
}

void receive(const StreamQueue& description, Choices choices) {
  const std::uint8_t choice = choices.byte();
  const bool is_raw = choice % 4 == 1;
  ColumnQueue queue(description);
  const std::vector<std::byte> before = sound_frame(choices, description, 5);
  STREAM_CHECK(read_frame(before, queue).has_value(), "a sound frame is refused");
  std::vector<std::byte> frame;
  if (is_raw) {
    const auto bytes = std::as_bytes(choices.rest());
    frame.assign(bytes.begin(), bytes.end());
  } else {
    frame = sound_frame(choices, description, 20);
    damage(choices, frame);
  }
  check_lent(description, before);
  check_lent(description, frame);
  const std::vector<std::byte> state = state_of(queue);
  const std::int64_t count = queue.size();
  const std::size_t memory = queue.payload_arena().used_bytes();
  if (const Result<std::int64_t> read = read_frame(frame, queue)) {
    STREAM_CHECK(frame_item_count(frame) == *read && queue.size() == count + *read,
                 "a frame that counts wrong");
    check_items_of(queue, choice % 16 == 2);
    check_sent_on(queue);
    const std::size_t growth = queue.payload_arena().used_bytes() - memory;
    STREAM_CHECK(growth <= 4 * frame.size() + 4096, "more memory than a frame may need");
  } else {
    STREAM_CHECK(state_of(queue) == state, "a refused frame changed the queue");
    STREAM_CHECK(queue.payload_arena().used_bytes() == memory, "a refused frame kept memory");
  }
}

}  // namespace
}  // namespace streamrt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const streamrt::Queues queues;
  streamrt::Choices choices(std::span(data, size));
  const StreamQueue description = queues.queue(choices.byte());
  streamrt::receive(description, choices);
  return 0;
}
