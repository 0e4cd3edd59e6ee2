#include "runtime/base/number_text.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace streamrt {

namespace {

std::string text_of_float(double value) {
  std::string text;
  append_float(text, value);
  return text;
}

}  // namespace

TEST_CASE("floats are written as Python writes them") {
  CHECK(text_of_float(1.0) == "1.0");
  CHECK(text_of_float(-0.0) == "-0.0");
  CHECK(text_of_float(0.1) == "0.1");
  CHECK(text_of_float(100000.0) == "100000.0");
  CHECK(text_of_float(1e15) == "1000000000000000.0");
  CHECK(text_of_float(1e16) == "1e+16");
  CHECK(text_of_float(1.5e16) == "1.5e+16");
  CHECK(text_of_float(1e-4) == "0.0001");
  CHECK(text_of_float(1e-5) == "1e-05");
  CHECK(text_of_float(123456789.125) == "123456789.125");
  CHECK(text_of_float(5e-324) == "5e-324");
  CHECK(text_of_float(1.7976931348623157e308) == "1.7976931348623157e+308");
  CHECK(text_of_float(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(text_of_float(-std::numeric_limits<double>::infinity()) == "-inf");
  CHECK(text_of_float(std::nan("")) == "nan");
  CHECK(text_of_float(-std::nan("")) == "nan");
}

TEST_CASE("any float comes back from its text, by either reader") {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t bits = random();
    double value;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    const std::string text = text_of_float(value);
    const auto parsed = parse_float(text);
    REQUIRE(parsed.has_value());
    CHECK(std::memcmp(&*parsed, &value, sizeof value) == 0);
    double prefix = 0;
    REQUIRE(parse_float_prefix(text, prefix) == text.size());
    CHECK(std::memcmp(&prefix, &value, sizeof value) == 0);
  }
}

TEST_CASE("a float prefix ends where the number ends, and rounds correctly") {
  double value = 0;
  CHECK(parse_float_prefix("74.93588199999998,x", value) == 17);
  CHECK(value == 74.93588199999998);
  CHECK(parse_float_prefix("-2e3;", value) == 4);
  CHECK(value == -2000.0);
  CHECK(parse_float_prefix("1.", value) == 2);
  CHECK(parse_float_prefix(".5", value) == 2);
  CHECK(value == 0.5);
  CHECK(parse_float_prefix("9007199254740993", value) == 16);
  CHECK(value == 9007199254740992.0);
  CHECK(parse_float_prefix("123456789012345678901234567890", value) == 30);
  CHECK(value == 123456789012345678901234567890.0);
  CHECK(parse_float_prefix("1e999", value) == 5);
  CHECK(std::isinf(value));
  CHECK(parse_float_prefix("1e-999", value) == 6);
  CHECK(value == 0.0);
  CHECK(parse_float_prefix("x", value) == 0);
  CHECK(parse_float_prefix("-", value) == 0);
  CHECK(parse_float_prefix("", value) == 0);
}

TEST_CASE("numbers are read strictly") {
  CHECK(parse_int(" +42\n") == 42);
  CHECK(parse_int("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  CHECK(!parse_int("9223372036854775808"));
  CHECK(!parse_int("1.0"));
  CHECK(!parse_int(""));
  CHECK(!parse_int("+-1"));
  CHECK(parse_float("1e5") == 1e5);
  CHECK(parse_float("+.5") == 0.5);
  CHECK(std::isinf(*parse_float("inf")));
  CHECK(std::isnan(*parse_float("nan")));
  CHECK(!parse_float("1,5"));
  CHECK(!parse_float("1.5 m"));
  CHECK(!parse_float(" "));
}

}  // namespace streamrt
