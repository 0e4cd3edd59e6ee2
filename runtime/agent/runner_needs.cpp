// Who starves, and which sources can help: a search from the sinks upwards.

#include <algorithm>

#include "runtime/agent/runner.h"

namespace streamrt {

namespace {
// A queue that had to grow beyond this means two streams which never meet.
constexpr std::int64_t kLargestQueueLimit = std::int64_t{1} << 26;
}  // namespace

// Marks what must run or be pulled so that an item, or at least a frontier, arrives in `queue`.
void Runner::need(ColumnQueue* queue) {
  std::vector<ColumnQueue*> worklist{queue};
  while (!worklist.empty()) {
    ColumnQueue* const starving = worklist.back();
    worklist.pop_back();
    if (OpenedSource* const source = source_of_[index_of(starving)]) {
      const bool is_known = std::find(needed_sources_.begin(), needed_sources_.end(), source) !=
                            needed_sources_.end();
      if (!source->has_ended() && !is_known) needed_sources_.push_back(source);
      continue;
    }
    RunningRegion* const writer = writer_of_[index_of(starving)];
    if (writer == nullptr || writer->has_ended || writer->is_needed) continue;
    writer->is_needed = true;
    // What holds back a cycle is whoever may send it something earlier than all that is on it.
    for (const Loop& loop : loops_) {
      if (loop.number != writer->description->loop) continue;
      for (ColumnQueue* const input : loop.outside) {
        const bool is_earliest = input->earliest_possible_stamp() <= loop.earliest_input;
        if (input->is_empty() && !input->is_finished() && is_earliest) worklist.push_back(input);
      }
    }
    if (writer->merge) {
      if (ColumnQueue* const blocking = writer->merge->blocking_input())
        worklist.push_back(blocking);
      continue;
    }
    for (ColumnQueue* const input : writer->inputs) {
      if (input->ready_count() == 0 && !input->is_finished()) worklist.push_back(input);
    }
  }
}

bool Runner::pull_needed_sources() {
  needed_sources_.clear();
  for (RunningRegion& region : regions_) region.is_needed = false;
  for (const SinkGroup& group : groups_) {
    if (ColumnQueue* const queue = group.blocking_queue()) need(queue);
  }
  for (const Outlet& outlet : outlets_) {
    if (outlet.is_starving()) need(&outlet.queue());
  }
  // What a live source has to say does not wait until somebody asks.
  for (const auto& source : sources_) {
    const bool has_room = !source->queue().is_full(queue_limits_[index_of(&source->queue())]);
    if (source->source().is_live() && has_room) need(&source->queue());
  }
  bool moved = false;
  for (OpenedSource* const source : needed_sources_) {
    const Result<bool> pulled = source->pull(cut(options_.batch_limit), PayloadLifetime::Queue);
    if (!pulled) {  // What came before it is still worked off.
      message_("error: " + pulled.message());
      source_failed_ = true;
      source->end_log(end_of_live_logs());
    }
    moved |= !pulled || *pulled;
  }
  return moved;
}

// Something starves, yet the region that could help has a full queue behind another branch: doubles
// the limit of such a queue. Returns whether there was one.
Result<bool> Runner::relax_a_limit() {
  for (const RunningRegion& region : regions_) {
    if (!region.is_needed || region.has_ended || !is_blocked(region)) continue;
    for (const ColumnQueue* const output : region.outputs) {
      std::int64_t& limit = queue_limits_[index_of(output)];
      if (!output->is_full(limit)) continue;
      limit *= 2;
      if (limit > kLargestQueueLimit) {
        return fail("more than {} items of `{}` wait for a stream that does not keep up with it",
                    kLargestQueueLimit, output->description().name);
      }
    }
    return true;
  }
  return false;
}

}  // namespace streamrt
