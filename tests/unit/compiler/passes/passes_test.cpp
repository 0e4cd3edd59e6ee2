#include <doctest/doctest.h>

#include "compiler/graph/draft.h"
#include "compiler/graph/verifier.h"
#include "compiler/passes/pass_manager.h"
#include "compiler/passes/passes.h"
#include "compiler/passes/structure.h"

using namespace streamc;

namespace {

struct Wiring {
  CheckedProgram program;
  GraphDraft draft;
  TypeId number = program.types.scalar(TypeKind::Float);

  CheckedExprId make(decltype(CheckedExpr::node) node) {
    program.exprs.push_back({.type_id = number, .node = std::move(node)});
    return CheckedExprId(program.exprs.size() - 1);
  }

  // x => x + times, or x => x.
  FunctionId function(double plus, bool is_identity = false) {
    CheckedExprId result = make(LocalExpr{0});
    if (!is_identity) {
      const CheckedExprId literal = make(LiteralExpr{{.type_id = number, .real = plus}});
      result = make(BinaryExpr{BinaryOp::Add, result, literal});
    }
    program.functions.push_back({.locals = {{"x", number}},
                                 .parameter_count = 1,
                                 .body = {{.node = ReturnStmt{result}}},
                                 .result_id = number});
    return FunctionId(program.functions.size() - 1);
  }

  PortId source() {
    const OperatorId op = draft.add_operator({.kind = SourceOperator{}, .equation = "x"}, {});
    return draft.add_output(op, number, draft.source_scope(op, draft.clocks().source(), Domain::Position));
  }

  PortId map(PortId input, FunctionId function_id, std::string name = "") {
    const DraftScopeId scope = draft.scope_of(input);
    const OperatorId op =
        draft.add_operator({.kind = MapOperator{function_id}, .inputs = {input}, .equation = name}, scope);
    const PortId output = draft.add_output(op, number, scope);
    draft.port(output).name = std::move(name);
    return output;
  }

  void sink(PortId input) {
    draft.add_operator({.kind = SinkOperator{.connector = "print"}, .inputs = {input}, .equation = "print"},
                       draft.scope_of(input));
  }
};

}  // namespace

TEST_CASE("what reaches no sink is removed") {
  Wiring w;
  const PortId x = w.source();
  w.map(w.map(x, w.function(1)), w.function(2));
  w.sink(w.map(x, w.function(3)));
  Graph graph = w.draft.finish();
  PassContext context{w.program};
  CHECK(remove_dead_operators(graph, context));
  CHECK(graph.operators.size() == 3);
  CHECK(check_graph(graph, w.program) == "");
  CHECK_FALSE(remove_dead_operators(graph, context));
}

TEST_CASE("a program without sinks is nothing") {
  Wiring w;
  w.map(w.source(), w.function(1));
  Graph graph = w.draft.finish();
  PassContext context{w.program};
  CHECK(remove_dead_operators(graph, context));
  CHECK(graph.operators.empty());
  CHECK(graph.scopes.empty());
}

TEST_CASE("what is written twice is computed once") {
  Wiring w;
  const PortId x = w.source();
  w.sink(w.map(w.map(x, w.function(1)), w.function(2)));
  w.sink(w.map(w.map(x, w.function(1)), w.function(3)));
  Graph graph = w.draft.finish();
  PassContext context{w.program};
  CHECK(share_equal_operators(graph, context));
  CHECK(graph.operators.size() == 6);  // One of the four maps went.
  CHECK(check_graph(graph, w.program) == "");
}

TEST_CASE("two names stay two names") {
  Wiring w;
  const PortId x = w.source();
  w.sink(w.map(x, w.function(1), "a"));
  w.sink(w.map(x, w.function(1), "b"));
  Graph graph = w.draft.finish();
  PassContext context{w.program};
  CHECK_FALSE(share_equal_operators(graph, context));
}

TEST_CASE("what may fail is told of the equation it stands in") {
  Wiring w;
  const PortId x = w.source();
  const FunctionId first = w.function(1);
  const FunctionId second = w.function(1);
  w.program.functions[first.index()].can_fail = true;
  w.program.functions[second.index()].can_fail = true;
  w.sink(w.map(x, first, "a"));
  const PortId other = w.map(x, second);
  w.draft.op(w.draft.port(other).producer).equation = "b";
  w.sink(other);
  Graph graph = w.draft.finish();
  PassContext context{w.program};
  CHECK_FALSE(share_equal_operators(graph, context));
}

TEST_CASE("a map that changes nothing goes, and leaves its name") {
  Wiring w;
  w.sink(w.map(w.map(w.source(), w.function(1)), w.function(0, true), "y"));
  Graph graph = w.draft.finish();
  PassContext context{w.program};
  CHECK(remove_identity_maps(graph, context));
  CHECK(graph.operators.size() == 3);
  CHECK(graph.ports[1].name == "y");
  CHECK(check_graph(graph, w.program) == "");
}

TEST_CASE("structure is about what is computed") {
  Wiring w;
  CHECK(structure_of(w.program, w.function(1)) == structure_of(w.program, w.function(1)));
  CHECK(structure_of(w.program, w.function(0.0)) != structure_of(w.program, w.function(-0.0)));
}

TEST_CASE("the manager runs all passes and shows each") {
  Wiring w;
  w.map(w.source(), w.function(1));
  Graph graph = w.draft.finish();
  std::vector<std::string_view> seen;
  run_passes(graph, w.program, {.after_pass = [&](const Pass& pass, const Graph&, bool) { seen.push_back(pass.name); }});
  REQUIRE(seen.size() == all_passes().size());
  CHECK(seen.back() == "remove_dead_operators");
  CHECK(graph.operators.empty());
}
