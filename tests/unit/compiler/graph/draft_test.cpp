#include "compiler/graph/draft.h"

#include <doctest/doctest.h>

#include "compiler/graph/holes.h"
#include "compiler/graph/verifier.h"

using namespace streamc;

namespace {

// Enough of a builder to wire operators on floats.
struct Wiring {
  CheckedProgram program;
  GraphDraft draft;
  TypeId number = program.types.scalar(TypeKind::Float);

  PortId source(std::string name) {
    const OperatorId op = draft.add_operator({.kind = SourceOperator{.connector = "numbers.read"}, .equation = name}, {});
    const PortId port = draft.add_output(op, number, draft.source_scope(op, draft.clocks().source(), Domain::Position));
    draft.port(port).name = name;
    return port;
  }

  // The first of its inputs.
  FunctionId first_of(std::size_t count) {
    CheckedFunction function{.parameter_count = static_cast<std::uint32_t>(count), .result_id = number};
    for (std::size_t i = 0; i < count; ++i) function.locals.push_back({"x", number});
    program.exprs.push_back({.type_id = number, .node = LocalExpr{0}});
    function.body.push_back({.node = ReturnStmt{CheckedExprId(program.exprs.size() - 1)}});
    program.functions.push_back(std::move(function));
    return FunctionId(program.functions.size() - 1);
  }

  PortId map(std::vector<PortId> inputs, std::string name) {
    std::vector<DraftScopeId> scopes;
    for (const PortId input : inputs) scopes.push_back(draft.scope_of(input));
    const DraftScopeId scope = draft.together(scopes);
    const OperatorId op = draft.add_operator(
        {.kind = MapOperator{first_of(inputs.size())}, .inputs = inputs, .equation = name}, scope);
    return draft.add_output(op, number, scope);
  }

  OperatorId prev(DraftScopeId scope) {
    program.exprs.push_back({.type_id = number, .node = LiteralExpr{{.type_id = number}}});
    return draft.add_operator(
        {.kind = PrevOperator{.initial = CheckedExprId(program.exprs.size() - 1)}, .equation = "prev"}, scope);
  }

  std::size_t count_zips(const Graph& graph) {
    std::size_t count = 0;
    for (const Operator& op : graph.operators) count += std::holds_alternative<ZipOperator>(op.kind) ? 1 : 0;
    return count;
  }
};

}  // namespace

TEST_CASE("operators of one scope need no zip") {
  Wiring w;
  const PortId x = w.source("x");
  w.map({x, w.map({x}, "y")}, "z");
  const Graph graph = w.draft.finish();
  CHECK(w.count_zips(graph) == 0);
  CHECK(graph.scopes.size() == 1);
  CHECK(check_graph(graph, w.program) == "");
}

TEST_CASE("streams of two scopes are zipped once, however often they meet") {
  Wiring w;
  const PortId a = w.source("a");
  const PortId b = w.source("b");
  const PortId sum = w.map({a, b}, "sum");
  const PortId difference = w.map({b, a}, "difference");
  w.map({sum, difference}, "both");
  const Graph graph = w.draft.finish();
  CHECK(w.count_zips(graph) == 1);
  CHECK(graph.scopes.size() == 3);
  CHECK(check_graph(graph, w.program) == "");
}

TEST_CASE("a zip with a further stream takes in the scopes it is made of") {
  Wiring w;
  const PortId a = w.source("a");
  const PortId b = w.source("b");
  const PortId sum = w.map({a, b}, "sum");
  w.map({sum, b}, "again");  // In the scope of the sum: `b` is in step with it already.
  const Graph graph = w.draft.finish();
  CHECK(w.count_zips(graph) == 1);
  CHECK(check_graph(graph, w.program) == "");
}

TEST_CASE("a cycle takes the scope of what it meets") {
  Wiring w;
  const PortId x = w.source("x");
  const DraftScopeId unknown = w.draft.unknown_scope();
  const OperatorId prev = w.prev(unknown);
  const PortId before = w.draft.add_output(prev, w.number, unknown);
  const PortId y = w.map({x, before}, "y");
  REQUIRE(w.draft.bind(unknown, w.draft.scope_of(y)));
  w.draft.op(prev).inputs = {y};
  const Graph graph = w.draft.finish();
  CHECK(graph.scopes.size() == 1);
  CHECK(w.count_zips(graph) == 0);
  CHECK(check_graph(graph, w.program) == "");
}

TEST_CASE("a cycle between two sources runs behind one zip") {
  Wiring w;
  const PortId a = w.source("a");
  const PortId b = w.source("b");
  const DraftScopeId unknown = w.draft.unknown_scope();
  const OperatorId prev = w.prev(unknown);
  const PortId before = w.draft.add_output(prev, w.number, unknown);
  const PortId t = w.map({a, before}, "t");
  const PortId y = w.map({t, b}, "y");
  REQUIRE(w.draft.bind(unknown, w.draft.scope_of(y)));
  w.draft.op(prev).inputs = {y};
  const Graph graph = w.draft.finish();
  CHECK(w.count_zips(graph) == 1);
  CHECK(graph.scopes.size() == 3);
  CHECK(check_graph(graph, w.program) == "");
}

TEST_CASE("a cycle that only exists through itself is refused") {
  Wiring w;
  const PortId x = w.source("x");
  const DraftScopeId unknown = w.draft.unknown_scope();
  const OperatorId prev = w.prev(unknown);
  const PortId before = w.draft.add_output(prev, w.number, unknown);
  const PortId y = w.map({x, before}, "y");
  const DraftScopeId below =
      w.draft.child_scope(w.draft.scope_of(y), "take 3", OperatorId(0), w.draft.clock(w.draft.scope_of(y)));
  CHECK_FALSE(w.draft.bind(unknown, below));
}

TEST_CASE("child scopes of one key are one scope") {
  Wiring w;
  const PortId x = w.source("x");
  const DraftScopeId parent = w.draft.scope_of(x);
  const auto child = [&](std::string_view key) {
    return w.draft.child_scope(parent, key, OperatorId(0), w.draft.clock(parent));
  };
  CHECK(child("window 10 2") == child("window 10 2"));
  CHECK(child("window 10 2") != child("window 10 5"));
  CHECK(child("") != child(""));
}

TEST_CASE("failures below an operator that may fail") {
  Wiring w;
  const PortId x = w.source("x");
  const PortId y = w.map({x}, "y");
  Graph graph = w.draft.finish();
  mark_holes(graph, w.program);
  CHECK(graph.ports[0].may_hold_holes);  // A line that is no number.
  CHECK(graph.ports[1].may_hold_holes);
  CHECK(y.valid());
}

TEST_CASE("the verifier sees what is wrong") {
  Wiring w;
  w.map({w.source("x")}, "y");
  const Graph sound = w.draft.finish();
  REQUIRE(check_graph(sound, w.program) == "");
  Graph graph = sound;
  graph.ports[1].type_id = w.program.types.scalar(TypeKind::Int);
  CHECK(check_graph(graph, w.program).find("its function gives float, not int") != std::string::npos);
  graph = sound;
  graph.operators[1].inputs[0] = graph.operators[1].outputs[0];
  CHECK(check_graph(graph, w.program).find("produced after it is used") != std::string::npos);
  graph = sound;
  graph.ports[1].index = 3;
  CHECK(check_graph(graph, w.program).find("says it is output") != std::string::npos);
  graph = sound;
  graph.scopes[0].stamp_givers.clear();
  CHECK(check_graph(graph, w.program).find("nothing gives its stamps") != std::string::npos);
}
