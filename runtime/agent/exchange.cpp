#include "runtime/agent/exchange.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/base/assert.h"
#include "runtime/buffer/item_frame.h"

namespace streamrt {

namespace {

// In front of everything in the ring: a frame of items as a whole, or a piece of one. A first piece may come again, if
// its process died before the last one and went on. A node that went on after a restart says that the pieces of the one
// before belong to nothing.
enum class Part : std::uint64_t { Whole = 0, Piece = 1, LastPiece = 2, BrokenOff = 3, FirstPiece = 4 };
constexpr std::size_t kPartBytes = sizeof(Part);
constexpr std::size_t kLargestItem = std::size_t{1} << 30;

std::optional<Part> part_of(std::span<const std::byte> frame) {
  Part part;
  if (frame.size() < kPartBytes) return std::nullopt;
  std::memcpy(&part, frame.data(), kPartBytes);
  if (part > Part::FirstPiece) return std::nullopt;
  return part;
}

// What a writer notes for the one that goes on if it dies.
enum Note : std::uint32_t {
  kBetweenItems = 0,
  kAmidItem = 1,  // Pieces of an item have been published, but not all.
  kAtEnd = 2,     // The END has.
};

std::byte* put_part(std::byte* out, Part part) {
  std::memcpy(out, &part, kPartBytes);
  return out + kPartBytes;
}

}  // namespace

std::optional<std::uint32_t> items_in_frame(std::span<const std::byte> frame) {
  const std::optional<Part> part = part_of(frame);
  if (!part) return std::nullopt;
  if (*part == Part::FirstPiece || *part == Part::Piece || *part == Part::BrokenOff) return 0;
  if (*part == Part::LastPiece) return 1;
  const auto count = frame_item_count(frame.subspan(kPartBytes));
  return count ? std::optional(static_cast<std::uint32_t>(*count)) : std::nullopt;
}

void note_sent(std::span<const std::byte> frame, SentState& state) {
  const std::optional<Part> part = part_of(frame);
  state.is_in_pieces = part == Part::FirstPiece || part == Part::Piece;
  if (part != Part::Whole && part != Part::FirstPiece) return;  // Progress is told where an item begins.
  const std::optional<FrameProgress> progress = frame_progress(frame.subspan(kPartBytes));
  if (!progress) return;
  state.stamp_floor = std::max(state.stamp_floor, progress->frontier);
  state.has_ended = state.has_ended || progress->is_end;
}

std::span<const std::byte> broken_off_frame() {
  static constexpr Part kPart = Part::BrokenOff;
  return std::as_bytes(std::span(&kPart, 1));
}

// A frame for each item costs both sides more than the item. While the reader has so many items to do, it misses none
// of the few that are held back, if this is asked as often as one is made.
bool Outlet::may_gather() {
  constexpr std::int64_t kFew = 64;
  constexpr std::uint32_t kMuch = 16;
  const std::int64_t count = queue_.size();
  const bool is_plain = !has_sent_end_ && !drops() && !queue_.has_ended() && large_.empty() && published_before_ == 0;
  return count > 0 && count < kFew && is_plain && writer_.has_on_the_way(kMuch);
}

bool Outlet::send_unless_few(std::int64_t batch_limit) { return !may_gather() && send(batch_limit); }

bool Outlet::send(std::int64_t batch_limit) {
  if (has_sent_end_) return drop_made_again();
  if (writer_.is_closed()) {
    if (queue_.is_closed()) return false;
    queue_.close();
    return true;
  }
  bool moved = drop_published();
  while (!large_.empty() ? send_pieces() : send_items(batch_limit)) moved = true;
  if (drops()) drop_surplus();
  if (queue_.is_empty() && large_.empty() && published_before_ == 0 && !broke_off_) moved |= send_progress();
  if (moved) reader_.ring();
  return moved;
}

// So that the writer never waits.
void Outlet::drop_surplus() {
  const std::int64_t before = queue_.size();
  if (before <= capacity_) return;
  const int when_full = queue_.description().when_full;
  if (when_full == STREAM_FULL_DROP_OLDEST) {
    queue_.drop_oldest(before - capacity_);
  } else if (when_full == STREAM_FULL_DROP_NEWEST) {
    queue_.drop_newest(before - capacity_);
  } else {
    while (queue_.size() > capacity_) queue_.keep_one_of(queue_.description().keep_every);
  }
  dropped_count_ += before - queue_.size();
}

void Outlet::resume(std::int64_t written) {
  STREAM_CHECK(!drops(), "a link that drops, written by a process that may be started again");
  queue_.resume_at(written);
  published_before_ = writer_.items_published() - static_cast<std::uint32_t>(written);
  broke_off_ = writer_.note() == kAmidItem;
  has_sent_end_ = writer_.note() == kAtEnd;
  reader_.ring();  // Which the one that died may not have come to.
}

// Behind the END comes only what one that died had sent before it.
bool Outlet::drop_made_again() {
  const std::int64_t count = queue_.size();
  queue_.consume(count);
  return count > 0;
}

bool Outlet::drop_published() {
  const std::int64_t count = std::min(queue_.size(), published_before_);
  if (count == 0) return false;
  queue_.consume(count);
  published_before_ -= count;
  return true;
}

// One frame of items; false if nothing waits or there is no room.
bool Outlet::send_items(std::int64_t batch_limit) {
  const std::int64_t wanted = std::min(queue_.size(), batch_limit);
  if (wanted == 0) return false;
  std::int64_t count = std::min(wanted, writer_.item_room(capacity_ + kept_, wanted));
  while (count > 0) {
    const StreamBatch items = queue_.batch(count);
    const std::size_t size = kPartBytes + frame_size(queue_.description(), items);
    if (size > writer_.largest_frame() && count > 1) {
      count /= 2;
      continue;
    }
    FrameProgress progress;
    progress.frontier = count < queue_.size() ? queue_.stamp_at(count) : queue_.frontier();
    if (size > writer_.largest_frame()) {
      large_.resize(size - kPartBytes);
      write_frame(queue_.description(), items, progress, large_.data());
      large_sent_ = 0;
      broke_off_ = false;  // It is this one again.
    } else {
      std::byte* const out = writer_.reserve(size);
      if (out == nullptr) return false;
      write_frame(queue_.description(), items, progress, put_part(out, Part::Whole));
      writer_.publish(static_cast<std::uint32_t>(count));
    }
    sent_frontier_ = std::max(sent_frontier_, progress.frontier);
    queue_.consume(count);
    return true;
  }
  return false;
}

bool Outlet::send_pieces() {
  const std::size_t size =
      std::min(large_.size() - large_sent_, writer_.largest_frame() - kPartBytes);
  std::byte* const out = writer_.reserve(kPartBytes + size);
  if (out == nullptr) return false;
  const bool is_last = large_sent_ + size == large_.size();
  const Part part = is_last ? Part::LastPiece : large_sent_ == 0 ? Part::FirstPiece : Part::Piece;
  std::memcpy(put_part(out, part), large_.data() + large_sent_, size);
  writer_.publish(is_last ? 1 : 0, is_last ? kBetweenItems : kAmidItem);
  large_sent_ += size;
  if (is_last) large_.clear();
  return true;
}

// How far the stream has come, where no items say so.
bool Outlet::send_progress() {
  FrameProgress progress;
  progress.frontier = queue_.frontier();
  progress.is_end = queue_.has_ended();
  progress.is_silent_end = queue_.has_silent_end();
  progress.end_stamp = queue_.end_stamp();
  if (!progress.is_end && progress.frontier <= sent_frontier_) return false;
  const StreamBatch nothing{};
  std::byte* const out =
      writer_.reserve(kPartBytes + frame_size(queue_.description(), nothing));
  if (out == nullptr) return false;
  write_frame(queue_.description(), nothing, progress, put_part(out, Part::Whole));
  writer_.publish(0, progress.is_end ? kAtEnd : kBetweenItems);
  sent_frontier_ = progress.frontier;
  has_sent_end_ = progress.is_end;
  return true;
}

void Inlet::close() {
  if (has_closed_) return;
  has_closed_ = true;
  reader_.close();
  writer_.ring();
}

Result<bool> Inlet::receive(std::int64_t limit) {
  // Of a cycle that is empty the reader knows the END before its writer does.
  const bool ended_here = queue_.has_ended() && !has_received_end_;
  if (queue_.is_closed() || ended_here) {
    const bool is_new = !has_closed_;
    close();
    return is_new;
  }
  bool moved = let_front_go();
  while (!queue_.is_full(limit) && !queue_.has_ended()) {
    const std::span<const std::byte> frame = reader_.front();
    if (frame.data() == nullptr) break;
    if (show_front(frame)) {
      has_received_end_ = queue_.has_ended();
      return true;
    }
    const Result<std::int64_t> taken = take(frame);
    if (!taken) return taken.failure();
    if (keeps_) {
      reader_.pass();
      received_ += *taken;
      note_place();
    } else {
      reader_.pop(static_cast<std::uint32_t>(*taken));
    }
    has_received_end_ = queue_.has_ended();
    moved = true;
  }
  if (has_received_end_ && has_frames()) {
    return fail("something came for `{}` after its end", queue_.description().name);
  }
  if (moved && !keeps_) writer_.ring();
  return moved;
}

// The reader has had its chance: what it did not take is copied, so that nothing but the queue's own limit holds up the
// writer.
bool Inlet::let_front_go() {
  if (shown_ == 0) return false;
  queue_.take_over();
  reader_.pop(std::exchange(shown_, 0));
  writer_.ring();
  return true;
}

// Not for a few: they are better gathered.
bool Inlet::show_front(std::span<const std::byte> frame) {
  constexpr std::uint32_t kLeastShown = 256;
  if (keeps_ || !large_.empty() || !queue_.is_empty() || part_of(frame) != Part::Whole) return false;
  const std::uint32_t count = items_in_frame(frame).value_or(0);
  if (count < kLeastShown || !lend_frame(frame.subspan(kPartBytes), reader_.bytes_behind(frame), queue_)) return false;
  shown_ = count;
  return true;
}

void Inlet::keep_from(const InletPlace& place, std::int64_t consumed, bool is_closed) {
  keeps_ = true;
  places_.push_back(place);
  received_ = place.items;
  queue_.resume_at(place.items);
  queue_.advance_frontier(place.frontier);
  consumed_before_ = consumed;
  reader_.resume(place.place);
  settle(place);  // Which the one that died may not have come to.
  if (is_closed) queue_.close();
}

// Behind a frame. What tells the END stays where it is, for a restart to find.
void Inlet::note_place() {
  if (consumed_before_ > queue_.first_position()) {
    queue_.consume(std::min(consumed_before_ - queue_.first_position(), queue_.size()));
  }
  if (!large_.empty() || queue_.has_ended()) return;
  places_.push_back({reader_.place(), received_, queue_.frontier()});
}

InletPlace Inlet::settled_place() const {
  const auto behind = std::upper_bound(
      places_.begin(), places_.end(), queue_.first_position(),
      [](std::int64_t consumed, const InletPlace& place) { return consumed < place.items; });
  return behind == places_.begin() ? places_.front() : *(behind - 1);
}

void Inlet::settle(const InletPlace& place) {
  while (places_.size() > 1 && places_.front().place != place.place) places_.pop_front();
  reader_.release(place.place, static_cast<std::uint32_t>(place.items));
  writer_.ring();
}

bool Inlet::must_let_go(std::int64_t limit, bool others_wait) {
  if (!has_room(limit) || queue_.has_ended() || has_frames()) return false;
  return reader_.held_bytes() > reader_.capacity() / 2 && (others_wait || !large_.empty());
}

void Inlet::let_go() {
  let_go_before_ = received_ + (large_.empty() ? 0 : 1);
  places_.erase(places_.begin(), places_.end() - 1);
  reader_.release(reader_.place(), static_cast<std::uint32_t>(received_));
  writer_.ring();
}

// Returns how many items came, which is as many as items_in_frame says: others count by that.
Result<std::int64_t> Inlet::take(std::span<const std::byte> frame) {
  const std::optional<Part> part = part_of(frame);
  if (part == Part::BrokenOff && frame.size() == kPartBytes) {
    large_.clear();
    return 0;
  }
  const bool is_whole = part == Part::Whole;
  const bool goes_on = part == Part::Piece || part == Part::LastPiece;
  const bool is_in_place = frame.size() > kPartBytes && (is_whole ? large_.empty() : !goes_on || !large_.empty());
  if (!part || *part == Part::BrokenOff || !is_in_place) {
    return fail("what came for `{}` is no part of its items", queue_.description().name);
  }
  if (part == Part::FirstPiece) large_.clear();
  const std::span<const std::byte> bytes = frame.subspan(kPartBytes);
  return is_whole ? read_frame(bytes, queue_) : take_piece(bytes, part == Part::LastPiece);
}

Result<std::int64_t> Inlet::take_piece(std::span<const std::byte> piece, bool is_last) {
  if (piece.size() > kLargestItem - large_.size()) {
    return fail("an item of `{}` has more than {} bytes", queue_.description().name, kLargestItem);
  }
  large_.insert(large_.end(), piece.begin(), piece.end());
  if (!is_last) return 0;
  if (frame_item_count(large_) != 1) {
    return fail("pieces for `{}` are not those of one item", queue_.description().name);
  }
  const Result<std::int64_t> read = read_frame(large_, queue_);
  large_.clear();
  return read;
}

}  // namespace streamrt
