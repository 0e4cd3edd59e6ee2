// Regions: one batch at a time, frontiers after each, END exactly once.

#include <algorithm>

#include "runtime/agent/runner.h"
#include "runtime/base/assert.h"

namespace streamrt {

// A region may run only while every queue behind it that is still read has room.
bool Runner::is_blocked(const RunningRegion& region) const {
  return std::any_of(region.outputs.begin(), region.outputs.end(),
                     [this](const ColumnQueue* output) {
                       return output->size() >= queue_limits_[index_of(output)];
                     });
}

std::int64_t Runner::available_ticks(const RunningRegion& region) const {
  std::int64_t count = region.inputs[0]->size();
  for (const ColumnQueue* const input : region.inputs) count = std::min(count, input->size());
  return count;
}

// Zip: one input has ended and is drained. The others have one input, or all of them must end.
bool Runner::inputs_are_finished(const RunningRegion& region) const {
  const auto is_finished = [](const ColumnQueue* input) { return input->is_finished(); };
  return region.description->head_kind == STREAM_HEAD_ZIP
             ? std::any_of(region.inputs.begin(), region.inputs.end(), is_finished)
             : std::all_of(region.inputs.begin(), region.inputs.end(), is_finished);
}

// END(T). A zip's inputs need not end together, and where the longer ones stand is chance: its T is
// the stamp of its last tick.
std::int64_t Runner::end_stamp_of(const RunningRegion& region) const {
  if (region.has_stopped_early) {
    // How far beyond its last output the batch went is chance as well.
    std::int64_t newest = kEarliestStamp;
    for (const ColumnQueue* const output : region.outputs)
      newest = std::max(newest, output->newest_stamp());
    return newest == kEarliestStamp ? 0 : newest;
  }
  const std::int64_t last = region.last_stamp == kEarliestStamp ? 0 : region.last_stamp;
  if (region.description->head_kind == STREAM_HEAD_ZIP) return last;
  std::int64_t end_stamp = last;
  for (const ColumnQueue* const input : region.inputs) {
    end_stamp = std::max(end_stamp, input->end_stamp());
  }
  return end_stamp;
}

bool Runner::step(RunningRegion& region) {
  if (region.has_ended) return false;
  const bool is_wanted =
      std::any_of(region.outputs.begin(), region.outputs.end(),
                  [](const ColumnQueue* output) { return !output->is_closed(); });
  if (!is_wanted) {  // All its readers have ended: nobody would see what it does.
    retire(region);
    return true;
  }
  if (is_blocked(region)) return false;

  const std::int64_t limit = cut(options_.batch_limit);
  bool moved = false;
  if (region.merge) {
    const StreamBatch batch = region.merge->gather(limit);
    if (batch.count > 0) {
      region.last_stamp = batch.stamps[batch.count - 1];
      call(region, &batch, batch.count, false, 0);
    }
    if (region.has_ended) return true;
    moved = region.merge->consume_gathered();
  } else if (const std::int64_t count = std::min(limit, available_ticks(region)); count > 0) {
    zip_batches_.clear();
    for (ColumnQueue* const input : region.inputs) {
      zip_batches_.push_back(input->batch(count));
      // Beside times, positions say nothing of when a tick is.
      if (region.has_times && !queue_has_times_[index_of(input)]) continue;
      region.last_stamp = std::max(region.last_stamp, input->stamp_at(count - 1));
    }
    call(region, zip_batches_.data(), count, false, 0);
    if (region.has_ended) return true;
    for (ColumnQueue* const input : region.inputs) input->consume(count);
    moved = true;
  }

  if (inputs_are_finished(region)) {
    call(region, nullptr, 0, true, end_stamp_of(region));
    retire(region);
    return true;
  }
  forward_frontier(region);
  return moved;
}

void Runner::forward_frontier(RunningRegion& region) {
  std::int64_t frontier = region.last_stamp;
  if (region.description->head_kind != STREAM_HEAD_ZIP) {
    frontier = kLatestStamp;
    for (const ColumnQueue* const input : region.inputs) {
      frontier = std::min(frontier, input->earliest_possible_stamp());
    }
    if (frontier == kLatestStamp) return;
  }
  for (ColumnQueue* const output : region.outputs) output->advance_frontier(frontier);
}

// Calls the region's function. With `is_end` there are no ticks: the batches then only tell where
// the inputs stopped, and END(T) as the one stamp.
void Runner::call(RunningRegion& region, const StreamBatch* inputs, std::int64_t count, bool is_end,
                  std::int64_t end_stamp) {
  std::vector<StreamBatch> end_batches;
  if (is_end) {
    for (ColumnQueue* const input : region.inputs) {
      StreamBatch batch = input->batch(0);
      if (region.merge) batch.first_position = region.merge->total_count();
      batch.stamps = &end_stamp;
      end_batches.push_back(batch);
      if (region.merge) break;
    }
    inputs = end_batches.data();
    context_.stamp_floor = end_stamp;
  }
  const std::int64_t started = options_.shows_statistics ? clock_.steady_ns() : 0;
  const std::int32_t status = region.description->run(region.state, &context_, inputs, count,
                                                      is_end ? STREAM_REGION_END : 0);
  if (options_.shows_statistics) region.busy_ns += clock_.steady_ns() - started;
  ++region.batch_count;
  region.tick_count += count;
  context_.stamp_floor = kEarliestStamp;
  context_.batch_arena.reset();
  if (is_end || status == STREAM_REGION_MORE) return;

  // It needs no more: what it holds back leaves now, as at any end.
  if (status == STREAM_REGION_STOP) stops_ = true;
  region.has_stopped_early = true;
  call(region, nullptr, 0, true, end_stamp_of(region));
  retire(region);
}

// The region is through: its readers get END, its writers learn that nobody listens.
void Runner::retire(RunningRegion& region) {
  const std::int64_t end_stamp = end_stamp_of(region);
  region.has_ended = true;
  for (ColumnQueue* const output : region.outputs) output->end(end_stamp);
  for (ColumnQueue* const input : region.inputs) input->close();
}

}  // namespace streamrt
