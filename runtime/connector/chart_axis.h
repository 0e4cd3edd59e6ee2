// Where the ticks of an axis stand and what they say.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace streamrt {

struct AxisTick {
  double place = 0;  // In the units of the axis.
  std::string label;
  std::string second_line;  // The date or the year, where it changes; else empty.
};

// Some six round values that span [low, high]: 1, 2 or 5 times a power of ten apart.
std::vector<AxisTick> value_ticks(double low, double high, int about);

// Ticks for item numbers: whole.
std::vector<AxisTick> position_ticks(std::int64_t first, std::int64_t last, int about);

// Ticks for times in nanoseconds, UTC: whole seconds, minutes, hours, days, months or years,
// whatever is round at that scale. Stamps of the year 1970 are those of a source with a rate and no
// date: they are written as time since the start.
std::vector<AxisTick> time_ticks(std::int64_t first, std::int64_t last, int about);
[[nodiscard]] bool is_elapsed_time(std::int64_t last);

}  // namespace streamrt
