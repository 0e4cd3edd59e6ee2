// Runs a compiled program from its first item to the end of its last sink, on the calling thread.
//
// Sources are pulled when something downstream needs items, regions run over what waits in their
// queues, sinks take what is in order. How the work is cut into batches never shows in a result;
// RunOptions can cut at random to prove it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/abi/stream_abi.h"
#include "runtime/agent/messages.h"
#include "runtime/agent/observer.h"
#include "runtime/base/clock.h"
#include "runtime/buffer/column_queue.h"
#include "runtime/connector/connector.h"

namespace streamrt {

// Ticks of an observed stream, holes included. Valid during the call.
struct CapturedItems {
  std::int32_t capture_index = 0;
  const StreamType* type = nullptr;
  StreamBatch items;       // `valid` is null if none is a hole; `stamps` null: positions.
  bool has_times = false;  // Stamps are times; else positions.
  bool is_end = false;     // The stream ends here: the last call for this capture, without items.
};

struct RunOptions {
  Clock* clock = nullptr;                             // Null: the machine's.
  MessageWriter message;                              // Empty: standard error.
  ConsoleOutput console;                              // Where `print` and the like write.
  std::function<void(const CapturedItems&)> capture;  // Must be set if the program captures.

  std::optional<std::int64_t> run_for_ns;  // Live sources end after this long.
  bool shows_statistics = false;           // A table of what ran, at the end.
  bool shows_progress = false;             // A bar while recorded sources are read.
  bool handles_signals = false;            // SIGINT and SIGTERM end the sources' logs.
  ObserverOptions observation;             // Who may look at the run from outside, and how.

  std::string node;  // The node that runs here; empty: all of them, as processes of this machine.
  std::vector<std::pair<std::string, std::string>>
      node_addresses;  // `HOST:PORT` by node, instead of the program's.
  std::string spool_folder = "spool";  // Where nodes keep what is on its way to others: see node_spools.h.

  std::int64_t batch_limit = STREAM_BATCH_LIMIT;      // Ticks in a batch, 1 to STREAM_BATCH_LIMIT.
  std::optional<std::uint64_t> batch_cuts_seed;       // Cut batches at random, for tests.
  std::int64_t queue_limit = 4 * STREAM_BATCH_LIMIT;  // A queue of so many ticks stops its writer.
  std::int64_t channel_limit = 0;  // Items on the way between two parts, for tests; 0: as the program says.

  // Set by run_program().
  // Live sources give no earlier stamps, as their node goes on after a restart.
  std::int64_t stamp_floor = kEarliestStamp;
  RunCounters* counters = nullptr;  // Null: nobody looks.
  Observer* observer = nullptr;     // To be started once there are no more processes to fork.
};

enum ExitStatus {
  kExitSuccess = 0,
  kExitFailed = 1,       // Items failed and no `else` took them, or the world failed on the way.
  kExitUnusable = 2,     // The command line is wrong, or a source or sink could not be opened.
  kExitBrokenPipe = 141  // The reader of standard output went away (128 + SIGPIPE, as in a shell).
  // Ended by a signal, everything flushed: 128 + its number (130 for Ctrl-C, 143 for SIGTERM).
};

// Returns an exit status. The params' storage holds their values already; `program` is not changed
// but for what its `evaluate` fills in, and may be run again.
int run_program(const StreamProgram& program, const RunOptions& options);

}  // namespace streamrt
