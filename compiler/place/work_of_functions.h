// What functions on items cost: the part of estimate_work() that looks at checked trees.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "compiler/sema/checked.h"

namespace streamc {

// Elements of a T[] of unknown length; rounds of a loop of unknown length.
inline constexpr double kAssumedLength = 16.0;

// Nanoseconds, for one call or one reaction. Lengths are those of parameters of type T[] (anything for others).
class FunctionWork {
 public:
  explicit FunctionWork(const CheckedProgram& program) : program_(program) {}

  [[nodiscard]] double of_function(FunctionId id, const std::vector<double>& lengths);
  // Its reaction to one tick of each of its inputs.
  [[nodiscard]] double of_agent(AgentId id, const std::vector<double>& lengths);
  // Adding one element.
  [[nodiscard]] double of_adding(AggregateId id);
  // One call of `merge`, if it has one, and of `result`.
  [[nodiscard]] double of_result(AggregateId id);

 private:
  // What is known of locals while a body is looked at: the length of each that is a T[].
  struct Body {
    std::vector<double> lengths;
  };

  double of_block(const CheckedBlock& block, Body& body);
  double of_statement(const CheckedStmt& statement, Body& body);
  double of_expression(CheckedExprId id, Body& body);
  double of_all(const std::vector<CheckedExprId>& ids, Body& body);
  double length_of(CheckedExprId id, const Body& body) const;
  double rounds_of(const ForRangeStmt& loop) const;
  double of_equality(CheckedExprId id) const;

  const CheckedProgram& program_;
  std::map<std::pair<FunctionId, std::vector<double>>, double> known_;
};

}  // namespace streamc
