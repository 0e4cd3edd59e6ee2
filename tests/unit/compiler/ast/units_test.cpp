// Quantities and times as they are written.
#include <doctest/doctest.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "compiler/ast/units.h"

namespace streamc {
namespace {

std::int64_t nanoseconds(std::string_view number, std::string_view unit) {
  const std::optional<Quantity> value = quantity_value(number, unit);
  REQUIRE(value.has_value());
  REQUIRE(value->denominator == 1);
  return value->numerator;
}

TEST_CASE("durations are exact nanoseconds") {
  CHECK(nanoseconds("250", "ms") == 250'000'000);
  CHECK(nanoseconds("1.5", "min") == 90'000'000'000);
  CHECK(nanoseconds("2", "d") == 172'800'000'000'000);
  CHECK(nanoseconds("0.000001", "ms") == 1);
}

TEST_CASE("rates are exact fractions") {
  const std::optional<Quantity> rate = quantity_value("44.1", "kHz");
  REQUIRE(rate.has_value());
  CHECK(rate->dimension == Dimension::Rate);
  CHECK(rate->numerator == 44'100);
  CHECK(rate->denominator == 1);
  const std::optional<Quantity> slow = quantity_value("0.3", "Hz");
  REQUIRE(slow.has_value());
  CHECK(slow->numerator == 3);
  CHECK(slow->denominator == 10);
}

TEST_CASE("what does not fit or has no unit is no quantity") {
  CHECK_FALSE(quantity_value("10", "m").has_value());
  CHECK_FALSE(quantity_value("300000", "d").has_value());
  CHECK_FALSE(quantity_value("99999999999999999999", "s").has_value());
  CHECK_FALSE(quantity_value("1.2.3", "s").has_value());
  CHECK_FALSE(quantity_value("", "s").has_value());
}

TEST_CASE("every unit is found by its name") {
  for (const Unit& unit : all_units()) {
    const std::optional<Unit> found = find_unit(unit.name);
    REQUIRE(found.has_value());
    CHECK(found->scale == unit.scale);
  }
}

TEST_CASE("times") {
  CHECK(parse_time("1970-01-01") == 0);
  CHECK(parse_time("1970-01-01T00:00:01.5Z") == 1'500'000'000);
  CHECK(parse_time("1970-01-01 00:01") == 60'000'000'000);
  CHECK(parse_time("1970-01-01T01:00:00+01:00") == 0);
  CHECK(parse_time("1969-12-31T23:59:59.999999999Z") == -1);
  CHECK(parse_time("2026-02-29") == std::nullopt);
  CHECK(parse_time("2028-02-29").has_value());
  CHECK(parse_time("2026-1-1") == std::nullopt);
  CHECK(parse_time("2026-01-01T24:00") == std::nullopt);
  CHECK(parse_time("2026-01-01T12") == std::nullopt);
  CHECK(parse_time("2026-01-01T12:00Zx") == std::nullopt);
  CHECK(parse_time("9999-01-01") == std::nullopt);
  CHECK(parse_time("") == std::nullopt);
}

}  // namespace
}  // namespace streamc
