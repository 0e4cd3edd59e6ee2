// What a run shows beside its items: messages, the progress bar, the table of --stats.

#include <unistd.h>

#include "runtime/agent/runner.h"
#include "runtime/agent/team.h"
#include "runtime/base/time_text.h"

namespace streamrt {

namespace {

std::string time_text(std::int64_t nanoseconds) {
  const auto value = static_cast<double>(nanoseconds);
  if (value < 1e6) return fmt::format("{:.1f} us", value / 1e3);
  if (value < 1e9) return fmt::format("{:.1f} ms", value / 1e6);
  return fmt::format("{:.2f} s", value / 1e9);
}

}  // namespace

// Live displays step aside for a line on standard error and come back with their next refresh.
MessageWriter Runner::make_message_writer(const MessageWriter& write) {
  return [this, write](std::string_view line) {
    if (progress_) progress_->clear();
    destinations_.step_aside_all();
    write(line);
  };
}

void Runner::refresh_displays() {
  if (refresh_interval_ns_ > 0) destinations_.refresh_all(clock_.steady_ns());
  if (!progress_) return;
  Source::Progress sum;
  for (const auto& source : sources_) {
    const Source::Progress one = source->source().progress();
    if (one.total == 0) continue;
    sum.done += source->has_ended() ? one.total : one.done;
    sum.total += one.total;
  }
  progress_->update(sum.done, sum.total, clock_.steady_ns());
}

void Runner::start_progress_bar() {
  // Where items are printed on the same screen they are progress enough.
  if (!options_.shows_progress || destinations_.has_terminal()) return;
  progress_.emplace(started_steady_ns_, [](std::string_view text) {
    (void)!::write(STDERR_FILENO, text.data(), text.size());
  });
}

// Live sources do not begin before the clock is set. After a second the user hears why nothing happens, once a node.
void Runner::watch_clock() {
  constexpr std::int64_t kWaitToMention = kNanosecondsPerSecond;
  if (clock_.is_set()) {
    if (tells_of_clock_) message_("note: the clock is set, and live sources begin");
    waits_for_clock_ = false;
    return;
  }
  if (tells_of_clock_ || clock_.steady_ns() - started_steady_ns_ < kWaitToMention) return;
  if (team_ != nullptr && team_->control().tells_of_clock.exchange(1) != 0) return;
  tells_of_clock_ = true;
  const StreamNode* const node = this_node();
  if (node != nullptr && node->follows != 0) {
    message_(fmt::format("warning: live sources wait for node `{}`, whose clock `{}` follows",
                         program_.nodes[node->follows - 1].name, node->name));
  } else {
    std::string time;
    append_time(time, clock_.utc_ns());
    message_(fmt::format("warning: live sources wait until the clock of this machine is set: it says {}", time));
  }
}

// Of this part; null without nodes.
const StreamNode* Runner::this_node() const {
  if (team_ == nullptr || program_.node_count == 0) return nullptr;
  return &program_.nodes[program_.processes[program_.parts[part_].process].node];
}

// Nothing is lost silently, not even what may be.
void Runner::tell_dropped() const {
  for (const Outlet& outlet : outlets_) {
    const std::int64_t dropped = outlet.dropped_count();
    if (dropped == 0) continue;
    message_(fmt::format("note: {} of {} items of `{}` were dropped: its link was full", dropped,
                         outlet.queue().total_count() + dropped, outlet.queue().description().name));
  }
}

void Runner::tell_statistics() {
  std::size_t name_width = 4;
  for (const ColumnQueue& queue : queues_) {
    name_width = std::max(name_width, std::string_view(queue.description().name).size());
  }
  for (const RunningRegion& region : regions_) {
    name_width = std::max(name_width, std::string_view(region.description->name).size());
  }
  for (const auto& source : sources_) {
    message_(fmt::format("stats: source {:{}}  {:>12} items  {}",
                         source->queue().description().name, name_width, source->item_count(),
                         source->description().connector));
  }
  for (const RunningRegion& region : regions_) {
    const double ns_per_tick = region.tick_count == 0 ? 0.0
                                                      : static_cast<double>(region.busy_ns) /
                                                            static_cast<double>(region.tick_count);
    message_(fmt::format("stats: region {:{}}  {:>12} items  {} batches, {}, {:.1f} ns an item",
                         region.description->name, name_width, region.tick_count,
                         region.batch_count, time_text(region.busy_ns), ns_per_tick));
  }
  for (const SinkGroup& group : groups_) {
    for (const OpenedSink& sink : group.sinks()) {
      message_(fmt::format("stats: sink   {:{}}  {:>12} items  {}", sink.queue->description().name,
                           name_width, sink.queue->first_position(), sink.description->connector));
    }
  }
  message_(fmt::format("stats: ran for {}", time_text(clock_.steady_ns() - started_steady_ns_)));
}

// What observers see of the queues that this part writes or reads. The room of a link is the writer's to tell.
void Runner::tell_counters() {
  if (!counter_writer_.is_wanted()) return;
  counter_writer_.begin_answer();
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    const bool is_mine = queue_has_reader_[i] || writer_of_[i] != nullptr || source_of_[i] != nullptr;
    if (is_mine) counter_writer_.tell(static_cast<std::int32_t>(i), queues_[i], queue_limits_[i]);
  }
  for (const Outlet& outlet : outlets_) {
    counter_writer_.tell(static_cast<std::int32_t>(index_of(&outlet.queue())), outlet.queue(), outlet.capacity(),
                         outlet.dropped_count());
  }
  counter_writer_.end_answer();
  (void)start_observer();
}

// A run on one thread starts its observer when it turns out not to be short. Returns in how many nanoseconds to look
// again. Of several parts the team does it.
std::optional<std::int64_t> Runner::start_observer() const {
  if (team_ != nullptr || options_.observer == nullptr) return std::nullopt;
  return options_.observer->start_when_due();
}

}  // namespace streamrt
