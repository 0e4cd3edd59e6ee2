// Cycles through delays: how far they have come, and when they are empty (semantics.md §5).
//
// What goes round never waits for itself: a delay on a cycle accepts everything. But only all of a cycle shows which is
// the earliest stamp that may still occur on it, `t0`: everything that comes round from now on is later than that by
// the delay, so that a merge on the cycle may go on up to there. And where nothing is on the cycle and nothing can come
// from outside, it ends. (Chandy and Misra, "Distributed simulation" (1979), without messages, since the cycle is in one
// part.)

#include <algorithm>

#include "runtime/agent/runner.h"

namespace streamrt {

namespace {

Loop& loop_of(std::vector<Loop>& loops, std::int32_t number) {
  const auto found =
      std::find_if(loops.begin(), loops.end(), [&](const Loop& loop) { return loop.number == number; });
  if (found != loops.end()) return *found;
  Loop& fresh = loops.emplace_back();
  fresh.number = number;
  return fresh;
}

}  // namespace

void Runner::find_loops() {
  std::vector<std::int32_t> reader(queues_.size(), 0);  // The loop of each queue's reader,
  std::vector<std::int32_t> writer(queues_.size(), 0);  // and of its writer.
  for (const RunningRegion& region : regions_) {
    for (const ColumnQueue* const input : region.inputs) reader[index_of(input)] = region.description->loop;
    for (const ColumnQueue* const output : region.outputs) writer[index_of(output)] = region.description->loop;
  }
  for (RunningRegion& region : regions_) {
    const std::int32_t number = region.description->loop;
    if (number == 0) continue;
    Loop& loop = loop_of(loops_, number);
    if (is_loop_head(region)) loop.heads.push_back(&region);
    for (ColumnQueue* const input : region.inputs) {
      (writer[index_of(input)] == number ? loop.inside : loop.outside).push_back(input);
    }
    for (const ColumnQueue* const output : region.outputs) {
      region.output_stays.push_back(reader[index_of(output)] == number);
    }
  }
}

bool Runner::settle_loops() {
  bool moved = false;
  for (Loop& loop : loops_) moved |= settle(loop);
  return moved;
}

// Returns whether something is known that was not before.
bool Runner::settle(Loop& loop) {
  std::int64_t earliest = kLatestStamp;
  bool is_empty = true;
  const auto look_at = [&](const ColumnQueue* queue, std::int64_t stamp) {
    is_empty = false;
    if (queue->description().has_times != 0) earliest = std::min(earliest, stamp);
  };
  for (const ColumnQueue* const queue : loop.outside) {
    if (!queue->is_finished()) look_at(queue, queue->earliest_possible_stamp());
  }
  for (const ColumnQueue* const queue : loop.inside) {
    if (!queue->is_empty()) look_at(queue, queue->stamp_at(0));
  }
  bool moved = false;
  for (RunningRegion* const head : loop.heads) {
    ColumnQueue& queue = *head->inputs[0];
    if (queue.has_ended() || head->has_ended) continue;
    if (is_empty) {
      queue.end(kEarliestStamp);  // Its head ends with its own last tick.
      moved = true;
    } else if (head->description->delay_ns > 0 && earliest != kLatestStamp) {
      const std::int64_t before = queue.frontier();
      queue.advance_frontier(earliest);
      moved |= queue.frontier() != before;
    }
  }
  loop.earliest_stamp = earliest;
  return moved;
}

// What began by itself ends as a live source does when its log is ended.
void Runner::end_loops_without_inputs() {
  for (Loop& loop : loops_) {
    if (!loop.outside.empty()) continue;
    for (RunningRegion* const head : loop.heads) {
      if (head->has_ended) continue;
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
