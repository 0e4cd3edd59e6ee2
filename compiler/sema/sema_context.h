// What all bodies under check share: the tables they fill, the environments of modules, instances
// of declarations and closures, and constants. Internal to compiler/sema; others use ItemChecker.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/diag/diagnostics.h"
#include "compiler/sema/checked.h"
#include "compiler/sema/environment.h"
#include "compiler/sema/evaluate.h"
#include "compiler/sema/item_checker.h"
#include "compiler/sema/modules.h"
#include "compiler/sema/type_resolver.h"

namespace streamc {

using ClosureId = Id<struct ClosureTag>;

// A function given as an argument, before the types it is called with are known. Functions are no
// values in the checked tree: each callee is instantiated for the closures it is given, and what a
// lambda uses of the body around it comes along as further arguments, its *captures*.
struct Closure {
  struct Capture {
    std::string name;  // Empty for one that only a function in `functions`, or an operand, uses.
    TypeId type_id;
    bool is_present = false;  // An option that was found to be present.
  };
  // A function-typed name visible inside the lambda, and which of the captures are its own.
  struct InnerFunction {
    std::string name;
    ClosureId closure_id;
    TypeId function_type_id;
    std::vector<std::size_t> captures;
  };

  ExprId expr_id;  // A lambda, a path that names a function, or a text with an empty hole.
  const Environment* environment = nullptr;
  std::vector<Capture> captures;
  std::vector<InnerFunction> functions;
  // Parts of the lambda that stand for a stream's item in a lifted expression, and their captures.
  std::vector<std::pair<ExprId, std::size_t>> operands;
  std::vector<DeclId> chain;  // The declarations around it, outermost first.
  std::map<std::string, FunctionId> instances;  // By types of the arguments.
};

// The environment of a module's top level.
class ModuleEnvironment final : public Environment {
 public:
  ModuleEnvironment(SemaContext& context, ModuleId id) : context_(context), id_(id) {}

  Meaning lookup(std::string_view name) const override;
  std::optional<Meaning> lookup_function(std::string_view name) const override;
  std::optional<GenericValue> lookup_generic(std::string_view name) const override;
  ModuleId module_id() const override { return id_; }
  void append_names(std::vector<std::string>& names) const override;

 private:
  SemaContext& context_;
  ModuleId id_;
};

// The environment of one instance of a generic declaration: its bindings before the module's.
class InstanceEnvironment final : public Environment {
 public:
  InstanceEnvironment(SemaContext& context, const Environment& outer, GenericBindings bindings)
      : context_(context), outer_(outer), bindings_(std::move(bindings)) {}

  Meaning lookup(std::string_view name) const override;
  std::optional<Meaning> lookup_function(std::string_view name) const override;
  std::optional<GenericValue> lookup_generic(std::string_view name) const override;
  ModuleId module_id() const override { return outer_.module_id(); }
  void append_names(std::vector<std::string>& names) const override;

 private:
  SemaContext& context_;
  const Environment& outer_;
  GenericBindings bindings_;
};

// One parameter of an instance: a type, or a closure for a parameter of function type.
struct InstanceParameter {
  TypeId type_id;                 // With a closure: its function type.
  ClosureId closure_id;
  bool is_element = true;         // Aggregates only.
};

// A header whose generics are settled.
struct ResolvedHeader {
  bool ok = false;
  GenericBindings bindings;
  std::vector<InstanceParameter> parameters;  // One for each parameter of the header.
};

class SemaContext {
 public:
  SemaContext(const Ast& ast, const ModuleTable& modules, CheckedProgram& program,
              DiagnosticSink& sink);

  const Ast& ast;
  const ModuleTable& modules;
  CheckedProgram& program;
  DiagnosticSink& sink;
  TypeResolver types;
  Evaluator::Overrides overrides;

  TypeTable& type_table() { return program.types; }
  std::string text(TypeId id) const { return program.types.text(id); }
  TypeId type_of(CheckedExprId id) const { return program.exprs[id.index()].type_id; }

  CheckedExprId add(TypeId type_id, SourceSpan span, decltype(CheckedExpr::node) node);
  CheckedExprId literal(Value value, SourceSpan span);
  CheckedExprId error_expr(SourceSpan span);
  bool is_error(CheckedExprId id) const;

  const Environment& module_environment(ModuleId id);
  // An environment that lives as long as the context. Without bindings: `outer` itself.
  const Environment& bind_generics(const Environment& outer, const GenericBindings& bindings);

  // ---- constants (constants.cpp) --------------------------------------------------------------
  ConstantId module_constant(const FoundValue& found);
  Meaning module_meaning(const FoundValue& found);
  bool is_constant(ExprId id, const Environment& environment);
  CheckedExprId check_constant(ExprId id, const Environment& environment, TypeId expected);
  CheckedExprId check_named_constant(ExprId id, const Environment& environment,
                                     std::string_view name, SourceSpan span, TypeId expected);
  std::optional<Value> evaluate_shape(CheckedExprId id, SourceSpan span);
  // Nothing, and no report, if it cannot be computed while compiling.
  std::optional<Value> evaluate_quietly(CheckedExprId id);
  std::optional<std::int64_t> evaluate_length(ExprId id, const Environment& environment,
                                              const GenericBindings& bindings);

  // ---- callees and instances (instances.cpp) ----------------------------------------------------
  Callee find_callee(ModuleId from, std::span<const ast::Identifier> path) const;

  ClosureId add_closure(Closure closure);
  // A closure of an expression of the wiring level, which captures nothing. A new one each time: the
  // environment may be gone, and its address another's, when the same expression comes again.
  ClosureId environment_closure(ExprId expr_id, const Environment& environment);
  Closure& closure(ClosureId id) { return closures_[id.index()]; }
  // The function that a closure is for arguments of these types: its parameters are the arguments
  // and then the captures. The result is converted to `expected` where that is valid.
  FunctionId instantiate_closure(ClosureId id, std::span<const TypeId> arguments, TypeId expected,
                                 std::string_view name, SourceSpan call_span);

  // Settles the generics of a header by the types of its arguments. `given[i].type_id` is invalid
  // for closures; after success it is the resolved type for all.
  ResolvedHeader resolve_header(std::span<const ast::Generic> generics,
                                std::span<const ast::Parameter> parameters,
                                std::vector<InstanceParameter> given, ModuleId module_id,
                                std::string_view callee, SourceSpan call_span);

  // Instances of resolved headers; `chain` are the fns whose bodies are being checked.
  FunctionId instantiate_fn(const FoundDeclaration& found, const ResolvedHeader& header,
                            SourceSpan call_span, const std::vector<DeclId>& chain);
  AgentId instantiate_agent(const FoundDeclaration& found, const ResolvedHeader& header,
                            SourceSpan call_span);
  AggregateId instantiate_aggregate(const FoundDeclaration& found, const ResolvedHeader& header,
                                    SourceSpan call_span);

  // Which parameters of an agent are named in an `on`.
  std::vector<bool> agent_inputs(const ast::AgentDecl& agent) const;

  // ---- conversions (conversions.cpp) ------------------------------------------------------------
  bool fits(TypeId from, TypeId to);
  FunctionId conversion(TypeId from, TypeId to);

  // ---- whole modules (check_module.cpp) ---------------------------------------------------------
  void check_module(ModuleId id);

 private:
  ConstantId check_module_constant(const FoundValue& found);
  void check_type_declaration(const FoundDeclaration& found, const ast::TypeDecl& decl);
  void check_header(std::span<const ast::Generic> generics,
                    std::span<const ast::Parameter> parameters, ModuleId module_id);
  ResolvedHeader declared_header(std::span<const ast::Generic> generics,
                                 std::span<const ast::Parameter> parameters, ModuleId module_id);
  // The params an expression depends on decide the shape of the graph from now on.
  void fix_params(CheckedExprId id);
  std::string instance_key(DeclId decl_id, const ResolvedHeader& header) const;

  std::unordered_map<ModuleId, std::unique_ptr<ModuleEnvironment>> module_environments_;
  std::deque<InstanceEnvironment> instance_environments_;
  std::deque<Closure> closures_;
  std::map<std::string, FunctionId> functions_;  // Instances; invalid ids for failed ones.
  std::map<std::string, AgentId> agents_;
  std::map<std::string, AggregateId> aggregates_;
  std::map<std::pair<TypeId, TypeId>, FunctionId> conversions_;

  using ValueKey = std::pair<std::uint32_t, std::size_t>;  // Param or equation, and target.
  std::map<ValueKey, ConstantId> module_constants_;
  std::map<StmtId, bool> equation_is_constant_;
  std::set<ValueKey> constants_in_progress_;
};

}  // namespace streamc
