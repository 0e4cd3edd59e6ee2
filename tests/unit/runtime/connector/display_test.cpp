// Sinks that people look at: print, the table, charts.

#include <cmath>

#include "runtime/connector/chart_axis.h"
#include "runtime/connector/chart_series.h"
#include "runtime/connector/chart_stretches.h"
#include "tests/unit/runtime/connector/connector_fixture.h"

namespace streamrt::test {

namespace {

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

std::string labels_of(const std::vector<AxisTick>& ticks) {
  std::string text;
  for (const AxisTick& tick : ticks) {
    text += text.empty() ? "" : " ";
    text += tick.label;
    if (!tick.second_line.empty()) text += "|" + tick.second_line;
  }
  return text;
}

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t k2026 = 1'767'225'600 * kSecond;

}  // namespace

TEST_CASE("print writes a line an item, holes left out") {
  double values[] = {1.5, 2, 3};
  const std::uint8_t valid[] = {1, 0, 1};
  SinkRun sinks;
  const int plain = sinks.open("print", float_type(), {});
  const int labelled = sinks.open("print", float_type(), {text_argument("label", "mean")});
  sinks.write(plain, {values}, 3, nullptr, valid);
  sinks.write(labelled, {values}, 1);
  sinks.finish();
  CHECK(sinks.written() == "1.5\n3.0\nmean: 1.5\n");
}

TEST_CASE("away from a terminal the table is printed once, at the end") {
  std::vector<double> values;
  for (int i = 0; i < 100; ++i) values.push_back(i);
  StreamText word = text_of("all is well");
  SinkRun sinks;
  const int numbers =
      sinks.open("table.show", float_type(), {text_argument("title", "Machine")}, false, "cpu");
  const int texts = sinks.open("table.show", string_type(), {text_argument("label", "state")});
  sinks.write(numbers, {values.data()}, 100);
  sinks.write(texts, {&word}, 1);
  CHECK(sinks.written().empty());
  sinks.finish();
  CHECK(sinks.written() ==
        "Machine\n"
        "            latest  items\n"
        "cpu             99    100  ▁▁▁▁▂▂▂▂▃▃▃▃▄▄▄▄▅▅▅▅▆▆▆▆▇▇▇▇████\n"
        "state  all is well      1\n");
}

TEST_CASE("a chart holds its series, its alarms and a count of them") {
  const TemporaryFile file("", ".svg");
  std::vector<double> values;
  std::vector<std::int64_t> stamps;
  for (int i = 0; i < 50'000; ++i) {
    values.push_back(std::sin(i * 0.001));
    stamps.push_back(k2026 + i * 60 * kSecond);
  }
  SinkRun sinks;
  const int line = sinks.open(
      "chart.line", float_type(),
      {text_argument("path", file.path()), text_argument("title", "A < B & C")}, true, "wave");
  const int dots =
      sinks.open("chart.mark", float_type(), {text_argument("path", file.path())}, true, "alarm");
  StreamText texts[] = {text_of("too \"hot\"")};
  const int marks =
      sinks.open("chart.mark", string_type(), {text_argument("path", file.path())}, true, "note");
  for (std::int64_t i = 0; i < 50; ++i)
    sinks.write(line, {values.data() + i * 1000}, 1000, stamps.data() + i * 1000);
  sinks.write(dots, {values.data()}, 3, stamps.data() + 25'000);
  sinks.write(marks, {texts}, 1, stamps.data() + 40'000);
  sinks.finish();
  CHECK(sinks.error() == "");
  const std::string svg = file.text();
  CHECK(svg.starts_with("<svg xmlns="));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(svg.size() < 100'000);
  CHECK(count_of(svg, ">A &lt; B &amp; C<") == 2);
  CHECK(count_of(svg, ">alarm (3)<") == 1);
  CHECK(count_of(svg, "<title>too &quot;hot&quot;</title>") == 1);
  CHECK(count_of(svg, ">UTC<") == 1);
  CHECK(count_of(svg, ">2026<") == 1);

  CHECK(sinks.open("chart.line", float_type(), {text_argument("path", file.path())}, false) == -1);
  CHECK(sinks.error() == "the chart `" + file.path() +
                             "` cannot show streams with times and streams without on one axis");
  CHECK(sinks.open("chart.line", string_type(), {text_argument("path", file.path())}, true) == -1);
  CHECK(sinks.error() == "`chart.line` draws numbers, not string");
}

TEST_CASE("stretches begin at the first true item and end at the next false one, or the last") {
  ChartStretches shade;
  shade.add(0, false);
  shade.add(10, true);
  shade.add(20, true);
  shade.add(30, false);
  shade.add(40, false);
  shade.add(50, true);
  REQUIRE(shade.stretches().size() == 2);
  CHECK(shade.stretches()[0].first_stamp == 10);
  CHECK(shade.stretches()[0].last_stamp == 30);
  CHECK(shade.stretches()[1].first_stamp == 50);
  CHECK(shade.stretches()[1].last_stamp == 50);
}

TEST_CASE("too many stretches are joined where they are nearest") {
  ChartStretches shade;
  for (std::int64_t i = 0; i < 2000; ++i) shade.add(10 * i + (i > 1000 ? 5 : 0), i % 2 == 0);
  CHECK(shade.count() == 1000);
  CHECK(shade.stretches().size() <= 512);
  CHECK(shade.stretches().front().first_stamp == 0);
  CHECK(shade.stretches().back().last_stamp == 10 * 1999 + 5);
}

TEST_CASE("a chart without items says so") {
  const TemporaryFile file("", ".svg");
  SinkRun sinks;
  CHECK(sinks.open("chart.line", float_type(), {text_argument("path", file.path())}) == 0);
  sinks.finish();
  CHECK(count_of(file.text(), "no items") == 1);
}

TEST_CASE("a series of any length keeps its extremes in bounded memory") {
  ChartSeries series;
  for (std::int64_t i = 0; i < 3'000'000; ++i) {
    const double value =
        i == 1'234'567 ? 1e6 : (i == 2'000'001 ? -1e6 : std::cos(static_cast<double>(i)));
    series.add(i * 100, i % 1000 == 500 ? std::nan("") : value);
  }
  CHECK(series.buckets().size() <= 2048);
  CHECK(series.buckets().size() > 500);
  CHECK(series.count() == 3'000'000 - 3'000);
  double low = 0;
  double high = 0;
  std::int64_t count = 0;
  std::int64_t last = -1;
  for (const ChartSeries::Bucket& bucket : series.buckets()) {
    CHECK(bucket.first_stamp > last);
    last = bucket.last_stamp;
    low = std::min(low, bucket.min);
    high = std::max(high, bucket.max);
    count += bucket.count;
  }
  CHECK(low == -1e6);
  CHECK(high == 1e6);
  CHECK(count == series.count());
}

TEST_CASE("value ticks are round") {
  CHECK(labels_of(value_ticks(0, 100, 6)) == "0 20 40 60 80 100");
  CHECK(labels_of(value_ticks(-0.13, 0.21, 6)) == "-0.1 0.0 0.1 0.2");
  CHECK(labels_of(value_ticks(0, 3.2e9, 6)) == "0 1G 2G 3G");
  CHECK(labels_of(value_ticks(0, 12'000, 6)) == "0 2k 4k 6k 8k 10k 12k");
  CHECK(labels_of(position_ticks(0, 7, 9)) == "0 1 2 3 4 5 6 7");
  CHECK(labels_of(position_ticks(0, 22'694, 9)) == "0 5000 10000 15000 20000");
}

TEST_CASE("time ticks fall on round times, with the date where it changes") {
  CHECK(labels_of(time_ticks(k2026 - 3600 * kSecond, k2026 + 3 * 3600 * kSecond, 4)) ==
        "23:00|Dec 31 2025 00:00|Jan 1 2026 01:00 02:00 03:00");
  CHECK(labels_of(time_ticks(k2026, k2026 + 40 * 86'400 * kSecond, 6)) ==
        "Jan 5|2026 Jan 12 Jan 19 Jan 26 Feb 2 Feb 9");
  CHECK(labels_of(time_ticks(k2026, k2026 + 400 * 86'400 * kSecond, 6)) ==
        "Jan|2026 Apr Jul Oct Jan|2027");
  CHECK(labels_of(time_ticks(k2026, k2026 + 5000 * 86'400 * kSecond, 6)) ==
        "2026 2028 2030 2032 2034 2036 2038");
  CHECK(labels_of(time_ticks(k2026, k2026 + kSecond, 2)) ==
        "00:00:00.0|Jan 1 2026 00:00:00.5 00:00:01.0");
  CHECK(labels_of(time_ticks(0, 50 * kSecond, 5)) == "0s 10s 20s 30s 40s 50s");
}

}  // namespace streamrt::test
