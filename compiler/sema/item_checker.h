// The checker of items: bodies of fns, agents and aggregates, lambdas, constants, and expressions
// that the graph builder lifts over streams. It gives them types and meaning as a checked tree
// (checked.h).
//
// The builder owns everything that is a stream and calls the checker for everything that is a value.
// Every function that gives an id gives an invalid one after a mistake, which is then reported: the
// caller stays silent about what is built on it. Instances are cached: asking twice for the same
// declaration with the same types gives the same id, unless it takes functions. Environments are only
// used while a call is running, and by functions that were given as arguments until their last call.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/diag/diagnostics.h"
#include "compiler/sema/checked.h"
#include "compiler/sema/environment.h"
#include "compiler/sema/evaluate.h"
#include "compiler/sema/modules.h"
#include "compiler/sema/type_resolver.h"

namespace streamc {

class SemaContext;

// A part of a lifted expression that is a stream: stands for a parameter of its item type. A stream
// of windows has the item type `T[]`.
struct LiftedOperand {
  ExprId expr_id;
  TypeId item_type_id;
};

// What an instance of a declaration is made for: one for each parameter of the header, in order.
struct InstanceArgument {
  // Type of the items or of the constant. Invalid where the parameter is a function.
  TypeId type_id;
  // Where the parameter is a function: a lambda, the name of a function or a text with an empty
  // hole, to be read in `environment` (kept by reference).
  ExprId function;
  const Environment* environment = nullptr;
  // Aggregates only: fed by items. Otherwise a constant (the `p` of a quantile).
  bool is_element = true;
  // Where a message about this argument points; the call where invalid.
  SourceSpan span;
};

// What a callee is, for the builder to tell item functions from wiring.
enum class CalleeKind : std::uint8_t {
  Unknown,       // No such function; nothing is reported yet.
  Function,      // A fn of the program or the library.
  Builtin,       // One of builtins.def (and no declaration of the user's).
  Record,        // A record type: calling it builds one.
  Type,          // Another type; calling it is a mistake.
  Aggregate,
  Agent,
  Graph,         // Also extern ones.
};

struct Callee {
  CalleeKind kind = CalleeKind::Unknown;
  FoundDeclaration declaration;  // Invalid for Builtin and Unknown.
  // The name is a builtin beside the declaration: `min` (two numbers, or an aggregate), and the
  // functions on arrays `map where len first last range`, whose wiring twins are graphs.
  bool also_on_items = false;
};

class ItemChecker {
 public:
  // All are kept by reference and must outlive the checker.
  ItemChecker(const Ast& ast, const ModuleTable& modules, CheckedProgram& program,
              DiagnosticSink& sink);
  ~ItemChecker();
  ItemChecker(const ItemChecker&) = delete;
  ItemChecker& operator=(const ItemChecker&) = delete;

  // ---- declarations -------------------------------------------------------------------------

  // Checks every declaration of a module that is not generic (and takes no functions), used or not:
  // types, params, fns, agents, aggregates, headers of graphs. Params get their ConstantIds here, in
  // textual order.
  void check_module(ModuleId id);

  // The top level of a module: its params and those equations that are constants. Equations that are
  // streams come out as Meaning::Kind::Stream without an item type. Lives as long as the checker.
  const Environment& module_environment(ModuleId id);

  // The constant behind a param or a constant equation, checked on first use; invalid if the value
  // is a stream, or after a mistake.
  ConstantId module_constant(const FoundValue& found);

  // What a callee written like this means, seen from the module.
  Callee find_callee(ModuleId from, std::span<const ast::Identifier> path) const;

  TypeResolver& types();

  // ---- expressions on items -----------------------------------------------------------------

  // Checks `root` as an expression on items in which each operand stands for a parameter of the
  // function that results, in that order. `name` is the equation's, for messages. With `expected`,
  // the result is converted to that type.
  FunctionId lift(ExprId root, std::span<const LiftedOperand> operands,
                  const Environment& environment, TypeId expected = {},
                  std::string_view name = {});

  // `lambda` applied to values of these types. Where it has several parameters and there is one
  // value, which is a tuple, it takes the tuple apart.
  FunctionId check_lambda(ExprId lambda, std::span<const TypeId> parameter_types,
                          const Environment& environment, TypeId expected_result = {},
                          std::string_view name = {});

  // Whatever may stand where a function on items is expected: a lambda, the name of a fn, builtin or
  // record type, a name bound to one of these, or a text with an empty hole. One parameter of tuple
  // type may be taken apart by a function of several parameters.
  FunctionId check_function_argument(ExprId argument, std::span<const TypeId> parameter_types,
                                     const Environment& environment, TypeId expected_result = {},
                                     std::string_view name = {});

  // A function of one parameter that converts implicitly from one type to another. Invalid, and
  // nothing reported, if there is no such conversion. For equal types it is the identity.
  FunctionId conversion(TypeId from, TypeId to);
  // Whether a value of type `from` fits where `to` is expected.
  bool fits(TypeId from, TypeId to);

  // ---- constants ----------------------------------------------------------------------------

  // Whether the expression is made of literals, params, constants, and fns applied to these only.
  // Reports nothing. Unknown names are no constants.
  bool is_constant(ExprId id, const Environment& environment);

  // Checks an expression of constants. The result has no locals of its own and may stand in any
  // function; it is a literal, a ConstantExpr, or an expression of these.
  CheckedExprId check_constant(ExprId id, const Environment& environment, TypeId expected = {});

  // The same, and gives it a name in CheckedProgram::constants, so that it is computed once. The
  // result is a ConstantExpr, or the literal itself.
  CheckedExprId check_named_constant(ExprId id, const Environment& environment,
                                     std::string_view name, SourceSpan span, TypeId expected = {});

  // A constant of a value made by the builder.
  CheckedExprId literal(Value value, SourceSpan span = {});

  // Values that replace the defaults of params while compiling (`--set`, `given` in a test).
  Evaluator::Overrides& overrides();

  // Evaluates a constant with the overrides. Reports nothing.
  Evaluated evaluate(CheckedExprId id);

  // The value of a constant that shapes the graph (a window's length): marks the params it depends
  // on as fixed, and reports if it cannot be computed.
  std::optional<Value> evaluate_shape(CheckedExprId id, SourceSpan span);

  // ---- instances ----------------------------------------------------------------------------

  // `call_span` is where messages about the instance point.
  FunctionId instantiate_fn(const FoundDeclaration& found,
                            std::span<const InstanceArgument> arguments, SourceSpan call_span);
  AgentId instantiate_agent(const FoundDeclaration& found,
                            std::span<const InstanceArgument> arguments, SourceSpan call_span);
  AggregateId instantiate_aggregate(const FoundDeclaration& found,
                                    std::span<const InstanceArgument> arguments,
                                    SourceSpan call_span);

  // Which parameters of an agent are inputs (named in an `on`); one entry for each parameter.
  std::vector<bool> agent_inputs(const ast::AgentDecl& agent) const;

 private:
  std::unique_ptr<SemaContext> context_;
};

// Whether evaluating an expression can fail, given that parameters are values. An UnwrapExpr outside
// the value of an ElseExpr stands behind a check that it is present, and cannot.
bool can_fail(const CheckedProgram& program, CheckedExprId id);
bool can_fail(const CheckedProgram& program, const CheckedBlock& block);
bool uses_now(const CheckedProgram& program, CheckedExprId id);
bool uses_now(const CheckedProgram& program, const CheckedBlock& block);

}  // namespace streamc
