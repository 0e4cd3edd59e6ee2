#include "tests/support/aggregates.h"

#include <utility>

#include "compiler/support/assert.h"

namespace streamref {

Aggregation::Aggregation(ItemEvaluator& evaluator, streamc::AggregateId id,
                         std::vector<Value> constants)
    : evaluator_(evaluator),
      aggregate_(evaluator.program().aggregate(id)),
      constants_(std::move(constants)) {
  STREAM_ASSERT(constants_.size() == aggregate_.constants.size(),
                "aggregate `{}` takes {} constants, not {}", aggregate_.name,
                aggregate_.constants.size(), constants_.size());
}

Frame Aggregation::frame_with(const AggregateState& state) {
  Frame frame;
  frame.locals.resize(aggregate_.locals.size());
  for (std::size_t i = 0; i < constants_.size(); ++i) {
    frame.locals.at(aggregate_.constants[i]) = constants_[i];
  }
  for (std::size_t i = 0; i < state.size(); ++i) {
    frame.locals.at(aggregate_.states[i].local) = state[i];
  }
  return frame;
}

AggregateState Aggregation::states_of(const Frame& frame) const {
  AggregateState state;
  for (const streamc::AgentState& declared : aggregate_.states) {
    state.push_back(frame.locals.at(declared.local));
  }
  return state;
}

AggregateState Aggregation::initial() {
  Frame frame = frame_with({});
  for (const streamc::AgentState& declared : aggregate_.states) {
    frame.locals.at(declared.local) = evaluator_.evaluate(declared.initial, frame);
  }
  return states_of(frame);
}

AggregateState Aggregation::add(const Partial& state, const std::vector<Value>& element) {
  Frame frame = frame_with(state ? *state : initial());
  for (std::size_t i = 0; i < element.size(); ++i) {
    frame.locals.at(aggregate_.elements.at(i)) = element[i];
  }
  evaluator_.execute(aggregate_.add, frame);
  return states_of(frame);
}

Partial Aggregation::merge(const Partial& earlier, const Partial& later) {
  if (!earlier) return later;
  if (!later) return earlier;
  Frame frame = frame_with(*earlier);
  for (std::size_t i = 0; i < later->size(); ++i) {
    frame.locals.at(aggregate_.other_states.at(i)) = (*later)[i];
  }
  evaluator_.execute(aggregate_.merge, frame);
  return states_of(frame);
}

Value Aggregation::result(const AggregateState& state) {
  Frame frame = frame_with(state);
  std::optional<Value> value = evaluator_.execute(aggregate_.result, frame);
  STREAM_ASSERT(value.has_value(), "aggregate `{}` ends without a result", aggregate_.name);
  return std::move(*value);
}

Partial fold_left(Aggregation& aggregation, std::int64_t begin, std::int64_t end,
                  const ElementAt& element) {
  Partial state;
  for (std::int64_t tick = begin; tick < end; ++tick) {
    if (const std::vector<Value>* values = element(tick)) state = aggregation.add(state, *values);
  }
  return state;
}

Partial fold_pane(Aggregation& aggregation, std::int64_t begin, std::int64_t end,
                  const ElementAt& element) {
  if (!aggregation.is_commutative() || !aggregation.has_merge()) {
    return fold_left(aggregation, begin, end, element);
  }
  std::vector<Partial> lanes(8);
  for (std::int64_t tick = begin; tick < end; ++tick) {
    if (const std::vector<Value>* values = element(tick)) {
      Partial& lane = lanes[static_cast<std::size_t>((tick - begin) % 8)];
      lane = aggregation.add(lane, *values);
    }
  }
  return merge_lanes(aggregation, lanes);
}

Partial merge_lanes(Aggregation& aggregation, const std::vector<Partial>& lanes) {
  const auto pair = [&](std::size_t i) { return aggregation.merge(lanes.at(i), lanes.at(i + 1)); };
  return aggregation.merge(aggregation.merge(pair(0), pair(2)),
                           aggregation.merge(pair(4), pair(6)));
}

}  // namespace streamref
