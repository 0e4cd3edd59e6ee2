// Straight code: item functions and aggregates that are arithmetic on scalars without failures, so
// that eight items can be computed at once in vector registers, branches turned into selections.
//
// Also finds what is known about an aggregate's states whatever the items are: that one only
// counts, or that it is constant once an item was added. Vector code then need not keep them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "compiler/sema/checked.h"

namespace streamc {

// What is known about one state of an aggregate after k >= 1 items, in a full window.
enum class StateClass : std::uint8_t {
  Varies,
  Counts,    // Equals k.
  Constant,  // Has the same value for every k >= 1.
};

struct AggregateShape {
  bool add_is_straight = false;
  bool merge_is_straight = false;
  bool result_is_straight = false;  // With counting states known to be non-zero.
  std::vector<StateClass> states;   // One entry per state.
  std::vector<std::optional<Value>> constants;  // For Constant states.
  // add, merge and result: usable in vector form.
  bool is_straight() const { return add_is_straight && merge_is_straight && result_is_straight; }
};

class StraightAnalysis {
 public:
  // Keeps `program` by reference. Without a fused multiply-add instruction `fma` is a call.
  StraightAnalysis(const CheckedProgram& program, bool has_fma);

  // A type whose leaves are single bools, integers or floats.
  bool is_scalar_type(TypeId id) const;
  bool is_straight(FunctionId id);
  const AggregateShape& aggregate(AggregateId id);

 private:
  using KnownLocals = std::map<LocalIndex, Value>;  // Locals with a known non-zero number.

  bool straight_block(const CheckedBlock& block, bool must_return, const KnownLocals& known);
  bool straight_expr(CheckedExprId id, const KnownLocals& known);
  bool straight_binary(const BinaryExpr& binary, const KnownLocals& known);
  bool is_known_nonzero(CheckedExprId id, const KnownLocals& known) const;
  bool counts(const CheckedAggregate& aggregate, std::size_t state) const;
  std::optional<Value> constant_after_add(const CheckedAggregate& aggregate,
                                          std::size_t state) const;
  bool has_straight_locals(const std::vector<Local>& locals) const;

  const CheckedProgram& program_;
  const bool has_fma_;
  std::map<FunctionId, bool> functions_;
  std::map<AggregateId, AggregateShape> aggregates_;
};

}  // namespace streamc
