#include "compiler/place/node_restart.h"

#include <doctest/doctest.h>

using namespace streamc;

namespace {

// On node `board` a source feeds operators of the test; what the last of them gives crosses to node `hub`.
struct Board {
  explicit Board(OperatorKind source) {
    placed.placement = {.nodes = {{.name = "board"}, {.name = "hub"}},
                        .processes = {{.name = {}, .node_id = NodeId(0)}, {.name = {}, .node_id = NodeId(1)}},
                        .parts = {{.name = "main", .process_id = ProcessId(0)}, {.name = "main", .process_id = ProcessId(1)}},
                        .main_part = PartId(1),
                        .links = {{.from = "board", .to = "hub", .spool_bytes = 1 << 30, .is_between_nodes = true}}};
    last = add(std::move(source), {}, "x");
  }

  // An operator with one output, in part 0.
  PortId add(OperatorKind kind, std::vector<PortId> inputs, const std::string& equation, PartId part = PartId(0)) {
    const OperatorId id(placed.graph.operators.size());
    const PortId output(placed.graph.ports.size());
    const ScopeId scope(placed.graph.scopes.size());
    placed.graph.operators.push_back({.kind = std::move(kind),
                                      .inputs = std::move(inputs),
                                      .outputs = {output},
                                      .equation = equation,
                                      .path = equation + "/1"});
    placed.graph.ports.push_back({.scope = scope, .producer = id, .name = equation});
    placed.graph.scopes.push_back({.opener = id, .domain = Domain::Time});
    placed.part_of.push_back(part);
    return output;
  }
  void then(OperatorKind kind, const std::string& equation) { last = add(std::move(kind), {last}, equation); }
  void cross(PortId port) { add(LinkOperator{.initial = {{}}}, {port}, "y", PartId(1)); }
  std::optional<std::string> lost() {
    cross(last);
    return lost_on_restart(placed, NodeId(0));
  }

  PlacedGraph placed;
  PortId last;
};

SourceOperator live() { return {.connector = "clock.ticks", .is_live = true}; }

}  // namespace

TEST_CASE("a live source and operators that remember nothing may be restarted") {
  Board board(live());
  board.then(MapOperator{}, "a");
  board.then(WhereOperator{}, "a");
  board.then(LinkOperator{.initial = {{}}}, "b");
  board.then(ElseOperator{.mode = ElseMode::Skip}, "b");
  CHECK(board.lost() == "");
  CHECK(lost_on_restart(board.placed, NodeId(1)) == std::nullopt);
}

TEST_CASE("each kind of state is named") {
  const auto lost_with = [](OperatorKind kind) {
    Board board(live());
    board.then(std::move(kind), "a");
    return board.lost();
  };
  CHECK(lost_with(RunningOperator{}) == "`a` remembers what it has seen");
  CHECK(lost_with(ScanOperator{}) == "`a` remembers what it has seen");
  CHECK(lost_with(WindowOperator{}) == "`a` holds the items of a window");
  CHECK(lost_with(WindowFoldOperator{}) == "`a` holds the items of a window");
  CHECK(lost_with(PrevOperator{}) == "`a` looks back at earlier items");
  CHECK(lost_with(LinkOperator{.initial = {{.count = 1}}}) == "`a` looks back at earlier items");
  CHECK(lost_with(TakeOperator{}) == "`a` counts items");
  CHECK(lost_with(SkipOperator{}) == "`a` counts items");
  CHECK(lost_with(FlattenOperator{}) == "`a` may have sent a part of an array");
  CHECK(lost_with(ZipOperator{}) == "`a` pairs items by their number");
  CHECK(lost_with(DelayOperator{}) == "`a` holds items back");
  CHECK(lost_with(AgentOperator{}) == "`a` is an agent, which may hold state");
}

TEST_CASE("sources that begin anew are named") {
  CHECK(Board(SourceOperator{.connector = "csv.read"}).lost() == "`x` would be read from its beginning again");
  CHECK(Board(ListOperator{}).lost() == "`x` would begin with its first item again");
  Board board(live());
  board.placed.graph.scopes.front().domain = Domain::Position;
  CHECK(board.lost() == "`x` would number its items from 0 again");
}

TEST_CASE("what a file holds would begin anew, what the console shows goes on") {
  for (const bool is_file : {true, false}) {
    Board board(live());
    board.placed.graph.operators.push_back(
        {.kind = SinkOperator{.connector = is_file ? "csv.write" : "print", .destination_kind = is_file ? "file" : "console"},
         .inputs = {board.last},
         .equation = "csv.write"});
    board.placed.part_of.push_back(PartId(0));
    CHECK(board.lost() == (is_file ? "what `csv.write` has written would begin anew" : ""));
  }
}

TEST_CASE("streams that cross apart come from different sources") {
  Board board(live());
  const PortId other = board.add(live(), {}, "z");
  board.cross(other);
  CHECK(board.lost() == "");
  board.cross(other);
  CHECK(lost_on_restart(board.placed, NodeId(0)) == "`z` goes to two places, which would no longer be equally far");
  Board fork(live());
  fork.cross(fork.last);
  fork.then(MapOperator{}, "a");
  CHECK(fork.lost() ==
        "`x` and `a` come from one source and would no longer go in step, unless they cross as one record or tuple");
}

TEST_CASE("a link between streams goes before one between nodes, and only what crosses has a spool") {
  Board board(live());
  board.then(MapOperator{}, "a");
  board.placed.placement.links.push_back({.from = "a", .to = "y", .spool_bytes = 5 << 20});
  board.placed.placement.links.push_back({.from = "x", .to = "a", .spool_bytes = 6 << 20});
  CHECK(board.lost() == "");
  const std::vector<Crossing> all = crossings(board.placed);
  REQUIRE(all.size() == 1);
  CHECK(all[0].from == NodeId(0));
  CHECK(all[0].to == NodeId(1));
  CHECK(spool_of(board.placed, all[0].port, all[0].reader) == 5 << 20);
  CHECK(spool_of(board.placed, PortId(0), OperatorId(1)) == 0);
}
