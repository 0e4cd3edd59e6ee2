#include "compiler/codegen/aggregates.h"

#include <algorithm>

#include "compiler/support/assert.h"
#include "compiler/support/match.h"

namespace streamc {

namespace {

bool expr_can_fail(const CheckedProgram& program, CheckedExprId id) {
  if (!id.valid()) return false;
  const CheckedExpr& expr = program.expr(id);
  const auto inner = [&](CheckedExprId part) { return expr_can_fail(program, part); };
  const auto any = [&](const std::vector<CheckedExprId>& parts) {
    return std::any_of(parts.begin(), parts.end(), inner);
  };
  return match(
      expr.node, [](const LiteralExpr&) { return false; }, [](const LocalExpr&) { return false; },
      [](const ConstantExpr&) { return false; },
      [&](const UnaryExpr& node) { return inner(node.operand); },
      [&](const BinaryExpr& node) {
        if (inner(node.left) || inner(node.right)) return true;
        const TypeKind left = program.types.kind(program.expr(node.left).type_id);
        const TypeKind right = program.types.kind(program.expr(node.right).type_id);
        if (node.op == BinaryOp::Multiply) return (left == TypeKind::Float) != (right == TypeKind::Float);
        if (node.op != BinaryOp::Divide && node.op != BinaryOp::FloorDivide &&
            node.op != BinaryOp::Modulo) {
          return false;
        }
        const auto* divisor = std::get_if<LiteralExpr>(&program.expr(node.right).node);
        return divisor == nullptr || left != right ||
               (right == TypeKind::Float ? divisor->value.real == 0.0
                                         : divisor->value.integer == 0);
      },
      [&](const ConvertExpr& node) { return inner(node.operand); },
      [&](const CallFunctionExpr& node) {
        return program.function(node.function_id).can_fail || any(node.arguments);
      },
      [&](const CallBuiltinExpr& node) {
        return node.builtin == Builtin::ToInt || node.builtin == Builtin::ParseInt ||
               node.builtin == Builtin::ParseFloat || node.builtin == Builtin::ShiftLeft ||
               node.builtin == Builtin::ShiftRight || any(node.arguments);
      },
      [&](const FieldExpr& node) { return inner(node.object); },
      [&](const MakeExpr& node) { return any(node.parts); },
      [](const IndexExpr&) { return true; },
      [&](const ConditionExpr& node) {
        return inner(node.condition) || inner(node.then_value) || inner(node.else_value);
      },
      [&](const IsPresentExpr& node) { return inner(node.option); },
      [](const UnwrapExpr&) { return true; },
      [&](const ElseExpr& node) { return inner(node.fallback); },
      [](const FailExpr&) { return true; }, [](const NowExpr&) { return false; },
      [&](const MapArrayExpr& node) { return inner(node.array) || inner(node.body); },
      [&](const FilterArrayExpr& node) { return inner(node.array) || inner(node.body); },
      [](const AggregateArrayExpr&) { return true; },
      [&](const FormatExpr& node) {
        return std::any_of(node.pieces.begin(), node.pieces.end(), [&](const FormatPiece& piece) {
          return piece.has_value && inner(piece.value);
        });
      });
}

}  // namespace

bool block_can_fail(const CheckedProgram& program, const CheckedBlock& block) {
  const auto fails = [&](CheckedExprId id) { return expr_can_fail(program, id); };
  return std::any_of(block.begin(), block.end(), [&](const CheckedStmt& stmt) {
    return match(
        stmt.node,
        [&](const AssignStmt& node) {
          return fails(node.value) ||
                 std::any_of(node.path.begin(), node.path.end(),
                             [](const TargetStep& step) { return step.is_index; });
        },
        [&](const IfStmt& node) {
          return fails(node.condition) || block_can_fail(program, node.then_block) ||
                 block_can_fail(program, node.else_block);
        },
        [&](const ForRangeStmt& node) {
          return fails(node.first) || fails(node.end) || fails(node.step) ||
                 block_can_fail(program, node.body);
        },
        [&](const ForArrayStmt& node) {
          return fails(node.array) || block_can_fail(program, node.body);
        },
        [&](const EmitStmt& node) { return fails(node.value); },
        [&](const ReturnStmt& node) { return fails(node.value); },
        [&](const ExprStmt& node) { return fails(node.value); });
  });
}

AggregateEmitter::AggregateEmitter(ItemEmitter& items, AggregateId id,
                                   std::vector<ItemValue> constants)
    : items_(items),
      id_(id),
      aggregate_(items.frame().module.program.aggregate(id)),
      constants_(std::move(constants)),
      can_fail_(block_can_fail(items.frame().module.program, aggregate_.add) ||
                block_can_fail(items.frame().module.program, aggregate_.merge)) {
  STREAM_ASSERT(constants_.size() == aggregate_.constants.size(),
                "`{}` takes {} constants, not {}", aggregate_.name, aggregate_.constants.size(),
                constants_.size());
}

TypeId AggregateEmitter::state_type(std::size_t index) const {
  return aggregate_.locals[aggregate_.states[index].local].type_id;
}

void AggregateEmitter::begin() {
  items_.enter(aggregate_.locals);
  for (std::size_t i = 0; i < constants_.size(); ++i) {
    items_.set_local(aggregate_.constants[i], items_.splat(constants_[i]));
  }
}

void AggregateEmitter::end() { items_.leave(); }

void AggregateEmitter::set_initial() {
  for (const AgentState& state : aggregate_.states) {
    items_.set_local(state.local, items_.expr(state.initial));
  }
}

void AggregateEmitter::set_state(std::size_t index, const ItemValue& value) {
  items_.set_local(aggregate_.states[index].local, value);
}

void AggregateEmitter::set_other(std::size_t index, const ItemValue& value) {
  items_.set_local(aggregate_.other_states[index], value);
}

void AggregateEmitter::add(const std::vector<ItemValue>& elements) {
  for (std::size_t i = 0; i < elements.size(); ++i) {
    items_.set_local(aggregate_.elements[i], elements[i]);
  }
  items_.block(aggregate_.add);
}

void AggregateEmitter::merge() { items_.block(aggregate_.merge); }

ItemValue AggregateEmitter::state(std::size_t index) {
  return items_.local(aggregate_.states[index].local);
}

ItemValue AggregateEmitter::result() {
  return items_.block_value(aggregate_.result, aggregate_.result_id);
}

llvm::Value* AggregateEmitter::byte(int value) {
  return llvm::ConstantInt::get(items_.frame().module.i8, static_cast<std::uint64_t>(value));
}

llvm::Value* AggregateEmitter::is_absent(const Partial& partial) {
  return items_.frame().builder.CreateICmpEQ(partial.status, byte(0));
}

Partial AggregateEmitter::absent() {
  Partial partial{byte(0), {}};
  for (std::size_t i = 0; i < state_count(); ++i) {
    partial.states.push_back(items_.frame().zero_value(state_type(i)));
  }
  return partial;
}

void AggregateEmitter::set_states(const Partial& partial) {
  const auto known = llvm::dyn_cast<llvm::ConstantInt>(partial.status);
  const auto from_partial = [&] {
    for (std::size_t i = 0; i < state_count(); ++i) set_state(i, partial.states[i]);
  };
  if (known != nullptr) {
    if (known->isZero()) {
      set_initial();
    } else {
      from_partial();
    }
    return;
  }
  items_.frame().if_then_else(
      is_absent(partial), "initial", [&] { set_initial(); }, from_partial);
}

Partial AggregateEmitter::append(const Partial& partial, const std::vector<ItemValue>& elements,
                                 llvm::Value* present) {
  FunctionFrame& frame = items_.frame();
  llvm::IRBuilder<>& builder = frame.builder;
  llvm::Value* takes = present;
  if (can_fail_) {
    llvm::Value* alive = builder.CreateICmpULT(partial.status, byte(2));
    takes = takes == nullptr ? alive : builder.CreateAnd(takes, alive);
  }
  std::vector<Variable> states;
  for (std::size_t i = 0; i < state_count(); ++i) {
    states.push_back(items_.variable(state_type(i), "partial"));
  }
  llvm::AllocaInst* status = frame.slot(frame.module.i8, "status");
  if (takes != nullptr) {
    builder.CreateStore(partial.status, status);
    for (std::size_t i = 0; i < state_count(); ++i) items_.assign(states[i], partial.states[i]);
  }
  const auto run = [&] {
    const FailTarget target = items_.new_fail_target("add.failed");
    const FailTarget* const outer = items_.fail_target;
    items_.fail_target = &target;
    begin();
    set_states(partial);
    add(elements);
    for (std::size_t i = 0; i < state_count(); ++i) items_.assign(states[i], state(i));
    end();
    items_.fail_target = outer;
    builder.CreateStore(byte(1), status);
    if (!target.block->hasNPredecessorsOrMore(1)) {
      target.block->eraseFromParent();
      return;
    }
    llvm::BasicBlock* behind = frame.block("add.end");
    builder.CreateBr(behind);
    builder.SetInsertPoint(target.block);
    llvm::Value* reason = builder.CreateTrunc(
        builder.CreateLoad(frame.module.i32, target.reason), frame.module.i8);
    builder.CreateStore(builder.CreateAdd(reason, byte(2)), status);
    builder.CreateBr(behind);
    builder.SetInsertPoint(behind);
  };
  if (takes == nullptr) {
    run();
  } else {
    frame.if_then(takes, "add", run);
  }
  Partial result{builder.CreateLoad(frame.module.i8, status), {}};
  for (const Variable& state : states) result.states.push_back(items_.read(state));
  return result;
}

Partial AggregateEmitter::join(const Partial& left, const Partial& right) {
  const auto known_absent = [](const Partial& partial) {
    const auto* known = llvm::dyn_cast<llvm::ConstantInt>(partial.status);
    return known != nullptr && known->isZero();
  };
  if (known_absent(left)) return right;
  if (known_absent(right)) return left;

  FunctionFrame& frame = items_.frame();
  llvm::IRBuilder<>& builder = frame.builder;
  std::vector<Variable> states;
  llvm::AllocaInst* status = frame.slot(frame.module.i8, "status");
  // Which side it is if it is not both: the left one, unless that is absent, or the right one failed.
  llvm::Value* takes_right = is_absent(left);
  llvm::Value* takes_both = builder.CreateAnd(builder.CreateNot(takes_right),
                                              builder.CreateNot(is_absent(right)));
  if (can_fail_) {
    llvm::Value* left_failed = builder.CreateICmpUGE(left.status, byte(2));
    llvm::Value* right_failed = builder.CreateICmpUGE(right.status, byte(2));
    takes_right = builder.CreateOr(
        takes_right, builder.CreateAnd(right_failed, builder.CreateNot(left_failed)));
    takes_both = builder.CreateAnd(
        takes_both, builder.CreateNot(builder.CreateOr(left_failed, right_failed)));
  }
  builder.CreateStore(builder.CreateSelect(takes_right, right.status, left.status), status);
  for (std::size_t i = 0; i < state_count(); ++i) {
    states.push_back(items_.variable(state_type(i), "partial"));
    items_.assign(states[i], items_.select(takes_right, right.states[i], left.states[i]));
  }
  frame.if_then(takes_both, "merge", [&] {
    const FailTarget target = items_.new_fail_target("merge.failed");
    const FailTarget* const outer = items_.fail_target;
    items_.fail_target = &target;
    begin();
    for (std::size_t i = 0; i < state_count(); ++i) {
      set_state(i, left.states[i]);
      set_other(i, right.states[i]);
    }
    merge();
    for (std::size_t i = 0; i < state_count(); ++i) items_.assign(states[i], state(i));
    end();
    items_.fail_target = outer;
    if (!target.block->hasNPredecessorsOrMore(1)) {
      target.block->eraseFromParent();
      return;
    }
    llvm::BasicBlock* behind = frame.block("merge.end");
    builder.CreateBr(behind);
    builder.SetInsertPoint(target.block);
    llvm::Value* reason = builder.CreateTrunc(
        builder.CreateLoad(frame.module.i32, target.reason), frame.module.i8);
    builder.CreateStore(builder.CreateAdd(reason, byte(2)), status);
    builder.CreateBr(behind);
    builder.SetInsertPoint(behind);
  });
  Partial result{builder.CreateLoad(frame.module.i8, status), {}};
  for (const Variable& state : states) result.states.push_back(items_.read(state));
  return result;
}

PartialArray::PartialArray(StateLayout& layout, ModuleContext& module,
                           const CheckedAggregate& aggregate, std::int64_t count,
                           std::vector<bool> stored)
    : module_(module), stored_(std::move(stored)) {
  for (const AgentState& state : aggregate.states) {
    const TypeId type_id = aggregate.locals[state.local].type_id;
    types_.push_back(type_id);
    offsets_.emplace_back();
    if (!stored_.empty() && !stored_[types_.size() - 1]) continue;
    for (const Leaf& leaf : module.leaves(type_id)) {
      offsets_.back().push_back(layout.add_array(leaf, count));
    }
  }
  status_offset_ = layout.add((count + 7) / 8 * 8, 64);
}

void PartialArray::attach(FunctionFrame& frame, llvm::Value* state) {
  frame_ = &frame;
  addresses_.clear();
  memory_.clear();
  for (const std::vector<std::int64_t>& offsets : offsets_) {
    addresses_.emplace_back();
    memory_.emplace_back();
    for (const std::int64_t offset : offsets) {
      addresses_.back().push_back(frame.byte_offset(state, offset));
      memory_.back().push_back(frame.new_memory());
    }
  }
  status_ = frame.byte_offset(state, status_offset_);
  status_memory_ = frame.new_memory();
}

llvm::Value* PartialArray::address(std::size_t state, std::size_t leaf) const {
  return addresses_[state][leaf];
}

MemoryObject PartialArray::memory(std::size_t state, std::size_t leaf) const {
  return memory_[state][leaf];
}

Partial PartialArray::load(llvm::Value* index) {
  Partial partial;
  partial.status =
      frame_->load(module_.i8, frame_->element(module_.i8, status_, index), status_memory_);
  for (std::size_t s = 0; s < types_.size(); ++s) {
    if (!stored_.empty() && !stored_[s]) {
      partial.states.push_back(frame_->zero_value(types_[s]));
      continue;
    }
    const std::vector<Leaf>& leaves = module_.leaves(types_[s]);
    ItemValue state{types_[s], {}};
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      llvm::Value* first = frame_->builder.CreateMul(index, frame_->int64(leaves[i].count));
      llvm::Value* place =
          frame_->element(module_.memory_type(leaves[i].kind), addresses_[s][i], first);
      state.leaves.push_back(load_kept_leaf(*frame_, leaves[i], place, memory_[s][i]));
    }
    partial.states.push_back(std::move(state));
  }
  return partial;
}

void PartialArray::store(llvm::Value* index, const Partial& partial) {
  frame_->store(partial.status, frame_->element(module_.i8, status_, index), status_memory_);
  for (std::size_t s = 0; s < types_.size(); ++s) {
    if (!stored_.empty() && !stored_[s]) continue;
    const std::vector<Leaf>& leaves = module_.leaves(types_[s]);
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      llvm::Value* first = frame_->builder.CreateMul(index, frame_->int64(leaves[i].count));
      llvm::Value* place =
          frame_->element(module_.memory_type(leaves[i].kind), addresses_[s][i], first);
      keep_leaf(*frame_, leaves[i], partial.states[s].leaves[i], place, memory_[s][i]);
    }
  }
}

void PartialArray::set_status(llvm::Value* index, int status) {
  frame_->store(llvm::ConstantInt::get(module_.i8, static_cast<std::uint64_t>(status)),
                frame_->element(module_.i8, status_, index), status_memory_);
}

void PartialArray::clear(std::int64_t count) {
  STREAM_ASSERT(count <= 8, "only a word of them is cleared at once");
  frame_->store(frame_->int64(0), status_, status_memory_);
}

PartialVariable::PartialVariable(StateLayout& layout, ModuleContext& module,
                                 const CheckedAggregate& aggregate)
    : module_(module) {
  for (const AgentState& state : aggregate.states) {
    states_.emplace_back(layout, module, aggregate.locals[state.local].type_id,
                         aggregate.locals[state.local].name);
  }
  status_offset_ = layout.add(1, 1);
}

void PartialVariable::load(ItemEmitter& items, llvm::Value* state, MemoryObject memory) {
  FunctionFrame& frame = items.frame();
  for (StateVariable& variable : states_) variable.load(items, state, memory);
  status_ = frame.slot(module_.i8, "status");
  frame.builder.CreateStore(
      frame.load(module_.i8, frame.byte_offset(state, status_offset_), memory), status_);
}

void PartialVariable::store(ItemEmitter& items, llvm::Value* state, MemoryObject memory) {
  FunctionFrame& frame = items.frame();
  for (StateVariable& variable : states_) variable.store(items, state, memory);
  frame.store(frame.builder.CreateLoad(module_.i8, status_),
              frame.byte_offset(state, status_offset_), memory);
}

Partial PartialVariable::value(ItemEmitter& items) {
  Partial partial{items.frame().builder.CreateLoad(module_.i8, status_), {}};
  for (const StateVariable& variable : states_) partial.states.push_back(variable.value(items));
  return partial;
}

void PartialVariable::set(ItemEmitter& items, const Partial& partial) {
  for (std::size_t i = 0; i < states_.size(); ++i) states_[i].set(items, partial.states[i]);
  items.frame().builder.CreateStore(partial.status, status_);
}

void PartialVariable::clear(ItemEmitter& items) {
  items.frame().builder.CreateStore(llvm::ConstantInt::get(module_.i8, 0), status_);
}

// One pane: 8 lanes by rank and a tree if the aggregate commutes, else a left fold (docs/windows.md).
ItemValue ItemEmitter::aggregate_array(const AggregateArrayExpr& node) {
  std::vector<Elements> arrays;
  for (const CheckedExprId array : node.arrays) arrays.push_back(elements(expr(array)));
  std::vector<ItemValue> constants;
  for (const CheckedExprId constant : node.constants) constants.push_back(expr(constant));
  AggregateEmitter aggregate(*this, node.aggregate_id, std::move(constants));
  const bool in_lanes = aggregate.aggregate().is_commutative && aggregate.aggregate().has_merge;
  const std::int64_t lane_count = in_lanes ? 8 : 1;

  // The lanes: stack slots in memory form, indexed.
  std::vector<std::vector<llvm::Value*>> slots(aggregate.state_count());
  for (std::size_t s = 0; s < slots.size(); ++s) {
    for (const Leaf& leaf : module().leaves(aggregate.state_type(s))) {
      slots[s].push_back(
          frame_.slot(module().memory_type(leaf.kind), "lane", leaf.count * lane_count));
    }
  }
  llvm::Value* status = frame_.slot(module().i8, "lane.status", lane_count);
  builder().CreateMemSet(status, llvm::ConstantInt::get(module().i8, 0),
                         frame_.byte_count(frame_.int64(lane_count)), llvm::MaybeAlign(1));
  const auto place_of = [&](std::size_t s, std::size_t i, llvm::Value* lane) {
    const Leaf& leaf = module().leaves(aggregate.state_type(s))[i];
    return frame_.element(module().memory_type(leaf.kind), slots[s][i],
                          builder().CreateMul(lane, frame_.int64(leaf.count)));
  };
  const auto load = [&](llvm::Value* lane) {
    Partial partial{builder().CreateLoad(module().i8, frame_.element(module().i8, status, lane)),
                    {}};
    for (std::size_t s = 0; s < slots.size(); ++s) {
      ItemValue state{aggregate.state_type(s), {}};
      for (std::size_t i = 0; i < slots[s].size(); ++i) {
        state.leaves.push_back(frame_.load_leaf(module().leaves(state.type_id)[i],
                                                place_of(s, i, lane), 0));
      }
      partial.states.push_back(std::move(state));
    }
    return partial;
  };
  llvm::Value* count = arrays.front().count;
  frame_.for_range(frame_.int64(0), count, 1, "fold", [&](llvm::Value* i) {
    llvm::Value* lane = in_lanes ? builder().CreateAnd(i, frame_.int64(7)) : frame_.int64(0);
    std::vector<ItemValue> values;
    for (const Elements& array : arrays) values.push_back(element_at(array, i));
    const Partial next = aggregate.append(load(lane), values, nullptr);
    builder().CreateStore(next.status, frame_.element(module().i8, status, lane));
    for (std::size_t s = 0; s < slots.size(); ++s) {
      for (std::size_t leaf = 0; leaf < slots[s].size(); ++leaf) {
        frame_.store_leaf(module().leaves(aggregate.state_type(s))[leaf],
                          next.states[s].leaves[leaf], place_of(s, leaf, lane), 0);
      }
    }
  });
  std::vector<Partial> lanes;
  for (std::int64_t lane = 0; lane < lane_count; ++lane) lanes.push_back(load(frame_.int64(lane)));
  for (std::size_t width = lanes.size(); width > 1; width /= 2) {
    for (std::size_t i = 0; i < width / 2; ++i) {
      lanes[i] = aggregate.join(lanes[2 * i], lanes[2 * i + 1]);
    }
  }
  const Partial& whole = lanes.front();
  if (aggregate.can_fail()) {
    frame_.if_then(builder().CreateICmpUGE(whole.status, llvm::ConstantInt::get(module().i8, 2)),
                   "fold.failed", [&] {
                     llvm::Value* reason = builder().CreateSub(
                         builder().CreateZExt(whole.status, module().i32), frame_.int32(2));
                     auto* null = llvm::ConstantPointerNull::get(module().pointer);
                     builder().CreateStore(reason, fail_target->reason);
                     builder().CreateStore(null, fail_target->detail_data);
                     builder().CreateStore(frame_.int64(0), fail_target->detail_size);
                     builder().CreateBr(fail_target->block);
                     builder().SetInsertPoint(frame_.block("after.fail"));
                   });
  }
  aggregate.begin();
  aggregate.set_states(whole);
  const ItemValue result = aggregate.result();
  aggregate.end();
  return result;
}

}  // namespace streamc
