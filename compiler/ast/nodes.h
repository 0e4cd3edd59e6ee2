// The syntax tree: what the user wrote, and nothing that was concluded from it.
//
// One struct for each construct of grammar/Stream.g4. Nodes live in vectors owned by an Ast
// (compiler/ast/ast.h), refer to each other by id and never change after parsing; what later phases
// learn goes in side tables keyed by these ids. Each node has the span of its text.
//
// They stand in a namespace of their own, because the checked tree (compiler/sema/checked.h) uses
// many of the same words for what the constructs mean.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compiler/source/source.h"
#include "compiler/support/ids.h"

namespace streamc {

using ExprId = Id<struct ExprTag>;
using StmtId = Id<struct StmtTag>;
using DeclId = Id<struct DeclTag>;
using TypeSyntaxId = Id<struct TypeSyntaxTag>;

namespace ast {

// A name as written. Empty, with an invalid span, where the grammar lets it be absent.
struct Identifier {
  std::string text;
  SourceSpan span;

  bool present() const { return span.valid(); }
};

// `mean`, `csv.read`: at least one part.
struct Path {
  SourceSpan span;
  std::vector<Identifier> parts;

  // The parts joined by dots.
  std::string text() const;
};

// `{ … }`, the statements in order.
struct Block {
  SourceSpan span;  // Braces included.
  std::vector<StmtId> statements;
};

// ---------------------------------------------------------------------------------------------
// Expressions. Parentheses leave no node; Ast::is_parenthesized() tells where they stood.

// Stands where no expression could be parsed; the mistake is reported.
struct ErrorExpr {
  SourceSpan span;
};

// `42`, `1_000`, `0xFF`. A minus before it is a UnaryExpr, except in the least int.
struct IntExpr {
  SourceSpan span;
  std::int64_t value = 0;
};

// `1.5e-3`
struct FloatExpr {
  SourceSpan span;
  double value = 0.0;
};

// `10min`, `44.1kHz`, `64KiB`. The unit is one of compiler/ast/units.h; the number has digits, at
// most one dot and no underscores.
struct QuantityExpr {
  SourceSpan span;
  std::string number;
  std::string unit;
};

// A text between holes, or a hole: `{value:spec}`. The hole `{}` or `{:.1f}` has no value.
struct StringPiece {
  SourceSpan span;  // A hole's includes the braces.
  bool is_hole = false;
  std::string text;         // Escapes resolved. Not in a hole.
  ExprId value_id;          // Invalid in an empty hole.
  std::string format_spec;  // What follows the colon; may be empty.
  SourceSpan format_span;
};

// `"text {x:.1f}"` or, with no holes and no escapes, `r"raw"`. Neighbouring texts are joined; the
// empty string has no pieces.
struct StringExpr {
  SourceSpan span;
  bool is_raw = false;
  std::vector<StringPiece> pieces;
};

// `t"2026-11-01T12:00:00Z"`
struct TimeExpr {
  SourceSpan span;
  std::int64_t nanoseconds = 0;  // Since 1970-01-01T00:00:00Z.
};

struct BoolExpr {
  SourceSpan span;
  bool value = false;
};

struct NoneExpr {
  SourceSpan span;
};

// A name in the place of a value; also `skip` and `stop` after `else`, and `end` in a `given` list.
struct NameExpr {
  SourceSpan span;
  std::string name;
};

// `object.name`: a field, an output port, a value of an enumeration or a function of a module.
struct FieldExpr {
  SourceSpan span;
  ExprId object_id;
  Identifier name;
};

// `value`, `name: value` or `..value`.
struct Argument {
  SourceSpan span;
  Identifier name;
  ExprId value_id;
  bool is_spread = false;
};

// `callee(arguments)`; the callee is a NameExpr or a FieldExpr in every program that checks.
struct CallExpr {
  SourceSpan span;
  ExprId callee_id;
  std::vector<Argument> arguments;
};

// One index: `*`, a value, or a slice `first:last` of which either end may be missing.
struct Index {
  enum class Kind : std::uint8_t { Star, Value, Slice };
  SourceSpan span;
  Kind kind = Kind::Value;
  ExprId first_id;  // The value, or the first end of a slice.
  ExprId last_id;
};

// `object[indices]`
struct IndexExpr {
  SourceSpan span;
  ExprId object_id;
  std::vector<Index> indices;  // At least one.
};

// `value` or `value at time`
struct ArrayElement {
  SourceSpan span;
  ExprId value_id;
  ExprId time_id;  // Invalid without `at`.
};

// `[1, 2]`
struct ArrayExpr {
  SourceSpan span;
  std::vector<ArrayElement> elements;
};

// `(a, b)`: at least two elements.
struct TupleExpr {
  SourceSpan span;
  std::vector<ExprId> element_ids;
};

enum class UnaryOp : std::uint8_t { Negate, Not };

struct UnaryExpr {
  SourceSpan span;
  SourceSpan operator_span;
  UnaryOp op = UnaryOp::Negate;
  ExprId operand_id;
};

enum class BinaryOp : std::uint8_t {
  Add,
  Subtract,
  Multiply,
  Divide,
  FloorDivide,
  Modulo,
  Power,
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  In,
  And,
  Or,
};

// Two operands: arithmetic, a comparison (they do not chain), `in`, `and`, `or`.
struct BinaryExpr {
  SourceSpan span;
  SourceSpan operator_span;
  BinaryOp op = BinaryOp::Add;
  ExprId left_id;
  ExprId right_id;
};

// `if condition { then } else { otherwise }`; `otherwise` is another IfExpr for `else if`.
struct IfExpr {
  SourceSpan span;
  ExprId condition_id;
  ExprId then_id;
  ExprId else_id;
};

// `v => v > limit`, `(a, b) => a + b`, `x => { … }`. Only an argument may be one.
struct LambdaExpr {
  SourceSpan span;
  std::vector<Identifier> parameters;
  ExprId body_id;              // Invalid when the body is a block.
  std::optional<Block> block;
};

// `left |> function(arguments)` means `function(left, arguments)`.
struct PipeExpr {
  SourceSpan span;           // From the first byte of `left` to the end of the stage.
  SourceSpan operator_span;  // The two bytes of `|>`.
  SourceSpan stage_span;     // The function and its arguments.
  ExprId left_id;
  Path function;
  bool has_arguments = false;  // Whether `( )` is written.
  std::vector<Argument> arguments;
};

// `left else right`: `right` covers what fails or is absent in `left`. It is a NameExpr `skip` or
// `stop` when written so.
struct ElseExpr {
  SourceSpan span;
  SourceSpan operator_span;
  ExprId left_id;
  ExprId right_id;
};

// `stream @ rate`
struct RateExpr {
  SourceSpan span;
  SourceSpan operator_span;
  ExprId stream_id;
  ExprId rate_id;
};

// Closed: every match() that forgets an alternative fails to compile.
using Expr = std::variant<ErrorExpr, IntExpr, FloatExpr, QuantityExpr, StringExpr, TimeExpr, BoolExpr,
                          NoneExpr, NameExpr, FieldExpr, CallExpr, IndexExpr, ArrayExpr, TupleExpr,
                          UnaryExpr, BinaryExpr, IfExpr, LambdaExpr, PipeExpr, ElseExpr, RateExpr>;

// ---------------------------------------------------------------------------------------------
// Types, as written.

struct ErrorType {
  SourceSpan span;
};

// `float`, `csv.Row`
struct NamedType {
  SourceSpan span;
  Path path;
};

// What stands between the brackets of a type: a type, a constant, or a name that could be either.
struct TypeArgument {
  SourceSpan span;
  Identifier name;       // `max` in `list[T, max: 100]`.
  TypeSyntaxId type_id;  // Valid unless it can only be a constant (`16`, `n + 1`).
  ExprId constant_id;    // Valid if it can be a constant: an int, a name, or both with + - * //.
};

// `base[arguments]`: `float[]` (a window view), `float[16]`, `stream[T]`, `map[K, V, max: n]`.
struct AppliedType {
  SourceSpan span;
  TypeSyntaxId base_id;
  std::vector<TypeArgument> arguments;
};

// `base?`
struct OptionType {
  SourceSpan span;
  TypeSyntaxId base_id;
};

// `(A, B)`; one in parentheses is only itself.
struct TupleType {
  SourceSpan span;
  std::vector<TypeSyntaxId> element_ids;
};

// `(A, B) -> C`
struct FunctionType {
  SourceSpan span;
  std::vector<TypeSyntaxId> parameter_ids;
  TypeSyntaxId result_id;
};

using TypeSyntax =
    std::variant<ErrorType, NamedType, AppliedType, OptionType, TupleType, FunctionType>;

// ---------------------------------------------------------------------------------------------
// Statements.

// Stands where no statement could be parsed; the mistake is reported.
struct ErrorStmt {
  SourceSpan span;
};

// A step into a target: `.field` or `[indices]`.
struct TargetStep {
  SourceSpan span;
  Identifier field;                // Absent in an index step.
  std::vector<ExprId> index_ids;   // Empty in a field step.
};

// `mids[q.symbol]`, `total`
struct Target {
  SourceSpan span;
  Identifier name;
  std::vector<TargetStep> steps;
};

enum class AssignOp : std::uint8_t { Set, Add, Subtract, Multiply, Divide };

// `name = value`: an equation in a graph, an assignment in a function, agent or aggregate.
struct AssignStmt {
  SourceSpan span;
  std::string doc;              // The comment block directly above.
  std::vector<Target> targets;  // At least one.
  TypeSyntaxId type_id;         // Invalid where none is written.
  AssignOp op = AssignOp::Set;
  SourceSpan operator_span;
  ExprId value_id;
};

// `if … { } else if … { } else { }`
struct IfStmt {
  struct Arm {
    ExprId condition_id;
    Block block;
  };
  SourceSpan span;
  std::vector<Arm> arms;  // At least one.
  std::optional<Block> else_block;
};

// `for variable in values { }`
struct ForStmt {
  SourceSpan span;
  Identifier variable;
  ExprId values_id;
  Block block;
};

// `plate variable in roster { }`
struct PlateStmt {
  SourceSpan span;
  std::string doc;
  Identifier variable;
  ExprId roster_id;
  Block block;
};

// `emit value`, `emit port: value`
struct EmitStmt {
  SourceSpan span;
  Identifier port;
  ExprId value_id;
};

struct ReturnStmt {
  SourceSpan span;
  std::vector<ExprId> value_ids;  // At least one.
};

// An expression that is a statement: a pipeline into a sink, or a call.
struct ExprStmt {
  SourceSpan span;
  ExprId value_id;
};

// `board.temp`, `alarm[3]`: a stream named from outside its plate or node.
struct Reference {
  SourceSpan span;
  Identifier name;
  std::vector<Identifier> fields;
  std::vector<Index> indices;
};

// `given stream = values`, in a test only.
struct GivenStmt {
  SourceSpan span;
  Reference subject;
  ExprId value_id;
};

// `expect a == b within tolerance`, in a test only.
struct ExpectStmt {
  SourceSpan span;
  ExprId value_id;
  ExprId tolerance_id;  // Invalid without `within`.
};

using Stmt = std::variant<ErrorStmt, AssignStmt, IfStmt, ForStmt, PlateStmt, EmitStmt, ReturnStmt,
                          ExprStmt, GivenStmt, ExpectStmt>;

// ---------------------------------------------------------------------------------------------
// Declarations. `doc` is the comment block directly above, without `#`, lines joined by `\n`.

// `N: int` in `graph fir[N: int](…)`
struct Generic {
  SourceSpan span;
  Identifier name;
  TypeSyntaxId bound_id;  // Invalid where none is written.
};

struct Parameter {
  SourceSpan span;
  Identifier name;
  TypeSyntaxId type_id;
  ExprId default_id;  // Invalid where none is written.
};

// An output of an agent or a graph: `-> float` has no name, `-> (ok: Reading, bad: Reading)` has.
struct Output {
  SourceSpan span;
  Identifier name;
  TypeSyntaxId type_id;
};

// `= expression` or a block; neither in an `extern` declaration.
struct Body {
  SourceSpan span;
  ExprId value_id;  // Invalid unless it is `= expression`.
  std::optional<Block> block;

  bool present() const { return value_id.valid() || block.has_value(); }
};

// `state n = 0`, `state since: time?`
struct StateDecl {
  SourceSpan span;
  std::string doc;
  Identifier name;
  TypeSyntaxId type_id;  // Invalid where none is written,
  ExprId initial_id;     // and so is this; at least one of both is there.
};

// Stands where no declaration could be parsed; the mistake is reported.
struct ErrorDecl {
  SourceSpan span;
};

// `import csv`, `import sensors.boards as boards`
struct ImportDecl {
  SourceSpan span;
  Path path;
  Identifier alias;
};

// `param limit: float = 40.0   "help"`
struct ParamDecl {
  SourceSpan span;
  std::string doc;
  Identifier name;
  TypeSyntaxId type_id;
  ExprId default_id;
  std::string help;
};

// `at: time "timestamp"`
struct Field {
  SourceSpan span;
  Identifier name;
  TypeSyntaxId type_id;
  ExprId default_id;
  std::optional<std::string> outside_name;  // The column or key in files.
};

struct RecordDefinition {
  SourceSpan span;
  std::vector<Field> fields;
};

// `home | away`: at least two values.
struct EnumerationDefinition {
  SourceSpan span;
  std::vector<Identifier> values;
};

// Another name of a type.
struct AliasDefinition {
  SourceSpan span;
  TypeSyntaxId type_id;
};

struct TypeDecl {
  SourceSpan span;
  std::string doc;
  Identifier name;
  std::vector<Generic> generics;
  std::variant<RecordDefinition, EnumerationDefinition, AliasDefinition> definition;
};

struct FnDecl {
  SourceSpan span;
  std::string doc;
  Identifier name;
  std::vector<Generic> generics;
  std::vector<Parameter> parameters;
  TypeSyntaxId result_id;  // Invalid where none is written.
  Body body;
};

// A part of an aggregate that is a value: `commutative = true`.
struct AggregateFlag {
  SourceSpan span;
  Identifier name;
  ExprId value_id;
};

struct AggregateDecl {
  SourceSpan span;
  std::string doc;
  Identifier name;
  std::vector<Generic> generics;
  std::vector<Parameter> parameters;
  TypeSyntaxId result_type_id;
  SourceSpan body_span;  // `{ … }`
  std::vector<StateDecl> states;
  std::optional<Block> add;
  std::optional<Block> merge;
  Identifier merge_name;  // `o` in `merge o { }`: the later part.
  Body result;            // `result = expression` or `result { }`.
  SourceSpan add_span;    // These parts, with the words before their braces.
  SourceSpan merge_span;
  SourceSpan result_span;
  std::vector<AggregateFlag> flags;
};

// A reaction: `on a, b { }`, `on every 1s { }`, `on end { }`.
struct Handler {
  enum class Kind : std::uint8_t { Items, Every, End };
  SourceSpan span;
  Kind kind = Kind::Items;
  std::vector<Identifier> inputs;  // Items only, at least one.
  ExprId period_id;                // Every only.
  Block block;
};

struct AgentDecl {
  SourceSpan span;
  std::string doc;
  Identifier name;
  std::vector<Generic> generics;
  std::vector<Parameter> parameters;
  std::vector<Output> outputs;  // None in a sink.
  SourceSpan body_span;  // `{ … }`; invalid in an `extern` declaration.
  std::vector<StateDecl> states;
  std::vector<Handler> handlers;
};

struct GraphDecl {
  SourceSpan span;
  std::string doc;
  Identifier name;
  std::vector<Generic> generics;
  std::vector<Parameter> parameters;
  std::vector<Output> outputs;
  Body body;
};

// `extern python "numpy.fft.rfft" fn rfft(…) -> …`: `head_id` is a FnDecl, AgentDecl or GraphDecl
// without a body, reachable only from here.
struct ExternDecl {
  SourceSpan span;
  std::string doc;
  Identifier language;
  std::string symbol;
  SourceSpan symbol_span;
  DeclId head_id;
};

// One line of a deploy block.
struct DeployItem {
  enum class Kind : std::uint8_t { Node, Process, Thread, Stream, Rest, Link };
  SourceSpan span;
  Kind kind = Kind::Rest;             // Rest: `*`
  Identifier name;                    // Node, Process, Thread;
  std::vector<Identifier> plates;     // `site` in `node board[site]`;
  std::vector<DeployItem> items;      // what is in it, in order.
  Reference from;                     // Stream: the stream. Link: where it begins,
  Reference to;                       // and where it ends.
  SourceSpan body_span;               // `{ … }`
  bool has_arguments = false;         // Node, Process, Thread, Link.
  std::vector<Argument> arguments;
};

struct DeployDecl {
  SourceSpan span;
  std::string doc;
  Identifier name;
  SourceSpan body_span;  // `{ … }`
  std::vector<DeployItem> items;
};

// `test "name" { }`: given, expect and assignment statements.
struct TestDecl {
  SourceSpan span;
  std::string doc;
  std::string name;
  SourceSpan name_span;
  Block block;
};

using Decl = std::variant<ErrorDecl, ImportDecl, ParamDecl, TypeDecl, FnDecl, AggregateDecl, AgentDecl,
                          GraphDecl, ExternDecl, DeployDecl, TestDecl>;

// ---------------------------------------------------------------------------------------------

// `# …`, kept for the formatter. Not part of the tree.
struct Comment {
  SourceSpan span;        // From `#` to the end of the line.
  bool own_line = false;  // Nothing but blanks before it on its line.
};

// A top-level line of a file: a declaration or a statement.
using ModuleItem = std::variant<DeclId, StmtId>;

// One parsed file. Order means nothing to the language except where semantics.md says "textual
// order"; `items` keeps it.
struct Module {
  SourceSpan span;
  std::string doc;  // The comment block at the very top, if a blank line follows it.
  std::vector<ModuleItem> items;
  std::vector<Comment> comments;  // In order.

  FileId file_id() const { return span.file_id; }
};

}  // namespace ast
}  // namespace streamc
