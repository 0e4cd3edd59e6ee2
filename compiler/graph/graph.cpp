#include "compiler/graph/graph.h"

namespace streamc {

std::int64_t initial_stamp(const DelayOperator& delay, const Scope& scope, std::int64_t index) {
  if (delay.is_on_cycle) return index;
  const std::int64_t distance = delay.count - index;
  if (scope.domain != Domain::Time || !scope.clock.rate) return delay.input_begin - distance;
  __extension__ using Wide = __int128;
  const RateValue& rate = *scope.clock.rate;
  const Wide numerator = Wide{distance} * rate.denominator * 1'000'000'000;
  return delay.input_begin - static_cast<std::int64_t>((numerator + rate.numerator - 1) / rate.numerator);
}

}  // namespace streamc
