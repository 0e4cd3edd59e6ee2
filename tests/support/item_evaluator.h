// Runs checked trees on values: functions, bodies of agents and aggregates, constants.
//
// A walk over the tree, one case for each node. A failing operation throws ItemFailure; the stream
// level catches it where a tick becomes a hole.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compiler/sema/checked.h"
#include "tests/support/values.h"

namespace streamref {

// One emit of an agent's reaction.
struct Emit {
  std::uint32_t port;
  Value value;
};

// The locals of one running function, agent or aggregate, and what it has emitted so far.
struct Frame {
  std::vector<Value> locals;
  std::vector<Emit> emits;
  std::optional<std::int64_t> now;  // Stamp of the item being handled, where times exist.
};

class ItemEvaluator {
 public:
  // The program must outlive the evaluator.
  explicit ItemEvaluator(const streamc::CheckedProgram& program) : program_(program) {}

  [[nodiscard]] const streamc::CheckedProgram& program() const { return program_; }
  [[nodiscard]] const streamc::TypeTable& types() const { return program_.types; }

  // Values of the program's constants, by ConstantId; constants not yet set are computed at use.
  void set_constant(streamc::ConstantId id, Value value);
  [[nodiscard]] Value constant(streamc::ConstantId id);

  // An expression without locals: an argument of a connector, an initial value.
  [[nodiscard]] Value evaluate_constant(streamc::CheckedExprId id);

  [[nodiscard]] Value call(streamc::FunctionId id, std::vector<Value> arguments,
                           std::optional<std::int64_t> now);

  [[nodiscard]] Value evaluate(streamc::CheckedExprId id, Frame& frame);

  // Runs the statements; gives the value of the `return` that ended them, if one did.
  std::optional<Value> execute(const streamc::CheckedBlock& block, Frame& frame);

 private:
  Value evaluate_unary(const streamc::UnaryExpr& expr, Frame& frame);
  Value evaluate_binary(const streamc::BinaryExpr& expr, streamc::TypeId type, Frame& frame);
  Value evaluate_convert(const streamc::ConvertExpr& expr, streamc::TypeId type, Frame& frame);
  Value evaluate_builtin(const streamc::CallBuiltinExpr& expr, streamc::TypeId type, Frame& frame);
  Value evaluate_field(const streamc::FieldExpr& expr, streamc::TypeId type, Frame& frame);
  Value evaluate_index(const streamc::IndexExpr& expr, Frame& frame);
  Value evaluate_map(const streamc::MapArrayExpr& expr, streamc::TypeId type, Frame& frame);
  Value evaluate_filter(const streamc::FilterArrayExpr& expr, streamc::TypeId type, Frame& frame);
  Value evaluate_aggregate(const streamc::AggregateArrayExpr& expr, Frame& frame);
  Value evaluate_format(const streamc::FormatExpr& expr, Frame& frame);
  std::vector<Value> evaluate_all(std::span<const streamc::CheckedExprId> ids, Frame& frame);
  void assign(const streamc::AssignStmt& statement, Frame& frame);
  // Sets a lambda's parameters to an element, which several parameters unpack.
  static void bind(std::span<const streamc::LocalIndex> parameters, const Value& element,
                   Frame& frame);

  const streamc::CheckedProgram& program_;
  std::vector<std::optional<Value>> constants_;
};

// The place in `parts` that `index` names, where negative ones count from the end. Throws outside.
[[nodiscard]] std::size_t element_index(std::int64_t index, std::size_t count);

// A builtin on values; declared here so that unit tests can reach it. Throws what the builtin fails with.
[[nodiscard]] Value call_builtin(const streamc::TypeTable& types, streamc::Builtin builtin,
                                 streamc::TypeId result_type, std::span<const Value> arguments);

}  // namespace streamref
