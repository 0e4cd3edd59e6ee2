#include <doctest/doctest.h>

#include <cmath>

#include "compiler/sema/evaluate.h"
#include "compiler/sema/value_text.h"

namespace streamc {
namespace {

TEST_CASE("values as text") {
  TypeTable types;
  const auto real = [&](double value) { return text_of(make_float(types, value), types); };
  CHECK(real(1) == "1.0");
  CHECK(real(0.1) == "0.1");
  CHECK(real(1e16) == "1e+16");
  CHECK(real(123456789012345.0) == "123456789012345.0");
  CHECK(real(1e-5) == "1e-05");
  CHECK(real(-0.0) == "-0.0");
  CHECK(real(std::nan("")) == "nan");
  CHECK(real(-INFINITY) == "-inf");

  const auto scalar = [&](TypeKind kind, std::int64_t value) {
    return text_of(Value{.type_id = types.scalar(kind), .integer = value}, types);
  };
  CHECK(scalar(TypeKind::Time, 0) == "1970-01-01T00:00:00Z");
  CHECK(scalar(TypeKind::Time, 1'767'225'600'250'000'000) == "2026-01-01T00:00:00.25Z");
  CHECK(scalar(TypeKind::Time, -1) == "1969-12-31T23:59:59.999999999Z");
  CHECK(scalar(TypeKind::Duration, 5'400'000'000'000) == "1h30min");
  CHECK(scalar(TypeKind::Duration, -250'000'000) == "-250ms");
  CHECK(scalar(TypeKind::Duration, 0) == "0s");

  Value rate{.type_id = types.scalar(TypeKind::Rate)};
  rate.rate = {1, 2};
  CHECK(text_of(rate, types) == "0.5Hz");
  rate.rate = {44100, 1};
  CHECK(text_of(rate, types) == "44100Hz");
  rate.rate = {1, 3};
  CHECK(text_of(rate, types) == "1/3Hz");

  const Value text = make_string(types, "a\"b");
  CHECK(text_of(text, types) == "a\"b");
  const Value pair{.type_id = types.tuple({text.type_id, types.scalar(TypeKind::Int)}),
                   .parts = {text, make_int(types, 2)}};
  CHECK(text_of(pair, types) == "(\"a\\\"b\", 2)");
}

TEST_CASE("formats are Python's") {
  TypeTable types;
  const auto real = [&](double value, std::string_view spec) {
    return text_of(make_float(types, value), types, spec);
  };
  const auto whole = [&](std::int64_t value, std::string_view spec) {
    return text_of(make_int(types, value), types, spec);
  };
  CHECK(real(3.14159, ".2f") == "3.14");
  CHECK(real(1234567.891, ",.1f") == "1,234,567.9");
  CHECK(real(0.256, ".1%") == "25.6%");
  CHECK(real(2.5, "+8.2f") == "   +2.50");
  CHECK(real(2.5, "<8") == "2.5     ");
  CHECK(real(-1.5, "08.2f") == "-0001.50");
  CHECK(real(1e10, ".3g") == "1e+10");
  CHECK(real(1234.0, ".3") == "1.23e+03");
  CHECK(whole(255, "x") == "ff");
  CHECK(whole(5, "03") == "005");
  CHECK(whole(-5, "*^7") == "**-5***");
  CHECK(whole(1234, "010,") == "00,001,234");
  CHECK(whole(3, ".2f") == "3.00");
  CHECK(text_of(make_string(types, "abcdef"), types, "5.3") == "abc  ");
  CHECK_FALSE(parse_format_spec("q"));
  CHECK_FALSE(parse_format_spec(".f"));
  CHECK(parse_format_spec("é>5")->fill == "é");
}

}  // namespace
}  // namespace streamc
