#include "compiler/place/placement.h"

#include <doctest/doctest.h>

using namespace streamc;

TEST_CASE("without a deploy block one thread runs every region") {
  CheckedProgram program;
  const TypeId number = program.types.scalar(TypeKind::Float);
  Graph graph;
  for (std::size_t i = 0; i < 2; ++i) {
    graph.operators.push_back({.kind = SourceOperator{}, .outputs = {PortId(i)}, .path = "source"});
    graph.ports.push_back({.type_id = number, .scope = ScopeId(i), .producer = OperatorId(i)});
    graph.scopes.push_back({.opener = OperatorId(i), .stamp_givers = {OperatorId(i)}});
  }
  graph.operators.push_back({.kind = SinkOperator{}, .inputs = {PortId(1)}, .path = "print"});
  const PlacedGraph placed = place_on_one_thread(graph);
  REQUIRE(placed.placement.parts.size() == 1);
  CHECK(placed.part_of == std::vector{PartId(0), PartId(0), PartId(0)});
  CHECK(print_placement(placed) ==
        "node\n  process\n    thread main (console)\n      region of source\n      region of source: print\n");
}
