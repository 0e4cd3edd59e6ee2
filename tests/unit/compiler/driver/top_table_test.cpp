#include "compiler/driver/top_table.h"

#include <doctest/doctest.h>

#include "compiler/driver/program_answers.h"
#include "compiler/driver/text_table.h"
#include "compiler/source/source.h"
#include "runtime/agent/snapshot_text.h"

using namespace streamc;
using streamrt::PartState;
using streamrt::Snapshot;

namespace {

// Two threads that a link joins, `seconds` after the start.
Snapshot snapshot_at(std::int64_t seconds) {
  Snapshot snapshot;
  snapshot.program = "two";
  snapshot.process_id = 4711;
  snapshot.steady_ns = (100 + seconds) * 1'000'000'000;
  snapshot.uptime_ns = (60 + seconds) * 1'000'000'000;
  snapshot.threads = {{"main", "", 4711, 4711, PartState::Running, seconds * 990'000'000},
                      {"filters", "filters", 4712, 4712, PartState::Waiting, seconds * 41'000'000}};
  snapshot.streams = {{0, "x", "main", "main", 1'000'000 * seconds, 12, 4096, 0, false, false},
                      {1, "x", "main", "filters", 1'000'000 * seconds, 100, 100, 7, false, false},
                      {2, "y", "filters", "main", 174, 0, 65536, 0, true, false}};
  snapshot.sources = {{"x", "csv.read", "main", 1'000'000 * seconds, 3, 0}};
  snapshot.sinks = {{"y", "print", "main", 174}};
  return snapshot;
}

std::string text_of(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

}  // namespace

TEST_CASE("the table shows rates, queues and processor shares between two snapshots") {
  const std::string text = text_of(top_table(snapshot_at(3), snapshot_at(5), {}));
  CHECK(text ==
        "two, process 4711, up 1 min 5 s, processor 103.1 %\n"
        "\n"
        "THREAD   PROCESS   PID  STATE    CPU %\n"
        "main     -        4711  running   99.0\n"
        "filters  filters  4712  waiting    4.1\n"
        "\n"
        "STREAM  THREAD          ITEMS  ITEMS/S  WAITING   ROOM  STATE\n"
        "x       main            5.00M    1.00M       12   4096  open\n"
        "x       main → filters  5.00M    1.00M      100    100  full, 7 dropped\n"
        "y       filters → main    174        0        0  65536  ended\n"
        "\n"
        "SOURCE  KIND      THREAD  ITEMS  ITEMS/S  FAILED  LATE\n"
        "x       csv.read  main    5.00M    1.00M       3     0\n"
        "\n"
        "SINK  KIND   THREAD  ITEMS  ITEMS/S\n"
        "y     print  main      174        0\n");
}

TEST_CASE("no line is wider than the terminal, whatever the names") {
  Snapshot now = snapshot_at(5);
  now.program = std::string(100, 'p');
  now.streams[0].stream = std::string(70, 's');
  now.streams[1].from = std::string(70, 'f');
  now.sources[0].connector = "ääääääääääääääääääääääääääääääääääääääääääääääääää";
  now.failures = {{0, std::string(90, 'e'), false, 12, 3}};
  for (const std::size_t width : {80, 60, 40}) {
    for (const std::string& line : top_table(snapshot_at(3), now, {.width = width})) {
      CHECK(count_characters(line) <= width);
    }
  }
  CHECK(text_of(top_table(snapshot_at(3), now, {})).find("sss…") != std::string::npos);
}

TEST_CASE("links to other nodes have a table of their own") {
  Snapshot before = snapshot_at(3);
  Snapshot now = snapshot_at(5);
  streamrt::NodeLinkRow row{.node = "desk", .channels = {}};
  row.status.state = streamrt::LinkState::Connected;
  row.status.round_trip_ns = 1'200'000;
  row.status.connections = 2;
  before.node_links = {row};
  row.status.bytes_sent = 5000;
  row.channels = {{.stream = "x", .is_sender = true, .counters = {.spooled = 30}},
                  {.stream = "y", .is_sender = true, .counters = {.spooled = 12}}};
  now.node_links = {row};
  const std::string text = text_of(top_table(before, now, {}));
  CHECK(text.find("NODE  LINK        MS  MADE  OUT B/S  IN B/S  SPOOLED  REASON\n"
                  "desk  connected  1.2     2     2500       0       42\n") != std::string::npos);
}

TEST_CASE("two looks at the same moment have no rates") {
  const std::string text = text_of(top_table(snapshot_at(3), snapshot_at(3), {}));
  CHECK(text.find("x       main            3.00M        -") != std::string::npos);
}

TEST_CASE("what a program answers is read as what it was") {
  Snapshot told = snapshot_at(5);
  told.program = "say \"hi\"\n";
  told.streams[1].is_closed = true;
  told.failures = {{0, "z", true, 12, 3}};
  streamrt::NodeLinkRow row{.node = "desk", .channels = {{.stream = "x", .is_sender = true, .counters = {.spooled = 7}}}};
  row.status.state = streamrt::LinkState::Refused;
  row.status.reason = "other version";
  told.node_links = {row};
  const Result<Snapshot> read = parse_snapshot(streamrt::json_text(told));
  REQUIRE(read.has_value());
  CHECK((*read).program == told.program);
  CHECK(streamrt::json_text(*read) == streamrt::json_text(told));
  for (const char* garbage :
       {"", "{", "[]", "{}", "{\"version\":2}", "{\"version\":1}", "{\"error\":\"no\"}"}) {
    CHECK_FALSE(parse_snapshot(garbage).has_value());
  }
}

TEST_CASE("counts and times are short") {
  CHECK(count_text(0) == "0");
  CHECK(count_text(0.25) == "0.2");
  CHECK(count_text(7) == "7");
  CHECK(count_text(99.9) == "99.9");
  CHECK(count_text(123.4) == "123");
  CHECK(count_text(99999) == "99999");
  CHECK(count_text(100000) == "100k");
  CHECK(count_text(999999) == "1.00M");
  CHECK(count_text(12'345'678) == "12.3M");
  CHECK(count_text(9.3e18) == "9.30E");
  CHECK(uptime_text(3'240'000'000) == "3.2 s");
  CHECK(uptime_text(std::int64_t{725} * 1'000'000'000) == "12 min 5 s");
  CHECK(uptime_text(std::int64_t{97200} * 1'000'000'000) == "1 d 3 h");
}

TEST_CASE("columns of texts give way to numbers") {
  const std::vector<std::string> lines = lay_out_table(
      {{"NAME"}, {"COUNT", true}}, {{"a long name indeed", "1234567"}, {"b", "1"}}, 20);
  CHECK(lines == std::vector<std::string>{"NAME           COUNT", "a long nam…  1234567",
                                          "b                  1"});
}

TEST_CASE("programs that run are listed by name, process and age") {
  CHECK(text_of(program_table({snapshot_at(0), snapshot_at(3600)}, {})) ==
        "PROGRAM   PID         UP  THREADS\n"
        "two      4711  1 min 0 s        2\n"
        "two      4711  1 h 1 min        2\n");
}
