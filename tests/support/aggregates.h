// Aggregates: their states, and how the values of one pane are folded.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "compiler/sema/checked.h"
#include "tests/support/item_evaluator.h"

namespace streamref {

// The values of an aggregate's states, in order of declaration.
using AggregateState = std::vector<Value>;

// What a fold over some items gives: a state, or nothing where there was no value.
using Partial = std::optional<AggregateState>;

// The element parameters that a tick feeds; null where it feeds none: a hole, filtered out, or no
// such tick. Throws ItemFailure where computing them fails.
using ElementAt = std::function<const std::vector<Value>*(std::int64_t tick)>;

// One aggregate with its constants: the four functions that folds are made of.
class Aggregation {
 public:
  // The evaluator must outlive it.
  Aggregation(ItemEvaluator& evaluator, streamc::AggregateId id, std::vector<Value> constants);

  [[nodiscard]] bool has_merge() const { return aggregate_.has_merge; }
  [[nodiscard]] bool is_commutative() const { return aggregate_.is_commutative; }

  [[nodiscard]] AggregateState initial();
  // The state with one more element. An absent state begins from the initial one.
  [[nodiscard]] AggregateState add(const Partial& state, const std::vector<Value>& element);
  // Earlier ⊕ later; an absent side is skipped.
  [[nodiscard]] Partial merge(const Partial& earlier, const Partial& later);
  [[nodiscard]] Value result(const AggregateState& state);

 private:
  [[nodiscard]] Frame frame_with(const AggregateState& state);
  [[nodiscard]] AggregateState states_of(const Frame& frame) const;

  ItemEvaluator& evaluator_;
  const streamc::CheckedAggregate& aggregate_;
  std::vector<Value> constants_;
};

// From the left, tick by tick over [begin, end).
[[nodiscard]] Partial fold_left(Aggregation& aggregation, std::int64_t begin, std::int64_t end,
                                const ElementAt& element);

// One pane, [begin, end): in 8 lanes by rank from `begin` where the aggregate is commutative,
// else from the left.
[[nodiscard]] Partial fold_pane(Aggregation& aggregation, std::int64_t begin, std::int64_t end,
                                const ElementAt& element);

// ((0⊕1)⊕(2⊕3))⊕((4⊕5)⊕(6⊕7)), absent lanes skipped.
[[nodiscard]] Partial merge_lanes(Aggregation& aggregation, const std::vector<Partial>& lanes);

}  // namespace streamref
