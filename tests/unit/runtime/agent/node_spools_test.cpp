#include "runtime/agent/node_spools.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "tests/unit/runtime/agent/program_builder.h"

namespace streamrt {

using namespace test;

namespace {

namespace fs = std::filesystem;

constexpr std::array<unsigned char, 32> kHash = {1, 2, 3};
constexpr std::array<unsigned char, 32> kOtherHash = {9, 9, 9};

std::int32_t nothing(void*, StreamContext*, const StreamBatch*, std::int64_t, std::uint32_t) {
  return STREAM_REGION_MORE;
}

// `x` and `y` go from node `board` to node `hub`, both with a spool.
struct Home {
  Home() {
    const std::int32_t ticks = builder.queue(int_type());
    const std::int32_t tocks = builder.queue(int_type());
    const std::int32_t x = builder.queue(int_type(), false, true, "x");
    const std::int32_t y = builder.queue(string_type(), false, true, "y 1");
    builder.source("clock.ticks", ticks);
    builder.source("clock.ticks", tocks);
    builder.region(STREAM_HEAD_SOURCE, {ticks}, {x}, nothing);
    builder.region(STREAM_HEAD_SOURCE, {tocks}, {y}, nothing);
    builder.region(STREAM_HEAD_LINK, {x}, {}, nothing).part = 1;
    builder.region(STREAM_HEAD_LINK, {y}, {}, nothing).part = 1;
    program = builder.program();
    queues.assign(program.queues, program.queues + program.queue_count);
    queues[2].spool_bytes = queues[3].spool_bytes = std::int64_t{16} << 20;
    program.queues = queues.data();
    program.nodes = nodes.data();
    program.node_count = 2;
    program.processes = processes.data();
    program.process_count = 2;
    program.parts = parts.data();
    program.part_count = 2;
    program.semantic_hash = kHash.data();
    fs::remove_all(folder);
  }
  ~Home() { fs::remove_all(folder); }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;

  [[nodiscard]] std::vector<SpoolPlace> places() const { return spool_places(program, 0, folder); }
  [[nodiscard]] Result<NodeStart> look() const { return look_at_spools(program, 0, folder); }
  [[nodiscard]] NodeSpool open(std::size_t index) const {
    Result<NodeSpool> opened = open_node_spool(program, places()[index]);
    if (!opened) FAIL(opened.message());
    return std::move(*opened);
  }
  // A life that sends one message into a spool, and dies.
  void live(std::size_t index, const SentState& state, bool is_delivered = false) const {
    const NodeSpool opened = open(index);
    const std::array<std::byte, 5> frame{};
    const SentNote note(state);
    const std::span<const std::byte> parts_of_message[] = {frame, note.bytes()};
    REQUIRE(opened.spool->append(parts_of_message).value());
    if (is_delivered) opened.spool->acknowledge(opened.spool->last_number());
    REQUIRE(opened.spool->sync());
  }

  ProgramBuilder builder;
  StreamProgram program;
  std::vector<StreamQueue> queues;
  std::array<StreamNode, 2> nodes{{{"board", "", 7400, 0, ""}, {"hub", "", 7401, 0, nullptr}}};
  std::array<StreamProcess, 2> processes{{{"", 0, 0}, {"", 1, 0}}};
  std::array<StreamPart, 2> parts{{{"main", 0, -1, 0, 0}, {"main", 1, -1, 0, 0}}};
  std::string folder = (fs::temp_directory_path() / ("node_spools_" + std::to_string(::getpid()))).string();
};

}  // namespace

TEST_CASE("each queue that crosses has a folder of its own") {
  const Home home;
  const std::vector<SpoolPlace> places = home.places();
  REQUIRE(places.size() == 2);
  CHECK(places[0].folder == home.folder + "/board/hub/x");
  CHECK(places[1].folder == home.folder + "/board/hub/y_1");
  CHECK(spool_places(home.program, 1, home.folder).empty());
}

TEST_CASE("a node without an earlier life starts at the beginning") {
  const Home home;
  for (int i = 0; i < 2; ++i) {  // Looking leaves nothing behind that counts as a life.
    const auto start = home.look();
    REQUIRE(start);
    CHECK(start->stamp_floor == kEarliestStamp);
    CHECK_FALSE(start->only_delivers);
    CHECK(start->notes.empty());
  }
}

TEST_CASE("a node goes on behind what the earlier one sent") {
  const Home home;
  home.live(0, {.stamp_floor = 100});
  home.live(0, {.stamp_floor = 120, .is_in_pieces = true});
  home.live(1, {.stamp_floor = 70});
  const auto start = home.look();
  REQUIRE(start);
  CHECK(start->stamp_floor == 120);
  REQUIRE(start->notes.size() == 2);
  CHECK(start->notes[0] == "note: `x` goes on after a restart; 2 messages wait in its spool");
  const NodeSpool opened = home.open(0);
  CHECK(opened.sent.is_in_pieces);
  CHECK(opened.sent.stamp_floor == 120);
  CHECK(opened.starts == 3);
  CHECK(opened.spool->last_number() == 2);
}

TEST_CASE("a clock that lies behind what was sent is told of") {
  Home home;
  home.live(0, {.stamp_floor = system_clock().utc_ns() + 100'000'000'000});
  const auto start = home.look();
  REQUIRE(start);
  REQUIRE(start->notes.size() == 2);
  CHECK(start->notes[1].starts_with("warning: the clock is 9"));
  home.nodes[0].follows = 2;  // Nothing is known of its clock yet.
  CHECK(home.look()->notes.size() == 1);
  CHECK_FALSE(note_of_clock(home.nodes[0], kEarliestStamp, system_clock().utc_ns()));
  CHECK_FALSE(note_of_clock(home.nodes[0], 14'000'000'000, 10'000'000'000));
  CHECK(note_of_clock(home.nodes[0], 24'000'000'000, 10'000'000'000) ==
        "warning: the clock is 14 s behind what node `board` sent before its restart: its sources wait until it has caught "
        "up, unless it is set");
}

TEST_CASE("a restart that would lose state is refused, and says which") {
  Home home;
  home.nodes[0].lost_on_restart = "`x` remembers what it has seen";
  REQUIRE(home.look());
  home.live(0, {.stamp_floor = 100});
  const auto start = home.look();
  REQUIRE_FALSE(start);
  CHECK(start.message() ==
        "node `board` was started before, and cannot go on where it stopped: `x` remembers what it has seen; to begin "
        "anew with all nodes, delete `" + home.folder + "/board`, and what waits in it is lost");
}

TEST_CASE("what had ended is only delivered, whatever the node remembers") {
  Home home;
  home.nodes[0].lost_on_restart = "`x` remembers what it has seen";
  home.live(0, {.stamp_floor = 100, .has_ended = true});
  home.live(1, {.stamp_floor = 100});
  CHECK_FALSE(home.look());  // Not all of it.
  home.live(1, {.stamp_floor = 100, .has_ended = true}, true);
  const auto start = home.look();
  REQUIRE(start);
  CHECK(start->only_delivers);
}

TEST_CASE("a spool of a run that came to its end is removed") {
  const Home home;
  home.live(0, {.has_ended = true}, true);
  home.live(1, {.has_ended = true}, true);
  const auto start = home.look();
  REQUIRE(start);
  CHECK_FALSE(start->only_delivers);
  CHECK(start->notes.empty());
  CHECK_FALSE(fs::exists(home.folder + "/board"));
}

TEST_CASE("a spool of another program is refused") {
  Home home;
  home.live(0, {});
  SUBCASE("another meaning") {
    home.program.semantic_hash = kOtherHash.data();
    const auto start = home.look();
    REQUIRE_FALSE(start);
    CHECK(start.message() == "the spool `" + home.folder +
                                 "/board/hub/x` is of another program, or of this one with other params: it has version "
                                 "010203000000, and this is version 090909000000; let that program deliver what is in "
                                 "it, or delete the folder, and it is lost");
  }
  SUBCASE("another type") {
    home.queues[2].type = &string_type();
    CHECK_FALSE(home.look());
  }
  SUBCASE("nobody knows whose") {
    fs::remove(home.folder + "/board/hub/x/stream");
    const auto start = home.look();
    REQUIRE_FALSE(start);
    CHECK(start.message() == "the spool `" + home.folder +
                                 "/board/hub/x` does not say whose it is: its file `stream` is missing or damaged");
  }
}

TEST_CASE("a spool that another process uses is refused") {
  const Home home;
  const NodeSpool opened = home.open(0);
  const auto start = home.look();
  REQUIRE_FALSE(start);
  CHECK(start.message() == "the spool `" + home.folder + "/board/hub/x` is in use by another process");
}

TEST_CASE("a torn tail is cut off, and damage elsewhere is told") {
  const Home home;
  home.live(0, {.stamp_floor = 100});
  home.live(0, {.stamp_floor = 120});
  const std::string segment = home.folder + "/board/hub/x/00000000000000000001.spool";
  SUBCASE("torn") {
    fs::resize_file(segment, fs::file_size(segment) - 1);
    const auto start = home.look();
    REQUIRE(start);
    CHECK(start->stamp_floor == 100);
  }
  SUBCASE("not a segment") {
    std::fstream(segment, std::ios::in | std::ios::out | std::ios::binary).put('!');
    const auto start = home.look();
    REQUIRE_FALSE(start);
    CHECK(start.message() == "`" + segment + "` is no segment of a spool, or is damaged");
  }
}

}  // namespace streamrt
