// A part that may be started again: it notes now and then where it could go on, and goes on there.

#include <algorithm>
#include <cstring>

#include "runtime/agent/runner.h"
#include "runtime/base/assert.h"

namespace streamrt {

void Runner::restart_from(const RestartPage& page) {
  STREAM_CHECK(sources_.empty() && groups_.empty(), "a source or a sink in a process that may be started again");
  restart_page_ = page;
  const bool has_run = page.number() > 0;
  const std::vector<std::int64_t> no_failures(static_cast<std::size_t>(program_.site_count), 0);
  failure_book_.resume(has_run ? page.newest().failed : std::span<const std::int64_t>(no_failures),
                       page.told_failures());
  if (has_run) return take_up(page.newest());
  for (Inlet& inlet : inlets_) inlet.keep_from({}, 0, false);
  for (Outlet& outlet : outlets_) outlet.resume(0);
}

void Runner::take_up(const RestartPoint& point) {
  for (std::size_t i = 0; i < inlets_.size(); ++i) {
    const InletPoint& own = point.inlets[i];
    inlets_[i].keep_from(own.place, own.consumed, own.is_closed != 0);
  }
  for (std::size_t i = 0; i < outlets_.size(); ++i) {
    const OutletPoint& own = point.outlets[i];
    outlets_[i].resume(own.written);
    if (own.has_ended != 0) outlets_[i].queue().end(own.end_stamp, own.is_silent_end != 0);
  }
  const std::byte* state = point.states.data();
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    const RegionPoint& own = point.regions[i];
    RunningRegion& region = regions_[i];
    const auto size = static_cast<std::size_t>(region.description->state_size);
    if (size > 0) std::memcpy(region.state, state, size);
    state += size;
    region.last_stamp = own.last_stamp;
    if (region.merge) region.merge->resume_at(own.merged);
    region.has_ended = own.has_ended != 0;
    region.batch_count = own.batch_count;
    region.tick_count = own.tick_count;
    region.busy_ns = own.busy_ns;
  }
}

void Runner::write_point(const RestartPoint& point) {
  const std::int64_t started_ns = clock_.steady_ns();
  for (std::size_t i = 0; i < inlets_.size(); ++i) {
    const ColumnQueue& queue = inlets_[i].queue();
    point.inlets[i] = {inlets_[i].settled_place(), queue.first_position(), queue.is_closed() ? 1 : 0};
  }
  for (std::size_t i = 0; i < outlets_.size(); ++i) {
    const ColumnQueue& queue = outlets_[i].queue();
    point.outlets[i] = {queue.total_count(), queue.has_ended() ? 1 : 0, queue.has_silent_end() ? 1 : 0,
                        queue.end_stamp()};
  }
  std::byte* state = point.states.data();
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    const RunningRegion& region = regions_[i];
    const auto size = static_cast<std::size_t>(region.description->state_size);
    if (size > 0) std::memcpy(state, region.state, size);
    state += size;
    point.regions[i] = {region.last_stamp,  region.merge ? region.merge->total_count() : 0,
                        region.has_ended,   region.batch_count,
                        region.tick_count,  region.busy_ns};
  }
  for (std::size_t site = 0; site < point.failed.size(); ++site) {
    point.failed[site] = failure_book_.failed_count(site);
  }
  // Copying state may take a tenth of the time.
  const std::int64_t ended_ns = clock_.steady_ns();
  next_point_ns_ = ended_ns + 9 * (ended_ns - started_ns);
}

// Room of the inputs is given back at a point only. One costs a copy of all state, so there is one now and then, when
// enough is kept, or when the part rests; sooner at first, so that a process that soon dies again gets ahead.
bool Runner::wants_point(bool rests) const {
  std::uint32_t kept = 0;
  std::uint32_t fullest = 0;  // In quarters of a ring.
  for (const Inlet& inlet : inlets_) {
    if (inlet.queue().is_closed() || !inlet.can_settle()) continue;
    kept = std::max(kept, inlet.held_bytes());
    fullest = std::max(fullest, inlet.held_bytes() / (inlet.ring_bytes() / 4));
  }
  if (fullest >= 2) return true;
  return kept > (rests ? 0 : point_bytes_) && clock_.steady_ns() >= next_point_ns_;
}

// How long a part that rests has to wait before it may keep what it has; nothing if there is nothing to keep.
std::optional<std::int64_t> Runner::time_to_next_point() const {
  const bool keeps = std::any_of(inlets_.begin(), inlets_.end(), [](const Inlet& inlet) {
    return !inlet.queue().is_closed() && inlet.can_settle() && inlet.held_bytes() > 0;
  });
  if (!restart_page_ || has_next_point_ || !keeps) return std::nullopt;
  const std::int64_t left_ns = next_point_ns_ - clock_.steady_ns();
  return left_ns > 0 ? std::optional(left_ns) : std::nullopt;
}

// Everything that was written in front of the next point has been published: it would not be made again.
bool Runner::is_point_sent() const {
  const RestartPoint point = restart_page_->next();
  for (std::size_t i = 0; i < outlets_.size(); ++i) {
    if (outlets_[i].sent_count() < point.outlets[i].written) return false;
  }
  return true;
}

// Once a pass. `rests`: nothing moved in it.
void Runner::keep_point(bool rests) {
  for (int i = 0; i < 2; ++i) {  // The one that was waiting may make way for one that is up to date.
    if (!has_next_point_) {
      const bool has_let_go =
          std::any_of(inlets_.begin(), inlets_.end(), [](const Inlet& inlet) { return inlet.has_let_go(); });
      if (has_let_go || !wants_point(rests)) break;
      write_point(restart_page_->next());
      has_next_point_ = true;
    }
    if (!is_point_sent()) break;
    restart_page_->put_in_force();
    has_next_point_ = false;
    point_bytes_ = std::min(2 * point_bytes_, kMostPointBytes);
    const RestartPoint point = restart_page_->newest();
    for (std::size_t k = 0; k < inlets_.size(); ++k) inlets_[k].settle(point.inlets[k].place);
  }
  if (rests) let_go_of_inputs();
}

// What is needed to go on at all is more than the ring can keep.
void Runner::let_go_of_inputs() {
  for (Inlet& inlet : inlets_) {
    if (!inlet.must_let_go(queue_limits_[index_of(&inlet.queue())], doublings_ > 0)) continue;
    has_next_point_ = false;
    restart_page_->set_let_go();
    inlet.let_go();
  }
}

}  // namespace streamrt
