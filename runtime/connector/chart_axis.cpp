#include "runtime/connector/chart_axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "runtime/base/time_text.h"

namespace streamrt {

namespace {

constexpr std::int64_t kMicrosecond = 1'000;
constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// The least of 1, 2, 5 times a power of ten that is not below `rough`.
double round_step(double rough) {
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough * 0.999999) return factor * power;
  }
  return 10.0 * power;
}

std::int64_t floor_to(std::int64_t value, std::int64_t step) {
  return value / step * step - (value % step < 0 ? step : 0);
}

std::int64_t fixed_step(double rough) {
  constexpr std::int64_t kSteps[] = {kMicrosecond,
                                     2 * kMicrosecond,
                                     5 * kMicrosecond,
                                     10 * kMicrosecond,
                                     20 * kMicrosecond,
                                     50 * kMicrosecond,
                                     100 * kMicrosecond,
                                     200 * kMicrosecond,
                                     500 * kMicrosecond,
                                     kMillisecond,
                                     2 * kMillisecond,
                                     5 * kMillisecond,
                                     10 * kMillisecond,
                                     20 * kMillisecond,
                                     50 * kMillisecond,
                                     100 * kMillisecond,
                                     200 * kMillisecond,
                                     500 * kMillisecond,
                                     kSecond,
                                     2 * kSecond,
                                     5 * kSecond,
                                     10 * kSecond,
                                     15 * kSecond,
                                     30 * kSecond,
                                     kMinute,
                                     2 * kMinute,
                                     5 * kMinute,
                                     10 * kMinute,
                                     15 * kMinute,
                                     30 * kMinute,
                                     kHour,
                                     2 * kHour,
                                     3 * kHour,
                                     6 * kHour,
                                     12 * kHour,
                                     kDay,
                                     2 * kDay,
                                     7 * kDay,
                                     14 * kDay};
  for (const std::int64_t step : kSteps) {
    if (static_cast<double>(step) >= rough * 0.75) return step;
  }
  return 0;  // Months or years.
}

std::string clock_text(std::int64_t stamp, std::int64_t step) {
  const std::int64_t second_of_day = floor_to(stamp, kSecond) / kSecond % 86'400;
  const std::int64_t seconds = second_of_day < 0 ? second_of_day + 86'400 : second_of_day;
  std::string text = fmt::format("{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
  if (step < kMinute) text += fmt::format(":{:02}", seconds % 60);
  if (step < kSecond) {
    const std::int64_t fraction = stamp - floor_to(stamp, kSecond);
    // As many digits as the step needs.
    int digits = 1;
    for (std::int64_t unit = kSecond / 10; unit > step && unit > kMicrosecond; unit /= 10) ++digits;
    text += fmt::format(".{:09}", fraction).substr(0, static_cast<std::size_t>(digits) + 1);
  }
  return text;
}

std::string day_text(CalendarDate date) {
  return fmt::format("{} {}", kMonths[date.month - 1], date.day);
}

CalendarDate date_at(std::int64_t stamp) {
  return date_of_days(floor_to(stamp, kDay) / kDay);
}

std::vector<AxisTick> calendar_ticks(std::int64_t first, std::int64_t last, double rough) {
  const double rough_months = rough / (30.44 * static_cast<double>(kDay));
  std::int64_t months =
      12 * static_cast<std::int64_t>(round_step(std::max(rough_months / 12 * 0.75, 1.0)));
  for (const std::int64_t choice : {6, 3, 2, 1}) {
    if (static_cast<double>(choice) >= rough_months) months = choice;
  }
  const CalendarDate start = date_at(first);
  std::int64_t month_number = floor_to(start.year * 12 + start.month - 1, months);
  std::vector<AxisTick> ticks;
  std::int64_t year_shown = INT64_MIN;
  for (;; month_number += months) {
    const CalendarDate date{month_number / 12, static_cast<int>(month_number % 12) + 1, 1};
    const std::int64_t stamp = days_of_date(date) * kDay;
    if (stamp > last) return ticks;
    if (stamp < first) continue;
    AxisTick tick{static_cast<double>(stamp), kMonths[date.month - 1], ""};
    if (months % 12 == 0) {
      tick.label = fmt::format("{}", date.year);
    } else if (date.year != year_shown) {
      tick.second_line = fmt::format("{}", date.year);
      year_shown = date.year;
    }
    ticks.push_back(std::move(tick));
  }
}

}  // namespace

std::vector<AxisTick> value_ticks(double low, double high, int about) {
  const double step = round_step((high - low) / about);
  const int decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(step) - 1e-9)), 0, 12);
  const double largest = std::max(std::fabs(low), std::fabs(high));
  std::vector<AxisTick> ticks;
  for (double number = std::ceil(low / step - 1e-9); number * step <= high + step * 1e-9;
       ++number) {
    const double value = number == 0 ? 0 : number * step;
    std::string label;
    if (largest >= 1e15 || (largest < 1e-6 && largest > 0)) {
      label = fmt::format("{:.3g}", value);
    } else if (largest >= 1e4) {
      // Thousands, millions, … as k, M, G, T: bytes and the like stay readable.
      constexpr const char* kSuffixes[] = {"", "k", "M", "G", "T"};
      int power = 0;
      double unit = 1;
      while (power < 4 && largest >= unit * 1e3) {
        unit *= 1000;
        ++power;
      }
      const int scaled_decimals =
          std::clamp(static_cast<int>(std::ceil(-std::log10(step / unit) - 1e-9)), 0, 12);
      label = value == 0
                  ? "0"
                  : fmt::format("{:.{}f}{}", value / unit, scaled_decimals, kSuffixes[power]);
    } else {
      label = fmt::format("{:.{}f}", value, decimals);
    }
    ticks.push_back({value, std::move(label), ""});
  }
  return ticks;
}

std::vector<AxisTick> position_ticks(std::int64_t first, std::int64_t last, int about) {
  const double range = static_cast<double>(last) - static_cast<double>(first);
  const auto step =
      static_cast<std::int64_t>(std::max(round_step(std::max(range, 1.0) / about), 1.0));
  std::vector<AxisTick> ticks;
  for (std::int64_t place = floor_to(first + step - 1, step); place <= last; place += step) {
    ticks.push_back({static_cast<double>(place), fmt::format("{}", place), ""});
  }
  return ticks;
}

bool is_elapsed_time(std::int64_t last) {
  return last < 365 * kDay;
}

std::vector<AxisTick> time_ticks(std::int64_t first, std::int64_t last, int about) {
  const double range = std::max(static_cast<double>(last) - static_cast<double>(first), 1.0);
  const std::int64_t step = fixed_step(range / about);
  const bool is_elapsed = is_elapsed_time(last);
  if (step == 0 && !is_elapsed) return calendar_ticks(first, last, range / about);

  const std::int64_t used_step = step == 0 ? 30 * kDay : step;
  std::vector<AxisTick> ticks;
  std::string shown;
  // Weeks begin on Mondays; 1970-01-01 was a Thursday.
  const std::int64_t offset = used_step % (7 * kDay) == 0 && !is_elapsed ? 4 * kDay : 0;
  for (std::int64_t stamp = floor_to(first - offset + used_step - 1, used_step) + offset;
       stamp <= last; stamp += used_step) {
    AxisTick tick{static_cast<double>(stamp), "", ""};
    if (is_elapsed) {
      append_duration(tick.label, stamp);
    } else {
      const CalendarDate date = date_at(stamp);
      const bool is_clock = used_step < kDay;
      tick.label = is_clock ? clock_text(stamp, used_step) : day_text(date);
      std::string context =
          is_clock ? fmt::format("{} {}", day_text(date), date.year) : fmt::format("{}", date.year);
      if (context != shown) tick.second_line = shown = std::move(context);
    }
    ticks.push_back(std::move(tick));
  }
  return ticks;
}

}  // namespace streamrt
