// Equations → draft of a graph: the heart of the builder.
//
// One object builds one graph. Expressions between streams are elaborated by `elaborate`, which hands
// item expressions to `lift`, calls of graphs and agents to `call`. Handlers of library operators
// (operators.def) use the same functions as everything else. Each function that meets a mistake
// reports it once and gives Wire::error() or an invalid id, about which the others are silent.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/diag/diagnostics.h"
#include "compiler/graph/builder.h"
#include "compiler/graph/draft.h"
#include "compiler/graph/wiring.h"
#include "compiler/sema/arguments.h"
#include "compiler/sema/item_checker.h"

namespace streamc {

// Types of the outputs of `prev` and `delay` in cycles that an earlier attempt got wrong: `init: 0` in a cycle of
// floats. Keyed by the call and the expansion it stands in.
using PrevTypes = std::map<std::pair<std::string, ExprId>, TypeId>;

// A call as written: `callee(piped, arguments…)`.
struct CallSyntax {
  ExprId expr_id;
  std::vector<ast::Identifier> path;
  SourceSpan span;
  SourceSpan callee_span;
  ExprId piped;
  std::span<const ast::Argument> arguments;

  [[nodiscard]] std::string name() const;
};

// A call of a library operator, its arguments matched with the header.
struct NativeCall {
  const CallSyntax& syntax;
  const ast::GraphDecl& head;
  FoundDeclaration found;
  std::string symbol;  // The native name.
  std::vector<BoundArgument> arguments;  // One for each parameter of the head.
  const WiringEnvironment& environment;  // Of the call.
};

// An operand that lock-step operators take, and how to name it in messages.
struct StepInput {
  PortId port;
  ExprId expr_id;
};

class Elaborator {
 public:
  Elaborator(const Ast& ast, const ModuleTable& modules, ItemChecker& checker, CheckedProgram& program,
             DiagnosticSink& sink, const BuildOptions& options, PrevTypes& prev_types);
  Elaborator(const Elaborator&) = delete;
  Elaborator& operator=(const Elaborator&) = delete;

  // ---- whole modules ------------------------------------------------------------------------

  WiringEnvironment& module_environment(ModuleId id);
  // Elaborates every equation and sink of the module.
  void elaborate_module(ModuleId id);
  // Adds the equations of a block to `environment` and elaborates its sinks; reports statements that do not belong
  // there. Returned: the values of its `return`, if it has one.
  const ast::ReturnStmt* bind_block(const ast::Block& block, WiringEnvironment& environment);
  EquationId add_equation(Equation equation);
  Equation& equation(EquationId id) { return equations_[id.index()]; }
  WiringEnvironment& new_environment(const WiringEnvironment& outer);
  // Connects the inputs of `prev`s and `delay`s whose cycles are complete now.
  void close_cycles();
  // Checks that need the whole graph; then the graph, unless something was reported.
  Graph finish();
  // A `prev` or `delay` had to be given another type than its `init` says: build again.
  bool must_retry() const { return must_retry_; }
  // Some stream is missing, because its type is what this attempt is to find out.
  bool has_open_types() const { return has_open_types_; }

  // ---- expressions --------------------------------------------------------------------------

  Wire elaborate(ExprId id, const WiringEnvironment& environment);
  Wire value_of(EquationId id, std::size_t target, SourceSpan use);
  // A single stream, windows as views; invalid after a mistake.
  PortId elaborate_port(ExprId id, const WiringEnvironment& environment);
  PortId to_port(const Wire& wire, ExprId id);
  // The view of a window, as `T[]`, or as `T[N]` if `as_array`.
  PortId materialize(const Wire& window, bool as_array);
  Wire lift(ExprId root, const WiringEnvironment& environment);
  // The same items as another type, or invalid and reported.
  PortId convert(PortId port, TypeId to, std::string_view expected_by, SourceSpan span);

  // ---- for handlers of operators ------------------------------------------------------------

  std::size_t parameter_index(const NativeCall& call, std::string_view name) const;
  ExprId argument(const NativeCall& call, std::string_view name) const;
  bool is_given(const NativeCall& call, std::string_view name) const;
  const WiringEnvironment& environment_of(const NativeCall& call, std::string_view name);
  PortId port_argument(const NativeCall& call, std::string_view name);
  std::optional<std::int64_t> count_argument(const NativeCall& call, std::string_view name,
                                             std::int64_t least);
  std::optional<bool> flag_argument(const NativeCall& call, std::string_view name);
  CheckedExprId constant_argument(const NativeCall& call, std::string_view name, TypeId expected = {});
  FunctionId function_argument(const NativeCall& call, std::string_view name,
                               std::span<const TypeId> parameter_types, TypeId expected = {});
  std::optional<ListContent> list_content(ExprId id, const WiringEnvironment& environment,
                                          TypeId expected, bool may_have_times);
  // A duration on a stream with a rate, in ticks; reports what is none.
  std::optional<std::int64_t> ticks_of(const Value& duration, PortId port, SourceSpan span,
                                       std::string_view what);

  // An operator that runs in `scope` (invalid for heads), labelled with the equation being elaborated.
  OperatorId add(OperatorKind kind, std::vector<PortId> inputs, DraftScopeId scope, SourceSpan span);
  // One output in that scope.
  PortId add_simple(OperatorKind kind, std::vector<PortId> inputs, DraftScopeId run_scope,
                    TypeId type_id, DraftScopeId output_scope, SourceSpan span);
  PortId add_map(FunctionId function, std::vector<PortId> inputs, DraftScopeId scope, SourceSpan span);
  // A source or list with a scope of its own.
  PortId add_source(OperatorKind kind, TypeId type_id, std::optional<RateValue> rate, Domain domain,
                    SourceSpan span);
  // Ticks that depend on the data of `parent`'s items.
  DraftScopeId generated_scope(DraftScopeId parent, OperatorId opener);
  DraftScopeId window_scope(DraftScopeId parent, const WindowShape& shape, OperatorId opener);
  // The scope in which the inputs are taken in step, or nothing after reporting why they cannot be.
  std::optional<DraftScopeId> in_step(std::span<const StepInput> inputs, bool equal_phase,
                                      SourceSpan span);
  // Brings streams together by their stamps, for a merge; false after reporting why that cannot be.
  bool couple_by_stamp(std::span<const StepInput> inputs, SourceSpan span);
  // As a function of its parameters: a tuple of them, or the member `index` of a tuple.
  FunctionId tuple_function(std::span<const TypeId> members, SourceSpan span);
  FunctionId member_function(TypeId tuple, std::uint32_t index, SourceSpan span);
  // `not f(x…)`.
  FunctionId negated_function(FunctionId function, SourceSpan span);

  // What `init` gives, as the type of `x`, which is converted where that fits both.
  CheckedExprId initial_argument(const NativeCall& call, PortId& x);
  Wire delay(const NativeCall& call);
  Wire defer_prev(const NativeCall& call);
  // Whether the input of a `prev` needs an equation that is being elaborated, other than through a `delay`.
  [[nodiscard]] bool reaches_running(ExprId id, const WiringEnvironment& environment) const;
  // Whether the input of a `delay` that is being elaborated needs its output, at any distance.
  [[nodiscard]] bool is_on_cycle(ExprId id, const WiringEnvironment& environment) const;

  [[nodiscard]] TypeId item_type(PortId port) const { return draft_.port(port).type_id; }
  [[nodiscard]] DraftScopeId scope_of(PortId port) const { return draft_.scope_of(port); }
  [[nodiscard]] std::string type_text(TypeId id) const { return program_.types.text(id); }
  // The same in backquotes, for messages that also name kinds of types.
  [[nodiscard]] std::string type_name(TypeId id) const { return fmt::format("`{}`", type_text(id)); }
  // A short name for an expression in a message: the text itself, or what it is.
  [[nodiscard]] std::string describe(ExprId id) const;
  [[nodiscard]] std::string text_of(SourceSpan span) const;
  void report_not_available(std::string_view what, SourceSpan span);

  const Ast& ast() const { return ast_; }
  const ModuleTable& modules() const { return modules_; }
  ItemChecker& checker() { return checker_; }
  CheckedProgram& program() { return program_; }
  DiagnosticSink& sink() { return sink_; }
  GraphDraft& draft() { return draft_; }
  [[nodiscard]] const std::string& label() const { return label_; }

 private:
  friend class WiringEnvironment;

  // A part of an item expression that is a stream.
  struct Operand {
    ExprId expr_id;
    Wire wire;
    bool wants_array = false;  // Stands where `T[N]` is expected.
    // The call that makes a single value of this window and of nothing else; invalid if there is none.
    ExprId summary_id;
  };
  // A `prev` or `delay` on a cycle, whose input is connected when everything on it is known.
  struct Deferred {
    OperatorId op;       // Invalid as long as the type of its output is open.
    DraftScopeId scope;  // Of its output: unknown, or a loop.
    ExprId input_id;
    const WiringEnvironment* environment;
    SourceSpan init_span;  // Of the call, if it has no `init`.
    ExprId call_id;
    std::string expansion;
    std::string label;
    SourceSpan span;
    std::set<EquationId> equations;  // That were being elaborated: they need it.
    PortId input;  // Once it is elaborated.
  };
  enum class Feedback : std::uint8_t { Prev, Delay };

  // expressions (elaborator.cpp)
  Wire elaborate_name(const ast::NameExpr& name, ExprId id, const WiringEnvironment& environment);
  Wire elaborate_field(const ast::FieldExpr& field, ExprId id, const WiringEnvironment& environment);
  Wire elaborate_if(const ast::IfExpr& expr, ExprId id, const WiringEnvironment& environment);
  Wire elaborate_else(const ast::ElseExpr& expr, const WiringEnvironment& environment);
  Wire elaborate_rate(const ast::RateExpr& expr, const WiringEnvironment& environment);
  void report_if_statement(const ast::IfStmt& stmt);
  const ast::NameExpr* misspelt_target(ExprId id) const;
  void bind_misspelt(StmtId id, WiringEnvironment& environment);
  Wire elaborate_statement(const ast::ExprStmt& stmt, const WiringEnvironment& environment);
  Wire pick(const Wire& bundle, const ast::Identifier& name, ExprId object);
  Wire with_declared_type(const Equation& equation, Wire wire);
  void report_cycle(EquationId id, SourceSpan use);
  std::optional<bool> static_condition(ExprId id, const WiringEnvironment& environment,
                                       bool params_may_decide);
  std::optional<ExprId> chosen_wiring(const ast::IfExpr& expr, const WiringEnvironment& environment);

  // item expressions (lift.cpp)
  bool collect(ExprId id, const WiringEnvironment& environment, std::vector<Operand>& operands);
  bool collect_call(const CallSyntax& call, const Callee& callee, const WiringEnvironment& environment,
                    std::vector<Operand>& operands);
  bool check_takes_many(const CallSyntax& call, const Callee& callee, std::size_t parameter,
                        ExprId argument, std::span<const Operand> operands);
  bool is_wiring(ExprId id, const WiringEnvironment& environment);
  bool body_is_wiring(ExprId id, const WiringEnvironment& environment);
  bool is_wiring_call(const CallSyntax& call, const WiringEnvironment& environment);
  TypeId operand_type(const Operand& operand);
  bool same_windows(std::span<const Operand> operands) const;
  Wire lift_operands(ExprId root, std::span<const Operand> operands, const WiringEnvironment& environment);
  bool summarise_windows(std::vector<Operand>& operands, const WiringEnvironment& environment);
  std::optional<std::pair<TypeSyntaxId, bool>> many_parameter(const Callee& callee, std::size_t index) const;

  // calls (calls.cpp)
  std::optional<CallSyntax> call_syntax(ExprId id) const;
  Wire call(const CallSyntax& call, const WiringEnvironment& environment);
  Wire call_function_value(const CallSyntax& call, const FunctionBinding& function,
                           const WiringEnvironment& environment);
  Wire call_native(const CallSyntax& call, const FoundDeclaration& found,
                   const WiringEnvironment& environment);
  Wire call_connector(const NativeCall& call);
  std::optional<std::vector<BoundArgument>> bind_call(const CallSyntax& call,
                                                      const std::vector<ast::Parameter>& parameters);
  Wire call_agent(const CallSyntax& call, const FoundDeclaration& found,
                  const WiringEnvironment& environment);
  Wire expand(const CallSyntax& call, const FoundDeclaration& found,
              const WiringEnvironment& environment);
  bool bind_parameters(const CallSyntax& call, const ast::GraphDecl& graph,
                       std::span<const BoundArgument> arguments, const WiringEnvironment& environment,
                       const WiringEnvironment& outer, WiringEnvironment& inner);
  Wire outputs_of(const ast::GraphDecl& graph, const ast::ReturnStmt* result, WiringEnvironment& inner,
                  SourceSpan call_span);
  Wire expand_lambda(const CallSyntax& call, const ast::LambdaExpr& lambda,
                     const WiringEnvironment& lambda_environment, const WiringEnvironment& environment);
  void report_unknown(const CallSyntax& call, const WiringEnvironment& environment);

  // constants of environments
  CheckedExprId checked_constant(ConstantBinding& constant);
  bool is_constant_equation(EquationId id);
  CheckedExprId checked_equation(EquationId id);

  // cycles (steps.cpp, delays.cpp)
  bool reaches(ExprId id, const WiringEnvironment& environment, Feedback feedback) const;
  bool is_delay(std::span<const ast::Identifier> path, const WiringEnvironment& environment) const;
  void defer(const NativeCall& call, OperatorId op, DraftScopeId scope);
  CheckedExprId initial_on_cycle(const NativeCall& call, TypeId type_id);
  TypeId type_on_cycle(const NativeCall& call) const;
  void settle_cycle_type(Deferred& cycle);
  void settle_open_type(const Deferred& cycle);
  void report_nothing_drives(const Deferred& cycle);
  void close_prevs(std::span<const Deferred> cycles);
  void close_delays(std::span<const Deferred> cycles);
  std::optional<DelayOperator> delay_shape(const NativeCall& call);
  bool check_delay_domain(const DelayOperator& shape, DraftScopeId scope, ExprId input, SourceSpan span);
  Wire defer_delay(const NativeCall& call, DelayOperator shape);

  bool is_delayed(const StepInput& input) const;
  void report_step(const CouplingResult& result, const StepInput& left, const StepInput& right,
                   SourceSpan span);
  std::string rate_text(PortId port) const;
  void check_times();

  const Ast& ast_;
  const ModuleTable& modules_;
  ItemChecker& checker_;
  CheckedProgram& program_;
  DiagnosticSink& sink_;
  const BuildOptions& options_;
  PrevTypes& prev_types_;
  DiagnosticSink::Mark begin_;

  GraphDraft draft_;
  std::deque<Equation> equations_;
  std::deque<WiringEnvironment> environments_;
  std::map<ModuleId, WiringEnvironment*> module_environments_;
  std::vector<EquationId> running_;  // Being elaborated, outermost first.
  std::vector<Deferred> deferred_;
  std::set<EquationId> closing_;  // That need the `prev` or `delay` whose input is being elaborated.
  std::map<std::string, PortId> windows_;  // Views made so far, by port and shape.
  std::set<EquationId> classifying_;       // Asked whether they are constants.
  std::vector<std::pair<OperatorId, std::string>> time_users_;  // Read `now`: operator, who asks.

  // Of what is being elaborated:
  std::string label_;
  bool handled_ = false;
  std::string expansion_;     // Path of calls of graphs, to tell expansions of one text apart.
  std::size_t depth_ = 0;     // Of expansions.
  bool must_retry_ = false;
  bool has_open_types_ = false;

  static constexpr std::size_t kMaxDepth = 200;
};

// Handlers of library operators, by native name; null if there is none.
using OperatorHandler = Wire (*)(Elaborator&, const NativeCall&);
OperatorHandler find_operator(std::string_view native_name);

// A source or sink of the runtime.
struct Connector {
  std::string_view name;
  enum class Kind : std::uint8_t { Source, Sink } kind;
  bool is_live = false;
  std::string_view destination;  // Sinks: what its items go to.
};
const Connector* find_connector(std::string_view native_name);

}  // namespace streamc
