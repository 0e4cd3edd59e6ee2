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
  const Placement placement = place_on_one_thread(graph);
  REQUIRE(placement.threads.size() == 1);
  REQUIRE(placement.regions.size() == 2);
  CHECK(placement.regions[0].operators == std::vector{OperatorId(0)});
  CHECK(placement.regions[1].operators == std::vector{OperatorId(1), OperatorId(2)});
  CHECK(placement.region_of == std::vector{RegionId(0), RegionId(1), RegionId(1)});
  CHECK(print_placement(placement, graph) == "thread main\n  region of source:\n  region of source: print\n");
}
