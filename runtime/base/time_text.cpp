#include "runtime/base/time_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numeric>
#include <system_error>

#include "runtime/base/number_text.h"

namespace streamrt {

namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;

struct DurationUnit {
  std::string_view name;
  std::int64_t nanoseconds;
};
constexpr std::array<DurationUnit, 7> kDurationUnits = {{{"d", 86'400'000'000'000},
                                                         {"h", 3'600'000'000'000},
                                                         {"min", 60'000'000'000},
                                                         {"s", 1'000'000'000},
                                                         {"ms", 1'000'000},
                                                         {"us", 1'000},
                                                         {"ns", 1}}};

void append_padded(std::string& out, std::int64_t value, int width) {
  char digits[24];
  const char* const end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  for (auto length = end - digits; length < width; ++length) out += '0';
  out.append(digits, static_cast<std::size_t>(end - digits));
}

// Reads fixed-width fields off the front of a text; once something does not fit it has failed for
// good.
class FieldReader {
 public:
  explicit FieldReader(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) {
    if (rest_.size() < count) return give_up();
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto digit = static_cast<unsigned char>(rest_[i] - '0');
      if (digit > 9) return give_up();
      value = value * 10 + digit;
    }
    rest_.remove_prefix(count);
    return value;
  }
  bool accept(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char wanted) {
    if (!accept(wanted)) give_up();
  }
  // Digits after a point as nanoseconds.
  std::int64_t fraction() {
    std::int64_t value = 0;
    std::int64_t unit = kNanosecondsPerSecond / 10;
    std::size_t count = 0;
    while (count < rest_.size() && static_cast<unsigned char>(rest_[count] - '0') <= 9) {
      value += (rest_[count] - '0') * unit;
      unit /= 10;
      ++count;
    }
    if (count == 0) give_up();
    rest_.remove_prefix(count);
    return value;
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] bool at_digit() const {
    return !rest_.empty() && static_cast<unsigned char>(rest_.front() - '0') <= 9;
  }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  int give_up() {
    failed_ = true;
    return 0;
  }
  std::string_view rest_;
  bool failed_ = false;
};

int days_in_month(std::int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return kDays[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

// whole * unit + fraction digits of it, in nanoseconds; nothing beyond the range.
std::optional<std::int64_t> scaled(double value, std::int64_t unit) {
  const double exact = value * static_cast<double>(unit);
  if (!(std::fabs(exact) < 9.2e18)) return std::nullopt;
  return static_cast<std::int64_t>(std::nearbyint(exact));
}

}  // namespace

// Howard Hinnant, "chrono-compatible low-level date algorithms" (2013).
std::int64_t days_of_date(CalendarDate date) {
  const std::int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t month_from_march = date.month + (date.month > 2 ? -3 : 9);
  const std::int64_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + day_of_era - 719'468;
}

CalendarDate date_of_days(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const std::int64_t day_of_era = days - era * 146'097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
  CalendarDate date;
  date.day = static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1);
  date.month =
      static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  date.year = year_of_era + era * 400 + (date.month <= 2 ? 1 : 0);
  return date;
}

void append_time(std::string& out, std::int64_t utc_ns) {
  std::int64_t seconds = utc_ns / kNanosecondsPerSecond;
  std::int64_t fraction = utc_ns % kNanosecondsPerSecond;
  if (fraction < 0) {
    fraction += kNanosecondsPerSecond;
    --seconds;
  }
  std::int64_t days = seconds / kSecondsPerDay;
  std::int64_t second_of_day = seconds % kSecondsPerDay;
  if (second_of_day < 0) {
    second_of_day += kSecondsPerDay;
    --days;
  }
  const CalendarDate date = date_of_days(days);
  append_padded(out, date.year, 4);
  out += '-';
  append_padded(out, date.month, 2);
  out += '-';
  append_padded(out, date.day, 2);
  out += 'T';
  append_padded(out, second_of_day / 3600, 2);
  out += ':';
  append_padded(out, second_of_day / 60 % 60, 2);
  out += ':';
  append_padded(out, second_of_day % 60, 2);
  if (fraction != 0) {
    out += '.';
    append_padded(out, fraction, 9);
    while (out.back() == '0') out.pop_back();
  }
  out += 'Z';
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  FieldReader reader(trimmed(text));
  CalendarDate date;
  date.year = reader.digits(4);
  reader.expect('-');
  date.month = reader.digits(2);
  reader.expect('-');
  date.day = reader.digits(2);
  if (reader.failed() || date.month < 1 || date.month > 12 || date.day < 1 ||
      date.day > days_in_month(date.year, date.month)) {
    return std::nullopt;
  }

  std::int64_t seconds = days_of_date(date) * kSecondsPerDay;
  std::int64_t fraction = 0;
  if (reader.accept('T') || reader.accept(' ') || reader.accept('t')) {
    const int hour = reader.digits(2);
    reader.expect(':');
    const int minute = reader.digits(2);
    int second = 0;
    if (reader.accept(':')) {
      second = reader.digits(2);
      if (reader.accept('.') || reader.accept(',')) fraction = reader.fraction();
    }
    if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
    seconds += hour * 3600 + minute * 60 + second;

    (void)reader.accept(' ');
    if (!reader.accept('Z') && !reader.accept('z') && !reader.at_end()) {
      const bool west = reader.accept('-');
      if (!west) reader.expect('+');
      const int offset_hour = reader.digits(2);
      (void)reader.accept(':');
      const int offset_minute = reader.at_digit() ? reader.digits(2) : 0;
      if (offset_hour > 23 || offset_minute > 59) return std::nullopt;
      const int offset = offset_hour * 3600 + offset_minute * 60;
      seconds += west ? offset : -offset;
    }
  }
  if (reader.failed() || !reader.at_end()) return std::nullopt;

  constexpr std::int64_t kLimitSeconds = INT64_MAX / kNanosecondsPerSecond;
  if (seconds >= kLimitSeconds || seconds <= -kLimitSeconds) return std::nullopt;
  return seconds * kNanosecondsPerSecond + fraction;
}

void append_duration(std::string& out, std::int64_t nanoseconds) {
  if (nanoseconds == 0) {
    out += "0s";
    return;
  }
  if (nanoseconds < 0) out += '-';
  // Unsigned, so that the least value has a magnitude.
  auto rest = nanoseconds < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(nanoseconds)
                              : static_cast<std::uint64_t>(nanoseconds);
  for (const DurationUnit& unit : kDurationUnits) {
    const auto size = static_cast<std::uint64_t>(unit.nanoseconds);
    if (rest >= size) {
      append_int(out, static_cast<std::int64_t>(rest / size));
      out += unit.name;
      rest %= size;
    }
  }
}

std::optional<std::int64_t> parse_duration(std::string_view text) {
  text = trimmed(text);
  const bool negative = !text.empty() && text.front() == '-';
  if (negative) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;

  std::int64_t total = 0;
  while (!text.empty()) {
    if (static_cast<unsigned char>(text.front() - '0') > 9 && text.front() != '.')
      return std::nullopt;
    const std::size_t number_length = text.find_first_not_of("0123456789._");
    if (number_length == std::string_view::npos) return std::nullopt;
    std::string number(text.substr(0, number_length));
    std::erase(number, '_');
    text.remove_prefix(number_length);
    const std::size_t unit_length = std::min(text.find_first_not_of("adhimnsu"), text.size());
    const std::string_view unit_name = text.substr(0, unit_length);
    text.remove_prefix(unit_length);

    std::int64_t unit_nanoseconds = 0;
    for (const DurationUnit& unit : kDurationUnits) {
      if (unit.name == unit_name) unit_nanoseconds = unit.nanoseconds;
    }
    if (unit_nanoseconds == 0) return std::nullopt;

    std::int64_t part = 0;
    if (const auto whole = parse_int(number)) {
      if (__builtin_mul_overflow(*whole, unit_nanoseconds, &part)) return std::nullopt;
    } else {
      const auto value = parse_float(number);
      if (!value) return std::nullopt;
      const auto rounded = scaled(*value, unit_nanoseconds);
      if (!rounded) return std::nullopt;
      part = *rounded;
    }
    if (__builtin_add_overflow(total, part, &total)) return std::nullopt;
  }
  return negative ? -total : total;
}

void append_rate(std::string& out, StreamRate rate) {
  // A denominator of twos and fives only is a finite decimal; others are written as a fraction.
  std::int64_t denominator = rate.denominator;
  std::int64_t scale = 1;
  int decimals = 0;
  while (denominator != 0 && scale % denominator != 0 && decimals < 18) {
    scale *= 10;
    ++decimals;
  }
  std::int64_t shifted = 0;
  if (denominator == 0 || scale % denominator != 0 ||
      __builtin_mul_overflow(rate.numerator, scale / denominator, &shifted)) {
    append_int(out, rate.numerator);
    out += '/';
    append_int(out, rate.denominator);
  } else {
    append_int(out, shifted / scale);
    if (decimals > 0) {
      out += '.';
      append_padded(out, shifted % scale, decimals);
      while (out.back() == '0') out.pop_back();
      if (out.back() == '.') out.pop_back();
    }
  }
  out += "Hz";
}

std::optional<StreamRate> parse_rate(std::string_view text) {
  text = trimmed(text);
  std::int64_t factor = 1;
  if (text.ends_with("kHz")) {
    factor = 1'000;
  } else if (text.ends_with("MHz")) {
    factor = 1'000'000;
  } else if (!text.ends_with("Hz")) {
    return std::nullopt;
  }
  text.remove_suffix(factor == 1 ? 2 : 3);

  StreamRate rate{0, 1};
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    const auto numerator = parse_int(text.substr(0, slash));
    const auto denominator = parse_int(text.substr(slash + 1));
    if (!numerator || !denominator) return std::nullopt;
    rate = {*numerator, *denominator};
  } else {
    const std::size_t point = text.find('.');
    std::string digits(text);
    if (point != std::string_view::npos) {
      const std::size_t decimals = text.size() - point - 1;
      if (decimals > 18) return std::nullopt;
      for (std::size_t i = 0; i < decimals; ++i) rate.denominator *= 10;
      digits.erase(point, 1);
    }
    const auto numerator = parse_int(digits);
    if (!numerator) return std::nullopt;
    rate.numerator = *numerator;
  }
  if (rate.denominator <= 0 || __builtin_mul_overflow(rate.numerator, factor, &rate.numerator) ||
      rate.numerator <= 0) {
    return std::nullopt;
  }
  const std::int64_t divisor = std::gcd(rate.numerator, rate.denominator);
  return StreamRate{rate.numerator / divisor, rate.denominator / divisor};
}

int compare_rates(StreamRate left, StreamRate right) {
  // Continued fractions: whole parts first, then the reciprocals of the rests, so that no product
  // is needed, which 64 bits might not hold and 32-bit machines have no 128 for.
  std::int64_t a = left.numerator, b = left.denominator;
  std::int64_t c = right.numerator, d = right.denominator;
  int sign = 1;
  for (;;) {
    const std::int64_t left_whole = a / b - (a % b < 0 ? 1 : 0);
    const std::int64_t right_whole = c / d - (c % d < 0 ? 1 : 0);
    if (left_whole != right_whole) return left_whole < right_whole ? -sign : sign;
    const std::int64_t left_rest = a - left_whole * b;
    const std::int64_t right_rest = c - right_whole * d;
    if (left_rest == 0 || right_rest == 0) {
      return left_rest == right_rest ? 0 : (left_rest == 0 ? -sign : sign);
    }
    a = b, b = left_rest, c = d, d = right_rest;
    sign = -sign;
  }
}

std::int64_t stamp_of_tick(std::int64_t index, StreamRate rate) {
  // index * denominator * 10^9 / numerator, split so that 64 bits do for any sensible rate:
  // index * denominator = q * numerator + r, then q whole seconds and r/numerator of one.
  const std::int64_t ticks = index * rate.denominator;
  const std::int64_t seconds = ticks / rate.numerator;
  const std::int64_t rest = ticks % rate.numerator;
  std::int64_t scaled_rest = 0;
  if (!__builtin_mul_overflow(rest, kNanosecondsPerSecond, &scaled_rest)) {
    return seconds * kNanosecondsPerSecond + scaled_rest / rate.numerator;
  }
  // Rates above 9.2 GHz: long division, one decimal digit of the nanoseconds at a time.
  std::int64_t nanoseconds = 0;
  auto remainder = static_cast<std::uint64_t>(rest);
  const auto divisor = static_cast<std::uint64_t>(rate.numerator);
  for (int digit = 0; digit < 9; ++digit) {
    std::int64_t next = 0;
    std::uint64_t accumulated = 0;  // remainder * 10 by additions, which cannot overflow.
    for (int step = 0; step < 10; ++step) {
      accumulated += remainder;
      if (accumulated >= divisor) {
        accumulated -= divisor;
        ++next;
      }
    }
    remainder = accumulated;
    nanoseconds = nanoseconds * 10 + next;
  }
  return seconds * kNanosecondsPerSecond + nanoseconds;
}

}  // namespace streamrt
