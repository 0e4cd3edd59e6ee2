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

// The first multiple behind the present that is not below the floor.
std::int64_t first_stamp(const SourceOpening& opening, std::int64_t period_ns) {
  std::int64_t multiple = opening.clock.utc_ns() / period_ns + 1;
  if (opening.stamp_floor > multiple * period_ns) {
    multiple = opening.stamp_floor / period_ns + (opening.stamp_floor % period_ns == 0 ? 0 : 1);
  }
  return multiple * period_ns;
}

}  // namespace

Sampler::Sampler(const SourceOpening& opening, std::int64_t period_ns)
    : clock_(opening.clock),
      host_(opening.host),
      period_ns_(period_ns),
      next_stamp_(first_stamp(opening, period_ns)) {}

Result<SourceState> Sampler::read(SourceItems& items) {
  const std::int64_t now = clock_.utc_ns();
  if (now < next_stamp_) return SourceState::Waiting;
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

}  // namespace streamrt
