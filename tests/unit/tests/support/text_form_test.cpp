#include "tests/support/text_form.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace streamref;

namespace {

std::string formatted(double value, const char* spec) {
  const streamc::TypeTable types;
  return text_of(types, make_float(types, value), spec);
}

std::string formatted(std::int64_t value, const char* spec) {
  const streamc::TypeTable types;
  return text_of(types, make_int(types, value), spec);
}

}  // namespace

// Expectations in this file are what Python 3.11 prints.

TEST_CASE("floats are written in the shortest form that reads back") {
  CHECK(float_text(1.0) == "1.0");
  CHECK(float_text(-0.0) == "-0.0");
  CHECK(float_text(0.1) == "0.1");
  CHECK(float_text(1e16) == "1e+16");
  CHECK(float_text(123456789012345680.0) == "1.2345678901234568e+17");
  CHECK(float_text(9007199254740993.0) == "9007199254740992.0");
  CHECK(float_text(0.0001) == "0.0001");
  CHECK(float_text(0.00001) == "1e-05");
  CHECK(float_text(5e-324) == "5e-324");
  CHECK(float_text(1.7976931348623157e308) == "1.7976931348623157e+308");
  CHECK(float_text(-std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(float_text(-std::numeric_limits<double>::infinity()) == "-inf");
}

TEST_CASE("format specs mean what they mean in Python") {
  CHECK(formatted(2.675, ".2f") == "2.67");
  CHECK(formatted(1234.5, "10,.1f") == "   1,234.5");
  CHECK(formatted(1234.5, "010,.1f") == "0,001,234.5");
  CHECK(formatted(-3.5, "<8.1f") == "-3.5    ");
  CHECK(formatted(3.5, "*^+9.1f") == "**+3.5***");
  CHECK(formatted(3.5, "08.2f") == "00003.50");
  CHECK(formatted(0.25, ".1%") == "25.0%");
  CHECK(formatted(1e10, "g") == "1e+10");
  CHECK(formatted(1.0, ".1") == "1e+00");
  CHECK(formatted(1.0, ".2") == "1.0");
  CHECK(formatted(123456.0, ".3") == "1.23e+05");
  CHECK(formatted(std::int64_t{255}, "#<6x") == "ff####");
  CHECK(formatted(std::int64_t{255}, "b") == "11111111");
  CHECK(formatted(std::numeric_limits<std::int64_t>::min(), ",") == "-9,223,372,036,854,775,808");
  CHECK(formatted(std::int64_t{7}, ".2f") == "7.00");
}

TEST_CASE("times and durations") {
  CHECK(time_text(0) == "1970-01-01T00:00:00Z");
  CHECK(time_text(-1) == "1969-12-31T23:59:59.999999999Z");
  CHECK(time_text(951'782'400'250'000'000) == "2000-02-29T00:00:00.25Z");
  CHECK(duration_text(5'400'000'000'000) == "1h30min");
  CHECK(duration_text(250'000'000) == "250ms");
  CHECK(duration_text(-1) == "-1ns");
  CHECK(duration_text(0) == "0s");
}

TEST_CASE("division and remainder round down, for floats as in Python") {
  CHECK(floor_divide(std::int64_t{-7}, std::int64_t{2}) == -4);
  CHECK(floor_modulo(std::int64_t{-7}, std::int64_t{2}) == 1);
  CHECK(floor_divide(-7.5, 2.0) == -4.0);
  CHECK(floor_modulo(-7.5, 2.0) == 0.5);
  CHECK(floor_modulo(5.0, -3.0) == -1.0);
  CHECK(std::signbit(floor_modulo(6.0, -3.0)));
  CHECK(floor_divide(1.0, 0.1) == 9.0);
  CHECK_THROWS_AS((void)floor_divide(1.0, -0.0), ItemFailure);
}
