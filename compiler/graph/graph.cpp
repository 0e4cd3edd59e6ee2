#include "compiler/graph/graph.h"

namespace streamc {

std::int64_t stamp_before(const Scope& scope, std::int64_t distance) {
  if (scope.domain != Domain::Time || !scope.clock.rate) return -distance;
  __extension__ using Wide = __int128;
  const RateValue& rate = *scope.clock.rate;
  // Rounded down, as all stamps of a rate are: away from 0 here.
  const Wide numerator = Wide{distance} * rate.denominator * 1'000'000'000;
  return -static_cast<std::int64_t>((numerator + rate.numerator - 1) / rate.numerator);
}

}  // namespace streamc
