// Evaluation of the checked tree while compiling: constants, lengths of windows and arrays, defaults
// of params, expected values of tests. Runs checked functions, so a table of filter taps may be
// computed by any `fn`. Results are those of the compiled program, bit for bit.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "compiler/sema/checked.h"

namespace streamc {

// What an evaluation came to: a value, or why there is none.
struct Evaluated {
  std::optional<Value> value;
  std::string failure;  // In words of a message (`division by zero`), if there is no value.
  SourceSpan failure_span;
};

class Evaluator {
 public:
  // Values of params (and constants) that differ from what the program says: `--set`, `given`.
  using Overrides = std::map<ConstantId, Value>;

  // Keeps both by reference, `overrides` may be null.
  explicit Evaluator(const CheckedProgram& program, const Overrides* overrides = nullptr);

  // Of an expression without locals of its own (check_constant gives no other). `now` is a failure.
  Evaluated evaluate(CheckedExprId id);
  // Calls a function; `now` is the stamp of the item being handled, if there is one.
  Evaluated call(FunctionId id, std::vector<Value> arguments, std::optional<std::int64_t> now = {});
  // An aggregate over whole arrays, as one pane (semantics.md §7).
  Evaluated aggregate(AggregateId id, const std::vector<Value>& arrays, std::vector<Value> constants);

  // Steps (statements, calls, loop turns) before an evaluation counts as too long and fails.
  static constexpr std::uint64_t kMaxSteps = 5'000'000;

 private:
  friend class EvaluatorRun;
  const CheckedProgram& program_;
  const Overrides* overrides_;
  std::map<ConstantId, Value> constants_;  // Evaluated so far.
};

// The constants (params and named values) that an expression reads, through other constants and
// through functions.
std::set<ConstantId> constants_used(const CheckedProgram& program, CheckedExprId id);

// Makes values.
Value make_int(const TypeTable& types, std::int64_t value);
Value make_float(const TypeTable& types, double value);
Value make_bool(const TypeTable& types, bool value);
Value make_string(const TypeTable& types, std::string value);

// As the language's == : NaN is unequal to itself, composite values by parts.
bool values_equal(const Value& a, const Value& b, const TypeTable& types);

}  // namespace streamc
