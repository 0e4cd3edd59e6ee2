// What the parts of a program tell each other beside items, in memory that the processes of a
// machine share.
#pragma once

#include <atomic>
#include <cstdint>

#include "runtime/agent/following_clock.h"

namespace streamrt {

// Zeroed. Every word but those of the clock only ever rises.
struct RunControl {
  std::atomic<std::uint32_t> end_signal{
      0};                               // The logs of all sources end here: the signal that asked.
  std::atomic<std::uint32_t> stops{0};  // An `else stop` was met: live sources end.
  std::atomic<std::uint32_t> gives_up{0};  // See GivesUp.
  std::atomic<std::uint32_t> doublings{
      0};  // How often every limit has been doubled, see Team::watch().
  std::atomic<std::uint32_t> tells_of_clock{0};  // Some part has said that live sources wait for the clock to be set.
  FollowedTime followed_time;  // If the clock of the node follows that of another one.
};

// Room that is 2^14 times as large does not help where none does.
inline constexpr std::uint32_t kMostDoublings = 14;

// Some part cannot go on: what is computed is all there is.
enum GivesUp : std::uint32_t {
  kGoesOn = 0,
  kPartGaveUp = 1,  // Its exit status says why.
  kTeamGaveUp = 2,  // Told of already; the exit status is that of a failure.
};

// Told by each process.
struct ProcessReport {
  std::atomic<std::uint32_t> is_finished{
      0};  // Came to its end by itself; its exit status says how.
  std::atomic<std::uint32_t> is_open{0};  // Its sources and sinks are.
};

// What a part is at, for those who watch over it.
struct PartReport {
  std::atomic<std::int32_t> region{-1};
  std::atomic<std::int64_t> first_tick{0};  // Of the batch that the region was given,
  std::atomic<std::int64_t> tick_count{0};  // and how many.
  std::atomic<std::uint32_t> moves{0};  // Rises whenever something moved.
  std::atomic<std::uint32_t> rest{0};   // See Rest.
};
enum class Rest : std::uint32_t {
  None = 0,
  Outside = 1,  // Sleeps, but a device or the time may wake it.
  Others = 2,   // Sleeps until another part does something.
  Finished = 3,
};

}  // namespace streamrt
