#include "runtime/agent/sink_group.h"

#include <algorithm>

namespace streamrt {

void SinkGroup::add(OpenedSink sink) {
  const auto place = std::upper_bound(sinks_.begin(), sinks_.end(), sink.description->textual_order,
                                      [](std::int32_t order, const OpenedSink& other) {
                                        return order < other.description->textual_order;
                                      });
  sinks_.insert(place, std::move(sink));
}

// The sink whose next item, there or still to come, is first in the order.
std::size_t SinkGroup::earliest() const {
  std::size_t best = 0;
  for (std::size_t i = 1; i < sinks_.size(); ++i) {
    if (sinks_[i].queue->earliest_possible_stamp() <
        sinks_[best].queue->earliest_possible_stamp()) {
      best = i;
    }
  }
  return best;
}

// How many of the sink's waiting items come before anything of the others.
std::int64_t SinkGroup::run_length(std::size_t index, std::int64_t limit) const {
  const ColumnQueue& queue = *sinks_[index].queue;
  const std::int64_t waiting = std::min(queue.size(), limit);
  std::int64_t barrier = kLatestStamp;
  bool goes_first_at_barrier = true;  // At equal stamps, this sink is before all that stand there.
  for (std::size_t i = 0; i < sinks_.size(); ++i) {
    if (i == index || sinks_[i].queue->is_finished()) continue;
    const std::int64_t stamp = sinks_[i].queue->earliest_possible_stamp();
    if (stamp < barrier) {
      barrier = stamp;
      goes_first_at_barrier = index < i;
    } else if (stamp == barrier) {
      goes_first_at_barrier = goes_first_at_barrier && index < i;
    }
  }
  if (barrier == kLatestStamp) return waiting;
  std::int64_t count = 0;
  while (count < waiting && (queue.stamp_at(count) < barrier ||
                             (queue.stamp_at(count) == barrier && goes_first_at_barrier))) {
    ++count;
  }
  return count;
}

Result<std::int64_t> SinkGroup::drain(std::int64_t limit,
                                      const std::function<void(const CapturedItems&)>& capture) {
  std::int64_t total = 0;
  while (total < limit) {
    const std::size_t index = earliest();
    OpenedSink& next = sinks_[index];
    const std::int64_t count = run_length(index, limit - total);
    if (count == 0) break;
    const StreamBatch batch = next.queue->batch(count);
    if (next.sink == nullptr) {
      capture({next.description->capture_index, next.queue->description().type, batch,
               next.has_times, false});
    } else if (Result<void> written = next.sink->write(batch); !written) {
      return written.failure();
    }
    next.queue->consume(count);
    total += count;
  }
  for (OpenedSink& opened : sinks_) {
    if (opened.sink != nullptr || opened.end_told || !opened.queue->is_finished()) continue;
    opened.end_told = true;
    const std::int64_t newest = opened.queue->end_stamp();
    const std::int64_t end_stamp = newest == kEarliestStamp ? 0 : newest;
    capture({opened.description->capture_index,
             opened.queue->description().type,
             {0, opened.queue->first_position(), nullptr, nullptr, &end_stamp},
             opened.has_times,
             true});
  }
  return total;
}

ColumnQueue* SinkGroup::blocking_queue() const {
  ColumnQueue* const queue = sinks_[earliest()].queue;
  return queue->is_empty() && !queue->is_finished() ? queue : nullptr;
}

bool SinkGroup::is_finished() const {
  return std::all_of(sinks_.begin(), sinks_.end(),
                     [](const OpenedSink& opened) { return opened.queue->is_finished(); });
}

}  // namespace streamrt
