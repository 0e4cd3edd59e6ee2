// What generated code holds as its opaque `StreamContext*`: the queues, memory and failures of a
// run.
//
// One for each run; everything is used from the thread that runs the program.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/abi/stream_abi.h"
#include "runtime/agent/failures.h"
#include "runtime/base/arena.h"
#include "runtime/buffer/column_queue.h"

struct StreamContext {
  streamrt::Failures* failures = nullptr;
  std::vector<streamrt::ColumnQueue>* queues = nullptr;

  // Texts of the batch at hand: reset when the region's batch has been worked off.
  streamrt::Arena batch_arena;
  // States, constants: as long as the run.
  streamrt::Arena state_arena;
  // During `evaluate` and `initialize` there is no batch: what they allocate lasts.
  bool is_starting = true;

  // END(T) while a region handles its END: what it then emits is stamped no earlier.
  std::int64_t stamp_floor = streamrt::kEarliestStamp;

  // Ticks of the batch at hand that precede an `else stop`; set by the region that says STOP.
  std::int64_t ticks_before_stop = 0;

  // The text being built (stream_text_start to stream_text_finish).
  std::string text;

  [[nodiscard]] streamrt::Arena& arena() { return is_starting ? state_arena : batch_arena; }
};
