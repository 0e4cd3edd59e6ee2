#include "runtime/base/time_text.h"

#include <doctest/doctest.h>

#include <random>

namespace streamrt {

namespace {

std::string time_text(std::int64_t stamp) {
  std::string text;
  append_time(text, stamp);
  return text;
}
std::string duration_text(std::int64_t nanoseconds) {
  std::string text;
  append_duration(text, nanoseconds);
  return text;
}
std::string rate_text(StreamRate rate) {
  std::string text;
  append_rate(text, rate);
  return text;
}

}  // namespace

TEST_CASE("times are written with as many digits as they need") {
  CHECK(time_text(0) == "1970-01-01T00:00:00Z");
  CHECK(time_text(1'767'225'600'000'000'000) == "2026-01-01T00:00:00Z");
  CHECK(time_text(1) == "1970-01-01T00:00:00.000000001Z");
  CHECK(time_text(250'000'000) == "1970-01-01T00:00:00.25Z");
  CHECK(time_text(-1) == "1969-12-31T23:59:59.999999999Z");
}

TEST_CASE("ISO 8601 is read in the forms that occur in files") {
  CHECK(time_text(*parse_time("2013-12-02 21:15:00")) == "2013-12-02T21:15:00Z");
  CHECK(time_text(*parse_time("2013-12-02T21:15:00Z")) == "2013-12-02T21:15:00Z");
  CHECK(time_text(*parse_time(" 2013-12-02T21:15 ")) == "2013-12-02T21:15:00Z");
  CHECK(time_text(*parse_time("2013-12-02")) == "2013-12-02T00:00:00Z");
  CHECK(time_text(*parse_time("2013-12-02 21:15:00.125")) == "2013-12-02T21:15:00.125Z");
  CHECK(time_text(*parse_time("2013-12-02 21:15:00,123456789123")) ==
        "2013-12-02T21:15:00.123456789Z");
  CHECK(time_text(*parse_time("2013-12-02T21:15:00+01:30")) == "2013-12-02T19:45:00Z");
  CHECK(time_text(*parse_time("2013-12-02T21:15:00-0800")) == "2013-12-03T05:15:00Z");
  CHECK(time_text(*parse_time("2013-12-02T21:15:00 +01")) == "2013-12-02T20:15:00Z");
  CHECK(time_text(*parse_time("2024-02-29")) == "2024-02-29T00:00:00Z");
  for (const char* const wrong :
       {"", "2013", "2013-13-01", "2013-02-29", "2013-12-02 24:00:00", "2013-12-02 21:15:60",
        "2013-12-02 21", "2013-12-02 21:15:00 UTC", "2013-12-02T21:15:00+25:00", "13-12-02",
        "1500-01-01", "2013-12-02T21:15:00.", "2013/12/02"}) {
    CAPTURE(wrong);
    CHECK(!parse_time(wrong));
  }
}

TEST_CASE("any time comes back from its text") {
  std::mt19937_64 random(3);
  for (int i = 0; i < 20000; ++i) {
    const auto stamp = static_cast<std::int64_t>(random()) % 9'000'000'000'000'000'000;
    CHECK(parse_time(time_text(stamp)) == stamp);
  }
}

TEST_CASE("durations decompose exactly") {
  CHECK(duration_text(0) == "0s");
  CHECK(duration_text(250'000'000) == "250ms");
  CHECK(duration_text(5'400'000'000'000) == "1h30min");
  CHECK(duration_text(-129'600'000'000'000) == "-1d12h");
  CHECK(duration_text(1'000'001) == "1ms1ns");
  CHECK(duration_text(INT64_MIN) == "-106751d23h47min16s854ms775us808ns");
  CHECK(parse_duration("1h30min") == 5'400'000'000'000);
  CHECK(parse_duration("1.5s") == 1'500'000'000);
  CHECK(parse_duration("-250ms") == -250'000'000);
  CHECK(parse_duration("1_000us") == 1'000'000);
  for (const char* const wrong : {"", "10", "10m", "s", "-", "1h 30min", "1x", "999999999999d"}) {
    CAPTURE(wrong);
    CHECK(!parse_duration(wrong));
  }
}

TEST_CASE("rates are exact") {
  CHECK(rate_text({10, 1}) == "10Hz");
  CHECK(rate_text({44100, 1}) == "44100Hz");
  CHECK(rate_text({1, 2}) == "0.5Hz");
  CHECK(rate_text({5, 4}) == "1.25Hz");
  CHECK(rate_text({1, 3}) == "1/3Hz");
  CHECK(parse_rate("44.1kHz")->numerator == 44100);
  CHECK(parse_rate("1/3Hz")->denominator == 3);
  CHECK(parse_rate("0.5Hz")->denominator == 2);
  CHECK(!parse_rate("10"));
  CHECK(!parse_rate("0Hz"));
  CHECK(!parse_rate("-1Hz"));
  CHECK(compare_rates({1, 3}, {333333333333333333, 1000000000000000000}) == 1);
  CHECK(compare_rates({1, 3}, {2, 6}) == 0);
  CHECK(compare_rates({INT64_MAX, INT64_MAX - 1}, {INT64_MAX - 1, INT64_MAX - 2}) == -1);
  CHECK(compare_rates({7, 2}, {7, 3}) == 1);
}

TEST_CASE("the stamp of a tick is never accumulated") {
  CHECK(stamp_of_tick(3, {3, 1}) == 1'000'000'000);
  CHECK(stamp_of_tick(1, {3, 1}) == 333'333'333);
  CHECK(stamp_of_tick(2, {3, 1}) == 666'666'666);
  CHECK(stamp_of_tick(44100LL * 86400 * 365 * 50, {44100, 1}) ==
        86400LL * 365 * 50 * 1'000'000'000);
  CHECK(stamp_of_tick(5, {1, 60}) == 300'000'000'000);
  CHECK(stamp_of_tick(20'000'000'001, {20'000'000'000, 1}) == 1'000'000'000);
}

}  // namespace streamrt
