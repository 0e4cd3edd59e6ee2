#include "runtime/agent/restart_point.h"

#include <new>

namespace streamrt {

namespace {

std::size_t aligned(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

std::size_t point_bytes(const RestartShape& shape) {
  return aligned(shape.inlets * sizeof(InletPoint)) + aligned(shape.outlets * sizeof(OutletPoint)) +
         aligned(shape.regions * sizeof(RegionPoint)) + aligned(shape.sites * sizeof(std::int64_t)) +
         aligned(shape.state_bytes);
}

// Takes arrays from the front of a stretch of memory.
template <class T>
std::span<T> take(std::byte*& place, std::size_t count) {
  const std::span<T> taken(reinterpret_cast<T*>(place), count);
  place += aligned(count * sizeof(T));
  return taken;
}

}  // namespace

std::size_t RestartPage::bytes(const RestartShape& shape) {
  return aligned(sizeof(RestartPageHeader)) + 2 * point_bytes(shape) + aligned(shape.sites * sizeof(ToldFailure));
}

RestartPage::RestartPage(std::byte* memory, const RestartShape& shape)
    : memory_(memory + aligned(sizeof(RestartPageHeader))),
      shape_(shape),
      header_(reinterpret_cast<RestartPageHeader*>(memory)) {
  std::byte* told = memory_ + 2 * point_bytes(shape);
  told_ = take<ToldFailure>(told, shape.sites);
}

RestartPoint RestartPage::point(std::size_t which) const {
  std::byte* place = memory_ + which * point_bytes(shape_);
  RestartPoint result;
  result.inlets = take<InletPoint>(place, shape_.inlets);
  result.outlets = take<OutletPoint>(place, shape_.outlets);
  result.regions = take<RegionPoint>(place, shape_.regions);
  result.failed = take<std::int64_t>(place, shape_.sites);
  result.states = take<std::byte>(place, shape_.state_bytes);
  return result;
}

}  // namespace streamrt
