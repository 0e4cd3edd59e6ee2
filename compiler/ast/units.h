// The units that quantities are written in: `10min`, `44.1kHz`, `64KiB`.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace streamc {

enum class Dimension : std::uint8_t {
  Duration,  // In nanoseconds.
  Rate,      // In hertz.
  Bytes,     // In bytes.
};

// One unit is `scale` of the base unit of its dimension.
struct Unit {
  std::string_view name;
  Dimension dimension;
  std::int64_t scale;
};

// All units, largest last within a dimension.
std::span<const Unit> all_units();

// The unit of that exact name.
std::optional<Unit> find_unit(std::string_view name);

// An exact fraction, in lowest terms, of the base unit.
struct Quantity {
  Dimension dimension = Dimension::Duration;
  std::int64_t numerator = 0;
  std::int64_t denominator = 1;
};

// The exact value of a QuantityExpr: `number` (digits, at most one dot) in `unit`. Empty if the unit
// is unknown or the value does not fit; a duration or a number of bytes may come out as a fraction.
std::optional<Quantity> quantity_value(std::string_view number, std::string_view unit);

// Nanoseconds since 1970-01-01T00:00:00Z of `2026-11-01`, `2026-11-01T12:00`, with seconds, up to
// nine decimals, and `Z` or `+01:00` (none: UTC). A blank may stand for the `T`. Empty if it is no such
// text, no such day, or outside 1677 … 2262.
std::optional<std::int64_t> parse_time(std::string_view text);

}  // namespace streamc
