// What the parts of a cycle through delays tell each other, in memory that they share.
//
// Each part of a cycle has a page, which nobody else writes: what it sees of the cycle, and how many items it has sent
// and received on each queue that crosses to another part. Where the counts of both ends agree for every queue, nothing is
// on the way, and the pages together are a consistent cut of the cycle (Mattern, "Algorithms for distributed termination
// detection" (1987)): no later item has an earlier stamp than the earliest of the pages, and a cycle that is empty on all of
// them stays empty. A page is read without a lock, and again if it was written meanwhile.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/abi/stream_abi.h"

namespace streamrt {

// A cycle at some moment, or the part of it that one thread sees.
struct LoopSight {
  bool is_empty = true;         // Nothing on it can move, and nothing can come from outside.
  std::int64_t earliest = 0;    // No item on it, or to come, has an earlier stamp.
  bool is_wanted = true;        // Somebody reads what leaves it.

  friend bool operator==(const LoopSight&, const LoopSight&) = default;
};

// A queue of a cycle that is written in one part and read in another.
struct LoopCrossing {
  std::int32_t loop = 0;
  std::int32_t queue = 0;
  std::int32_t writer = 0;
  std::int32_t reader = 0;
};

std::vector<LoopCrossing> find_loop_crossings(const StreamProgram& program);

class LoopBoard {
 public:
  // Bytes of shared memory, all zero, that it works on.
  static std::size_t bytes(const StreamProgram& program);
  LoopBoard(const StreamProgram& program, std::byte* memory);

  // By the part itself. `counts` has one entry for each crossing of the program: items sent or received, kClosed
  // where the reader wants no more; entries of others do not count. Returns whether anything is new.
  bool publish(std::int32_t loop, std::int32_t part, const LoopSight& sight, const std::vector<std::int64_t>& counts);
  // All of the cycle; nothing while items are on the way, or some part has not said anything yet.
  [[nodiscard]] std::optional<LoopSight> look(std::int32_t loop) const;
  // Whether any part still reads, or may read, what leaves the cycle. Items on the way make no difference.
  [[nodiscard]] bool is_wanted(std::int32_t loop) const;

  [[nodiscard]] const std::vector<LoopCrossing>& crossings() const { return crossings_; }
  [[nodiscard]] const std::vector<std::int32_t>& parts_of(std::int32_t loop) const {
    return parts_[static_cast<std::size_t>(loop)];
  }

  static constexpr std::int64_t kClosed = -1;

 private:
  using Word = std::atomic<std::uint32_t>;
  struct Page {
    LoopSight sight;
    std::vector<std::int64_t> counts;
  };
  [[nodiscard]] Word* page(std::int32_t loop, std::int32_t part) const;
  [[nodiscard]] std::optional<Page> read(std::int32_t loop, std::int32_t part) const;

  std::int32_t part_count_ = 0;
  std::vector<LoopCrossing> crossings_;
  std::vector<std::vector<std::int32_t>> parts_;  // By loop: those that run some of it.
  std::byte* memory_ = nullptr;
};

}  // namespace streamrt
