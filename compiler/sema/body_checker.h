// The checker of one body: a fn, a lambda, a lifted expression, or the parts of an agent or an
// aggregate, which share their locals. Internal to compiler/sema.
//
// infer_…() gives an expression the type it has by itself, led by a hint where the text leaves it
// open (`[]`, `none`, `1`); check() converts it to the type that is needed. After a report they
// give an expression of the error type, about which everything else stays silent.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "compiler/sema/builtin_table.h"
#include "compiler/sema/sema_context.h"

namespace streamc {

// An option that a condition can show to be present: a local or a constant, or a field in one.
struct NarrowKey {
  bool is_constant = false;
  std::uint32_t root = 0;  // LocalIndex or ConstantId.
  std::vector<std::uint32_t> fields;
  friend auto operator<=>(const NarrowKey&, const NarrowKey&) = default;
};

// What is present when a condition holds, and when it does not.
struct Facts {
  std::set<NarrowKey> when_true;
  std::set<NarrowKey> when_false;
};

// What is known at one place of a body.
struct Flow {
  std::set<LocalIndex> assigned;  // Has a value on every way here.
  std::set<NarrowKey> present;    // Is not `none` on any way here.
  bool ended = false;             // No way leads here: after `return` or `fail`.
};

// A value of function type in a body: never a value in the checked tree.
struct FunctionValue {
  ClosureId closure_id;
  TypeId function_type_id;            // Declared type of the parameter; invalid if unknown.
  std::vector<LocalIndex> captures;   // Locals of this body, for the closure's captures.
};

// One argument of a call: syntax to be checked, or an expression that is checked already.
struct CallArgument {
  ExprId expr_id;
  CheckedExprId checked;
  bool is_default = false;
};

// A call at the level of items, whatever its syntax.
struct ItemCall {
  std::vector<ast::Identifier> path;  // The callee.
  SourceSpan callee_span;
  SourceSpan span;
  ExprId piped;
  std::span<const ast::Argument> arguments;
  // Instead of the last two: arguments by position, for a function given as an argument.
  std::vector<CheckedExprId> checked;
  bool is_checked = false;

  std::string callee() const;
};

class BodyChecker {
 public:
  enum class Place : std::uint8_t { Function, Constant, Handler, Add, Merge, Result, State };

  // `chain`: the fns whose bodies are being checked, this one last.
  BodyChecker(SemaContext& context, const Environment& environment, std::vector<DeclId> chain,
              std::string name);
  BodyChecker(const BodyChecker&) = delete;
  BodyChecker& operator=(const BodyChecker&) = delete;

  // ---- locals (body_checker.cpp) ---------------------------------------------------------------
  LocalIndex add_local(std::string name, TypeId type_id);
  // A local that the innermost scope knows by its name, with or without a value so far.
  LocalIndex declare(std::string name, TypeId type_id, bool has_value);
  void bind_local(std::string name, LocalIndex local);
  void bind_function(std::string name, FunctionValue function);
  // Parameters for the captures of closures, in their order.
  std::vector<LocalIndex> add_captures(const Closure& closure);
  // An expression of the syntax that stands for a local.
  void bind_operand(ExprId expr_id, LocalIndex local) { operands_[expr_id] = local; }
  void push_scope() { scopes_.emplace_back(); }
  void pop_scope() { scopes_.pop_back(); }
  Flow& flow() { return flow_; }
  void set_place(Place place) { place_ = place; }
  std::vector<Local>& locals() { return locals_; }

  // ---- expressions (check_expressions.cpp and others) --------------------------------------------
  CheckedExprId infer(ExprId id, TypeId hint = {}, Facts* facts = nullptr);
  // As infer(), converted; reports what does not fit.
  CheckedExprId check(ExprId id, TypeId expected);
  CheckedExprId check_condition(ExprId id, Facts& facts);
  // The conversion of a checked expression; invalid if there is none. Reports nothing.
  CheckedExprId convert(CheckedExprId id, TypeId to);
  // The same; reports TypeMismatch or MayBeNone.
  CheckedExprId require(CheckedExprId id, TypeId to, SourceSpan span);
  CheckedExprId local(LocalIndex index, SourceSpan span);

  // ---- functions as arguments (check_functions.cpp) ------------------------------------------------
  // A closure of what stands at `id`, or nothing after a report.
  std::optional<FunctionValue> make_function(ExprId id, TypeId function_type_id);
  CheckedExprId call_function(const FunctionValue& function, std::vector<CheckedExprId> arguments,
                              SourceSpan span, std::string_view name);
  // The body of a function argument applied to these locals, in place.
  CheckedExprId apply_in_place(ExprId function, std::span<const LocalIndex> values, TypeId expected,
                               SourceSpan span);
  // A path, or a text with an empty hole, applied to checked values.
  CheckedExprId apply_path(ExprId function, std::vector<CheckedExprId> arguments, SourceSpan span);
  // A text, with these values in its empty holes; without, an empty hole is a mistake.
  CheckedExprId infer_text(const ast::StringExpr& text, const std::vector<CheckedExprId>* holes);

  // ---- statements (check_statements.cpp) ----------------------------------------------------------
  // Checks statements in order, in the current scope.
  CheckedBlock check_block(const ast::Block& block);
  // A scope for the variables of one reaction, or of one part of an aggregate.
  void enter_block() {
    push_scope();
    function_scope_ = scopes_.size() - 1;
  }
  void leave_block() { pop_scope(); }
  // The `result` of an aggregate: an expression or a block that returns.
  CheckedBlock check_result(const ast::Body& body, TypeId type_id, SourceSpan span);
  // What `return` gives; invalid while it is to be inferred.
  void expect_result(TypeId type_id) { result_ = type_id; }
  // The type of all returns so far, or invalid.
  TypeId inferred_result() const { return inferred_; }
  void set_ports(const std::vector<AgentPort>* ports) { ports_ = ports; }
  // The name `o` of `merge o`, whose fields are these locals.
  void bind_other(std::string name, std::map<std::string, LocalIndex> fields);
  void mark_state(LocalIndex local) { states_.insert(local); }
  void mark_fixed(LocalIndex local, std::string why) { fixed_[local] = std::move(why); }
  void mark_span(LocalIndex local, SourceSpan span) { local_spans_[local] = span; }
  void mark_input(LocalIndex local) { inputs_.insert(local); }

  // Makes a function of this body's locals. `body` gets its returns converted to the result type.
  FunctionId finish_function(SourceSpan span, std::uint32_t parameter_count, CheckedBlock body,
                             TypeId result);
  // The same of one expression.
  FunctionId finish_expression(SourceSpan span, std::uint32_t parameter_count, CheckedExprId value);
  bool has_locals() const { return !locals_.empty(); }
  bool failed() const { return failed_; }
  // Checks `= expression` or a block, and finishes: the statements `first` come before it. Invalid
  // after a mistake.
  FunctionId check_body(const ast::Body& body, SourceSpan span, std::uint32_t parameter_count,
                        TypeId declared_result, CheckedBlock first = {});
  // A lambda whose parameters are these locals, or the parts of the one tuple they are.
  FunctionId check_lambda_body(const ast::LambdaExpr& lambda, std::vector<LocalIndex> values,
                               std::uint32_t parameter_count, TypeId expected);

 private:
  struct Binding {
    enum class Kind : std::uint8_t { Local, Function, Other };
    Kind kind = Kind::Local;
    LocalIndex local = 0;
    FunctionValue function;
    std::map<std::string, LocalIndex> other;
  };
  using Scope = std::unordered_map<std::string, Binding>;

  template <class Node>
  CheckedExprId make(TypeId type_id, SourceSpan span, Node node) {
    return context_.add(type_id, span, std::move(node));
  }
  TypeTable& types() { return context_.program.types; }
  TypeId scalar(TypeKind kind) { return types().scalar(kind); }
  TypeId type_of(CheckedExprId id) const { return context_.type_of(id); }
  TypeKind kind_of(CheckedExprId id) const { return context_.program.types.kind(type_of(id)); }
  SourceSpan span_of_checked(CheckedExprId id) const { return context_.program.expr(id).span; }
  // `an int`, `a Reading`, `none`: a type as the object of a message.
  std::string describe(TypeId id) const;
  CheckedExprId error(SourceSpan span) { return context_.error_expr(span); }
  bool is_error(CheckedExprId id) const { return context_.is_error(id); }
  CheckedExprId not_available(SourceSpan span, std::string_view what);
  CheckedExprId int_literal(std::int64_t value, SourceSpan span);
  std::optional<std::int64_t> literal_int(CheckedExprId id) const;
  // Cheap to evaluate twice and without effect: may be written down twice.
  bool is_simple(CheckedExprId id) const;

  Binding* find_binding(std::string_view name);
  void capture(ExprId id, Closure& closure, FunctionValue& function);
  std::vector<std::string> visible_names();
  std::vector<ast::Identifier> path_of(ExprId id) const { return streamc::path_of(context_.ast, id); }

  // Reading of names and what hangs on them (check_expressions.cpp).
  CheckedExprId infer_unlifted(ExprId id, TypeId hint, Facts* facts);
  bool check_format(const ast::StringPiece& piece, CheckedExprId value);
  CheckedExprId infer_name(std::string_view name, SourceSpan span);
  CheckedExprId read_local(LocalIndex index, SourceSpan span);
  CheckedExprId constant_value(const Meaning& meaning, SourceSpan span);
  CheckedExprId infer_field(const ast::FieldExpr& field);
  CheckedExprId field_of(CheckedExprId object, const ast::Identifier& name, SourceSpan span);
  CheckedExprId infer_index(const ast::IndexExpr& index);
  CheckedExprId infer_array(const ast::ArrayExpr& array, TypeId hint);
  CheckedExprId infer_tuple(const ast::TupleExpr& tuple, TypeId hint);
  CheckedExprId infer_if(const ast::IfExpr& expr, TypeId hint);
  CheckedExprId infer_else(const ast::ElseExpr& expr, TypeId hint);
  CheckedExprId infer_quantity(const ast::QuantityExpr& quantity);
  void report_unknown_name(std::string_view name, SourceSpan span);
  void report_fields(TypeId type_id, const ast::Identifier& name);
  std::optional<NarrowKey> narrow_key(CheckedExprId id) const;
  // The expression as a value: unwrapped where it is known to be present.
  CheckedExprId narrowed(CheckedExprId id);
  CheckedExprId without_narrowing(CheckedExprId id) const;
  void apply_facts(const std::set<NarrowKey>& present) {
    flow_.present.insert(present.begin(), present.end());
  }

  // Operators (check_operators.cpp).
  CheckedExprId infer_unary(const ast::UnaryExpr& expr, TypeId hint, Facts* facts);
  CheckedExprId infer_binary(const ast::BinaryExpr& expr, TypeId hint, Facts* facts);
  CheckedExprId infer_logic(const ast::BinaryExpr& expr, Facts* facts);
  CheckedExprId infer_comparison(const ast::BinaryExpr& expr, Facts* facts);
  CheckedExprId infer_membership(const ast::BinaryExpr& expr);
  CheckedExprId compare_with_none(const ast::BinaryExpr& expr, ExprId value, Facts* facts);
  CheckedExprId arithmetic(ast::BinaryOp op, CheckedExprId left, CheckedExprId right,
                           SourceSpan operator_span, SourceSpan span);
  CheckedExprId report_operands(ast::BinaryOp op, CheckedExprId left, CheckedExprId right,
                                SourceSpan operator_span, SourceSpan span);
  // True (and reported) if the value may be none; true and silent after a mistake.
  bool refuses_option(CheckedExprId id);
  void report_none(CheckedExprId id, TypeId needed, SourceSpan span);
  // How a value could be turned into what is needed.
  void help_conversion(DiagnosticBuilder& report, CheckedExprId value, TypeId needed);

  // Calls (check_calls.cpp).
  CheckedExprId infer_call(const ItemCall& call, TypeId hint);
  CheckedExprId call_declared(const ItemCall& call, const Callee& callee, TypeId hint);
  CheckedExprId call_fn(const ItemCall& call, const FoundDeclaration& found, const ast::FnDecl& fn);
  CheckedExprId call_aggregate(const ItemCall& call, const FoundDeclaration& found,
                               const ast::AggregateDecl& aggregate);
  CheckedExprId call_builtin(const ItemCall& call);
  CheckedExprId call_fail(const ItemCall& call);
  CheckedExprId call_parameter(const ItemCall& call, const FunctionValue& function);
  CheckedExprId report_wiring(const ItemCall& call, const FoundDeclaration& found);
  CheckedExprId report_unknown_function(const ItemCall& call);
  std::optional<std::vector<CallArgument>> bind(const ItemCall& call,
                                                std::span<const ast::Parameter> parameters);
  // Positional arguments only; nothing if there are others (reported) or not between min and max.
  std::optional<std::vector<CallArgument>> positional(const ItemCall& call, std::size_t min_count,
                                                      std::size_t max_count);
  CheckedExprId infer_argument(const CallArgument& argument, const Environment& declaring,
                               TypeId hint);
  SourceSpan argument_span(const CallArgument& argument, const ItemCall& call) const;
  CheckedExprId require_argument(CheckedExprId id, TypeId to, const CallArgument& argument,
                                 std::string_view parameter, const ItemCall& call);
  bool looks_like_function(ExprId id);
  void infer_ignored(const ItemCall& call);
  // Invalid if the values do not fit the signature.
  CheckedExprId apply_builtin(const BuiltinSignature& signature, std::vector<CheckedExprId> values,
                              const ItemCall& call);
  // A tuple of values of one type as an array of them; invalid if it is none.
  CheckedExprId tuple_as_array(CheckedExprId tuple);

  // Records (check_records.cpp).
  CheckedExprId build_record(const ItemCall& call, const FoundDeclaration& found);
  bool place_fields(const ItemCall& call, TypeId type_id, std::vector<CallArgument>& given,
                    std::optional<ExprId>& spread);
  CheckedExprId build_with_helper(const ItemCall& call, const FoundDeclaration& found,
                                  CheckedExprId source);

  // The functions on arrays (check_arrays.cpp).
  CheckedExprId call_on_arrays(const ItemCall& call, TypeId hint);
  CheckedExprId call_map(const ItemCall& call, bool is_filter);
  CheckedExprId call_end(const ItemCall& call, std::int64_t index);
  CheckedExprId call_range(const ItemCall& call);
  CheckedExprId require_array(CheckedExprId value, const ItemCall& call);

  // Statements (check_statements.cpp).
  void check_statement(StmtId id, CheckedBlock& out);
  void check_assign(const ast::AssignStmt& stmt, CheckedBlock& out);
  void assign_one(const ast::AssignStmt& stmt, CheckedBlock& out);
  void assign_target(const ast::Target& target, CheckedExprId value, const ast::AssignStmt& stmt,
                     CheckedBlock& out);
  void assign_path(const ast::AssignStmt& stmt, CheckedBlock& out);
  void fail_assignment(const ast::Target& target);
  void report_update_of_unknown(const ast::Target& target);
  bool check_range_limits(const ast::CallExpr& call, ForRangeStmt& range);
  void unpack(const ast::AssignStmt& stmt, CheckedBlock& out);
  void check_if(const ast::IfStmt& stmt, std::size_t arm, CheckedBlock& out);
  void check_for(const ast::ForStmt& stmt, CheckedBlock& out);
  void check_emit(const ast::EmitStmt& stmt, CheckedBlock& out);
  void check_return(const ast::ReturnStmt& stmt, CheckedBlock& out);
  void check_expr_stmt(const ast::ExprStmt& stmt, CheckedBlock& out);
  void store(LocalIndex local, CheckedExprId value, SourceSpan span, CheckedBlock& out);
  void forget(LocalIndex local);
  void forget_assigned_in(const ast::Block& block);
  void report_assignment(const ast::Target& target, LocalIndex local, CheckedExprId value);
  bool may_assign(const ast::Target& target, LocalIndex local);
  LocalIndex declare_variable(std::string name, TypeId type_id);
  std::string place_text() const;
  void convert_returns(CheckedBlock& block, TypeId to);
  static Flow merge(const Flow& a, const Flow& b);

  SemaContext& context_;
  const Environment& environment_;
  std::vector<DeclId> chain_;
  std::string name_;
  Place place_ = Place::Function;
  std::vector<Local> locals_;
  std::vector<SourceSpan> local_spans_;  // Where each local was first assigned, if anywhere.
  std::vector<Scope> scopes_;            // Outermost first.
  std::unordered_map<ExprId, LocalIndex> operands_;
  Flow flow_;
  TypeId result_;
  TypeId inferred_;
  const std::vector<AgentPort>* ports_ = nullptr;
  std::set<LocalIndex> states_;
  std::set<LocalIndex> inputs_;
  std::map<LocalIndex, std::string> fixed_;  // Not assignable, and why.
  std::size_t function_scope_ = 0;           // Variables are declared in this scope.
  bool failed_ = false;                      // A statement had a mistake.
};

}  // namespace streamc
