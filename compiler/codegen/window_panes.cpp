// Panes, rings of elements, blocks in order and windows that are folded anew; see window_fold.h.
#include "compiler/codegen/window_fold.h"

#include <numeric>

namespace streamc {

Counter::Counter(StateLayout& layout, ModuleContext& module, const char* name)
    : variable_(layout, module, module.program.types.scalar(TypeKind::Int), name) {}

void Counter::load(FoldContext& context) {
  variable_.load(context.items, context.region.state(), context.region.state_memory());
}

void Counter::store(FoldContext& context) {
  variable_.store(context.items, context.region.state(), context.region.state_memory());
}

llvm::Value* Counter::get(FoldContext& context) {
  return variable_.value(context.items).leaves.front().first;
}

void Counter::set(FoldContext& context, llvm::Value* value) {
  variable_.set(context.items, {variable_.type_id(), {{value, nullptr}}});
}

void Counter::step(FoldContext& context, std::int64_t period) {
  llvm::Value* next = context.builder().CreateAdd(get(context), context.number(1));
  llvm::Value* is_over = context.builder().CreateICmpEQ(next, context.number(period));
  set(context, context.builder().CreateSelect(is_over, context.number(0), next));
}

Partial join_tree(AggregateEmitter& aggregate, std::vector<Partial> leaves) {
  for (std::size_t width = leaves.size(); width > 1; width /= 2) {
    for (std::size_t i = 0; i < width / 2; ++i) {
      leaves[i] = aggregate.join(leaves[2 * i], leaves[2 * i + 1]);
    }
  }
  return leaves.front();
}

// ---- panes -----------------------------------------------------------------------------------

PaneEngine::PaneEngine(StateLayout& layout, ModuleContext& module,
                       const CheckedAggregate& aggregate, Shape shape)
    : shape_(shape),
      in_lanes_(aggregate.is_commutative && aggregate.has_merge),
      phase_(layout, module, "phase") {
  if (in_lanes_) {
    lanes_.emplace(layout, module, aggregate, 8);
  } else {
    fold_.emplace(layout, module, aggregate);
  }
}

void PaneEngine::load(FoldContext& context) {
  phase_.load(context);
  if (in_lanes_) lanes_->attach(context.frame(), context.region.state());
  if (!in_lanes_) {
    fold_->load(context.items, context.region.state(), context.region.state_memory());
  }
}

void PaneEngine::store(FoldContext& context) {
  phase_.store(context);
  if (!in_lanes_) {
    fold_->store(context.items, context.region.state(), context.region.state_memory());
  }
}

void PaneEngine::take(FoldContext& context, const FoldItem& item) {
  llvm::IRBuilder<>& builder = context.builder();
  llvm::Value* rank = builder.CreateSub(phase_.get(context), context.number(shape_.lead));
  const auto add = [&] {
    if (!in_lanes_) {
      fold_->set(context.items, context.aggregate.append(fold_->value(context.items),
                                                         item.elements, item.present));
      return;
    }
    llvm::Value* lane = builder.CreateAnd(rank, context.number(7));
    lanes_->store(lane,
                  context.aggregate.append(lanes_->load(lane), item.elements, item.present));
  };
  if (shape_.size == shape_.period) {
    add();
  } else {  // Ticks between two windows are in none.
    context.frame().if_then(builder.CreateICmpULT(rank, context.number(shape_.size)), "in.pane",
                            add);
  }
}

Partial PaneEngine::window(FoldContext& context) {
  if (!in_lanes_) {
    const Partial whole = fold_->value(context.items);
    fold_->clear(context.items);
    return whole;
  }
  std::vector<Partial> lanes;
  for (std::int64_t lane = 0; lane < 8; ++lane) {
    lanes.push_back(lane < shape_.size ? lanes_->load(context.number(lane))
                                       : context.aggregate.absent());
  }
  const Partial whole = join_tree(context.aggregate, std::move(lanes));
  lanes_->clear(8);
  return whole;
}

void PaneEngine::finish(FoldContext& context) { phase_.step(context, shape_.period); }

// ---- elements --------------------------------------------------------------------------------

ElementRing::ElementRing(StateLayout& layout, ModuleContext& module,
                         const CheckedAggregate& aggregate, bool of_panes, std::int64_t count)
    : module_(module) {
  if (of_panes) {
    panes_.emplace(layout, module, aggregate, count);
    return;
  }
  for (const LocalIndex element : aggregate.elements) {
    types_.push_back(aggregate.locals[element].type_id);
    offsets_.emplace_back();
    for (const Leaf& leaf : module.leaves(types_.back())) {
      offsets_.back().push_back(layout.add_array(leaf, count));
    }
  }
  present_offset_ = layout.add((count + 7) / 8 * 8, 64);
}

void ElementRing::attach(FoldContext& context) {
  FunctionFrame& frame = context.frame();
  if (panes_) {
    panes_->attach(frame, context.region.state());
    return;
  }
  addresses_.clear();
  memory_.clear();
  for (const std::vector<std::int64_t>& offsets : offsets_) {
    addresses_.emplace_back();
    memory_.emplace_back();
    for (const std::int64_t offset : offsets) {
      addresses_.back().push_back(context.region.state_place(offset));
      memory_.back().push_back(frame.new_memory());
    }
  }
  present_ = context.region.state_place(present_offset_);
  present_memory_ = frame.new_memory();
}

llvm::Value* ElementRing::address(std::size_t element, std::size_t leaf) const {
  return addresses_[element][leaf];
}

MemoryObject ElementRing::memory(std::size_t element, std::size_t leaf) const {
  return memory_[element][leaf];
}

WindowElement ElementRing::load(FoldContext& context, llvm::Value* place) {
  WindowElement element;
  if (panes_) {
    element.pane = panes_->load(place);
    return element;
  }
  FunctionFrame& frame = context.frame();
  for (std::size_t e = 0; e < types_.size(); ++e) {
    const std::vector<Leaf>& leaves = module_.leaves(types_[e]);
    ItemValue value{types_[e], {}};
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      llvm::Value* first = frame.builder.CreateMul(place, frame.int64(leaves[i].count));
      value.leaves.push_back(load_kept_leaf(
          frame, leaves[i],
          frame.element(module_.memory_type(leaves[i].kind), addresses_[e][i], first),
          memory_[e][i]));
    }
    element.item.elements.push_back(std::move(value));
  }
  llvm::Value* byte =
      frame.load(module_.i8, frame.element(module_.i8, present_, place), present_memory_);
  element.item.present = frame.builder.CreateICmpNE(byte, llvm::ConstantInt::get(module_.i8, 0));
  return element;
}

void ElementRing::store(FoldContext& context, llvm::Value* place, const WindowElement& element) {
  if (panes_) {
    panes_->store(place, *element.pane);
    return;
  }
  FunctionFrame& frame = context.frame();
  for (std::size_t e = 0; e < types_.size(); ++e) {
    const std::vector<Leaf>& leaves = module_.leaves(types_[e]);
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      llvm::Value* first = frame.builder.CreateMul(place, frame.int64(leaves[i].count));
      keep_leaf(frame, leaves[i], element.item.elements[e].leaves[i],
                frame.element(module_.memory_type(leaves[i].kind), addresses_[e][i], first),
                memory_[e][i]);
    }
  }
  llvm::Value* byte = element.item.present == nullptr
                          ? llvm::ConstantInt::get(module_.i8, 1)
                          : frame.builder.CreateZExt(element.item.present, module_.i8);
  frame.store(byte, frame.element(module_.i8, present_, place), present_memory_);
}

Partial append_element(FoldContext& context, const Partial& partial,
                       const WindowElement& element) {
  if (element.pane) return context.aggregate.join(partial, *element.pane);
  return context.aggregate.append(partial, element.item.elements, element.item.present);
}

Partial prepend_element(FoldContext& context, const WindowElement& element,
                        const Partial& partial) {
  if (element.pane) return context.aggregate.join(*element.pane, partial);
  const Partial lifted = context.aggregate.append(context.aggregate.absent(),
                                                  element.item.elements, element.item.present);
  return context.aggregate.join(lifted, partial);
}

// ---- blocks in order -------------------------------------------------------------------------

BlockEngine::BlockEngine(StateLayout& layout, ModuleContext& module,
                         const CheckedAggregate& aggregate, bool of_panes, std::int64_t count)
    : count_(count),
      place_(layout, module, "place"),
      raw_(layout, module, aggregate, of_panes, count),
      suffix_(layout, module, aggregate, count + 1),
      prefix_(layout, module, aggregate) {}

void BlockEngine::load(FoldContext& context) {
  place_.load(context);
  raw_.attach(context);
  suffix_.attach(context.frame(), context.region.state());
  prefix_.load(context.items, context.region.state(), context.region.state_memory());
}

void BlockEngine::store(FoldContext& context) {
  place_.store(context);
  prefix_.store(context.items, context.region.state(), context.region.state_memory());
}

void BlockEngine::take(FoldContext& context, const WindowElement& element) {
  raw_.store(context, place_.get(context), element);
  prefix_.set(context.items, append_element(context, prefix_.value(context.items), element));
}

Partial BlockEngine::window(FoldContext& context) {
  // The entry behind the last one stays absent.
  llvm::Value* next = context.builder().CreateAdd(place_.get(context), context.number(1));
  return context.aggregate.join(suffix_.load(next), prefix_.value(context.items));
}

void BlockEngine::finish(FoldContext& context) {
  llvm::IRBuilder<>& builder = context.builder();
  place_.step(context, count_);
  llvm::Value* is_over = builder.CreateICmpEQ(place_.get(context), context.number(0));
  context.frame().if_then(
      is_over, "block.end",
      [&] {
        prefix_.clear(context.items);
        // From the right: the suffix that begins at each place, but the first, which is no suffix
        // that a later window looks for.
        context.frame().for_range(
            context.number(1), context.number(count_), 1, "suffix", [&](llvm::Value* i) {
              llvm::Value* at = builder.CreateSub(context.number(count_), i);
              llvm::Value* behind = builder.CreateAdd(at, context.number(1));
              suffix_.store(at, prepend_element(context, raw_.load(context, at),
                                                suffix_.load(behind)));
            });
      },
      true);
}

// ---- folded anew -----------------------------------------------------------------------------

RefoldEngine::RefoldEngine(StateLayout& layout, ModuleContext& module,
                           const CheckedAggregate& aggregate, bool of_panes, std::int64_t count)
    : count_(count),
      place_(layout, module, "place"),
      raw_(layout, module, aggregate, of_panes, count) {}

void RefoldEngine::load(FoldContext& context) {
  place_.load(context);
  raw_.attach(context);
}

void RefoldEngine::store(FoldContext& context) { place_.store(context); }

void RefoldEngine::take(FoldContext& context, const WindowElement& element) {
  raw_.store(context, place_.get(context), element);
}

Partial RefoldEngine::window(FoldContext& context) {
  llvm::IRBuilder<>& builder = context.builder();
  FunctionFrame& frame = context.frame();
  std::vector<Variable> states;
  const Partial absent = context.aggregate.absent();
  for (std::size_t s = 0; s < context.aggregate.state_count(); ++s) {
    states.push_back(context.items.variable(context.aggregate.state_type(s), "fold"));
    context.items.assign(states[s], absent.states[s]);
  }
  llvm::AllocaInst* status = frame.slot(frame.module.i8, "status");
  builder.CreateStore(absent.status, status);
  const auto current = [&] {
    Partial partial{builder.CreateLoad(frame.module.i8, status), {}};
    for (const Variable& state : states) partial.states.push_back(context.items.read(state));
    return partial;
  };
  llvm::Value* newest = place_.get(context);
  frame.for_range(context.number(1), context.number(count_ + 1), 1, "refold", [&](llvm::Value* i) {
    llvm::Value* sum = builder.CreateAdd(newest, i);  // Below 2 * count.
    llvm::Value* wrapped = builder.CreateSub(sum, context.number(count_));
    llvm::Value* place = builder.CreateSelect(
        builder.CreateICmpSLT(sum, context.number(count_)), sum, wrapped);
    const Partial next = append_element(context, current(), raw_.load(context, place));
    builder.CreateStore(next.status, status);
    for (std::size_t s = 0; s < states.size(); ++s) {
      context.items.assign(states[s], next.states[s]);
    }
  });
  return current();
}

void RefoldEngine::finish(FoldContext& context) { place_.step(context, count_); }

// ---- panes into windows ----------------------------------------------------------------------

PanedEngine::PanedEngine(StateLayout& layout, ModuleContext& module,
                         const CheckedAggregate& aggregate, std::int64_t pane_size,
                         std::unique_ptr<ElementEngine> inner)
    : pane_size_(pane_size), place_(layout, module, "in_pane"), inner_(std::move(inner)) {
  if (pane_size > 1) {
    pane_.emplace(layout, module, aggregate,
                  PaneEngine::Shape{.size = pane_size, .period = pane_size, .lead = 0});
  }
}

void PanedEngine::load(FoldContext& context) {
  inner_->load(context);
  if (!pane_) return;
  pane_->load(context);
  place_.load(context);
}

void PanedEngine::store(FoldContext& context) {
  inner_->store(context);
  if (!pane_) return;
  pane_->store(context);
  place_.store(context);
}

void PanedEngine::take(FoldContext& context, const FoldItem& item) {
  if (!pane_) {
    inner_->take(context, {item, std::nullopt});
    return;
  }
  pane_->take(context, item);
  llvm::Value* is_complete = context.builder().CreateICmpEQ(place_.get(context),
                                                            context.number(pane_size_ - 1));
  context.frame().if_then(is_complete, "pane.end", [&] {
    WindowElement element;
    element.pane = pane_->window(context);
    inner_->take(context, element);
  });
}

Partial PanedEngine::window(FoldContext& context) { return inner_->window(context); }

void PanedEngine::finish(FoldContext& context) {
  if (!pane_) {
    inner_->finish(context);
    return;
  }
  pane_->finish(context);
  llvm::Value* is_complete = context.builder().CreateICmpEQ(place_.get(context),
                                                            context.number(pane_size_ - 1));
  context.frame().if_then(is_complete, "pane.finish", [&] { inner_->finish(context); });
  place_.step(context, pane_size_);
}

std::unique_ptr<FoldEngine> make_fold_engine(StateLayout& layout, ModuleContext& module,
                                             const CheckedAggregate& aggregate,
                                             const WindowShape& shape,
                                             const AggregateShape* derived) {
  const std::int64_t n = shape.size;
  const std::int64_t k = shape.every;
  if (k >= n) {
    const std::int64_t lead = shape.partial ? k - n : 0;
    return std::make_unique<PaneEngine>(
        layout, module, aggregate, PaneEngine::Shape{.size = n, .period = k, .lead = lead});
  }
  if (!aggregate.has_merge) {
    return std::make_unique<PanedEngine>(
        layout, module, aggregate, 1,
        std::make_unique<RefoldEngine>(layout, module, aggregate, false, n));
  }
  const std::int64_t pane = std::gcd(n, k);
  const std::int64_t count = n / pane;
  std::unique_ptr<ElementEngine> inner;
  if (!aggregate.is_commutative) {
    inner = std::make_unique<BlockEngine>(layout, module, aggregate, pane > 1, count);
  } else if (count < 8) {
    inner = std::make_unique<RefoldEngine>(layout, module, aggregate, pane > 1, count);
  } else {
    inner = std::make_unique<LaneEngine>(layout, module, aggregate, pane > 1, count, k / pane,
                                         derived);
  }
  return std::make_unique<PanedEngine>(layout, module, aggregate, pane, std::move(inner));
}

}  // namespace streamc
