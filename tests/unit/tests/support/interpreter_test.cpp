#include "tests/support/interpreter.h"

#include <doctest/doctest.h>

#include "tests/unit/tests/support/hand_built.h"

using namespace streamc;
using streamtest::HandBuilt;

namespace {

FunctionId add_floats(HandBuilt& built) {
  return built.function({built.float_type(), built.float_type()},
                        built.binary(BinaryOp::Add, built.local(built.float_type(), 0),
                                     built.local(built.float_type(), 1)));
}

FunctionId ten_over(HandBuilt& built) {
  return built.function({built.float_type()}, built.binary(BinaryOp::Divide, built.number(10.0),
                                                           built.local(built.float_type(), 0)));
}

}  // namespace

TEST_CASE("a cycle passes through prev, tick by tick") {
  HandBuilt built;
  const PortId spoken = built.list({64.0, 32.0, 16.0, 0.0});
  // heard = spoken + prev(half): the ports after it are known before they are made.
  const PortId echo = built.keep(PrevOperator{1, built.number(0.0)}, {spoken}, built.float_type());
  const PortId heard = built.keep(MapOperator{add_floats(built)}, {spoken, echo},
                                  built.float_type());
  const FunctionId half =
      built.function({built.float_type()}, built.binary(BinaryOp::Multiply, built.number(0.5),
                                                        built.local(built.float_type(), 0)));
  const PortId halved = built.keep(MapOperator{half}, {heard}, built.float_type());
  built.graph.operators[built.graph.port(echo).producer.index()].inputs = {halved};
  built.capture(heard);
  CHECK(built.run() == "64.0 64.0 48.0 24.0");
}

TEST_CASE("a failing item is a hole, and what hangs on it adds no second failure") {
  HandBuilt built;
  const PortId x = built.list({5.0, 0.0, 2.0});
  const PortId quotient = built.keep(MapOperator{ten_over(built)}, {x}, built.float_type());
  const PortId sum = built.keep(MapOperator{add_floats(built)}, {x, quotient}, built.float_type());
  built.capture(sum);
  CHECK(built.run() == "7.0 hole 7.0");
  const streamref::RunOutcome outcome = streamref::interpret(built.graph, built.program);
  REQUIRE(outcome.failures.size() == 1);
  CHECK(outcome.failures[0].tick == 1);
  CHECK(outcome.failures[0].reason == "division by zero");
}

TEST_CASE("prev holds the newest earlier value over a hole") {
  HandBuilt built;
  const PortId x = built.list({std::nullopt, 1.0, std::nullopt, std::nullopt, 4.0, 5.0});
  built.capture(built.keep(PrevOperator{2, built.number(9.0)}, {x}, built.float_type()));
  CHECK(built.run() == "9.0 9.0 9.0 1.0 1.0 1.0");
}

TEST_CASE("merge goes by stamp, then input, and drops holes") {
  HandBuilt built;
  const PortId a = built.list({1.0, std::nullopt, 3.0});
  const PortId b = built.list({10.0, 20.0, 30.0, 40.0});
  built.capture(built.open(MergeOperator{}, {a, b}, {built.float_type()}).at(0));
  CHECK(built.run() == "1.0 10.0 20.0 3.0 30.0 40.0");
}

TEST_CASE("zip counts ticks, holes included, and ends with the first input that ends") {
  HandBuilt built;
  const PortId a = built.list({1.0, std::nullopt, 3.0});
  const PortId b = built.list({10.0, 20.0});
  const auto both = built.open(ZipOperator{}, {a, b}, {built.float_type(), built.float_type()});
  built.capture(both[0]);
  built.capture(both[1]);
  CHECK(built.run(0) == "1.0 hole");
  CHECK(built.run(1) == "10.0 20.0");
}

TEST_CASE("windows: two anchors, and the rest at the end") {
  HandBuilt built;
  const PortId x = built.list({1.0, 2.0, 3.0, 4.0, 5.0});
  const FunctionId same = built.function({built.float_type()}, built.local(built.float_type(), 0));
  Fold fold;
  fold.aggregate_id = built.sum(true);
  fold.arguments = {same};
  const auto window = [&](WindowShape shape) {
    WindowFoldOperator kind;
    kind.shape = shape;
    kind.folds = {fold};
    kind.finish_id = same;
    const bool keeps = shape.partial && shape.every == 1;
    built.capture(keeps ? built.keep(kind, {x}, built.float_type())
                        : built.open(kind, {x}, {built.float_type()}).at(0));
  };
  window({.size = 3, .every = 2});
  window({.size = 3, .every = 2, .partial = true});
  window({.size = 2, .every = 2, .rest = true});
  window({.size = 3, .every = 1, .partial = true});
  window({.size = 1, .every = 3, .rest = true});
  CHECK(built.run(0) == "6.0 12.0");
  CHECK(built.run(1) == "3.0 9.0");
  CHECK(built.run(2) == "3.0 7.0 5.0");
  CHECK(built.run(3) == "1.0 3.0 6.0 9.0 12.0");
  CHECK(built.run(4) == "1.0 4.0");
}

TEST_CASE("a reaction that fails leaves no trace") {
  HandBuilt built;
  // state n = 0; on x { n += 1; emit n; if x == 0 fail }: by emitting 10 / x after the change.
  CheckedAgent agent;
  agent.name = "counter";
  agent.locals = {{"x", built.float_type()}, {"n", built.float_type()}};
  agent.inputs = {0};
  agent.states = {{1, built.number(0.0)}};
  AgentHandler handler;
  handler.inputs = {0};
  const CheckedExprId n = built.local(built.float_type(), 1);
  handler.body.push_back({{}, AssignStmt{1, {}, built.binary(BinaryOp::Add, n, built.number(1.0))}});
  handler.body.push_back({{}, EmitStmt{0, n}});
  handler.body.push_back(
      {{}, ExprStmt{built.binary(BinaryOp::Divide, n, built.local(built.float_type(), 0))}});
  agent.handlers.push_back(handler);
  agent.ports = {{"", built.float_type(), EmitShape::ExactlyOnce}};
  built.program.agents.push_back(agent);
  const PortId x = built.list({1.0, 0.0, 1.0, std::nullopt, 1.0});
  built.capture(built.keep(AgentOperator{AgentId(0), {}}, {x}, built.float_type()));
  CHECK(built.run() == "1.0 hole 2.0 hole 3.0");
}

TEST_CASE("`else stop` ends the program before the item of the source that failed") {
  HandBuilt built;
  const PortId x = built.list({5.0, 4.0, 0.0, 2.0});
  const PortId quotient = built.keep(MapOperator{ten_over(built)}, {x}, built.float_type());
  built.capture(built.keep(ElseOperator{.mode = ElseMode::Stop}, {quotient}, built.float_type()));
  built.capture(x);
  CHECK(built.run(0) == "2.0 2.5");
  CHECK(built.run(1) == "5.0 4.0");
}
