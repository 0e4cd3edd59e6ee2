#include "runtime/base/value_text.h"

#include <doctest/doctest.h>

#include "runtime/base/arena.h"
#include "tests/unit/runtime/test_types.h"

namespace streamrt {

using namespace test;

namespace {

std::string text(const StreamType& type, const std::vector<const void*>& leaves,
                 std::string_view spec = "") {
  std::string out;
  append_formatted_value(out, type, leaves.data(), spec);
  return out;
}

}  // namespace

TEST_CASE("strings are bare at the top and quoted inside") {
  const StreamText word = text_of("say \"hi\"\n");
  const double celsius = 1.0;
  const std::int64_t at = 1'767'225'600'000'000'000;
  CHECK(text(string_type(), {&word}) == "say \"hi\"\n");
  const auto record = make_record(
      "Reading", {{"at", time_type()}, {"celsius", float_type()}, {"note", string_type()}});
  CHECK(text(record->type, {&at, &celsius, &word}) ==
        "Reading(at: 2026-01-01T00:00:00Z, celsius: 1.0, note: \"say \\\"hi\\\"\\n\")");
  const auto tuple = make_record("", {{"", int_type()}, {"", float_type()}});
  CHECK(text(tuple->type, {&at, &celsius}) == "(1767225600000000000, 1.0)");
}

TEST_CASE("arrays of records walk each leaf") {
  const auto pair = make_record("", {{"", int_type()}, {"", bool_type()}});
  const auto array = make_array(pair->type, 2);
  const std::int64_t numbers[] = {1, 2};
  const std::int8_t flags[] = {1, 0};
  CHECK(text(array->type, {numbers, flags}) == "[(1, true), (2, false)]");
  const auto nested = make_array(array->type, 1);
  CHECK(text(nested->type, {numbers, flags}) == "[[(1, true), (2, false)]]");
}

TEST_CASE("windows and options") {
  const double values[] = {1.0, 2.5};
  const StreamView view{values, 2};
  const auto window = make_window(float_type());
  CHECK(text(window->type, {&view}) == "[1.0, 2.5]");
  const StreamView empty{nullptr, 0};
  CHECK(text(window->type, {&empty}) == "[]");
  const auto option = make_option(float_type());
  const std::int8_t present = 1;
  const std::int8_t absent = 0;
  CHECK(text(option->type, {&present, &values[1]}) == "2.5");
  CHECK(text(option->type, {&absent, &values[1]}) == "none");
  CHECK(text(option->type, {&present, &values[1]}, ".2f") == "2.50");
}

TEST_CASE("enumerations, durations, rates, bools") {
  const auto health = make_enumeration("Health", {"ok", "silent"});
  const std::int64_t one = 1;
  CHECK(text(health->type, {&one}) == "silent");
  CHECK(text(health->type, {&one}, ">8") == "  silent");
  const StreamRate rate{10, 1};
  CHECK(text(rate_type(), {&rate}) == "10Hz");
  const std::int64_t hour = 3'600'000'000'000;
  CHECK(text(duration_type(), {&hour}) == "1h");
  const std::int8_t yes = 1;
  CHECK(text(bool_type(), {&yes}) == "true");
  CHECK(text(bool_type(), {&yes}, "d") == "1");
  CHECK(type_text(make_array(health->type, 3)->type) == "Health[3]");
}

TEST_CASE("scalars and options of them are parsed") {
  std::int64_t number = 0;
  double real = 0;
  std::int8_t flag = 0;
  StreamText word{};
  void* leaves[2] = {&number, nullptr};
  CHECK(parse_value("42", int_type(), leaves));
  CHECK(number == 42);
  CHECK(!parse_value("x", int_type(), leaves));
  CHECK(number == 0);
  const auto health = make_enumeration("Health", {"ok", "silent"});
  CHECK(parse_value("silent", health->type, leaves));
  CHECK(number == 1);
  CHECK(!parse_value("gone", health->type, leaves));
  leaves[0] = &flag;
  CHECK(parse_value("true", bool_type(), leaves));
  CHECK(flag == 1);
  CHECK(!parse_value("yes", bool_type(), leaves));
  leaves[1] = &real;
  const auto option = make_option(float_type());
  CHECK(parse_value(" ", option->type, leaves));
  CHECK(flag == 0);
  CHECK(parse_value("1.5", option->type, leaves));
  CHECK(flag == 1);
  CHECK(real == 1.5);
  CHECK(!parse_value("oops", option->type, leaves));
  CHECK(flag == 0);
  leaves[0] = &word;
  CHECK(parse_value(" kept as it is ", string_type(), leaves));
  CHECK(view_of(word) == " kept as it is ");
  CHECK(!is_parsable(make_array(int_type(), 2)->type));
}

}  // namespace streamrt
