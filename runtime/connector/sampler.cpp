#include "runtime/connector/sampler.h"

#include "runtime/base/time_text.h"

namespace streamrt {

Result<std::int64_t> period_of(const SourceOpening& opening) {
  std::int64_t period_ns = kNanosecondsPerSecond;
  if (const auto every = opening.arguments.integer("every")) {
    period_ns = *every;
  } else if (const auto rate = opening.arguments.rate("every")) {
    period_ns = stamp_of_tick(1, *rate);
  } else if (opening.description.has_rate != 0) {
    period_ns = stamp_of_tick(1, opening.description.rate);
  }
  if (period_ns < 1'000'000) {
    return fail("`{}` cannot sample every {} ns: 1ms is the shortest period",
                opening.description.connector, period_ns);
  }
  return period_ns;
}

namespace {

// Whether the clock was set meanwhile is looked at as often.
constexpr std::int64_t kLookAtClockEvery = 100'000'000;

}  // namespace

Sampler::Sampler(const SourceOpening& opening, std::int64_t period_ns)
    : clock_(opening.clock), host_(opening.host), period_ns_(period_ns), stamp_floor_(opening.stamp_floor) {
  find_first_stamp();
}

// The first multiple behind the present that is not below the floor, if the present is known.
void Sampler::find_first_stamp() {
  if (!clock_.is_set()) return;
  std::int64_t multiple = clock_.utc_ns() / period_ns_ + 1;
  if (stamp_floor_ > multiple * period_ns_) {
    multiple = stamp_floor_ / period_ns_ + (stamp_floor_ % period_ns_ == 0 ? 0 : 1);
  }
  next_stamp_ = multiple * period_ns_;
}

Result<SourceState> Sampler::read(SourceItems& items) {
  if (!next_stamp_) {
    find_first_stamp();
    if (next_stamp_) begin_late();
  }
  const std::int64_t now = clock_.utc_ns();
  if (!next_stamp_ || now < *next_stamp_) return SourceState::Waiting;
  const std::int64_t stamp = now / period_ns_ * period_ns_;
  const auto tick = static_cast<std::size_t>(items.count);
  next_stamp_ = stamp + period_ns_;
  if (const Result<void> sampled = sample(items, stamp); !sampled) {
    host_.report_unreadable(items.first_position + items.count, sampled.message());
    if (items.out.valid == nullptr) return SourceState::Waiting;
    items.out.valid[tick] = 0;
  }
  if (items.out.stamps != nullptr) items.out.stamps[tick] = stamp;
  ++items.count;
  return SourceState::Waiting;
}

WakeCondition Sampler::wait_for() const {
  return {-1, next_stamp_ ? *next_stamp_ : clock_.utc_ns() + kLookAtClockEvery};
}

}  // namespace streamrt
