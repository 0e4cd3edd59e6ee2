// The eight-lane rule for commutative aggregates (docs/windows.md), tick by tick; see window_fold.h.
//
// Block of B = 8q elements, q to a lane. With r the place of element i in its block:
//   prefix[r mod 8]  what the lane has of this block,
//   suffix[r + 8]    what it has of the last block from the element behind i - B on,
//   Z(i)             suffix[r + 8] ⊕ prefix[r mod 8]: the q elements i, i - 8, …
// Two neighbours' Z make ones -> twos, and so on up to the tree over eight.
#include "compiler/codegen/window_fold.h"

namespace streamc {

namespace {

std::vector<bool> stored_states(const AggregateShape* derived) {
  std::vector<bool> stored;
  if (derived == nullptr) return stored;
  for (const StateClass state : derived->states) stored.push_back(state == StateClass::Varies);
  return stored;
}

}  // namespace

LaneEngine::LaneEngine(StateLayout& layout, ModuleContext& module,
                       const CheckedAggregate& aggregate, bool of_panes, std::int64_t count,
                       std::int64_t every, const AggregateShape* derived)
    : derived_(derived),
      block_(count / 8 * 8),
      oldest_(count % 8),
      keeps_tree_(every <= 2 && !of_panes),
      place_(layout, module, "place"),
      raw_(layout, module, aggregate, of_panes, block_),
      suffix_(layout, module, aggregate, block_ + 8, stored_states(derived)),
      prefix_(layout, module, aggregate, 8),
      ones_(layout, module, aggregate, 8),
      twos_(layout, module, aggregate, 8),
      fours_(layout, module, aggregate, 8) {
  if (oldest_ > 0) old_.emplace(layout, module, aggregate, of_panes, 8);
}

void LaneEngine::load(FoldContext& context) {
  FunctionFrame& frame = context.frame();
  llvm::Value* state = context.region.state();
  place_.load(context);
  raw_.attach(context);
  if (old_) old_->attach(context);
  for (PartialArray* array : {&suffix_, &prefix_, &ones_, &twos_, &fours_}) {
    array->attach(frame, state);
  }
}

void LaneEngine::store(FoldContext& context) { place_.store(context); }

void LaneEngine::take(FoldContext& context, const WindowElement& element) {
  llvm::IRBuilder<>& builder = context.builder();
  llvm::Value* place = place_.get(context);
  const auto lane_before = [&](std::int64_t back) {
    return builder.CreateAnd(builder.CreateSub(place, context.number(back)), context.number(7));
  };
  llvm::Value* lane = lane_before(0);
  if (old_) old_->store(context, lane, raw_.load(context, place));  // Element i - B.
  raw_.store(context, place, element);
  const Partial prefix = append_element(context, prefix_.load(lane), element);
  prefix_.store(lane, prefix);
  llvm::Value* behind = builder.CreateAdd(place, context.number(8));
  const Partial one = context.aggregate.join(load_suffix(context, behind), prefix);
  if (keeps_tree_) {
    const Partial two = context.aggregate.join(ones_.load(lane_before(1)), one);
    const Partial four = context.aggregate.join(twos_.load(lane_before(2)), two);
    tree_ = context.aggregate.join(fours_.load(lane_before(4)), four);
    twos_.store(lane, two);
    fours_.store(lane, four);
  }
  ones_.store(lane, one);
}

Partial LaneEngine::load_suffix(FoldContext& context, llvm::Value* place) {
  Partial suffix = suffix_.load(place);
  if (derived_ == nullptr) return suffix;
  llvm::IRBuilder<>& builder = context.builder();
  for (std::size_t s = 0; s < suffix.states.size(); ++s) {
    if (derived_->states[s] == StateClass::Counts) {  // place, place + 8, … below B.
      llvm::Value* left = builder.CreateSub(context.number(block_ + 7), place);
      suffix.states[s].leaves.front().first = builder.CreateAShr(left, 3);
    } else if (derived_->states[s] == StateClass::Constant) {
      suffix.states[s] = context.frame().literal(*derived_->constants[s]);
    }
  }
  return suffix;
}

Partial LaneEngine::window(FoldContext& context) {
  llvm::IRBuilder<>& builder = context.builder();
  llvm::Value* place = place_.get(context);
  const auto lane_before = [&](std::int64_t back) {
    return builder.CreateAnd(builder.CreateSub(place, context.number(back)), context.number(7));
  };
  Partial tree;
  if (keeps_tree_) {
    tree = *tree_;
  } else {
    std::vector<Partial> leaves;
    for (std::int64_t back = 7; back >= 0; --back) leaves.push_back(ones_.load(lane_before(back)));
    tree = join_tree(context.aggregate, std::move(leaves));
  }
  if (!old_) return tree;
  Partial oldest = context.aggregate.absent();
  for (std::int64_t back = oldest_ - 1; back >= 0; --back) {
    oldest = append_element(context, oldest, old_->load(context, lane_before(back)));
  }
  return context.aggregate.join(oldest, tree);
}

void LaneEngine::finish(FoldContext& context) {
  place_.step(context, block_);
  llvm::Value* is_over =
      context.builder().CreateICmpEQ(place_.get(context), context.number(0));
  context.frame().if_then(is_over, "block.end", [&] { end_block(context); }, true);
}

void LaneEngine::end_block(FoldContext& context) {
  llvm::IRBuilder<>& builder = context.builder();
  prefix_.clear(8);
  // The first eight places begin no suffix that a later window looks for.
  context.frame().for_range(
      context.number(1), context.number(block_ - 7), 1, "suffix", [&](llvm::Value* i) {
        llvm::Value* at = builder.CreateSub(context.number(block_), i);
        llvm::Value* behind = builder.CreateAdd(at, context.number(8));
        suffix_.store(at,
                      prepend_element(context, raw_.load(context, at),
                                          load_suffix(context, behind)));
      });
}

}  // namespace streamc
