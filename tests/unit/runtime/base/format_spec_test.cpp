// Expected texts are what Python 3.11's format() gives.

#include "runtime/base/format_spec.h"

#include <doctest/doctest.h>

#include <limits>

namespace streamrt {

namespace {

template <class T>
std::string formatted(T value, std::string_view spec) {
  std::string text;
  append_formatted(text, value, parse_format_spec(spec));
  return text;
}

}  // namespace

TEST_CASE("floats") {
  CHECK(formatted(3.14159, ".1f") == "3.1");
  CHECK(formatted(0.5, ".0f") == "0");
  CHECK(formatted(2.5, ".0f") == "2");
  CHECK(formatted(1234567.891, ",.2f") == "1,234,567.89");
  CHECK(formatted(1.0, ".3") == "1.0");
  CHECK(formatted(1234.5, ".3") == "1.23e+03");
  CHECK(formatted(0.0, ".1") == "0e+00");
  CHECK(formatted(1234.5, ".3g") == "1.23e+03");
  CHECK(formatted(0.256, "%") == "25.600000%");
  CHECK(formatted(0.256, ".1%") == "25.6%");
  CHECK(formatted(12345.678, "E") == "1.234568E+04");
  CHECK(formatted(-3.5, "08.2f") == "-0003.50");
  CHECK(formatted(3.5, "+.1f") == "+3.5");
  CHECK(formatted(3.5, " .1f") == " 3.5");
  CHECK(formatted(-3.5, "*^+10.1f") == "***-3.5***");
  CHECK(formatted(5.03996539999999979e+05, "030,.17E") == "0,000,005.03996539999999979E+05");
  CHECK(formatted(std::numeric_limits<double>::infinity(), "8.1f") == "     inf");
  CHECK(formatted(-std::numeric_limits<double>::infinity(), ".1%") == "-inf%");
}

TEST_CASE("integers") {
  CHECK(formatted(std::int64_t{255}, "x") == "ff");
  CHECK(formatted(std::int64_t{255}, "X") == "FF");
  CHECK(formatted(std::int64_t{-255}, "b") == "-11111111");
  CHECK(formatted(std::int64_t{8}, "o") == "10");
  CHECK(formatted(std::int64_t{42}, "6") == "    42");
  CHECK(formatted(std::int64_t{42}, "<6") == "42    ");
  CHECK(formatted(std::int64_t{42}, "06") == "000042");
  CHECK(formatted(std::int64_t{1234}, "010,") == "00,001,234");
  CHECK(formatted(std::int64_t{42}, ".2f") == "42.00");
  CHECK(formatted(INT64_MIN, "d") == "-9223372036854775808");
}

TEST_CASE("texts count code points") {
  CHECK(formatted(std::string_view("abc"), "6") == "abc   ");
  CHECK(formatted(std::string_view("h\u00e9llo"), ">7") == "  h\u00e9llo");
  CHECK(formatted(std::string_view("h\u00e9llo"), ".2s") == "h\u00e9");
  CHECK(formatted(std::string_view("ab"), "\u00e9^6") == "\u00e9\u00e9ab\u00e9\u00e9");
}

}  // namespace streamrt
