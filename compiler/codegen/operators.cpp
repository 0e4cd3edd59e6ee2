// The operators that a scalar loop knows, but for agents and windows which have files of their own.
#include "compiler/codegen/aggregates.h"
#include "compiler/codegen/loops.h"
#include "compiler/support/assert.h"
#include "compiler/support/match.h"

namespace streamc {

namespace {

std::vector<Cell> inputs_of(ScalarLoop& loop, const Operator& op) {
  std::vector<Cell> cells;
  for (const PortId port : op.inputs) cells.push_back(loop.input(port));
  return cells;
}

class MapLoop : public LoopOperator {
 public:
  using LoopOperator::LoopOperator;
  void tick() override {
    const FunctionId function = std::get<MapOperator>(op_.kind).function_id;
    loop_.define(op_.outputs.front(), loop_.apply(id_, function, inputs_of(loop_, op_)));
  }
};

// Operators whose chosen ticks go to a scope of their own.
class FilterLoop : public LoopOperator {
 public:
  using LoopOperator::LoopOperator;
  void before_loop() override {
    outlet_ = loop_.region().open(loop_.module().graph.port(op_.outputs.front()).scope, op_.outputs,
                                  loop_.scope().count);
  }
  void after_loop() override { loop_.region().close(outlet_, loop_.scope()); }

 protected:
  // Without `keep`: always.
  void append(const std::vector<Cell>& cells, llvm::Value* keep) {
    loop_.region().append(outlet_, cells, loop_.stamp(), keep);
  }
  llvm::Value* both(llvm::Value* a, llvm::Value* b) {
    if (a == nullptr) return b;
    return b == nullptr ? a : loop_.builder().CreateAnd(a, b);
  }
  Outlet outlet_;
};

class WhereLoop : public FilterLoop {
 public:
  using FilterLoop::FilterLoop;
  void tick() override {
    std::vector<Cell> cells = inputs_of(loop_, op_);
    const Cell kept = loop_.apply(id_, std::get<WhereOperator>(op_.kind).predicate_id, cells);
    llvm::Value* keep = both(kept.valid, kept.value.leaves.front().first);
    for (Cell& cell : cells) cell.valid = nullptr;  // What is kept holds values.
    append(cells, keep);
  }
};

class FilterMapLoop : public FilterLoop {
 public:
  using FilterLoop::FilterLoop;
  void tick() override {
    const Cell chosen = loop_.apply(id_, std::get<FilterMapOperator>(op_.kind).function_id,
                                    inputs_of(loop_, op_));
    llvm::Value* keep = both(chosen.valid, chosen.value.leaves.front().first);
    append({present_part(chosen)}, keep);
  }

 private:
  Cell present_part(const Cell& option) {
    Cell part{option.value, nullptr};
    part.value.leaves.erase(part.value.leaves.begin());
    return part;
  }
};

// `else`: what is missing is a hole or, if asked, `none`.
Cell without_none(ScalarLoop& loop, Cell cell, bool none_counts) {
  if (!none_counts) return cell;
  llvm::Value* present = cell.value.leaves.front().first;
  cell.value.leaves.erase(cell.value.leaves.begin());
  cell.valid =
      cell.valid == nullptr ? present : loop.builder().CreateAnd(cell.valid, present);
  return cell;
}

class ElseSkipLoop : public FilterLoop {
 public:
  using FilterLoop::FilterLoop;
  void tick() override {
    Cell cell = without_none(loop_, loop_.input(op_.inputs.front()),
                             std::get<ElseOperator>(op_.kind).none_counts);
    llvm::Value* keep = cell.valid;
    cell.valid = nullptr;
    append({cell}, keep);
  }
};

class ElseFillLoop : public LoopOperator {
 public:
  using LoopOperator::LoopOperator;
  void tick() override {
    const auto& node = std::get<ElseOperator>(op_.kind);
    const Cell cell = without_none(loop_, loop_.input(op_.inputs.front()), node.none_counts);
    if (cell.valid == nullptr) {
      loop_.define(op_.outputs.front(), cell);
      return;
    }
    if (node.mode == ElseMode::Stop) {
      loop_.stop_if(loop_.builder().CreateNot(cell.valid));
      loop_.define(op_.outputs.front(), {cell.value, nullptr});
      return;
    }
    ItemEmitter& items = loop_.items();
    const PortId output = op_.outputs.front();
    const TypeId type_id = loop_.module().graph.port(output).type_id;
    const Variable filled = items.variable(type_id, "filled");
    items.assign(filled, cell.value);
    llvm::AllocaInst* valid = loop_.frame().slot(loop_.module().i1, "filled.valid");
    loop_.builder().CreateStore(loop_.frame().truth(true), valid);
    loop_.frame().if_then(loop_.builder().CreateNot(cell.valid), "fill", [&] {
      const Cell fallback = loop_.apply(id_, node.fallback_id, {});
      items.assign(filled, fallback.value);
      if (fallback.valid != nullptr) loop_.builder().CreateStore(fallback.valid, valid);
    });
    const bool can_fail = loop_.module().program.function(node.fallback_id).can_fail;
    llvm::Value* is_valid =
        can_fail ? loop_.builder().CreateLoad(loop_.module().i1, valid) : nullptr;
    loop_.define(output, {items.read(filled), is_valid});
  }
};

// x[i - n]: the last n values in a ring, the newest also in a variable that a hole leaves as it is.
class PrevLoop : public LoopOperator {
 public:
  PrevLoop(ScalarLoop& loop, OperatorId id)
      : LoopOperator(loop, id),
        node_(std::get<PrevOperator>(op_.kind)),
        type_id_(loop.module().graph.port(op_.outputs.front()).type_id),
        held_(loop.region().state_variable(type_id_, "held")),
        place_(loop.region().state_variable(
            loop.module().program.types.scalar(TypeKind::Int), "place")) {
    StateLayout& layout = loop.region().layout();
    ModuleContext& module = loop.module();
    if (node_.count > 1) {
      for (const Leaf& leaf : module.leaves(type_id_)) {
        ring_.push_back(layout.add_array(leaf, node_.count));
      }
    }
    layout.at_start([this_type = type_id_, node = node_, held = held_, ring = ring_, &module](
                        FunctionFrame& frame, llvm::Value* state) mutable {
      ItemEmitter items(frame);
      const std::optional<Value> known = module.fold(node.initial);
      const ItemValue initial = known ? frame.literal(*known) : items.expr(node.initial);
      held.initialize(items, state, initial);
      if (ring.empty()) return;
      const std::vector<Leaf>& leaves = module.leaves(this_type);
      frame.for_range(frame.int64(0), frame.int64(node.count), 1, "fill", [&](llvm::Value* i) {
        for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf) {
          keep_leaf(frame, leaves[leaf], initial.leaves[leaf],
                    ring_address(frame, state, ring[leaf], leaves[leaf], i), 0);
        }
      });
    });
  }

  void before_loop() override {
    held_.load(loop_.items(), loop_.region().state(), loop_.region().state_memory());
    if (ring_.empty()) return;
    place_.load(loop_.items(), loop_.region().state(), loop_.region().state_memory());
    memory_ = loop_.frame().new_memory();
  }

  void tick() override {
    const std::vector<Leaf>& leaves = loop_.module().leaves(type_id_);
    ItemValue old{type_id_, {}};
    if (ring_.empty()) {
      old = held_.value(loop_.items());
    } else {
      llvm::Value* place = place_.value(loop_.items()).leaves.front().first;
      for (std::size_t i = 0; i < leaves.size(); ++i) {
        old.leaves.push_back(load_kept_leaf(
            loop_.frame(), leaves[i],
            ring_address(loop_.frame(), loop_.region().state(), ring_[i], leaves[i], place),
            memory_));
      }
    }
    // What is in place will be overwritten at the end of the tick, perhaps before it is copied.
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      if (leaves[i].count == 1) continue;
      llvm::Value* copy = loop_.frame().slot(loop_.module().memory_type(leaves[i].kind), "prev",
                                             leaves[i].count);
      loop_.frame().store_leaf(leaves[i], old.leaves[i], copy, 0);
      old.leaves[i].first = copy;
    }
    loop_.define(op_.outputs.front(), {old, nullptr});
  }

  void end_of_tick() override {
    ItemEmitter& items = loop_.items();
    const Cell cell = loop_.input(op_.inputs.front());
    if (cell.valid == nullptr) {
      held_.set(items, cell.value);
    } else {
      loop_.frame().if_then(cell.valid, "hold", [&] { held_.set(items, cell.value); });
    }
    if (ring_.empty()) return;
    const ItemValue held = held_.value(items);
    const std::vector<Leaf>& leaves = loop_.module().leaves(type_id_);
    llvm::Value* place = place_.value(items).leaves.front().first;
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      keep_leaf(loop_.frame(), leaves[i], held.leaves[i],
                ring_address(loop_.frame(), loop_.region().state(), ring_[i], leaves[i], place),
                memory_);
    }
    llvm::Value* next = loop_.builder().CreateAdd(place, loop_.frame().int64(1));
    llvm::Value* is_last =
        loop_.builder().CreateICmpEQ(next, loop_.frame().int64(node_.count));
    next = loop_.builder().CreateSelect(is_last, loop_.frame().int64(0), next);
    place_.set(items, {place_.type_id(), {{next, nullptr}}});
  }

  void after_loop() override {
    held_.store(loop_.items(), loop_.region().state(), loop_.region().state_memory());
    if (ring_.empty()) return;
    place_.store(loop_.items(), loop_.region().state(), loop_.region().state_memory());
  }

 private:
  static llvm::Value* ring_address(FunctionFrame& frame, llvm::Value* state, std::int64_t offset,
                                   const Leaf& leaf, llvm::Value* place) {
    llvm::Value* first = frame.builder.CreateMul(place, frame.int64(leaf.count));
    return frame.element(frame.module.memory_type(leaf.kind), frame.byte_offset(state, offset),
                         first);
  }

  const PrevOperator& node_;
  const TypeId type_id_;
  StateVariable held_;
  StateVariable place_;
  std::vector<std::int64_t> ring_;  // Offset of each leaf's ring in the state; empty for one value.
  MemoryObject memory_ = 0;
};

class ScanLoop : public LoopOperator {
 public:
  ScanLoop(ScalarLoop& loop, OperatorId id)
      : LoopOperator(loop, id),
        node_(std::get<ScanOperator>(op_.kind)),
        state_(loop.region().state_variable(
            loop.module().graph.port(op_.outputs.front()).type_id, "scan")) {
    loop.region().layout().at_start(
        [node = node_, state_variable = state_, &module = loop.module()](
            FunctionFrame& frame, llvm::Value* state) mutable {
          ItemEmitter items(frame);
          const std::optional<Value> known = module.fold(node.initial);
          state_variable.initialize(items, state,
                                    known ? frame.literal(*known) : items.expr(node.initial));
        });
  }
  void before_loop() override {
    state_.load(loop_.items(), loop_.region().state(), loop_.region().state_memory());
  }
  void tick() override {
    const Cell item = loop_.input(op_.inputs.front());
    const CheckedFunction& function = loop_.module().program.function(node_.function_id);
    const Cell result =
        loop_.guarded(id_, item.valid, function.result_id, function.can_fail, [&] {
          ItemValue next = loop_.items().call(
              node_.function_id, {state_.value(loop_.items()), item.value});
          state_.set(loop_.items(), next);
          return state_.value(loop_.items());
        });
    loop_.define(op_.outputs.front(), result);
  }
  void after_loop() override {
    state_.store(loop_.items(), loop_.region().state(), loop_.region().state_memory());
  }

 private:
  const ScanOperator& node_;
  StateVariable state_;
};

// A left fold over all values so far.
class RunningLoop : public LoopOperator {
 public:
  RunningLoop(ScalarLoop& loop, OperatorId id)
      : LoopOperator(loop, id), node_(std::get<RunningOperator>(op_.kind)) {
    for (const AgentState& state : aggregate().states) {
      states_.push_back(loop.region().state_variable(
          aggregate().locals[state.local].type_id, aggregate().locals[state.local].name));
    }
    has_value_.emplace(loop.region().state_variable(
        loop.module().program.types.scalar(TypeKind::Bool), "has_value"));
  }
  void before_loop() override {
    RegionEmitter& region = loop_.region();
    fold_.emplace(loop_.items(), node_.aggregate_id, region.constants(id_, node_.constants));
    for (StateVariable& state : states_) {
      state.load(loop_.items(), region.state(), region.state_memory());
    }
    has_value_->load(loop_.items(), region.state(), region.state_memory());
  }
  void tick() override {
    std::vector<ItemValue> elements;
    const std::vector<Cell> cells = inputs_of(loop_, op_);
    for (const Cell& cell : cells) elements.push_back(cell.value);
    const Cell result = loop_.guarded(
        id_, loop_.all_present(cells), aggregate().result_id,
        aggregate().add_can_fail || aggregate().result_can_fail, [&] {
          ItemEmitter& items = loop_.items();
          fold_->begin();
          llvm::Value* is_later = has_value_->value(items).leaves.front().first;
          loop_.frame().if_then_else(
              is_later, "later",
              [&] {
                for (std::size_t i = 0; i < states_.size(); ++i) {
                  fold_->set_state(i, states_[i].value(items));
                }
              },
              [&] { fold_->set_initial(); });
          fold_->add(elements);
          for (std::size_t i = 0; i < states_.size(); ++i) {
            states_[i].set(items, fold_->state(i));
          }
          has_value_->set(items, {has_value_->type_id(), {{loop_.frame().truth(true), nullptr}}});
          const ItemValue value = fold_->result();
          fold_->end();
          return value;
        });
    loop_.define(op_.outputs.front(), result);
  }
  void after_loop() override {
    RegionEmitter& region = loop_.region();
    for (StateVariable& state : states_) {
      state.store(loop_.items(), region.state(), region.state_memory());
    }
    has_value_->store(loop_.items(), region.state(), region.state_memory());
  }

 private:
  const CheckedAggregate& aggregate() const {
    return loop_.module().program.aggregate(node_.aggregate_id);
  }
  const RunningOperator& node_;
  std::vector<StateVariable> states_;
  std::optional<StateVariable> has_value_;
  std::optional<AggregateEmitter> fold_;
};

class FlattenLoop : public LoopOperator {
 public:
  using LoopOperator::LoopOperator;
  void before_loop() override {
    const TypeId type_id = loop_.module().graph.port(op_.inputs.front()).type_id;
    const Type& type = loop_.module().program.types.get(type_id);
    const std::int64_t expected = type.kind == TypeKind::Array ? type.length : 4;
    llvm::Value* ticks = loop_.builder().CreateMul(
        loop_.scope().count, loop_.frame().int64(std::max<std::int64_t>(expected, 1)));
    outlet_ = loop_.region().open(loop_.module().graph.port(op_.outputs.front()).scope, op_.outputs,
                                  ticks, true);
  }
  void tick() override {
    const Cell cell = loop_.input(op_.inputs.front());
    const auto write = [&](llvm::Value* valid) {
      llvm::Value* count = loop_.items().array_count(cell.value);
      loop_.region().grow(outlet_, count);
      loop_.frame().for_range(loop_.frame().int64(0), count, 1, "flatten", [&](llvm::Value* i) {
        const ItemValue element = loop_.items().array_element(cell.value, i);
        loop_.region().append(outlet_, {{element, valid}}, loop_.stamp(), nullptr);
      });
    };
    const TypeId type_id = loop_.module().graph.port(op_.inputs.front()).type_id;
    if (cell.valid == nullptr || loop_.module().program.types.kind(type_id) == TypeKind::Array) {
      write(cell.valid);  // The hole of an array of N is N holes: the output's clock counts on them.
    } else {
      loop_.frame().if_then(cell.valid, "present", [&] { write(nullptr); });
    }
  }
  void after_loop() override { loop_.region().close(outlet_, loop_.scope()); }

 private:
  Outlet outlet_;
};

}  // namespace

std::unique_ptr<LoopOperator> make_operator(ScalarLoop& loop, OperatorId id) {
  using Made = std::unique_ptr<LoopOperator>;
  const auto none = [](const char* what) -> Made {
    STREAM_UNREACHABLE("a {} has no place in a loop", what);
  };
  return match(
      loop.module().graph.op(id).kind, [&](const SourceOperator&) { return none("source"); },
      [&](const ListOperator&) { return none("list"); },
      [&](const ZipOperator&) { return none("zip"); },
      [&](const MergeOperator&) { return none("merge"); },
      [&](const DelayOperator&) { return none("delay"); },
      [&](const LinkOperator&) { return none("link"); },
      [&](const TakeOperator&) { return none("take"); },
      [&](const SkipOperator&) { return none("skip"); },
      [&](const SinkOperator&) { return none("sink"); },
      [&](const CaptureOperator&) { return none("capture"); },
      [&](const MapOperator&) -> Made { return std::make_unique<MapLoop>(loop, id); },
      [&](const WhereOperator&) -> Made { return std::make_unique<WhereLoop>(loop, id); },
      [&](const FilterMapOperator&) -> Made { return std::make_unique<FilterMapLoop>(loop, id); },
      [&](const ElseOperator& node) -> Made {
        if (node.mode == ElseMode::Skip) return std::make_unique<ElseSkipLoop>(loop, id);
        return std::make_unique<ElseFillLoop>(loop, id);
      },
      [&](const PrevOperator&) -> Made { return std::make_unique<PrevLoop>(loop, id); },
      [&](const ScanOperator&) -> Made { return std::make_unique<ScanLoop>(loop, id); },
      [&](const RunningOperator&) -> Made { return std::make_unique<RunningLoop>(loop, id); },
      [&](const WindowOperator&) -> Made { return make_window_operator(loop, id); },
      [&](const WindowFoldOperator&) -> Made { return make_window_fold_operator(loop, id); },
      [&](const FlattenOperator&) -> Made { return std::make_unique<FlattenLoop>(loop, id); },
      [&](const AgentOperator&) -> Made { return make_agent_operator(loop, id); });
}

}  // namespace streamc
