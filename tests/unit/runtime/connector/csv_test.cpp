#include <fcntl.h>

#include <random>
#include <thread>

#include "tests/unit/runtime/connector/connector_fixture.h"

namespace streamrt::test {

namespace {

using Lines = std::vector<std::string>;

// Runs `body` with standard input reading from a pipe, into which `feed` writes from another
// thread.
template <class Feed, class Body>
void with_piped_input(Feed feed, Body body) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const int saved = ::dup(STDIN_FILENO);
  ::dup2(ends[0], STDIN_FILENO);
  ::close(ends[0]);
  std::thread writer([&] {
    feed(ends[1]);
    ::close(ends[1]);
  });
  body();
  writer.join();
  ::dup2(saved, STDIN_FILENO);
  ::close(saved);
}

void write_text(int fd, std::string_view text) {
  CHECK(::write(fd, text.data(), text.size()) >= 0);
}

}  // namespace

TEST_CASE("columns are found by their outside names, in any order") {
  const TemporaryFile file(
      "x,value,timestamp,unused\n1,73.5,2013-12-02 "
      "21:15:00,a\n2,-1e3,2013-12-02T21:20:00Z,\"b\"\n");
  const auto type = make_record(
      "Reading",
      {{"at", time_type(), "timestamp"}, {"celsius", float_type(), "value"}, {"x", int_type()}});
  const auto outcome =
      SourceRun{"csv.read", type->type, {text_argument("path", file.path())}, 0}.read();
  CHECK(outcome.error == "");
  CHECK(outcome.items ==
        Lines{"Reading(at: 2013-12-02T21:15:00Z, celsius: 73.5, x: 1)@1386018900000000000",
              "Reading(at: 2013-12-02T21:20:00Z, celsius: -1000.0, x: 2)@1386019200000000000"});
}

TEST_CASE("quotes, CR LF, a byte order mark, blank lines and a missing last line end") {
  const TemporaryFile file(
      "\xef\xbb\xbf\"a\",b\r\n\"x, \"\"y\"\"\r\nz\",1\r\n\r\nplain,2\r\n\"\",3");
  const auto type = make_record("R", {{"a", string_type()}, {"b", int_type()}});
  for (const std::int64_t limit : {1, 2, 1000}) {
    const auto outcome =
        SourceRun{"csv.read", type->type, {text_argument("path", file.path())}, -1, limit}.read();
    CHECK(outcome.error == "");
    CHECK(outcome.items == Lines{"R(a: \"x, \\\"y\\\"\\r\\nz\", b: 1)@0", "R(a: \"plain\", b: 2)@1",
                                 "R(a: \"\", b: 3)@2"});
  }
}

TEST_CASE("a malformed row is a hole that names its line") {
  const TemporaryFile file("a,b\n1,2\nx,2\n3\n4,5,6\n,7\n\"8\"x,9\n10,\"11\n12\"\n13,14\n");
  const auto type = make_record("R", {{"a", int_type()}, {"b", int_type()}});
  const auto outcome =
      SourceRun{"csv.read", type->type, {text_argument("path", file.path())}}.read();
  CHECK(outcome.items == Lines{"R(a: 1, b: 2)@0", "hole@1", "hole@2", "hole@3", "hole@4", "hole@5",
                               "hole@6", "R(a: 13, b: 14)@7"});
  const std::string name = file.path();
  CHECK(outcome.unreadable ==
        Lines{"1: " + name + " line 3: `x` in column `a` is no int: `x,2`",
              "2: " + name + " line 4: 1 of 2 columns: `3`",
              "3: " + name + " line 5: more columns than the 2 of the header: `4,5,6`",
              "4: " + name + " line 6: column `a` is empty: `,7`",
              "5: " + name + " line 7: `8` in column `a` is no int: `\"8\"x,9`",
              "6: " + name + " line 8: `11\n12` in column `b` is no int: `10,\"11\n12\"`"});
}

TEST_CASE("options, enumerations, bools, durations") {
  const TemporaryFile file("o,e,b,d\n,silent,true,1h30min\n2.5,ok,0,250ms\n");
  const auto option = make_option(float_type());
  const auto health = make_enumeration("Health", {"ok", "silent"});
  const auto type = make_record(
      "R", {{"o", option->type}, {"e", health->type}, {"b", bool_type()}, {"d", duration_type()}});
  const auto outcome =
      SourceRun{"csv.read", type->type, {text_argument("path", file.path())}}.read();
  CHECK(outcome.items == Lines{"R(o: none, e: silent, b: true, d: 1h30min)@0",
                               "R(o: 2.5, e: ok, b: false, d: 250ms)@1"});
}

TEST_CASE("rows older than the newest are late and dropped") {
  const TemporaryFile file("t,n\n2026-01-01,1\n2026-01-03,2\n2026-01-02,3\n2026-01-03,4\n");
  const auto type = make_record("R", {{"t", time_type()}, {"n", int_type()}});
  const auto outcome =
      SourceRun{"csv.read", type->type, {text_argument("path", file.path())}, 0}.read();
  CHECK(outcome.items.size() == 3);
  CHECK(outcome.items[2] == "R(t: 2026-01-03T00:00:00Z, n: 4)@1767398400000000000");
  CHECK(outcome.late ==
        Lines{file.path() + " line 4: 2026-01-02T00:00:00Z comes after 2026-01-03T00:00:00Z"});
}

TEST_CASE("start-up errors name what is wrong and what was meant") {
  const TemporaryFile file("timestamp,value\n");
  const auto type = make_record("R", {{"a", int_type(), "valeu"}});
  CHECK(SourceRun{"csv.read", type->type, {text_argument("path", file.path())}}.read().error ==
        file.path() +
            " has no column `valeu` (did you mean `value`?); its columns are timestamp, value");
  std::string slip = file.path();
  slip.erase(slip.size() - 2, 1);
  CHECK(SourceRun{"csv.read", type->type, {text_argument("path", slip)}}.read().error ==
        "cannot open `" + slip + "`: No such file or directory (did you mean `" + file.path() +
            "`?)");
  CHECK(SourceRun{"csv.read", type->type, {text_argument("path", "/tmp")}}.read().error ==
        "cannot read `/tmp`: it is a folder");
  const TemporaryFile empty;
  CHECK(SourceRun{"csv.read", type->type, {text_argument("path", empty.path())}}.read().error ==
        empty.path() + " is empty: not even a header");
  const auto array = make_array(int_type(), 2);
  const auto nested = make_record("R", {{"value", array->type}});
  CHECK(SourceRun{"csv.read", nested->type, {text_argument("path", file.path())}}.read().error ==
        "column `value` of " + file.path() + " cannot hold a int[2]");
}

TEST_CASE("without a header, and with another separator, fields go by position") {
  const TemporaryFile file("1;a\n2;b\n");
  const auto type = make_record("", {{"", int_type()}, {"", string_type()}});
  const auto outcome = SourceRun{"csv.read",
                                 type->type,
                                 {text_argument("path", file.path()),
                                  text_argument("separator", ";"), bool_argument("header", false)}}
                           .read();
  CHECK(outcome.items == Lines{"(1, \"a\")@0", "(2, \"b\")@1"});
}

TEST_CASE("a pipe gives the same items however its bytes arrive") {
  std::string text = "a,b,c\n";
  Lines expected;
  for (int i = 0; i < 300; ++i) {
    text += fmt::format("{},\"q{}\"\"\n\",{}\r\n", i, i, i * 0.5);
    std::string real;
    const double value = i * 0.5;
    const void* leaf = &value;
    append_value(real, float_type(), &leaf);
    expected.push_back(fmt::format("R(a: {}, b: \"q{}\\\"\\n\", c: {})@{}", i, i, real, i));
  }
  const auto type =
      make_record("R", {{"a", int_type()}, {"b", string_type()}, {"c", float_type()}});
  for (unsigned seed = 0; seed < 5; ++seed) {
    with_piped_input(
        [&](int fd) {
          std::mt19937 random(seed);
          for (std::size_t i = 0; i < text.size();) {
            const std::size_t count = std::min<std::size_t>(1 + random() % 50, text.size() - i);
            write_text(fd, std::string_view(text).substr(i, count));
            i += count;
            if (random() % 4 == 0) std::this_thread::yield();
          }
        },
        [&] {
          SourceRun run{"csv.read", type->type, {text_argument("path", "-")}, -1, 7};
          run.waits = 1'000'000;
          CHECK(run.read().items == expected);
        });
  }
}

TEST_CASE("lines and numbers") {
  const TemporaryFile file("\xef\xbb\xbf 1\r\n\n2.5\nx\n-3");
  const auto lines =
      SourceRun{"lines.read", string_type(), {text_argument("path", file.path())}, -1, 2}.read();
  CHECK(lines.items == Lines{" 1@0", "@1", "2.5@2", "x@3", "-3@4"});
  const auto floats =
      SourceRun{"numbers.read", float_type(), {text_argument("path", file.path())}}.read();
  CHECK(floats.items == Lines{"1.0@0", "2.5@1", "hole@2", "-3.0@3"});
  CHECK(floats.unreadable == Lines{"2: " + file.path() + " line 4: `x` is no float"});
  const auto ints =
      SourceRun{"numbers.read", int_type(), {text_argument("path", file.path())}}.read();
  CHECK(ints.items == Lines{"1@0", "hole@1", "hole@2", "-3@3"});
  CHECK(
      SourceRun{"numbers.read", string_type(), {text_argument("path", file.path())}}.read().error ==
      "`numbers.read` gives int or float, not string");
}

TEST_CASE("csv.write quotes what needs it, and csv.read gets it back") {
  const TemporaryFile file;
  const auto option = make_option(float_type());
  const auto type =
      make_record("R", {{"n", int_type()}, {"s", string_type(), "the, text"}, {"o", option->type}});
  std::int64_t numbers[] = {1, 2, 3};
  StreamText texts[] = {text_of("plain"), text_of("a,\"b\"\nc"), text_of("")};
  std::int8_t present[] = {1, 0, 1};
  double reals[] = {0.1, 9, 1e20};
  const std::uint8_t valid[] = {1, 1, 1};
  SinkRun sinks;
  const int sink = sinks.open("csv.write", type->type, {text_argument("path", file.path())});
  REQUIRE(sink >= 0);
  sinks.write(sink, {numbers, texts, present, reals}, 3, nullptr, valid);
  sinks.finish();
  CHECK(sinks.error() == "");
  CHECK(file.text() == "n,\"the, text\",o\n1,plain,0.1\n2,\"a,\"\"b\"\"\nc\",\n3,,1e+20\n");
  const auto back = SourceRun{"csv.read", type->type, {text_argument("path", file.path())}}.read();
  CHECK(back.items == Lines{"R(n: 1, s: \"plain\", o: 0.1)@0",
                            "R(n: 2, s: \"a,\\\"b\\\"\\nc\", o: none)@1",
                            "R(n: 3, s: \"\", o: 1e+20)@2"});
}

TEST_CASE("a full disk is named; a missing folder too") {
  double values[] = {1, 2, 3};
  SinkRun sinks;
  const int sink = sinks.open("csv.write", float_type(), {text_argument("path", "/dev/full")});
  REQUIRE(sink >= 0);
  sinks.write(sink, {values}, 3);
  sinks.finish();
  CHECK(sinks.error() == "cannot write `/dev/full`: No space left on device");
  CHECK(sinks.open("csv.write", float_type(), {text_argument("path", "/nowhere/x.csv")}) == -1);
  CHECK(sinks.error() == "cannot write `/nowhere/x.csv`: No such file or directory");
}

}  // namespace streamrt::test
