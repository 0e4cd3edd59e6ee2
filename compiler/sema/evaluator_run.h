// One evaluation: an interpreter of the checked tree that stops at the first failure. Internal to
// compiler/sema; others use Evaluator.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compiler/sema/evaluate.h"

namespace streamc {

class EvaluatorRun {
 public:
  explicit EvaluatorRun(Evaluator& evaluator)
      : evaluator_(evaluator), program_(evaluator.program_), types_(evaluator.program_.types) {}

  // Nothing after a failure, which failure() tells.
  std::optional<Value> evaluate(CheckedExprId id);
  std::optional<Value> call(FunctionId id, std::vector<Value> arguments);
  std::optional<Value> aggregate(AggregateId id, const std::vector<Value>& arrays,
                                 std::vector<Value> constants, SourceSpan span);
  void set_now(std::optional<std::int64_t> now) { now_ = now; }

  const std::string& failure() const { return failure_; }
  SourceSpan failure_span() const { return failure_span_; }

 private:
  using Result = std::optional<Value>;
  enum class Step : std::uint8_t { Next, Returned, Failed };
  using Locals = std::vector<Value>;

  Result fail(SourceSpan span, std::string why);
  bool spend(SourceSpan span);  // False once the evaluation has taken too long.

  Result evaluate_constant(ConstantId id, SourceSpan span);
  Result evaluate_unary(const CheckedExpr& expr, const UnaryExpr& node);
  Result evaluate_binary(const CheckedExpr& expr, const BinaryExpr& node);
  Result evaluate_arithmetic(const CheckedExpr& expr, BinaryOp op, const Value& a, const Value& b);
  Result evaluate_convert(const CheckedExpr& expr, const ConvertExpr& node);
  Result evaluate_builtin(const CheckedExpr& expr, const CallBuiltinExpr& node);
  Result evaluate_field(const CheckedExpr& expr, const FieldExpr& node);
  Result evaluate_index(const CheckedExpr& expr, const IndexExpr& node);
  Result evaluate_map(const CheckedExpr& expr, const MapArrayExpr& node);
  Result evaluate_filter(const CheckedExpr& expr, const FilterArrayExpr& node);
  Result evaluate_format(const CheckedExpr& expr, const FormatExpr& node);
  Result evaluate_else(const ElseExpr& node);
  std::optional<std::vector<Value>> evaluate_all(std::span<const CheckedExprId> ids);
  Result make_composite(TypeId type_id, std::vector<Value> parts) const;
  void bind(const std::vector<LocalIndex>& parameters, const Value& element);
  std::optional<std::size_t> position(std::int64_t index, std::size_t count, SourceSpan span);

  Step run(const CheckedBlock& block);
  Step run(const CheckedStmt& stmt);
  Step assign(const CheckedStmt& stmt, const AssignStmt& node);

  // A partial result of an aggregate: the values of its states.
  using States = std::vector<Value>;
  std::optional<States> merged(const CheckedAggregate& aggregate, const Locals& base,
                               const States& left, const States& right);

  Evaluator& evaluator_;
  const CheckedProgram& program_;
  const TypeTable& types_;
  Locals* locals_ = nullptr;  // Of the function being run; null outside of any.
  Value returned_;
  std::optional<std::int64_t> now_;
  std::string failure_;
  SourceSpan failure_span_;
  std::uint64_t steps_ = 0;
  int depth_ = 0;
};

// -1, 0, 1; nothing if one of them is NaN. Of ordered scalars.
std::optional<int> compare_values(const Value& a, const Value& b, const TypeTable& types);

}  // namespace streamc
