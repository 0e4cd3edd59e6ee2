// The checked tree: what functions, agents and aggregates mean once names, types and overloads are
// settled. `ItemChecker` makes it from the ast; the graph's operators, code generation and the
// reference interpreter read it. It is closed and small: every implicit conversion is written out,
// generics are instantiated, and a lambda inside a function is its parameters and body in place.
//
// Why a tree of its own rather than side tables on the ast: one generic declaration has as many
// typings as instances, and the lifting rule wraps item expressions in functions that have no
// syntax. Syntax stays untouched; spans lead back to it.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <variant>
#include <vector>

#include "compiler/sema/types.h"
#include "compiler/source/source.h"
#include "compiler/support/ids.h"

namespace streamc {

using CheckedExprId = Id<struct CheckedExprTag>;
using FunctionId = Id<struct FunctionTag>;
using AgentId = Id<struct AgentTag>;
using AggregateId = Id<struct AggregateTag>;
using ConstantId = Id<struct ConstantTag>;

// A value known while compiling: literals, defaults of params, elements of `given` lists.
// Also what the reference interpreter computes with. Options: `present` false is `none`.
struct Value {
  TypeId type_id;
  std::int64_t integer = 0;  // bool, int, time, duration, enumeration index.
  double real = 0.0;         // float.
  RateValue rate;            // rate.
  std::string text;          // string.
  bool present = true;       // option.
  std::vector<Value> parts;  // record, tuple, array, window; option: one part if present.
};

// Locals of one function, agent or aggregate: parameters, states, variables. Assignable.
struct Local {
  std::string name;
  TypeId type_id;
};
using LocalIndex = std::uint32_t;

enum class UnaryOp : std::uint8_t { Negate, Not };

// Operands have equal types after conversion, except: time ± duration, duration */ number.
enum class BinaryOp : std::uint8_t {
  Add, Subtract, Multiply,
  Divide,        // float / float; duration / duration -> float; fails on a zero divisor.
  FloorDivide,   // int or float or duration; fails on a zero divisor.
  Modulo,        // sign of the divisor; fails on a zero divisor.
  Power,         // float ** float; int ** int with a literal exponent >= 0.
  Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual,
  And, Or,       // The right side is evaluated only if needed.
};

enum class Conversion : std::uint8_t {
  IntToFloat,
  ToOption,     // T -> T?, present.
  NoneToOption, // none -> T?
  ArrayToWindow,  // T[N] -> T[]
  Nothing,      // Nothing -> T; never reached.
};

// Functions of the language that are not written in it. One line each in builtins.def.
enum class Builtin : std::uint16_t {
#define STREAM_BUILTIN(enumerator, name, signature) enumerator,
#include "compiler/sema/builtins.def"
#undef STREAM_BUILTIN
};

struct LiteralExpr { Value value; };
struct LocalExpr { LocalIndex local; };
struct ConstantExpr { ConstantId constant_id; };  // A param or named constant, fixed before the first item.
struct UnaryExpr { UnaryOp op; CheckedExprId operand; };
struct BinaryExpr { BinaryOp op; CheckedExprId left; CheckedExprId right; };
struct ConvertExpr { Conversion conversion; CheckedExprId operand; };
struct CallFunctionExpr { FunctionId function_id; std::vector<CheckedExprId> arguments; };
struct CallBuiltinExpr { Builtin builtin; std::vector<CheckedExprId> arguments; };
struct FieldExpr { CheckedExprId object; std::uint32_t index; };   // Record or tuple; also a column view of Record[].
struct MakeExpr { std::vector<CheckedExprId> parts; };             // Record, tuple or array, by type.
struct IndexExpr { CheckedExprId object; CheckedExprId index; };   // Negative counts from the end; fails outside.
struct ConditionExpr { CheckedExprId condition; CheckedExprId then_value; CheckedExprId else_value; };
struct IsPresentExpr { CheckedExprId option; };                    // x != none
struct UnwrapExpr { CheckedExprId option; };                       // After narrowing, or in `else`; fails if none.
struct ElseExpr { CheckedExprId value; CheckedExprId fallback; };  // fallback if value fails (or, unwrapped, is none).
struct FailExpr { CheckedExprId message; };                        // fail("why"); type Nothing.
struct NowExpr {};                                                 // Stamp of the item; type time.
// map(array, p => body) and where(array, p => body): `parameters` are locals of this function.
// A lambda over an element of tuple type may unpack it into several parameters.
struct MapArrayExpr { CheckedExprId array; std::vector<LocalIndex> parameters; CheckedExprId body; };
struct FilterArrayExpr { CheckedExprId array; std::vector<LocalIndex> parameters; CheckedExprId body; };
// An aggregate over a whole array or view: as one pane (semantics.md §7).
struct AggregateArrayExpr { AggregateId aggregate_id; std::vector<CheckedExprId> arrays; std::vector<CheckedExprId> constants; };
// "text {x:.1f}": pieces in order; `spec` empty means the default form.
struct FormatPiece { std::string text; CheckedExprId value; bool has_value = false; std::string spec; };
struct FormatExpr { std::vector<FormatPiece> pieces; };

struct CheckedExpr {
  TypeId type_id;
  SourceSpan span;
  std::variant<LiteralExpr, LocalExpr, ConstantExpr, UnaryExpr, BinaryExpr, ConvertExpr, CallFunctionExpr,
               CallBuiltinExpr, FieldExpr, MakeExpr, IndexExpr, ConditionExpr, IsPresentExpr, UnwrapExpr,
               ElseExpr, FailExpr, NowExpr, MapArrayExpr, FilterArrayExpr, AggregateArrayExpr, FormatExpr>
      node;
};

struct CheckedStmt;
using CheckedBlock = std::vector<CheckedStmt>;

// Writes a local, or a part of it: `path` walks fields (record, tuple) and array indices.
struct TargetStep { bool is_index = false; std::uint32_t field = 0; CheckedExprId index; };
struct AssignStmt { LocalIndex local; std::vector<TargetStep> path; CheckedExprId value; };
struct IfStmt { CheckedExprId condition; CheckedBlock then_block; CheckedBlock else_block; };
struct ForRangeStmt { LocalIndex local; CheckedExprId first; CheckedExprId end; CheckedExprId step; CheckedBlock body; };
struct ForArrayStmt { LocalIndex local; CheckedExprId array; CheckedBlock body; };
struct EmitStmt { std::uint32_t port; CheckedExprId value; };
struct ReturnStmt { CheckedExprId value; };
struct ExprStmt { CheckedExprId value; };  // Evaluated for its failure only.

struct CheckedStmt {
  SourceSpan span;
  std::variant<AssignStmt, IfStmt, ForRangeStmt, ForArrayStmt, EmitStmt, ReturnStmt, ExprStmt> node;
};

// A pure function, an instance of a `fn`, a lambda, or an expression lifted by the graph builder.
// The first `parameter_count` locals are its parameters. Every path ends in a ReturnStmt. Never recursive.
struct CheckedFunction {
  std::string name;  // For messages and symbol names; lambdas have the name of their equation.
  SourceSpan span;
  std::vector<Local> locals;
  std::uint32_t parameter_count = 0;
  CheckedBlock body;
  TypeId result_id;
  bool can_fail = false;
  bool uses_now = false;
};

// How often an agent's port is emitted in a reaction, over all paths.
enum class EmitShape : std::uint8_t { ExactlyOnce, AtMostOnce, Any };

struct AgentPort { std::string name; TypeId type_id; EmitShape shape = EmitShape::Any; };
struct AgentState { LocalIndex local; CheckedExprId initial; };  // `initial` may use constants and earlier states.
// `on a, b`: fires on each tick of its inputs taken in step. `on end`: no inputs, fires once.
struct AgentHandler { bool is_end = false; std::vector<LocalIndex> inputs; CheckedBlock body; bool can_fail = false; };

// An instance of an `agent`. A failing reaction leaves no trace: its state changes and emits are undone.
struct CheckedAgent {
  std::string name;
  SourceSpan span;
  std::vector<Local> locals;
  std::vector<LocalIndex> inputs;     // In parameter order; what the operator's input ports feed.
  std::vector<LocalIndex> constants;  // Set once, before the first reaction, from the operator's arguments.
  std::vector<AgentState> states;
  std::vector<AgentHandler> handlers;
  std::vector<AgentPort> ports;
  bool uses_now = false;
};

// An instance of an `aggregate`.
struct CheckedAggregate {
  std::string name;
  SourceSpan span;
  std::vector<Local> locals;
  std::vector<LocalIndex> elements;      // Parameters fed by items.
  std::vector<LocalIndex> constants;     // Parameters of kind constant (quantile's p).
  std::vector<AgentState> states;
  CheckedBlock add;                      // Reads elements, writes states.
  bool has_merge = false;
  std::vector<LocalIndex> other_states;  // `o.n`, in the order of `states`: the later part.
  CheckedBlock merge;                    // Writes states.
  bool is_commutative = false;           // 8 lanes allowed (semantics.md §7).
  CheckedBlock result;                   // Ends in ReturnStmt.
  TypeId result_id;
  bool add_can_fail = false;
  bool result_can_fail = false;
};

// A param, or a named value made of params and literals only. Evaluated once, in order, at start.
struct CheckedConstant {
  std::string name;
  SourceSpan span;
  TypeId type_id;
  CheckedExprId value;      // A param's default.
  bool is_param = false;
  bool is_required = false; // A param without default; `value` is invalid then.
  bool is_fixed = false;    // It shaped the graph: set by --set when building, not a flag.
  std::string help;
};

// Owns everything above. Ids are indices; elements are never removed except by rollback.
// Expressions live in a deque so that references stay valid while more are made.
struct CheckedProgram {
  TypeTable types;
  std::deque<CheckedExpr> exprs;
  std::deque<CheckedFunction> functions;
  std::deque<CheckedAgent> agents;
  std::deque<CheckedAggregate> aggregates;
  std::deque<CheckedConstant> constants;

  [[nodiscard]] const CheckedExpr& expr(CheckedExprId id) const { return exprs[id.index()]; }
  [[nodiscard]] const CheckedFunction& function(FunctionId id) const { return functions[id.index()]; }
  [[nodiscard]] const CheckedAgent& agent(AgentId id) const { return agents[id.index()]; }
  [[nodiscard]] const CheckedAggregate& aggregate(AggregateId id) const { return aggregates[id.index()]; }
  [[nodiscard]] const CheckedConstant& constant(ConstantId id) const { return constants[id.index()]; }
};

}  // namespace streamc
