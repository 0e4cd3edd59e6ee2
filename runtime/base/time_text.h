// Times, durations and rates as text and back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/abi/stream_abi.h"

namespace streamrt {

inline constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

struct CalendarDate {
  std::int64_t year = 1970;
  int month = 1;  // 1 to 12.
  int day = 1;    // 1 to 31.
};

// The proleptic Gregorian calendar, UTC. `days` counts from 1970-01-01.
CalendarDate date_of_days(std::int64_t days);
std::int64_t days_of_date(CalendarDate date);

// ISO 8601 with `Z` and only as many digits of a fraction as needed: `2026-01-01T00:00:00Z`.
void append_time(std::string& out, std::int64_t utc_ns);

// `2013-12-02`, or that and a time of day after `T` or a space: `21:15`, `21:15:00`, `21:15:00.25`,
// then perhaps `Z` or an offset (`+01:00`, `+0100`, `+01`); without one it is UTC. Digits of the
// fraction beyond nanoseconds are dropped. Nothing if it is anything else, or beyond the years 1678
// to 2262.
std::optional<std::int64_t> parse_time(std::string_view text);

// Largest units first, each exact: `1h30min`, `250ms`, `0s`, `-1d12h`.
void append_duration(std::string& out, std::int64_t nanoseconds);

// A number and a unit (ns us ms s min h d), or several: `1h30min`, `1.5s`, `-250ms`.
std::optional<std::int64_t> parse_duration(std::string_view text);

// `10Hz`, `0.5Hz`, `1/3Hz`: exact.
void append_rate(std::string& out, StreamRate rate);

// A decimal number or a fraction of integers, then Hz, kHz or MHz. Greater than zero.
std::optional<StreamRate> parse_rate(std::string_view text);

// Exact: -1, 0 or 1. Denominators are positive.
int compare_rates(StreamRate left, StreamRate right);

// Stamp of tick `index` at `rate`, from 1970-01-01: floor(index * denominator * 10^9 / numerator).
std::int64_t stamp_of_tick(std::int64_t index, StreamRate rate);

}  // namespace streamrt
