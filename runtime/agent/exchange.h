// Where the queues of a part meet those of others: what is written here and read elsewhere goes out in
// frames, what is read here and written elsewhere comes in.
//
// The ends of a part that may be started again (restart_point.h) let go of nothing before it is settled. An inlet keeps
// the frames that it has read in the ring, up to the place that a restart would begin at; an outlet that goes on
// for one that died drops the items which that one had already published.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/buffer/column_queue.h"
#include "runtime/buffer/frame_ring.h"
#include "runtime/transport/doorbell.h"

namespace streamrt {

// Items that a frame of a ring brings: 0 if it only says how far the stream has come, or is a piece
// of a large item. Nothing if it is no such frame.
std::optional<std::uint32_t> items_in_frame(std::span<const std::byte> frame);

// What a later life of a writer has to know of the frames that an earlier one sent.
struct SentState {
  std::int64_t stamp_floor = kEarliestStamp;  // Later items have no earlier stamps.
  bool has_ended = false;
  bool is_in_pieces = false;  // The last frame is a piece of an item that is not complete.
};

// Adds one more frame.
void note_sent(std::span<const std::byte> frame, SentState& state);

// A frame that says: the pieces before it are no item, since their writer is gone.
std::span<const std::byte> broken_off_frame();

// A place in a ring where a restart may begin to read: between two frames, and not between the pieces of an item.
struct InletPlace {
  std::uint32_t place = 0;                  // As FrameReader::place.
  std::int64_t items = 0;                   // In front of it.
  std::int64_t frontier = kEarliestStamp;   // Told by the frames in front of it.
};

// The writing end of a queue that is read in another part. One whose description says so drops items rather than
// make its writer wait: then as many as may be on the way may also wait in front of the ring.
class Outlet {
 public:
  // `capacity`: items that may be on the way; beside them `kept`, which the reader has read and keeps in the ring. The
  // queue must outlive the outlet.
  Outlet(ColumnQueue& queue, FrameWriter writer, std::int64_t capacity, Doorbell reader, std::int64_t kept = 0)
      : queue_(queue), writer_(writer), capacity_(capacity), kept_(kept), reader_(reader) {}

  // Sends what there is room for. Returns whether anything changed.
  bool send(std::int64_t batch_limit);
  // The same, but a few items wait for others while the reader has much to do yet. Before the part rests, send() follows.
  bool send_unless_few(std::int64_t batch_limit);
  // All that will ever be written has been sent, or nobody wants it.
  [[nodiscard]] bool is_finished() const { return has_sent_end_ || queue_.is_closed(); }
  // Nothing waits here although there is room for more.
  [[nodiscard]] bool is_starving() const {
    return queue_.is_empty() && !queue_.has_ended() && !queue_.is_closed();
  }
  [[nodiscard]] ColumnQueue& queue() const { return queue_; }
  void double_capacity() {
    capacity_ *= 2;
    kept_ *= 2;
  }
  [[nodiscard]] std::int64_t capacity() const { return capacity_; }
  [[nodiscard]] bool drops() const { return queue_.description().when_full != STREAM_FULL_WAIT; }
  // Items given up since the beginning.
  [[nodiscard]] std::int64_t dropped_count() const { return dropped_count_; }

  // Before anything is written: goes on for one that died. The queue begins with its item number `written`; of
  // what will be written, drops what has been published.
  void resume(std::int64_t written);
  // Items that are published as a whole since the beginning. All, once nobody wants more.
  [[nodiscard]] std::int64_t sent_count() const {
    return queue_.first_position() - (large_.empty() || queue_.is_closed() ? 0 : 1);
  }

 private:
  bool drop_published();
  bool drop_made_again();
  [[nodiscard]] bool may_gather();
  bool send_items(std::int64_t batch_limit);
  bool send_progress();
  bool send_pieces();
  void drop_surplus();

  ColumnQueue& queue_;
  FrameWriter writer_;
  std::int64_t capacity_;
  std::int64_t kept_;
  Doorbell reader_;
  std::int64_t sent_frontier_ = kEarliestStamp;
  bool has_sent_end_ = false;
  std::int64_t dropped_count_ = 0;
  // An item too large for the ring, on its way in pieces.
  std::vector<std::byte> large_;
  std::size_t large_sent_ = 0;
  std::int64_t published_before_ = 0;  // By the one that died: items still to be dropped,
  bool broke_off_ = false;             // and it died in between the pieces of the next.
};

// The reading end of a queue that is written in another part.
class Inlet {
 public:
  Inlet(ColumnQueue& queue, FrameReader reader, Doorbell writer)
      : queue_(queue), reader_(reader), writer_(writer) {}

  // Takes what has come while the queue holds fewer than `limit` items. Returns whether anything changed.
  // What comes may have been written by anybody. Many items at once stay where they are, in the ring, up to the next
  // call: who reads a batch then and there saves copying it.
  Result<bool> receive(std::int64_t limit);
  // Nothing more is needed.
  void close();
  // Something has come.
  [[nodiscard]] bool has_frames() { return !reader_.is_empty(); }
  [[nodiscard]] bool has_room(std::int64_t limit) const {
    return !queue_.is_closed() && !queue_.is_full(limit);
  }
  [[nodiscard]] ColumnQueue& queue() const { return queue_; }

  // ---- of a part that may be started again ----

  // Before anything is received: from here on frames are kept until settle(). The first one to be read is at `place`;
  // `consumed` items are done with, as is the queue if `is_closed`.
  void keep_from(const InletPlace& place, std::int64_t consumed, bool is_closed);
  // The last place with no items in front of it that still wait in the queue.
  [[nodiscard]] InletPlace settled_place() const;
  // It lies behind the one that a restart begins at now.
  [[nodiscard]] bool can_settle() const { return settled_place().place != places_.front().place; }
  // A restart begins at `place`, which settled_place() gave: the writer gets the room of what lies in front.
  void settle(const InletPlace& place);
  // Bytes of frames that are kept, and how many bytes the ring has.
  [[nodiscard]] std::uint32_t held_bytes() const { return reader_.held_bytes(); }
  [[nodiscard]] std::uint32_t ring_bytes() const { return reader_.capacity(); }
  // The writer may wait for room that only frames which have been read take up, and the reader for it. An item that
  // is larger than the ring comes to this; else it is for the caller to know (`others_wait`).
  [[nodiscard]] bool must_let_go(std::int64_t limit, bool others_wait);
  // Lets go of all that has been read: the part cannot be restarted until has_let_go() is false.
  void let_go();
  [[nodiscard]] bool has_let_go() const { return !queue_.is_closed() && queue_.first_position() < let_go_before_; }

 private:
  bool let_front_go();
  bool show_front(std::span<const std::byte> frame);
  void note_place();
  Result<std::int64_t> take(std::span<const std::byte> frame);
  Result<std::int64_t> take_piece(std::span<const std::byte> piece, bool is_last);

  ColumnQueue& queue_;
  FrameReader reader_;
  Doorbell writer_;
  bool has_closed_ = false;
  bool has_received_end_ = false;
  std::uint32_t shown_ = 0;  // Items of the oldest frame, if the queue reads them in the ring.
  std::vector<std::byte> large_;
  bool keeps_ = false;               // It belongs to a part that may be started again.
  std::deque<InletPlace> places_;    // Behind frames that have been read; the first is where a restart begins.
  std::int64_t received_ = 0;        // Items.
  std::int64_t consumed_before_ = 0; // By the one that died.
  std::int64_t let_go_before_ = 0;   // Items with a smaller number may be gone from the ring though they are not settled.
};

}  // namespace streamrt
