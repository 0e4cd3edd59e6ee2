// Regions: one batch at a time, frontiers after each, END exactly once.

#include <algorithm>

#include "runtime/agent/runner.h"
#include "runtime/agent/team.h"
#include "runtime/base/assert.h"

namespace streamrt {

// A region may run only while every queue behind it that is still read has room.
bool Runner::is_blocked(const RunningRegion& region) const {
  return std::any_of(region.outputs.begin(), region.outputs.end(),
                     [this](const ColumnQueue* output) {
                       return output->is_full(queue_limits_[index_of(output)]);
                     });
}

std::int64_t Runner::available_ticks(const RunningRegion& region) const {
  std::int64_t count = region.inputs[0]->ready_count();
  for (const ColumnQueue* const input : region.inputs) count = std::min(count, input->ready_count());
  return count;
}

// In step: one input has ended and is drained. The others have one input, or all of them must end.
bool Runner::inputs_are_finished(const RunningRegion& region) const {
  const auto is_finished = [](const ColumnQueue* input) { return input->is_finished(); };
  const std::int32_t kind = region.description->head_kind;
  return kind == STREAM_HEAD_ZIP || kind == STREAM_HEAD_LINK
             ? std::any_of(region.inputs.begin(), region.inputs.end(), is_finished)
             : std::all_of(region.inputs.begin(), region.inputs.end(), is_finished);
}

// END(T). A zip's inputs need not end together, and where the longer ones stand is chance: its T is
// the stamp of its last tick, and so it is where the region itself stops, and where a cycle runs empty.
std::int64_t Runner::end_stamp_of(const RunningRegion& region) const {
  std::int64_t end_stamp = region.last_stamp;
  const std::int32_t kind = region.description->head_kind;
  if (region.has_stopped_early || kind == STREAM_HEAD_ZIP || is_loop_head(region)) return end_stamp;
  for (const ColumnQueue* const input : region.inputs) {
    end_stamp = std::max(end_stamp, input->end_stamp());
    if (region.description->head_kind == STREAM_HEAD_LINK) break;  // What comes round ends last.
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
  if (is_blocked(region)) {
    forward_frontier(region);  // Which may be what the full queue waits for.
    return false;
  }

  const std::int64_t limit = cut(options_.batch_limit);
  bool moved = false;
  if (region.merge) {
    const StreamBatch batch = region.merge->gather(limit);
    if (batch.count > 0) call(region, {&batch, 1});
    if (region.has_ended) return true;
    moved = region.merge->consume_gathered();
  } else if (const std::int64_t count = std::min(limit, available_ticks(region)); count > 0) {
    zip_batches_.clear();
    for (ColumnQueue* const input : region.inputs) zip_batches_.push_back(input->batch(count));
    call(region, zip_batches_);
    if (region.has_ended) return true;
    for (ColumnQueue* const input : region.inputs) input->consume(count);
    moved = true;
  }

  if (inputs_are_finished(region)) {
    end(region);
    return true;
  }
  forward_frontier(region);
  return moved;
}

// No later item has a stamp below the oldest one that any input may still bring; in a zip, below that of every
// input. But what is emitted at END is stamped T, and must not come too late: a zip's T is the stamp of its last tick, and
// where a cycle ends nobody knows before. What stays on the cycle is not emitted there.
void Runner::forward_frontier(RunningRegion& region) {
  const std::int64_t frontier = frontier_of(region);
  if (frontier == kLatestStamp) return;
  const bool is_on_cycle = region.description->loop != 0;
  for (std::size_t i = 0; i < region.outputs.size(); ++i) {
    const bool is_bounded = region.description->end_matters != 0 && is_on_cycle && !region.output_stays[i];
    region.outputs[i]->advance_frontier(is_bounded ? std::min(frontier, region.last_stamp) : frontier);
  }
}

// kLatestStamp if nothing more will come. The head of a cycle that counts its ticks has the number of the next.
std::int64_t Runner::frontier_of(const RunningRegion& region) const {
  if (is_loop_head(region)) {
    const bool counts = region.description->delay_ns == 0;
    return counts ? region.inputs[0]->first_position() : region.inputs[0]->earliest_possible_stamp();
  }
  const std::int32_t kind = region.description->head_kind;
  if (kind == STREAM_HEAD_ZIP) {
    std::int64_t frontier = region.last_stamp;
    for (const ColumnQueue* const input : region.inputs) {
      if (region.description->end_matters != 0) break;
      if (!has_stamps_for(region, *input)) continue;
      const std::int64_t earliest = input->earliest_possible_stamp();
      if (earliest != kLatestStamp) frontier = std::max(frontier, earliest);
    }
    return frontier;
  }
  std::int64_t frontier = kLatestStamp;
  for (const ColumnQueue* const input : region.inputs) {
    frontier = std::min(frontier, input->earliest_possible_stamp());
    if (kind == STREAM_HEAD_LINK) break;  // The others have no stamps.
  }
  return frontier;
}

// Beside times, positions say nothing of when a tick is; nor do the numbers of a loop beside positions.
bool Runner::has_stamps_for(const RunningRegion& region, const ColumnQueue& input) const {
  if (region.has_times) return input.description().has_times != 0;
  return !region.has_positions || input.description().counts_loop == 0;
}

// The stamp of a tick of the batch: that of the first input, the latest one for a zip.
std::int64_t Runner::stamp_of(const RunningRegion& region, std::span<const StreamBatch> batch,
                              std::int64_t tick) const {
  const auto one = [tick](const StreamBatch& part) {
    return part.stamps == nullptr ? part.first_position + tick : part.stamps[tick];
  };
  if (region.description->head_kind != STREAM_HEAD_ZIP) return one(batch[0]);
  std::int64_t latest = kEarliestStamp;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!has_stamps_for(region, *region.inputs[i])) continue;
    latest = std::max(latest, one(batch[i]));
  }
  return latest;
}

std::int32_t Runner::run(RunningRegion& region, const StreamBatch* inputs, std::int64_t count,
                         std::uint32_t flags) {
  if (team_ != nullptr) {
    const auto index = static_cast<std::int32_t>(region.description - program_.regions);
    PartReport& report = team_->report(part_);
    report.region.store(index, std::memory_order_relaxed);
    report.first_tick.store(inputs[0].first_position, std::memory_order_relaxed);
    report.tick_count.store(count, std::memory_order_relaxed);
  }
  const std::int64_t started = options_.shows_statistics ? clock_.steady_ns() : 0;
  const std::int32_t status =
      region.description->run(region.state, &context_, inputs, count, flags);
  if (options_.shows_statistics) region.busy_ns += clock_.steady_ns() - started;
  for (ColumnQueue* const output : region.outputs) output->shift_new_stamps();
  ++region.batch_count;
  region.tick_count += count;
  context_.batch_arena.reset();
  return status;
}

// Hands the region a batch, one part an input. Afterwards it may have ended.
void Runner::call(RunningRegion& region, std::span<const StreamBatch> batch) {
  std::int64_t handled = batch[0].count;
  const std::int32_t status = run(region, batch.data(), handled, 0);
  if (status == STREAM_REGION_STOP) handled = context_.ticks_before_stop;
  if (handled > 0) region.last_stamp = std::max(region.last_stamp, stamp_of(region, batch, handled - 1));
  if (status == STREAM_REGION_MORE) return;
  // It needs no more: what it holds back leaves now, as at any end.
  if (status == STREAM_REGION_STOP) stops_ = true;
  region.has_stopped_early = true;
  end(region);
}

// END: a last call without ticks, which only tells where the inputs stopped and, as the one stamp, T.
void Runner::end(RunningRegion& region) {
  const bool is_silent = std::any_of(region.inputs.begin(), region.inputs.end(), [](const auto* input) {
    return input->has_silent_end();
  });
  if (is_silent && region.description->head_kind == STREAM_HEAD_LINK) {
    region.has_silent_end = true;
    return retire(region);
  }
  const std::int64_t end_stamp = end_stamp_of(region);
  std::vector<StreamBatch> batches;
  for (ColumnQueue* const input : region.inputs) {
    StreamBatch batch = input->batch(0);
    if (region.merge) batch.first_position = region.merge->total_count();
    batch.stamps = &end_stamp;
    batches.push_back(batch);
    if (region.merge) break;
  }
  context_.stamp_floor = end_stamp == kEarliestStamp ? 0 : end_stamp;
  if (run(region, batches.data(), 0, STREAM_REGION_END) == STREAM_REGION_STOP) {
    stops_ = true;
    region.has_silent_end = true;
  }
  context_.stamp_floor = kEarliestStamp;
  retire(region);
}

// The region is through: its readers get END, its writers learn that nobody listens.
void Runner::retire(RunningRegion& region) {
  const std::int64_t end_stamp = end_stamp_of(region);
  region.has_ended = true;
  for (ColumnQueue* const output : region.outputs) output->end(end_stamp, region.has_silent_end);
  for (ColumnQueue* const input : region.inputs) input->close();
}

}  // namespace streamrt
