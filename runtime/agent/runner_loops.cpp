// Cycles through delays: how far they have come, and when they are empty (semantics.md §5).
//
// What goes round never waits for itself: a delay on a cycle accepts everything. But only all of a cycle shows which is
// the earliest stamp that may still occur on it: everything that comes round from now on is later than that by the
// delay, so that a merge on the cycle may go on up to there. And where nothing is on the cycle and nothing can come
// from outside, it ends. (Chandy and Misra, "Distributed simulation" (1979), without messages of their own.) Parts that
// share a cycle put together what they see on a board, see loop_board.h.

#include <algorithm>

#include "runtime/agent/runner.h"
#include "runtime/agent/team.h"

namespace streamrt {

namespace {

// By queue, for the regions of all parts: the loops of its reader and of its writer, 0 for none.
struct LoopsOfQueues {
  explicit LoopsOfQueues(const StreamProgram& program)
      : reader(static_cast<std::size_t>(program.queue_count), 0), writer(reader) {
    for (std::int64_t i = 0; i < program.region_count; ++i) {
      const StreamRegion& region = program.regions[i];
      for (std::int32_t k = 0; k < region.input_count; ++k) {
        reader[static_cast<std::size_t>(region.inputs[k])] = region.loop;
      }
      for (std::int32_t k = 0; k < region.output_count; ++k) {
        writer[static_cast<std::size_t>(region.outputs[k])] = region.loop;
      }
    }
  }
  std::vector<std::int32_t> reader;
  std::vector<std::int32_t> writer;
};

// Positions say nothing beside times.
void count_in(const ColumnQueue& queue, std::int64_t stamp, LoopSight& sight) {
  sight.is_empty = false;
  const StreamQueue& description = queue.description();
  if (description.has_times != 0 && description.has_stamps != 0) sight.earliest = std::min(sight.earliest, stamp);
}

}  // namespace

Loop& Runner::loop_of(std::int32_t number) {
  const auto found =
      std::find_if(loops_.begin(), loops_.end(), [&](const Loop& loop) { return loop.number == number; });
  if (found != loops_.end()) return *found;
  Loop& fresh = loops_.emplace_back();
  fresh.number = number;
  return fresh;
}

void Runner::find_loops() {
  const LoopsOfQueues loops(program_);
  for (RunningRegion& region : regions_) {
    const std::int32_t number = region.description->loop;
    if (number == 0) continue;
    Loop& loop = loop_of(number);
    loop.regions.push_back(&region);
    for (ColumnQueue* const input : region.inputs) {
      const bool stays = loops.writer[index_of(input)] == number;
      region.input_stays.push_back(stays);
      if (!stays) loop.outside.push_back(input);
    }
    for (const ColumnQueue* const output : region.outputs) {
      const bool stays = loops.reader[index_of(output)] == number;
      region.output_stays.push_back(stays);
      if (!stays) loop.leaving.push_back(output);
    }
  }
  for (Loop& loop : loops_) {
    for (std::size_t queue = 0; queue < queues_.size(); ++queue) {
      const bool is_input = loops.reader[queue] == loop.number && loops.writer[queue] != loop.number;
      loop.has_inputs = loop.has_inputs || is_input;
    }
  }
  if (team_ != nullptr) find_loop_crossings();
}

// Where cycles leave this part, and come back.
void Runner::find_loop_crossings() {
  const std::vector<LoopCrossing>& crossings = team_->loop_board().crossings();
  counts_.assign(crossings.size(), 0);
  received_before_.assign(crossings.size(), 0);
  for (std::size_t i = 0; i < crossings.size(); ++i) {
    const LoopCrossing& crossing = crossings[i];
    if (!is_mine(crossing.writer) && !is_mine(crossing.reader)) continue;
    const auto index = static_cast<std::size_t>(crossing.queue);
    Loop& loop = loop_of(crossing.loop);
    loop.spans_parts = true;
    if (is_mine(crossing.reader)) {
      // What waits in front of a part must not keep it from seeing what comes behind: on a cycle a link is never full.
      queue_limits_[index] = kNeverFull;
      received_before_[i] = queues_[index].total_count();  // Of a delay by items.
    } else {
      loop.sending.push_back(&queues_[index]);
    }
  }
}

bool Runner::settle_loops() {
  bool moved = false;
  for (Loop& loop : loops_) {
    const LoopSight own = look_at(loop);
    const std::optional<LoopSight> all = loop.spans_parts ? look_with_others(loop, own) : std::optional(own);
    const bool is_wanted = loop.spans_parts ? team_->loop_board().is_wanted(loop.number) : own.is_wanted;
    if (!is_wanted) {
      moved |= cancel(loop);
    } else if (all) {
      moved |= settle(loop, *all);
    }
  }
  return moved;
}

// What this part sees.
LoopSight Runner::look_at(Loop& loop) const {
  LoopSight sight{.is_empty = true, .earliest = kLatestStamp, .is_wanted = false};
  for (const ColumnQueue* const queue : loop.outside) {
    if (!queue->is_finished()) count_in(*queue, queue->earliest_possible_stamp(), sight);
  }
  loop.earliest_input = sight.earliest;
  for (const RunningRegion* const region : loop.regions) look_at(*region, sight);
  for (const ColumnQueue* const queue : loop.sending) {
    if (!queue->is_empty()) count_in(*queue, queue->stamp_at(0), sight);
  }
  for (const ColumnQueue* const queue : loop.leaving) {
    sight.is_wanted = sight.is_wanted || (!queue->is_closed() && !queue->has_ended());
  }
  return sight;
}

// What waits in front of a region, if it can move. An item that has to wait for another one to be taken with cannot, and
// what becomes of it will not be earlier than that one.
void Runner::look_at(const RunningRegion& region, LoopSight& sight) const {
  if (region.has_ended || (!region.merge && available_ticks(region) == 0)) return;
  for (std::size_t i = 0; i < region.inputs.size(); ++i) {
    const ColumnQueue& queue = *region.inputs[i];
    if (region.input_stays[i] && !queue.is_empty()) count_in(queue, queue.stamp_at(0), sight);
  }
}

std::optional<LoopSight> Runner::look_with_others(const Loop& loop, const LoopSight& own) {
  LoopBoard& board = team_->loop_board();
  const std::vector<LoopCrossing>& crossings = board.crossings();
  for (std::size_t i = 0; i < crossings.size(); ++i) {
    const ColumnQueue& queue = queues_[static_cast<std::size_t>(crossings[i].queue)];
    if (is_mine(crossings[i].reader)) {
      counts_[i] = queue.is_closed() ? LoopBoard::kClosed : queue.total_count() - received_before_[i];
    } else if (is_mine(crossings[i].writer)) {
      counts_[i] = queue.first_position();
    }
  }
  if (board.publish(loop.number, part_, own, counts_)) {
    for (const std::int32_t part : board.parts_of(loop.number)) {
      if (part != part_) team_->bell(part).ring();
    }
  }
  return board.look(loop.number);
}

// Nobody reads what leaves it. Its regions would not notice, since each is read by the next one.
bool Runner::cancel(const Loop& loop) {
  bool moved = false;
  for (RunningRegion* const region : loop.regions) {
    if (region->has_ended) continue;
    retire(*region);
    moved = true;
  }
  return moved;
}

// Returns whether something is known that was not before.
bool Runner::settle(Loop& loop, const LoopSight& all) {
  bool moved = false;
  for (RunningRegion* const head : loop.regions) {
    ColumnQueue& queue = *head->inputs[0];
    if (!is_loop_head(*head) || queue.has_ended() || head->has_ended) continue;
    if (all.is_empty) {
      queue.end(kEarliestStamp);  // Its head ends with its own last tick.
      moved = true;
    } else if (head->description->delay_ns > 0 && all.earliest != kLatestStamp) {
      const std::int64_t before = queue.frontier();
      queue.advance_frontier(all.earliest);
      moved |= queue.frontier() != before;
    }
  }
  return moved;
}

// What began by itself ends as a live source does when its log is ended.
void Runner::end_loops_without_inputs() {
  for (Loop& loop : loops_) {
    if (loop.has_inputs) continue;
    for (RunningRegion* const head : loop.regions) {
      if (!is_loop_head(*head) || head->has_ended) continue;
      head->has_stopped_early = true;
      end(*head);
    }
  }
}

// A delay that nothing makes wait has a limit all the same.
Result<void> Runner::check_delays() const {
  for (const RunningRegion* const region : delays_) {
    const std::int64_t limit = region->description->delay_limit;
    if (region->inputs[0]->size() <= limit) continue;
    return fail("more than {} items wait in the `delay` of `{}`: fewer must come round than go out, or `max:` must "
                "be larger", limit, region->description->name);
  }
  return {};
}

}  // namespace streamrt
