// Sources between their connectors and their queues.

#include <cstring>

#include "runtime/agent/runner.h"
#include "runtime/base/assert.h"
#include "runtime/base/time_text.h"

namespace streamrt {

Result<void> OpenedSource::open(Clock& clock, std::int64_t stamp_floor) {
  Result<std::unique_ptr<Source>> opened = open_source(
      {description_, {description_.arguments, description_.argument_count}, clock, *this, stamp_floor});
  if (!opened) return opened.failure();
  source_ = std::move(*opened);
  // Its END is not below either.
  if (source_->is_live() && source_->gives_stamps()) last_stamp_ = stamp_floor;
  return {};
}

void OpenedSource::report_unreadable(std::int64_t position, std::string_view detail) {
  failures_.report(description_.site, STREAM_FAILURE_PARSE, position, detail);
}

void OpenedSource::report_late(std::string_view detail) {
  failures_.report_late(description_.site, detail);
}

Result<bool> OpenedSource::pull(std::int64_t limit, PayloadLifetime lifetime) {
  SourceItems items;
  items.limit = limit;
  items.first_position = position_;
  items.texts = &queue_.payload_arena();
  queue_.reserve(limit, items.out);
  if (items.out.valid != nullptr) std::memset(items.out.valid, 1, static_cast<std::size_t>(limit));

  const Result<SourceState> state = source_->read(items);
  if (!state) return state.failure();
  STREAM_CHECK(items.count >= 0 && items.count <= limit,
               "a source wrote more than it was asked for");

  // The frontier of a recorded source is its last stamp, not the one after: END may still bring an
  // item stamped T, which is that (semantics.md §2).
  const bool has_stamps = items.out.stamps != nullptr;
  if (source_->gives_stamps()) {
    last_stamp_ = std::max(last_stamp_, source_->frontier());
  } else if (items.count > 0) {
    const bool has_rate = description_.has_rate != 0;
    for (std::int64_t i = 0; has_stamps && i < items.count; ++i) {
      items.out.stamps[i] =
          has_rate ? stamp_of_tick(position_ + i, description_.rate) : position_ + i;
    }
    last_stamp_ = has_stamps ? items.out.stamps[items.count - 1] : position_ + items.count - 1;
  }
  queue_.commit(items.count, lifetime);
  position_ += items.count;
  const bool frontier_moved = last_stamp_ > queue_.frontier();
  queue_.advance_frontier(last_stamp_);
  if (*state == SourceState::Ended) end_log(last_stamp_);
  return items.count > 0 || frontier_moved || *state == SourceState::Ended;
}

void OpenedSource::end_log(std::int64_t utc_ns) {
  std::int64_t end_stamp = source_->end_stamp().value_or(last_stamp_);
  if (source_->is_live()) end_stamp = std::max(utc_ns, last_stamp_);
  queue_.end(end_stamp);
}

}  // namespace streamrt
