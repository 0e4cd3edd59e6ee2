#include "compiler/ast/units.h"

#include <array>
#include <chrono>
#include <limits>

namespace streamc {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr auto kUnits = std::to_array<Unit>({
    {"ns", Dimension::Duration, 1},
    {"us", Dimension::Duration, 1'000},
    {"ms", Dimension::Duration, 1'000'000},
    {"s", Dimension::Duration, kSecond},
    {"min", Dimension::Duration, 60 * kSecond},
    {"h", Dimension::Duration, 3'600 * kSecond},
    {"d", Dimension::Duration, 86'400 * kSecond},
    {"Hz", Dimension::Rate, 1},
    {"kHz", Dimension::Rate, 1'000},
    {"MHz", Dimension::Rate, 1'000'000},
    {"GHz", Dimension::Rate, 1'000'000'000},
    {"B", Dimension::Bytes, 1},
    {"kB", Dimension::Bytes, 1'000},
    {"KiB", Dimension::Bytes, 1'024},
    {"MB", Dimension::Bytes, 1'000'000},
    {"MiB", Dimension::Bytes, 1'048'576},
    {"GB", Dimension::Bytes, 1'000'000'000},
    {"GiB", Dimension::Bytes, 1'073'741'824},
});

__extension__ using Wide = __int128;  // Products of two 64-bit numbers.
constexpr Wide kMaxInt64 = std::numeric_limits<std::int64_t>::max();

// Reads a text from left to right; `ok` turns false at the first thing that is not as expected.
struct Reader {
  std::string_view rest;
  bool ok = true;

  bool accept(char c) {
    if (rest.empty() || rest.front() != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  void expect(char c) { ok = accept(c) && ok; }

  // Exactly `count` digits.
  int digits(int count) {
    int value = 0;
    for (int i = 0; i < count; ++i) {
      if (rest.empty() || rest.front() < '0' || rest.front() > '9') {
        ok = false;
        return 0;
      }
      value = value * 10 + (rest.front() - '0');
      rest.remove_prefix(1);
    }
    return value;
  }
};

}  // namespace

std::span<const Unit> all_units() { return kUnits; }

std::optional<Unit> find_unit(std::string_view name) {
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return unit;
  }
  return std::nullopt;
}

std::optional<Quantity> quantity_value(std::string_view number, std::string_view unit_name) {
  const std::optional<Unit> unit = find_unit(unit_name);
  if (!unit || number.empty()) return std::nullopt;
  Wide numerator = 0;
  Wide denominator = 1;
  bool after_dot = false;
  for (const char c : number) {
    if (c == '.' && !after_dot) {
      after_dot = true;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    numerator = numerator * 10 + (c - '0');
    if (after_dot) denominator *= 10;
    if (numerator > kMaxInt64 || denominator > kMaxInt64) return std::nullopt;
  }
  numerator *= unit->scale;
  Wide a = numerator;
  Wide b = denominator;
  while (b != 0) {
    const Wide remainder = a % b;
    a = b;
    b = remainder;
  }
  if (a > 1) {
    numerator /= a;
    denominator /= a;
  }
  if (numerator > kMaxInt64) return std::nullopt;
  return Quantity{unit->dimension, static_cast<std::int64_t>(numerator),
                  static_cast<std::int64_t>(denominator)};
}

std::optional<std::int64_t> parse_time(std::string_view text) {
  Reader reader{text};
  const int year = reader.digits(4);
  reader.expect('-');
  const int month = reader.digits(2);
  reader.expect('-');
  const int day = reader.digits(2);
  if (!reader.ok) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;

  int hour = 0, minute = 0, second = 0;
  std::int64_t fraction = 0;
  std::int64_t offset_s = 0;
  if (!reader.rest.empty()) {
    if (!reader.accept('T') && !reader.accept(' ')) return std::nullopt;
    hour = reader.digits(2);
    reader.expect(':');
    minute = reader.digits(2);
    if (reader.ok && reader.accept(':')) {
      second = reader.digits(2);
      if (reader.ok && reader.accept('.')) {
        std::int64_t scale = kSecond;
        do {
          scale /= 10;
          fraction += reader.digits(1) * scale;
        } while (reader.ok && scale > 1 && !reader.rest.empty() && reader.rest.front() >= '0' &&
                 reader.rest.front() <= '9');
      }
    }
    if (!reader.accept('Z') && !reader.rest.empty()) {
      const bool minus = reader.rest.front() == '-';
      if (!reader.accept('+') && !reader.accept('-')) return std::nullopt;
      const int hours = reader.digits(2);
      reader.expect(':');
      const int minutes = reader.digits(2);
      if (hours > 23 || minutes > 59) return std::nullopt;
      offset_s = (minus ? -1 : 1) * (hours * 3'600 + minutes * 60);
    }
  }
  if (!reader.ok || !reader.rest.empty() || hour > 23 || minute > 59 || second > 59) {
    return std::nullopt;
  }
  const Wide days = std::chrono::sys_days(date).time_since_epoch().count();
  const Wide seconds = days * 86'400 + hour * 3'600 + minute * 60 + second - offset_s;
  const Wide nanoseconds = seconds * kSecond + fraction;
  if (nanoseconds > kMaxInt64 || nanoseconds < -kMaxInt64) return std::nullopt;
  return static_cast<std::int64_t>(nanoseconds);
}

}  // namespace streamc
