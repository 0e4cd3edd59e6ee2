#include "runtime/agent/exchange.h"

#include <algorithm>
#include <cstring>

#include "runtime/buffer/item_frame.h"

namespace streamrt {

namespace {

// In front of everything in the ring: a frame of items as a whole, or a piece of one. A writer that went on after a
// restart says that the pieces of the one before belong to nothing.
enum class Part : std::uint64_t { Whole = 0, Piece = 1, LastPiece = 2, BrokenOff = 3 };
constexpr std::size_t kPartBytes = sizeof(Part);
constexpr std::size_t kLargestItem = std::size_t{1} << 30;

std::optional<Part> part_of(std::span<const std::byte> frame) {
  Part part;
  if (frame.size() < kPartBytes) return std::nullopt;
  std::memcpy(&part, frame.data(), kPartBytes);
  switch (part) {
    case Part::Whole:
    case Part::Piece:
    case Part::LastPiece:
    case Part::BrokenOff:
      return part;
  }
  return std::nullopt;
}

std::byte* put_part(std::byte* out, Part part) {
  std::memcpy(out, &part, kPartBytes);
  return out + kPartBytes;
}

}  // namespace

std::optional<std::uint32_t> items_in_frame(std::span<const std::byte> frame) {
  const std::optional<Part> part = part_of(frame);
  if (!part) return std::nullopt;
  if (*part == Part::Piece || *part == Part::BrokenOff) return 0;
  if (*part == Part::LastPiece) return 1;
  const auto count = frame_item_count(frame.subspan(kPartBytes));
  return count ? std::optional(static_cast<std::uint32_t>(*count)) : std::nullopt;
}

void note_sent(std::span<const std::byte> frame, SentState& state) {
  const std::optional<Part> part = part_of(frame);
  const bool is_continued = state.is_in_pieces;
  state.is_in_pieces = part == Part::Piece;
  if (!part || *part == Part::BrokenOff || (is_continued && *part != Part::Whole)) return;
  const std::optional<FrameProgress> progress = frame_progress(frame.subspan(kPartBytes));
  if (!progress) return;
  state.stamp_floor = std::max(state.stamp_floor, progress->frontier);
  state.has_ended = state.has_ended || progress->is_end;
}

std::span<const std::byte> broken_off_frame() {
  static constexpr Part kPart = Part::BrokenOff;
  return std::as_bytes(std::span(&kPart, 1));
}

bool Outlet::send(std::int64_t batch_limit) {
  if (has_sent_end_) return false;
  if (writer_.is_closed()) {
    if (queue_.is_closed()) return false;
    queue_.close();
    return true;
  }
  bool moved = false;
  while (!large_.empty() ? send_pieces() : send_items(batch_limit)) moved = true;
  if (drops()) drop_surplus();
  if (queue_.is_empty() && large_.empty()) moved |= send_progress();
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

// One frame of items; false if nothing waits or there is no room.
bool Outlet::send_items(std::int64_t batch_limit) {
  const std::int64_t room = capacity_ - static_cast<std::int64_t>(writer_.items_on_the_way());
  std::int64_t count = std::min({queue_.size(), batch_limit, room});
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
  std::memcpy(put_part(out, is_last ? Part::LastPiece : Part::Piece), large_.data() + large_sent_,
              size);
  writer_.publish(is_last ? 1 : 0);
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
  writer_.publish(0);
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
  bool moved = false;
  while (!queue_.is_full(limit) && !queue_.has_ended()) {
    const std::span<const std::byte> frame = reader_.front();
    if (frame.data() == nullptr) break;
    const Result<std::int64_t> taken = take(frame);
    if (!taken) return taken.failure();
    reader_.pop(static_cast<std::uint32_t>(*taken));
    has_received_end_ = queue_.has_ended();
    moved = true;
  }
  if (has_received_end_ && has_frames()) {
    return fail("something came for `{}` after its end", queue_.description().name);
  }
  if (moved) writer_.ring();
  return moved;
}

// Returns how many items came, which is as many as items_in_frame says: others count by that.
Result<std::int64_t> Inlet::take(std::span<const std::byte> frame) {
  const std::optional<Part> part = part_of(frame);
  if (part == Part::BrokenOff && frame.size() == kPartBytes) {
    large_.clear();
    return 0;
  }
  const bool is_whole = part == Part::Whole;
  const bool is_alone = frame.size() > kPartBytes && (!is_whole || large_.empty());
  if (!part || *part == Part::BrokenOff || !is_alone) {
    return fail("what came for `{}` is no part of its items", queue_.description().name);
  }
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
