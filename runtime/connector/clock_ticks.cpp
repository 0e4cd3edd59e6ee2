// `clock.ticks`: the time itself, at absolute multiples of a period; or, as ints, the number of the
// tick.

#include "runtime/base/value_text.h"
#include "runtime/connector/registry.h"
#include "runtime/connector/sampler.h"

namespace streamrt {

namespace {

class TickSource final : public Sampler {
 public:
  TickSource(const SourceOpening& opening, std::int64_t period_ns)
      : Sampler(opening, period_ns),
        gives_times_(opening.description.type->kind == STREAM_TYPE_TIME) {}

 protected:
  Result<void> sample(SourceItems& items, std::int64_t stamp) override {
    static_cast<std::int64_t*>(items.out.columns[0])[items.count] =
        gives_times_ ? stamp : items.first_position + items.count;
    return {};
  }

 private:
  bool gives_times_;
};

}  // namespace

Result<std::unique_ptr<Source>> open_clock_source(const SourceOpening& opening) {
  const std::int32_t kind = opening.description.type->kind;
  if (kind != STREAM_TYPE_TIME && kind != STREAM_TYPE_INT) {
    return fail("`clock.ticks` gives times or ints, not {}", type_text(*opening.description.type));
  }
  const Result<std::int64_t> period_ns = period_of(opening);
  if (!period_ns) return period_ns.failure();
  return std::make_unique<TickSource>(opening, *period_ns);
}

}  // namespace streamrt
