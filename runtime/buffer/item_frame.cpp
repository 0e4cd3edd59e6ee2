#include "runtime/buffer/item_frame.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>

#include "runtime/base/leaves.h"
#include "runtime/buffer/item_check.h"

namespace streamrt {

namespace {

static_assert(std::endian::native == std::endian::little, "frames are little-endian");

enum FrameFlags : std::uint32_t {
  kHasStamps = 1,
  kHasValidity = 2,
  kIsEnd = 4,
  kIsSilentEnd = 8,
  kAllFlags = 15,
};

struct FrameStart {
  std::uint32_t count;
  std::uint32_t flags;
  std::int64_t frontier;
  std::int64_t end_stamp;
};
static_assert(sizeof(FrameStart) == 24);

constexpr std::size_t padded(std::size_t size) { return (size + 7) / 8 * 8; }

// Where the parts of a frame go: nowhere, to be counted, or to memory.
class Measure {
 public:
  void put(const void*, std::size_t size) { size_ += size; }
  void pad() { size_ = padded(size_); }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::size_t size_ = 0;
};

class Write {
 public:
  explicit Write(std::byte* out) : begin_(out), out_(out) {}
  void put(const void* bytes, std::size_t size) {
    if (size > 0) std::memcpy(out_, bytes, size);
    out_ += size;
  }
  void pad() {
    const auto size = static_cast<std::size_t>(out_ - begin_);
    std::memset(out_, 0, padded(size) - size);
    out_ = begin_ + padded(size);
  }

 private:
  std::byte* begin_;
  std::byte* out_;
};

// Sizes, then bytes.
template <class Out>
void put_texts(Out& out, const StreamText* texts, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) out.put(&texts[i].size, sizeof(std::int64_t));
  for (std::int64_t i = 0; i < count; ++i) {
    out.put(texts[i].data, static_cast<std::size_t>(texts[i].size));
  }
}

template <class Out>
void put_elements(Out& out, std::int32_t kind, const void* elements, std::int64_t count) {
  if (kind == STREAM_LEAF_TEXT) {
    put_texts(out, static_cast<const StreamText*>(elements), count);
  } else {
    out.put(elements, static_cast<std::size_t>(count) * leaf_kind_size(kind));
  }
}

template <class Out>
void put_leaf(Out& out, const StreamLeaf& leaf, const void* column, std::int64_t ticks) {
  const std::int64_t count = ticks * leaf.count;
  if (leaf.kind != STREAM_LEAF_VIEW) {
    put_elements(out, leaf.kind, column, count);
  } else {
    const auto* const views = static_cast<const StreamView*>(column);
    for (std::int64_t i = 0; i < count; ++i) out.put(&views[i].count, sizeof(std::int64_t));
    for (std::int64_t i = 0; i < count; ++i) {
      put_elements(out, leaf.view_kind, views[i].data, views[i].count * leaf.view_count);
    }
  }
  out.pad();
}

template <class Out>
void put_frame(Out& out, const StreamQueue& queue, const StreamBatch& items,
               const FrameProgress& progress) {
  FrameStart start{static_cast<std::uint32_t>(items.count), 0, progress.frontier,
                   progress.end_stamp};
  const auto ticks = static_cast<std::size_t>(items.count);
  const bool has_stamps = ticks > 0 && queue.has_stamps != 0;
  const bool has_validity = ticks > 0 && queue.has_valid != 0;
  if (has_stamps) start.flags |= kHasStamps;
  if (has_validity) start.flags |= kHasValidity;
  if (progress.is_end) start.flags |= kIsEnd;
  if (progress.is_silent_end) start.flags |= kIsSilentEnd;
  out.put(&start, sizeof start);
  if (ticks == 0) return;
  if (has_stamps) out.put(items.stamps, ticks * sizeof(std::int64_t));
  if (has_validity) {
    out.put(items.valid, ticks);
    out.pad();
  }
  const std::span<const StreamLeaf> leaves = leaves_of(*queue.type);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    put_leaf(out, leaves[i], items.columns[i], items.count);
  }
}

// ---- reading -------------------------------------------------------------------------------------

// What is left of a frame; every read says whether there was enough.
class Rest {
 public:
  explicit Rest(std::span<const std::byte> bytes) : begin_(bytes.data()), rest_(bytes) {}

  // Null if there are not so many bytes.
  const std::byte* take(std::uint64_t size) {
    if (size > rest_.size()) return nullptr;
    const std::byte* const taken = rest_.data();
    rest_ = rest_.subspan(static_cast<std::size_t>(size));
    return taken;
  }
  bool skip_padding() {
    const auto used = static_cast<std::size_t>(rest_.data() - begin_);
    return take(padded(used) - used) != nullptr;
  }
  [[nodiscard]] std::size_t size() const { return rest_.size(); }

 private:
  const std::byte* begin_;
  std::span<const std::byte> rest_;
};

// Bytes that one element of a kind has in a frame, at the least.
std::size_t least_bytes(std::int32_t kind) {
  const bool has_size = kind == STREAM_LEAF_TEXT || kind == STREAM_LEAF_VIEW;
  return has_size ? sizeof(std::int64_t) : leaf_kind_size(kind);
}

// Whether the rest of a frame may hold so many items: nothing is allocated for more.
bool may_hold(const Rest& rest, const StreamQueue& queue, std::uint64_t ticks) {
  std::uint64_t item_bytes = (queue.has_stamps != 0 ? sizeof(std::int64_t) : 0) +
                             (queue.has_valid != 0 ? sizeof(std::uint8_t) : 0);
  for (const StreamLeaf& leaf : leaves_of(*queue.type)) {
    item_bytes += static_cast<std::uint64_t>(leaf.count) * least_bytes(leaf.kind);
  }
  return item_bytes == 0 || ticks <= rest.size() / item_bytes;
}

// So many sizes or counts of things that follow in the frame, none below 0. Returns their sum.
std::optional<std::uint64_t> take_sizes(Rest& rest, std::uint64_t count, const std::byte*& sizes) {
  if (count > rest.size() / sizeof(std::int64_t)) return std::nullopt;
  sizes = rest.take(count * sizeof(std::int64_t));
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint64_t size = 0;  // Below 0 is more than any frame has.
    std::memcpy(&size, sizes + i * sizeof size, sizeof size);
    if (size > rest.size() - sum) return std::nullopt;
    sum += size;
  }
  return sum;
}

std::int64_t size_at(const std::byte* sizes, std::uint64_t index) {
  std::int64_t size = 0;
  std::memcpy(&size, sizes + index * sizeof size, sizeof size);
  return size;
}

bool take_texts(Rest& rest, StreamText* texts, std::uint64_t count, Arena& arena) {
  const std::byte* sizes = nullptr;
  const auto total = take_sizes(rest, count, sizes);
  if (!total) return false;
  const std::byte* const bytes = rest.take(*total);
  if (bytes == nullptr) return false;
  char* copy = static_cast<char*>(arena.allocate(static_cast<std::size_t>(*total), 1));
  if (*total > 0) std::memcpy(copy, bytes, static_cast<std::size_t>(*total));
  for (std::uint64_t i = 0; i < count; ++i) {
    texts[i] = {copy, size_at(sizes, i)};
    copy += texts[i].size;
  }
  return true;
}

bool take_elements(Rest& rest, std::int32_t kind, void* elements, std::uint64_t count, Arena& arena) {
  if (kind == STREAM_LEAF_TEXT) {
    return take_texts(rest, static_cast<StreamText*>(elements), count, arena);
  }
  const std::size_t size = leaf_kind_size(kind);
  if (count > rest.size() / size) return false;
  const std::byte* const bytes = rest.take(count * size);
  if (count > 0) std::memcpy(elements, bytes, static_cast<std::size_t>(count) * size);
  return true;
}

bool take_views(Rest& rest, const StreamLeaf& leaf, StreamView* views, std::uint64_t count,
                Arena& arena) {
  const std::byte* counts = nullptr;
  const auto total = take_sizes(rest, count, counts);
  if (!total) return false;
  if (leaf.view_kind == STREAM_LEAF_VIEW) return false;  // There is no window of windows.
  const std::uint64_t least =
      static_cast<std::uint64_t>(leaf.view_count) * least_bytes(leaf.view_kind);
  if (least > 0 && *total > rest.size() / least) return false;
  const std::size_t element_size = view_element_size(leaf);
  auto* const elements = static_cast<std::byte*>(
      arena.allocate(static_cast<std::size_t>(*total) * element_size));
  std::byte* place = elements;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::int64_t own = size_at(counts, i);
    const auto own_elements = static_cast<std::uint64_t>(own) * static_cast<std::uint64_t>(leaf.view_count);
    if (!take_elements(rest, leaf.view_kind, place, own_elements, arena)) return false;
    views[i] = {place, own};
    place += static_cast<std::size_t>(own) * element_size;
  }
  return true;
}

bool take_leaf(Rest& rest, const StreamLeaf& leaf, void* column, std::uint64_t ticks, Arena& arena) {
  const std::uint64_t count = ticks * static_cast<std::uint64_t>(leaf.count);
  const bool is_whole =
      leaf.kind == STREAM_LEAF_VIEW
          ? take_views(rest, leaf, static_cast<StreamView*>(column), count, arena)
          : take_elements(rest, leaf.kind, column, count, arena);
  return is_whole && rest.skip_padding();
}

// Stamps never fall, and are not below `least`.
bool are_stamps(const std::int64_t* stamps, std::uint64_t ticks, std::int64_t least) {
  for (std::uint64_t i = 0; i < ticks; ++i) {
    if (stamps[i] < least) return false;
    least = stamps[i];
  }
  return true;
}

bool take_stamps(Rest& rest, std::int64_t* stamps, std::uint64_t ticks, std::int64_t least) {
  const std::byte* const bytes = rest.take(ticks * sizeof(std::int64_t));
  if (bytes == nullptr) return false;
  std::memcpy(stamps, bytes, static_cast<std::size_t>(ticks) * sizeof(std::int64_t));
  return are_stamps(stamps, ticks, least);
}

bool take_validity(Rest& rest, std::uint8_t* valid, std::uint64_t ticks) {
  const std::byte* const bytes = rest.take(ticks);
  if (bytes == nullptr) return false;
  std::memcpy(valid, bytes, static_cast<std::size_t>(ticks));
  return are_flags(valid, static_cast<std::size_t>(ticks)) && rest.skip_padding();
}

// The columns that a frame with items must have, and says that it has.
bool has_columns_of(const FrameStart& start, const StreamQueue& queue) {
  return (queue.has_stamps != 0) == ((start.flags & kHasStamps) != 0) &&
         (queue.has_valid != 0) == ((start.flags & kHasValidity) != 0);
}

std::int64_t least_stamp(const ColumnQueue& queue) {
  return std::max(queue.written_frontier(), queue.last_stamp());
}

bool take_columns(Rest& rest, const FrameStart& start, ColumnQueue& queue, StreamOutput& out) {
  const StreamQueue& description = queue.description();
  if (!has_columns_of(start, description)) return false;
  if (out.stamps != nullptr && !take_stamps(rest, out.stamps, start.count, least_stamp(queue))) return false;
  if (out.valid != nullptr && !take_validity(rest, out.valid, start.count)) return false;
  const std::span<const StreamLeaf> leaves = leaves_of(*description.type);
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (!take_leaf(rest, leaves[i], out.columns[i], start.count, queue.payload_arena())) return false;
  }
  return rest.size() == 0 &&
         check_items(*description.type, out.columns, start.count, out.valid);
}

// Writes the items behind those of the queue, not yet committed.
bool take_items(Rest rest, const FrameStart& start, ColumnQueue& queue, StreamOutput& out) {
  if (start.count == 0) return rest.size() == 0 && (start.flags & (kHasStamps | kHasValidity)) == 0;
  if (!may_hold(rest, queue.description(), start.count)) return false;
  queue.reserve(start.count, out);
  return take_columns(rest, start, queue, out);
}

// An END comes not before the items. It may have no stamp, if nothing ever had one.
bool is_sound_progress(const FrameStart& start, const ColumnQueue& queue, const std::int64_t* stamps) {
  if ((start.flags & ~std::uint32_t{kAllFlags}) != 0) return false;
  if ((start.flags & kIsEnd) == 0) return (start.flags & kIsSilentEnd) == 0;
  if (start.end_stamp == kEarliestStamp) return true;
  const bool has_new_stamps = start.count > 0 && stamps != nullptr;
  return start.end_stamp >= (has_new_stamps ? stamps[start.count - 1] : queue.last_stamp());
}

void tell_progress(const FrameStart& start, ColumnQueue& queue) {
  queue.advance_frontier(start.frontier);
  if ((start.flags & kIsEnd) != 0) queue.end(start.end_stamp, (start.flags & kIsSilentEnd) != 0);
}

// The columns of a frame where they lie; `columns` has one entry a leaf. No leaf is a text or a view.
bool find_columns(Rest rest, const FrameStart& start, const ColumnQueue& queue, void** columns, StreamBatch& items) {
  const StreamQueue& description = queue.description();
  const std::size_t ticks = start.count;
  if (!has_columns_of(start, description)) return false;
  if (description.has_stamps != 0) {
    items.stamps = reinterpret_cast<const std::int64_t*>(rest.take(ticks * sizeof(std::int64_t)));
    if (items.stamps == nullptr || !are_stamps(items.stamps, ticks, least_stamp(queue))) return false;
  }
  if (description.has_valid != 0) {
    items.valid = reinterpret_cast<const std::uint8_t*>(rest.take(ticks));
    if (items.valid == nullptr || !are_flags(items.valid, ticks) || !rest.skip_padding()) return false;
  }
  for (const StreamLeaf& leaf : leaves_of(*description.type)) {
    const std::byte* const bytes = rest.take(ticks * leaf_item_size(leaf));
    if (bytes == nullptr || !rest.skip_padding()) return false;
    *columns++ = const_cast<std::byte*>(bytes);  // Which nobody writes to: see StreamBatch.
  }
  items.count = start.count;
  return rest.size() == 0;
}

}  // namespace

std::size_t frame_size(const StreamQueue& queue, const StreamBatch& items) {
  Measure measure;
  put_frame(measure, queue, items, {});
  return measure.size();
}

void write_frame(const StreamQueue& queue, const StreamBatch& items, const FrameProgress& progress,
                 std::byte* out) {
  Write write(out);
  put_frame(write, queue, items, progress);
}

std::optional<std::int64_t> frame_item_count(std::span<const std::byte> frame) {
  FrameStart start;
  if (frame.size() < sizeof start) return std::nullopt;
  std::memcpy(&start, frame.data(), sizeof start);
  if (start.count > STREAM_BATCH_LIMIT) return std::nullopt;
  return start.count;
}

std::optional<FrameProgress> frame_progress(std::span<const std::byte> frame) {
  FrameStart start;
  if (frame.size() < sizeof start) return std::nullopt;
  std::memcpy(&start, frame.data(), sizeof start);
  FrameProgress progress{.frontier = start.frontier,
                         .is_end = (start.flags & kIsEnd) != 0,
                         .is_silent_end = (start.flags & kIsSilentEnd) != 0,
                         .end_stamp = start.end_stamp};
  if (start.count == 0 || (start.flags & kHasStamps) == 0) return progress;
  const std::size_t last = sizeof start + (start.count - std::size_t{1}) * sizeof(std::int64_t);
  std::int64_t stamp = 0;
  if (frame.size() < last + sizeof stamp) return std::nullopt;
  std::memcpy(&stamp, frame.data() + last, sizeof stamp);
  if (stamp < kLatestStamp) progress.frontier = std::max(progress.frontier, stamp + 1);
  return progress;
}

Result<std::int64_t> read_frame(std::span<const std::byte> frame, ColumnQueue& queue) {
  const auto broken = [&queue] {
    return fail("what came for `{}` are no items of it", queue.description().name);
  };
  const std::optional<std::int64_t> told = frame_item_count(frame);
  if (!told || queue.has_ended()) return broken();
  const std::int64_t count = *told;
  FrameStart start;
  std::memcpy(&start, frame.data(), sizeof start);
  const Arena::Mark before = queue.payload_arena().mark();
  StreamOutput out{};
  if (!take_items(Rest(frame.subspan(sizeof start)), start, queue, out) ||
      !is_sound_progress(start, queue, out.stamps)) {
    queue.payload_arena().rewind(before);
    return broken();
  }
  if (count > 0) {
    queue.commit(count, PayloadLifetime::Queue);
    queue.shift_new_stamps();
  }
  tell_progress(start, queue);
  return count;
}

bool lend_frame(std::span<const std::byte> frame, std::size_t bytes_behind, ColumnQueue& queue) {
  constexpr std::size_t kLeavesMax = 16;
  const StreamType& type = *queue.description().type;
  const std::optional<std::int64_t> count = frame_item_count(frame);
  const bool is_aligned = reinterpret_cast<std::uintptr_t>(frame.data()) % 8 == 0;
  const std::span<const StreamLeaf> leaves = leaves_of(type);
  if (!count || *count == 0 || !is_aligned || !queue.can_borrow() || queue.has_ended()) return false;
  if (leaves.size() > kLeavesMax) return false;
  for (const StreamLeaf& leaf : leaves) {
    if (leaf_item_size(leaf) * 8 > bytes_behind) return false;
  }
  FrameStart start;
  std::memcpy(&start, frame.data(), sizeof start);
  void* columns[kLeavesMax];
  StreamBatch items{.columns = columns};
  if (!find_columns(Rest(frame.subspan(sizeof start)), start, queue, columns, items)) return false;
  if (!are_all_values(type, columns, *count) || !is_sound_progress(start, queue, items.stamps)) return false;
  queue.borrow(items);
  tell_progress(start, queue);
  return true;
}

}  // namespace streamrt
