// One part of a program: its queues, sources, regions and sinks, and the loop that moves items
// through them on one thread. Without placement there is one part, and it is all of the program.
//
// The loop repeats: run every region that can, hand to the sinks what is in order, and pull the
// sources that something starving needs. A queue over its limit stops its writer; should that leave
// nothing to do while something starves (two branches of one region that a later merge needs
// unevenly), the limit of the full queue is doubled, up to a bound at which the run gives up and
// names it. When only live sources can go on, the loop waits for them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "runtime/abi/stream_abi.h"
#include "runtime/agent/context.h"
#include "runtime/agent/counters.h"
#include "runtime/agent/exchange.h"
#include "runtime/agent/failures.h"
#include "runtime/agent/loop_board.h"
#include "runtime/agent/progress.h"
#include "runtime/agent/restart_point.h"
#include "runtime/agent/run_program.h"
#include "runtime/agent/signals.h"
#include "runtime/agent/sink_group.h"
#include "runtime/buffer/column_queue.h"
#include "runtime/buffer/merge_stage.h"
#include "runtime/connector/connector.h"

namespace streamrt {

// A source and what its connector may report.
class OpenedSource final : public SourceHost {
 public:
  OpenedSource(const StreamSource& description, ColumnQueue& queue, Failures& failures)
      : description_(description), queue_(queue), failures_(failures) {}

  // `stamp_floor`: see SourceOpening.
  Result<void> open(Clock& clock, std::int64_t stamp_floor);

  // Fills the queue with up to `limit` ticks. Returns whether anything changed.
  Result<bool> pull(std::int64_t limit, PayloadLifetime lifetime);
  // The log ends here, at `utc_ns` if the source is live.
  void end_log(std::int64_t utc_ns);

  void report_unreadable(std::int64_t position, std::string_view detail) override;
  void report_late(std::string_view detail) override;

  [[nodiscard]] const StreamSource& description() const { return description_; }
  [[nodiscard]] const Source& source() const { return *source_; }
  [[nodiscard]] ColumnQueue& queue() const { return queue_; }
  [[nodiscard]] bool has_ended() const { return queue_.has_ended() || queue_.is_closed(); }
  [[nodiscard]] std::int64_t item_count() const { return position_; }

 private:
  const StreamSource& description_;
  ColumnQueue& queue_;
  Failures& failures_;
  std::unique_ptr<Source> source_;
  std::int64_t position_ = 0;
  std::int64_t last_stamp_ = kEarliestStamp;
};

// A region between its queues.
struct RunningRegion {
  const StreamRegion* description = nullptr;
  void* state = nullptr;
  std::vector<ColumnQueue*> inputs;
  std::vector<ColumnQueue*> outputs;
  std::vector<std::int32_t> output_indices;
  std::unique_ptr<MergeStage> merge;         // Merge heads only.
  std::vector<bool> input_stays;             // One an input: its writer stands on the same cycle,
  std::vector<bool> output_stays;            // and one an output: its reader does. Empty on no cycle.
  std::int64_t last_stamp = kEarliestStamp;  // Of the newest tick handled.
  bool has_times = false;      // Some of its inputs carry times,
  bool has_positions = false;  // or at least positions that are not numbers of a loop.
  bool has_ended = false;
  bool has_stopped_early = false;  // It said DONE or STOP.
  bool has_silent_end = false;     // Its END stopped the program, or that of a region it continues did.
  bool is_needed = false;          // Scratch of the search for what starves.
  std::int64_t batch_count = 0;
  std::int64_t tick_count = 0;
  std::int64_t busy_ns = 0;
};

// A delay on a cycle.
inline bool is_loop_head(const RunningRegion& region) {
  return region.description->head_kind == STREAM_HEAD_DELAY && region.description->loop != 0;
}

// A cycle through delays (semantics.md §5), or what of it runs in this part.
struct Loop {
  std::int32_t number = 0;    // StreamRegion::loop.
  bool spans_parts = false;
  bool has_inputs = false;    // Something comes to it from outside, in whatever part.
  std::vector<RunningRegion*> regions;
  std::vector<ColumnQueue*> outside;        // Read on the cycle, written elsewhere.
  std::vector<const ColumnQueue*> sending;  // Written here and read in another part of the cycle.
  std::vector<const ColumnQueue*> leaving;  // Written on the cycle, read elsewhere.
  std::int64_t earliest_input = kEarliestStamp;  // No item still to come from outside has an earlier stamp.
};

class Team;

// What connects a part with the others of its program.
struct Membership {
  Team* team = nullptr;
  std::int32_t part = 0;
  bool shows_messages = false;  // It shows what other parts say: see Team::show_messages.
};

// How a part came to its end.
struct PartOutcome {
  Result<void> outcome;        // A failure without a message: the reader of standard output went away.
  bool source_failed = false;  // Told of already.
  int end_signal = 0;          // The signal that ended the sources' logs.
  bool gave_up = false;        // Because another part could not go on.
};

// The part that reads a queue, or that writes it; -1 for a queue that nobody reads, or a source fills.
std::int32_t reader_part(const StreamProgram& program, std::int32_t queue);
std::int32_t writer_part(const StreamProgram& program, std::int32_t queue);

// Says what is to be said at the end of a process; returns its exit status.
int conclude(const PartOutcome& end, const FailureBook& failures, const MessageWriter& message);

// Items in a queue that never makes its writer wait.
constexpr std::int64_t kNeverFull = std::int64_t{1} << 40;

class Runner {
 public:
  // All must outlive the runner; `signals` may be null. `message` takes what this part says.
  Runner(const StreamProgram& program, const RunOptions& options, FailureBook& failures,
         const MessageWriter& message, const SignalWatch* signals);
  // One part of several.
  Runner(const StreamProgram& program, const RunOptions& options, FailureBook& failures,
         const MessageWriter& message, const Membership& membership);

  // Before the first: the constants of the program have been evaluated.
  Result<void> open();
  // To the end of what it writes. Destinations are finished, also after a failure.
  PartOutcome run();

  // For what the constants of a program without parts need.
  StreamContext& context() { return context_; }
  void add_inlet(std::int32_t queue, FrameReader reader, Doorbell writer);
  // `kept_items`: how many the reader keeps in the ring beside those that are on the way (see Outlet).
  void add_outlet(std::int32_t queue, FrameWriter writer, Doorbell reader, std::int64_t kept_items = 0);
  // After open(): from here on the part can be started again. If it died before, it goes on where `page` says.
  void restart_from(const RestartPage& page);

 private:
  Result<void> open_sources();
  void open_regions();
  Result<void> open_sinks();
  Result<void> loop();
  bool is_mine(std::int32_t part) const { return team_ == nullptr || part == part_; }

  // Other parts (runner_parts.cpp).
  Result<bool> receive();
  bool send();
  bool send_few();
  bool is_finished() const;
  int asked_to_end() const;
  Result<void> rest(bool has_moved);
  bool spin();

  // For a restart (runner_restart.cpp).
  void take_up(const RestartPoint& point);
  void write_point(const RestartPoint& point);
  [[nodiscard]] bool wants_point(bool rests) const;
  [[nodiscard]] std::optional<std::int64_t> time_to_next_point() const;
  [[nodiscard]] bool is_point_sent() const;
  void keep_point(bool rests);
  void let_go_of_inputs();

  // Regions (runner_regions.cpp). step() handles one batch and returns whether anything moved.
  bool step(RunningRegion& region);
  bool is_blocked(const RunningRegion& region) const;
  std::int64_t available_ticks(const RunningRegion& region) const;
  std::int32_t run(RunningRegion& region, const StreamBatch* inputs, std::int64_t count,
                   std::uint32_t flags);
  void call(RunningRegion& region, std::span<const StreamBatch> batch);
  void end(RunningRegion& region);
  bool has_stamps_for(const RunningRegion& region, const ColumnQueue& input) const;
  std::int64_t stamp_of(const RunningRegion& region, std::span<const StreamBatch> batch,
                        std::int64_t tick) const;
  void forward_frontier(RunningRegion& region);
  [[nodiscard]] std::int64_t frontier_of(const RunningRegion& region) const;
  bool inputs_are_finished(const RunningRegion& region) const;
  std::int64_t end_stamp_of(const RunningRegion& region) const;
  void retire(RunningRegion& region);

  // Cycles through delays (runner_loops.cpp).
  void find_loops();
  void find_loop_crossings();
  Loop& loop_of(std::int32_t number);
  bool settle_loops();
  LoopSight look_at(Loop& loop) const;
  void look_at(const RunningRegion& region, LoopSight& sight) const;
  std::optional<LoopSight> look_with_others(const Loop& loop, const LoopSight& own);
  bool settle(Loop& loop, const LoopSight& all);
  bool cancel(const Loop& loop);
  void end_loops_without_inputs();
  Result<void> check_delays() const;

  // What starves (runner_needs.cpp).
  bool pull_needed_sources();
  void need(ColumnQueue* queue);
  Result<bool> relax_a_limit();

  Result<bool> drain_sinks();
  // When to go on although nobody says so: what the sources that are needed wait for.
  struct Wait {
    std::int64_t timeout_ns = -1;  // Negative: as long as it takes.
    std::vector<int> fds;
  };
  Wait wait_condition() const;
  void end_source_logs(bool live_only);
  [[nodiscard]] std::int64_t end_of_live_logs() const;
  std::int64_t cut(std::int64_t limit);

  // What a run shows beside its items (runner_report.cpp).
  MessageWriter make_message_writer(const MessageWriter& write);
  void start_progress_bar();
  void refresh_displays();
  void watch_clock();
  [[nodiscard]] const StreamNode* this_node() const;
  void tell_dropped() const;
  void tell_statistics();
  void tell_counters();
  std::optional<std::int64_t> start_observer() const;

  void check_deadline_and_signals();
  std::size_t index_of(const ColumnQueue* queue) const {
    return static_cast<std::size_t>(queue - queues_.data());
  }

  const StreamProgram& program_;
  const RunOptions& options_;
  const SignalWatch* signals_ = nullptr;
  Team* team_ = nullptr;
  std::int32_t part_ = 0;
  bool shows_messages_ = false;
  Clock& clock_;
  Destinations destinations_;
  std::optional<ProgressBar> progress_;
  MessageWriter message_;
  Failures failures_;
  StreamContext context_;
  std::vector<ColumnQueue> queues_;         // As in the program; never resized once made.
  std::vector<std::int64_t> queue_limits_;  // Ticks, one a queue.
  std::vector<bool> queue_has_reader_;      // One a queue.
  std::vector<RunningRegion*> writer_of_;   // One a queue; null: a source.
  std::vector<OpenedSource*> source_of_;    // One a queue; null: a region.
  std::vector<std::unique_ptr<OpenedSource>> sources_;
  std::vector<Inlet> inlets_;
  std::vector<Outlet> outlets_;
  std::optional<RestartPage> restart_page_;  // If the part can be started again.
  bool has_next_point_ = false;              // It is written, and comes into force when all in front of it is sent.
  std::uint32_t point_bytes_ = 1 << 12;      // The next is written when an inlet keeps more.
  std::int64_t next_point_ns_ = 0;           // And not before this, by the steady clock, unless there is no room left.
  static constexpr std::uint32_t kMostPointBytes = 1 << 17;
  FailureBook& failure_book_;
  bool has_announced_sleep_ = false;
  std::uint32_t doublings_ = 0;  // Of the limits, as RunControl::doublings says.
  const bool may_spin_ = std::thread::hardware_concurrency() > 1;
  std::vector<RunningRegion> regions_;
  std::vector<Loop> loops_;
  std::vector<std::int64_t> counts_;           // Of crossings: what LoopBoard::publish takes,
  std::vector<std::int64_t> received_before_;  // and what stood in their queues from the beginning.
  std::vector<const RunningRegion*> delays_;  // Whose queues have a limit of their own.
  std::vector<SinkGroup> groups_;
  std::vector<std::int32_t> group_numbers_;  // StreamSink::order_group of each group.
  ConsoleOutput console_;

  CounterWriter counter_writer_;  // What observers see.
  std::vector<OpenedSource*> needed_sources_;
  std::vector<StreamBatch> zip_batches_;
  std::mt19937_64 random_;
  std::optional<std::int64_t> deadline_steady_ns_;
  std::int64_t started_steady_ns_ = 0;
  bool waits_for_clock_ = false;  // Live sources have not begun, since the clock is not set.
  bool tells_of_clock_ = false;   // The user was told, and hears when they begin.
  std::int64_t refresh_interval_ns_ = 0;  // Of live displays; 0: there are none.
  int end_signal_ = 0;                    // The signal that ended the sources' logs.
  bool source_failed_ = false;
  bool gave_up_ = false;  // Another part cannot go on.
  // An `else stop` was met. Live sources end; recorded ones that others read are read to their
  // end, so that how far they have come never shows.
  bool stops_ = false;
};

}  // namespace streamrt
