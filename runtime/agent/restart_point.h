// Where a part goes on if its process dies: the place in its inputs, the numbers of its outputs and the state of its
// regions, all of one moment.
//
//   | RestartPageHeader | points: one in force, one being written | failures that have been told of |
//
// The part writes a point now and then and puts it in force with one atomic store; a point that was being
// written when the process died is as good as none. Regions are deterministic, so what they make of the inputs behind
// the point is what it was before, however it is cut into batches: items that had already been published are dropped
// (Outlet::resume), the others continue them. In memory that outlives the process; one page a part.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "runtime/abi/stream_abi.h"
#include "runtime/agent/exchange.h"
#include "runtime/agent/failures.h"

namespace streamrt {

struct InletPoint {
  InletPlace place;
  std::int64_t consumed = 0;  // Items that have been worked off, in front of `place` or behind it.
  std::int64_t is_closed = 0;
};

struct OutletPoint {
  std::int64_t written = 0;  // Items.
  std::int64_t has_ended = 0;
  std::int64_t is_silent_end = 0;
  std::int64_t end_stamp = 0;
};

// Beside the bytes of its state.
struct RegionPoint {
  std::int64_t last_stamp = kEarliestStamp;
  std::int64_t merged = 0;  // MergeStage::total_count.
  std::int64_t has_ended = 0;
  std::int64_t batch_count = 0;
  std::int64_t tick_count = 0;
  std::int64_t busy_ns = 0;
};

// One moment of a part. Inlets, outlets and regions in the order in which the runner has them.
struct RestartPoint {
  std::span<InletPoint> inlets;
  std::span<OutletPoint> outlets;
  std::span<RegionPoint> regions;
  std::span<std::int64_t> failed;  // Items, one entry a site.
  std::span<std::byte> states;     // Of the regions, one behind the other.
};

// How large each of these is.
struct RestartShape {
  std::size_t inlets = 0;
  std::size_t outlets = 0;
  std::size_t regions = 0;
  std::size_t sites = 0;
  std::size_t state_bytes = 0;
};

struct RestartPageHeader {
  std::atomic<std::uint64_t> number{0};       // Points put in force; the newest is that of number % 2. 0: none.
  std::atomic<std::uint32_t> has_let_go{0};   // See Inlet::let_go: no point holds, until the next.
};

class RestartPage {
 public:
  static std::size_t bytes(const RestartShape& shape);
  // `memory` is zeroed at first, 64-byte aligned and of bytes(shape).
  RestartPage(std::byte* memory, const RestartShape& shape);

  // A part cannot begin anew: what it would need has left the ring. Else it can, from the first item if no point is in
  // force yet.
  [[nodiscard]] bool has_let_go() const { return header_->has_let_go.load(std::memory_order_acquire) != 0; }
  void set_let_go() { header_->has_let_go.store(1); }
  // Points so far.
  [[nodiscard]] std::uint64_t number() const { return header_->number.load(std::memory_order_acquire); }
  // The one in force, if number() is not 0.
  [[nodiscard]] RestartPoint newest() const { return point(number() % 2); }
  // Room for the next one; what stands in it is old.
  [[nodiscard]] RestartPoint next() const { return point((number() + 1) % 2); }
  void put_in_force() {
    header_->number.store(number() + 1, std::memory_order_release);
    header_->has_let_go.store(0);
  }

  [[nodiscard]] std::span<ToldFailure> told_failures() const { return told_; }

 private:
  [[nodiscard]] RestartPoint point(std::size_t which) const;

  std::byte* memory_;
  RestartShape shape_;
  RestartPageHeader* header_;
  std::span<ToldFailure> told_;  // One entry a site.
};

}  // namespace streamrt
