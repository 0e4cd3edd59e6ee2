#include <doctest/doctest.h>

#include "tests/unit/compiler/sema/fixture.h"

namespace streamtest {
namespace {

using namespace streamc;

// Checks the declarations of a program that has nothing wrong with it.
void accept(std::string_view text) {
  Program program(text);
  program.check();
  CHECK_MESSAGE(program.codes().empty(), text, "\n", program.messages());
}

// The codes reported for a program.
std::string reject(std::string_view text) {
  Program program(text);
  program.check();
  return program.codes();
}

TEST_CASE("options narrow") {
  accept("fn f(x: int?) -> int = if x != none { x } else { 0 }");
  accept("fn f(x: int?) -> int = if x == none { 0 } else { x }");
  accept("fn f(x: int?) -> bool = x == none or x > 3");
  accept("fn f(x: int?, y: int?) -> bool = x != none and y != none and x < y");
  accept("fn f(x: int?) -> int {\n  if x == none { return 0 }\n  return x\n}");
  accept("fn f(x: int?) -> int {\n  if x == none { fail(\"nothing\") }\n  return x\n}");
  accept("fn f(x: int?) -> int = x else 0");
  accept("type R = { a: int? }\nfn f(r: R) -> int = if r.a != none { r.a } else { 1 }");
  accept("fn f(x: int?) -> int {\n  y = x\n  y = 3\n  return y\n}");
  CHECK(reject("fn f(x: int?) -> int = x") == "E0218");
  CHECK(reject("fn f(x: int?) -> int = x + 1") == "E0218");
  CHECK(reject("fn f(x: int?) -> int = if x != none or 1 < 2 { x } else { 0 }") == "E0218");
  CHECK(reject("fn f(x: int?) -> int {\n  if x != none {\n    x = none\n    return x\n  }\n  return 0\n}") ==
        "E0218");
  CHECK(reject("fn f(x: int?) -> int {\n  t = 0\n  if x != none {\n    for i in range(3) {\n"
               "      t += x\n      x = none\n    }\n  }\n  return t\n}") == "E0218");
}

TEST_CASE("variables have a value before they are read") {
  accept("fn f(c: bool) -> int {\n  if c { a = 1 } else { a = 2 }\n  return a\n}");
  accept("fn f(c: bool) -> int {\n  if c { return 1 } else { a = 2 }\n  return a\n}");
  CHECK(reject("fn f(c: bool) -> int {\n  if c { a = 1 }\n  return a\n}") == "E0222");
  CHECK(reject("fn f(n: int) -> int {\n  for i in range(n) { a = i }\n  return a\n}") == "E0222");
  CHECK(reject("fn f(c: bool) -> int {\n  if c { return 1 }\n}") == "E0231");
}

TEST_CASE("a variable keeps its type") {
  accept("fn f() -> float {\n  a = 1.0\n  a = 2\n  return a\n}");
  CHECK(reject("fn f() -> float {\n  a = 1\n  a = 2.5\n  return a\n}") == "E0223");
  CHECK(reject("fn f() -> float {\n  a = 1\n  a += 2.5\n  return a\n}") == "E0223");
  CHECK(reject("agent a(x: float) -> float {\n  state n = 0\n  on x {\n    n += x\n    emit n\n  }\n}") ==
        "E0223");
}

TEST_CASE("one mistake, one message") {
  CHECK(reject("fn f() -> float {\n  a = wrong + 1\n  b = a * 2\n  return b + a\n}") == "E0201");
  CHECK(reject("type R = { a: flaot }\nfn f(r: R) -> float = r.a + 1") == "E0204");
  CHECK(reject("fn f(x: flaot) -> float = x\nfn g(x: float) -> float = f(x) + f(x)") == "E0204");
  CHECK(reject("fn f(x: int) -> int = g(x)\nfn g(x: int) -> int = f(x)") == "E0224");
}

TEST_CASE("generics follow from arguments") {
  accept("fn same[T](a: T, b: T) -> T = if a == b { a } else { b }\n"
         "fn f() -> float = same(1, 2.5)\nfn g() -> string = same(\"a\", \"b\")");
  accept("fn total[N: int](a: float[N]) -> float {\n  t = 0.0\n  for i in range(N) { t += a[i] }\n"
         "  return t\n}\nfn f() -> float = total([1.0, 2.0])");
  accept("fn apply[A, B](x: A, f: (A) -> B) -> B = f(x)\n"
         "fn f(x: int) -> string = apply(x, v => \"{v}\")\n"
         "fn g(x: int) -> float = apply(x, sqrt)");
  CHECK(reject("fn twice[T: number](a: T) -> T = a + a\nfn f() -> string = twice(\"a\")") == "E0240");
  CHECK(reject("fn make[T]() -> T? = none\nfn f() -> bool = make() == none") == "E0239");
}

TEST_CASE("functions as arguments capture what they use") {
  Program program(
      "fn both(f: (float) -> float, g: (float) -> float, x: float) -> float = f(x) + g(x)\n"
      "fn deep(f: (float) -> float, k: float) -> float = both(f, v => f(v) * k, 2.0)\n"
      "fn use(a: float, b: float) -> float = deep(v => v + a, b)\n");
  program.check();
  CHECK_MESSAGE(program.codes().empty(), program.messages());
  // f(2) + f(2) * 10 with f(v) = v + 1
  CHECK(program.call("use", {make_float(program.checked.types, 1), make_float(program.checked.types, 10)}) ==
        "33.0");
}

TEST_CASE("the prelude checks, whatever it is used with") {
  Program program(R"(
fn summary(w: float[]) -> (float, float, float, float) = (mean(w), std(w), slope(w), spread(w))
fn ends(w: int[]) -> int = first(w) + last(w) + len(w) + sum(w) + argmin(w) + argmax(w)
fn bools(w: bool[]) -> bool = all(w) and not any(w)
fn scaled(w: float[]) -> float = dot(w, [1, 2])
fn angle(x: float) -> float = degrees(radians(x)) + sign(x)
)");
  program.check();
  CHECK_MESSAGE(program.codes().empty(), program.messages());
  Program whole("");
  whole.checker->check_module(whole.modules.prelude_id());
  CHECK_MESSAGE(whole.codes().empty(), whole.messages());
}

TEST_CASE("agents tell how often they emit") {
  Program program(R"(
agent once(x: float) -> float {
  state last = 0.0
  on x {
    if x > last { emit x } else { emit last }
    last = x
  }
}
agent perhaps(x: float) -> (high: float, low: float) {
  on x {
    if x > 0 { emit high: x } else { emit low: x }
  }
}
agent many(x: int) -> int {
  on x {
    for i in range(x) { emit i }
  }
}
agent failing(x: int) -> int {
  on x {
    if x < 0 { fail("negative") }
    emit x
  }
}
agent ended(x: int) -> int {
  state total = 0
  on x { total += x }
  on end { emit total }
}
)");
  program.check();
  REQUIRE_MESSAGE(program.codes().empty(), program.messages());
  const auto& agents = program.checked.agents;
  REQUIRE(agents.size() == 5);
  CHECK(agents[0].ports[0].shape == EmitShape::ExactlyOnce);
  CHECK(agents[1].ports[0].shape == EmitShape::AtMostOnce);
  CHECK(agents[1].ports[1].shape == EmitShape::AtMostOnce);
  CHECK(agents[2].ports[0].shape == EmitShape::Any);
  CHECK(agents[3].ports[0].shape == EmitShape::ExactlyOnce);
  CHECK(agents[3].handlers[0].can_fail);
  CHECK_FALSE(agents[0].handlers[0].can_fail);
  CHECK(agents[4].handlers[1].is_end);
}

TEST_CASE("lifted expressions become functions of their streams") {
  Program program("param alpha: float = 0.5\ny = alpha * celsius + (1 - alpha) * previous\n");
  program.check();
  WiringEnvironment environment(program.environment());
  const TypeId number = program.type("float");
  environment.add_stream("celsius", number);
  environment.add_stream("previous", number);
  const ExprId root = program.equation("y");
  std::vector<LiftedOperand> operands;
  for (std::size_t i = 0; i < program.ast.expr_count(); ++i) {
    const auto* name = program.ast.as<ast::NameExpr>(ExprId(i));
    if (name != nullptr && (name->name == "celsius" || name->name == "previous")) {
      operands.push_back({ExprId(i), number});
    }
  }
  REQUIRE(operands.size() == 2);
  CHECK_FALSE(program.checker->is_constant(root, environment));
  const FunctionId id = program.checker->lift(root, operands, environment);
  REQUIRE_MESSAGE(id.valid(), program.messages());
  CHECK(program.checked.function(id).parameter_count == 2);
  CHECK_FALSE(program.checked.function(id).can_fail);
  const Evaluated result = Evaluator(program.checked)
                               .call(id, {make_float(program.checked.types, 10),
                                          make_float(program.checked.types, 20)});
  CHECK(result.value->real == 15.0);
}

TEST_CASE("a stream inside a lambda is a mistake with a repair") {
  Program program("y = map([1.0], v => v + other)\n");
  WiringEnvironment environment(program.environment());
  environment.add_stream("other", program.type("float"));
  const auto* call = program.ast.as<ast::CallExpr>(program.equation("y"));
  const std::vector<TypeId> types = {program.type("float")};
  const FunctionId id =
      program.checker->check_lambda(call->arguments[1].value_id, types, environment);
  CHECK_FALSE(id.valid());
  CHECK(program.codes() == "E0227");
}

TEST_CASE("constants are told from streams") {
  Program program("import csv\nparam span: int = 100\nalpha = 2.0 / (span + 1)\n"
                  "taps = map(range(3), i => i * alpha)\nx = items([1, 2])\ny = x + 1\n"
                  "c = y2\nd = c\nz = csv.read(\"a\", float)\ne = Mode.on_it\n"
                  "type Mode = on_it | off_it\nw = [1, 2] |> map(sqrt) |> sum\n",
                  {{"csv", "extern native \"csv.read\" graph read(path: string, T: type) -> stream[T]\n"}});
  const auto constant = [&](std::string_view name) {
    return program.checker
        ->module_constant(program.modules.find_value(program.modules.main_id(), name))
        .valid();
  };
  CHECK(constant("alpha"));
  CHECK(constant("taps"));
  CHECK(constant("e"));
  CHECK(constant("w"));
  CHECK_FALSE(constant("x"));
  CHECK_FALSE(constant("y"));
  CHECK_FALSE(constant("c"));
  CHECK_FALSE(constant("d"));
  CHECK_FALSE(constant("z"));
  CHECK_MESSAGE(program.codes().empty(), program.messages());
}

TEST_CASE("functions and values have separate namespaces") {
  accept("fn f(mean: float) -> float = mean + sqrt(mean)\n"
         "fn g(w: float[]) -> float {\n  mean = mean(w)\n  return mean\n}");
  // What the user declares wins over the library.
  Program program("fn mean(x: float) -> float = x * 2\ny = mean(3)\n");
  CHECK(program.value("y") == "6.0");
}

TEST_CASE("aggregates, agents and functions instantiate once for the same types") {
  Program program("");
  const FoundDeclaration sum = program.modules.find_function(program.modules.main_id(), "sum");
  const InstanceArgument number{.type_id = program.type("float")};
  const InstanceArgument whole{.type_id = program.type("int")};
  const AggregateId a = program.checker->instantiate_aggregate(sum, std::vector{number}, SourceSpan());
  const AggregateId b = program.checker->instantiate_aggregate(sum, std::vector{whole}, SourceSpan());
  CHECK(a != b);
  CHECK(a == program.checker->instantiate_aggregate(sum, std::vector{number}, SourceSpan()));
  CHECK(program.checked.aggregate(a).is_commutative);
  CHECK_FALSE(program.checked.aggregate(a).result_can_fail);
  const FoundDeclaration mean = program.modules.find_function(program.modules.main_id(), "mean");
  const AggregateId c = program.checker->instantiate_aggregate(mean, std::vector{whole}, SourceSpan());
  CHECK(program.checked.aggregate(c).result_can_fail);
  CHECK(program.checker->conversion(program.type("int"), program.type("float")).valid());
  CHECK_FALSE(program.checker->conversion(program.type("float"), program.type("int")).valid());
}

}  // namespace
}  // namespace streamtest
