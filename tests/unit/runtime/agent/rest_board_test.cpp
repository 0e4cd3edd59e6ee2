#include "runtime/agent/rest_board.h"

#include <doctest/doctest.h>

namespace streamrt {
namespace {

NodeRest at_rest(std::uint64_t sequence, std::uint64_t sent, std::uint64_t received) {
  return {.sequence = sequence, .is_at_rest = true, .sent = sent, .received = received};
}

TEST_CASE("the first node acts when all are at rest and nothing is on the way") {
  RestBoard first(0, {true, true, false});
  RestBoard second(1, {true, true, false});
  for (RestBoard* const board : {&first, &second}) {
    CHECK(!board->has_to_act());
    CHECK(board->note(0, at_rest(1, 5, 2)));
    CHECK(!board->has_to_act());
    CHECK(board->note(1, at_rest(1, 2, 4)));
    CHECK_FALSE(board->has_to_act());  // One message is on the way.
    CHECK(board->note(1, at_rest(2, 2, 5)));
  }
  CHECK(first.has_to_act());
  CHECK_FALSE(second.has_to_act());
}

TEST_CASE("old news and nodes that do not take part change nothing") {
  RestBoard board(0, {true, true, false});
  CHECK(board.note(1, at_rest(3, 0, 0)));
  CHECK_FALSE(board.note(1, {.sequence = 2}));
  CHECK_FALSE(board.note(2, at_rest(1, 0, 0)));
  CHECK_FALSE(board.note(-1, at_rest(1, 0, 0)));
  CHECK_FALSE(board.note(3, at_rest(1, 0, 0)));
  CHECK(board.news_count() == 1);
  CHECK(board.of(1).is_at_rest);
}

TEST_CASE("what a full ring holds up is not on the way, and who is through does not act") {
  RestBoard board(1, {true, true});
  NodeRest through = at_rest(1, 7, 0);
  through.is_through = true;
  NodeRest held = at_rest(1, 0, 3);
  held.holds_up = true;
  CHECK(board.note(0, through));
  CHECK(board.note(1, held));
  CHECK(board.has_to_act());
  held.sequence = 2;
  held.is_through = true;
  CHECK(board.note(1, held));
  CHECK_FALSE(board.has_to_act());  // All are through: that is an end, not a deadlock.
}

}  // namespace
}  // namespace streamrt
