// What parts tell each other of a cycle: nothing counts while items are on the way.

#include "runtime/agent/loop_board.h"

#include <doctest/doctest.h>

#include "tests/unit/runtime/agent/program_builder.h"

namespace streamrt::test {

namespace {

std::int32_t nothing(void*, StreamContext*, const StreamBatch*, std::int64_t, std::uint32_t) {
  return STREAM_REGION_MORE;
}

// A cycle of two regions in two parts, over queues 0 and 1, and a third part that has none of it.
StreamProgram make_program(ProgramBuilder& builder) {
  for (int i = 0; i < 3; ++i) builder.queue(int_type());
  StreamRegion& head = builder.region(STREAM_HEAD_DELAY, {0}, {1}, nothing);
  head.loop = 1;
  StreamRegion& link = builder.region(STREAM_HEAD_LINK, {1}, {0, 2}, nothing);
  link.loop = 1;
  link.part = 1;
  builder.region(STREAM_HEAD_LINK, {2}, {}, nothing).part = 2;
  StreamProgram program = builder.program();
  program.part_count = 3;
  return program;
}

}  // namespace

TEST_CASE("the pages of a cycle are put together once nothing is on the way") {
  ProgramBuilder builder;
  const StreamProgram program = make_program(builder);
  std::vector<std::uint64_t> memory(LoopBoard::bytes(program) / sizeof(std::uint64_t) + 1);
  LoopBoard board(program, reinterpret_cast<std::byte*>(memory.data()));
  REQUIRE(board.crossings().size() == 2);
  CHECK(board.crossings()[0].queue == 0);
  CHECK(board.parts_of(1) == std::vector<std::int32_t>{0, 1});

  // Crossing 0 is read by part 0, crossing 1 by part 1.
  CHECK(board.publish(1, 0, {false, 7}, {5, 6}));
  CHECK_FALSE(board.look(1).has_value());  // Part 1 has said nothing.
  CHECK(board.publish(1, 1, {true, 9}, {5, 4}));
  CHECK_FALSE(board.look(1).has_value());  // Two items are on the way to part 1.
  CHECK(board.publish(1, 1, {true, 9}, {5, 6}));
  CHECK(board.look(1) == LoopSight{false, 7});
  CHECK_FALSE(board.publish(1, 1, {true, 9}, {5, 6}));  // Nothing new.
  CHECK(board.publish(1, 0, {true, 12}, {5, 6}));
  CHECK(board.look(1) == LoopSight{true, 9});
}

TEST_CASE("a cycle is wanted until no part reads what leaves it, whatever is on the way") {
  ProgramBuilder builder;
  const StreamProgram program = make_program(builder);
  std::vector<std::uint64_t> memory(LoopBoard::bytes(program) / sizeof(std::uint64_t) + 1);
  LoopBoard board(program, reinterpret_cast<std::byte*>(memory.data()));
  CHECK(board.is_wanted(1));
  (void)board.publish(1, 0, {false, 0, false}, {1, 2});
  CHECK(board.is_wanted(1));  // Part 1 has said nothing.
  (void)board.publish(1, 1, {false, 0, true}, {3, 4});
  CHECK(board.is_wanted(1));
  (void)board.publish(1, 1, {false, 0, false}, {3, 4});
  CHECK_FALSE(board.is_wanted(1));
}

TEST_CASE("what a reader does not want any more is not on the way") {
  ProgramBuilder builder;
  const StreamProgram program = make_program(builder);
  std::vector<std::uint64_t> memory(LoopBoard::bytes(program) / sizeof(std::uint64_t) + 1);
  LoopBoard board(program, reinterpret_cast<std::byte*>(memory.data()));
  (void)board.publish(1, 0, {true, -5}, {LoopBoard::kClosed, 3});
  (void)board.publish(1, 1, {true, INT64_MAX}, {8, 3});
  CHECK(board.look(1) == LoopSight{true, -5});
}

}  // namespace streamrt::test
