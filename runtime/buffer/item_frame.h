// Items as bytes: what crosses between threads, processes and nodes.
//
// A frame holds up to STREAM_BATCH_LIMIT ticks of one queue, column by column as they lie, or only says how
// far the stream has come:
//
//   FrameStart | stamps | validity | leaf 0 | leaf 1 | …     each padded to 8 bytes, little-endian
//
// A leaf of numbers is its elements. Texts are their sizes (i64 each), then their bytes. Views are their
// counts (i64 each), then the elements of all, which may be texts in turn. Nothing depends on the size of a
// pointer, so that a board and a server can talk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "runtime/base/result.h"
#include "runtime/buffer/column_queue.h"

namespace streamrt {

// What the stream has come to, behind the items of a frame.
struct FrameProgress {
  std::int64_t frontier = kEarliestStamp;  // Later items are not below.
  bool is_end = false;
  bool is_silent_end = false;              // See ColumnQueue::end.
  std::int64_t end_stamp = 0;
};

// Bytes of a frame with these items, which may be none.
std::size_t frame_size(const StreamQueue& queue, const StreamBatch& items);

// Writes the frame to `out`, which has frame_size() bytes.
void write_frame(const StreamQueue& queue, const StreamBatch& items, const FrameProgress& progress,
                 std::byte* out);

// How many items a frame says that it has; nothing if it is none.
std::optional<std::int64_t> frame_item_count(std::span<const std::byte> frame);

// What the stream has come to behind a frame, of which at least the beginning is there; nothing if it is none.
// `frontier` is then above the stamps of the items, so that no item behind the frame can have one of theirs.
std::optional<FrameProgress> frame_progress(std::span<const std::byte> frame);

// Adds the items of a frame to the queue. Returns how many. The bytes may come from anywhere: what
// is no frame of this queue is refused, and the queue then is as it was. So is one with values that are
// none (see item_check.h), stamps that fall or are below what was promised, or an END before the items.
// A frontier below a known one says nothing new. Takes memory in proportion to the frame, whatever it
// says that it holds.
Result<std::int64_t> read_frame(std::span<const std::byte> frame, ColumnQueue& queue);

// As read_frame, but copies nothing: the queue shows the items where they lie (ColumnQueue::borrow), and the frame has to
// stay for as long. False, and nothing has happened, if they must be copied, or perhaps refused: they have texts or windows,
// the queue is not empty, something is no value, or fewer than 8 items fit into the `bytes_behind` the frame that may be read.
bool lend_frame(std::span<const std::byte> frame, std::size_t bytes_behind, ColumnQueue& queue);

}  // namespace streamrt
