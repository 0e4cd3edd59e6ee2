// Statements of checked trees; see item_emitter.h.
#include "compiler/codegen/item_emitter.h"
#include "compiler/support/assert.h"
#include "compiler/support/match.h"

namespace streamc {

void ItemEmitter::block(const CheckedBlock& statements) {
  for (const CheckedStmt& inner : statements) statement(inner);
}

void ItemEmitter::statement(const CheckedStmt& stmt) {
  match(
      stmt.node, [&](const AssignStmt& assign) { assign_statement(assign); },
      [&](const IfStmt& branch) { if_statement(branch); },
      [&](const ForRangeStmt& loop) { for_range_statement(loop); },
      [&](const ForArrayStmt& loop) { for_array_statement(loop); },
      [&](const EmitStmt& emit) {
        const ItemValue value = expr(emit.value);
        STREAM_ASSERT(on_emit != nullptr, "an emit outside of an agent");
        on_emit(emit.port, value);
      },
      [&](const ReturnStmt& result) {
        const ItemValue value = expr(result.value);
        Activation& activation = activations_.back();
        STREAM_ASSERT(activation.result.has_value(), "a return that leads nowhere");
        assign(*activation.result, value);
        builder().CreateBr(activation.return_block);
        builder().SetInsertPoint(frame_.block("after.return"));  // Reached by nobody.
      },
      [&](const ExprStmt& inner) { (void)expr(inner.value); });
}

void ItemEmitter::assign_statement(const AssignStmt& assign_stmt) {
  const ItemValue value = expr(assign_stmt.value);
  const Variable variable = local_variable(assign_stmt.local);
  if (assign_stmt.path.empty()) {
    assign(variable, value);
    return;
  }
  // Walk to the part that is written. `leaves` and `slots` are those of the part; once an index was
  // taken, a slot is an address of elements in memory form.
  const TypeTable& types = module().program.types;
  TypeId type_id = variable.type_id;
  std::vector<Leaf> leaves = module().leaves(type_id);
  std::vector<LeafValue> slots = variable.slots;
  std::vector<bool> in_memory(slots.size(), false);
  for (const TargetStep& step : assign_stmt.path) {
    const Type& type = types.get(type_id);
    if (!step.is_index) {
      const std::size_t first = types.first_leaf_of_field(type_id, step.field);
      type_id = type.kind == TypeKind::Tuple ? type.elements[step.field]
                                             : type.fields[step.field].type_id;
      const std::size_t count = module().leaves(type_id).size();
      const auto cut = [&](auto& list) {
        list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(first));
        list.resize(count);
      };
      cut(leaves);
      cut(slots);
      cut(in_memory);
      continue;
    }
    llvm::Value* place =
        checked_index(expr(step.index).leaves.front().first, frame_.int64(type.length));
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      leaves[i].count /= type.length;
      if (type.length == 1) continue;
      slots[i].first = frame_.element(
          module().memory_type(leaves[i].kind), slots[i].first,
          builder().CreateMul(place, frame_.int64(leaves[i].count)));
      in_memory[i] = true;
    }
    type_id = type.element_id;
  }
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (leaves[i].count != 1 || in_memory[i]) {
      frame_.store_leaf(leaves[i], value.leaves[i], slots[i].first, 0);
    } else {
      llvm::Value* first = value.leaves[i].first;
      if (mask_ != nullptr) {
        auto* slot = llvm::cast<llvm::AllocaInst>(slots[i].first);
        first = builder().CreateSelect(
            mask_, first, builder().CreateLoad(slot->getAllocatedType(), slot));
      }
      builder().CreateStore(first, slots[i].first);
      if (slots[i].second != nullptr) {
        builder().CreateStore(value.leaves[i].second, slots[i].second);
      }
    }
  }
}

void ItemEmitter::if_statement(const IfStmt& branch) {
  llvm::Value* condition = expr(branch.condition).leaves.front().first;
  if (lanes_ == 1) {
    frame_.if_then_else(
        condition, "if", [&] { block(branch.then_block); }, [&] { block(branch.else_block); });
    return;
  }
  llvm::Value* const outer = mask_;
  const auto within = [&](llvm::Value* mask) {
    return outer == nullptr ? mask : builder().CreateAnd(outer, mask);
  };
  mask_ = within(condition);
  block(branch.then_block);
  mask_ = within(builder().CreateNot(condition));
  block(branch.else_block);
  mask_ = outer;
}

ItemValue ItemEmitter::straight_block_value(const CheckedBlock& statements) {
  for (std::size_t i = 0; i + 1 < statements.size(); ++i) statement(statements[i]);
  if (const auto* result = std::get_if<ReturnStmt>(&statements.back().node)) {
    return expr(result->value);
  }
  const auto& branch = std::get<IfStmt>(statements.back().node);
  llvm::Value* condition = expr(branch.condition).leaves.front().first;
  llvm::Value* const outer = mask_;
  const auto within = [&](llvm::Value* mask) {
    return outer == nullptr ? mask : builder().CreateAnd(outer, mask);
  };
  // Each side starts from the locals as they are now; the masks keep the other side's lanes.
  mask_ = within(condition);
  const ItemValue then_value = straight_block_value(branch.then_block);
  mask_ = within(builder().CreateNot(condition));
  const ItemValue else_value = straight_block_value(branch.else_block);
  mask_ = outer;
  return select(condition, then_value, else_value);
}

// As Python's range(first, end, step); a step of 0 fails.
void ItemEmitter::for_range_statement(const ForRangeStmt& loop) {
  llvm::Value* end = expr(loop.end).leaves.front().first;
  llvm::Value* step =
      loop.step.valid() ? expr(loop.step).leaves.front().first : frame_.int64(1);
  llvm::Value* first =
      loop.first.valid() ? expr(loop.first).leaves.front().first : frame_.int64(0);
  if (!llvm::isa<llvm::ConstantInt>(step) || llvm::cast<llvm::ConstantInt>(step)->isZero()) {
    frame_.if_then(
        builder().CreateICmpEQ(step, frame_.int64(0)), "fail",
        [&] {
          constexpr std::string_view kWhy = "a range with step zero";
          (void)fail_always(STREAM_FAILURE_USER,
                            module().program.types.scalar(TypeKind::Nothing),
                            module().text(kWhy), frame_.int64(kWhy.size()));
        },
        true);
  }
  llvm::AllocaInst* place = frame_.slot(module().i64, "range");
  llvm::AllocaInst* is_over = frame_.slot(module().i1, "range.over");
  builder().CreateStore(first, place);
  builder().CreateStore(frame_.truth(false), is_over);
  const TypeId int_type = module().program.types.scalar(TypeKind::Int);
  frame_.while_loop(
      "for",
      [&] {
        llvm::Value* current = builder().CreateLoad(module().i64, place);
        llvm::Value* is_upwards = builder().CreateICmpSGT(step, frame_.int64(0));
        llvm::Value* goes_on = builder().CreateSelect(is_upwards,
                                                      builder().CreateICmpSLT(current, end),
                                                      builder().CreateICmpSGT(current, end));
        llvm::Value* over = builder().CreateLoad(module().i1, is_over);
        return builder().CreateAnd(goes_on, builder().CreateNot(over));
      },
      [&] {
        llvm::Value* current = builder().CreateLoad(module().i64, place);
        set_local(loop.local, ItemValue{int_type, {{current, nullptr}}});
        block(loop.body);
        llvm::Value* sum = builder().CreateBinaryIntrinsic(
            llvm::Intrinsic::sadd_with_overflow, builder().CreateLoad(module().i64, place), step);
        builder().CreateStore(builder().CreateExtractValue(sum, 0), place);
        builder().CreateStore(builder().CreateExtractValue(sum, 1), is_over);
      });
}

void ItemEmitter::for_array_statement(const ForArrayStmt& loop) {
  const Elements all = elements(expr(loop.array));
  frame_.for_range(frame_.int64(0), all.count, 1, "each", [&](llvm::Value* place) {
    set_local(loop.local, element_at(all, place));
    block(loop.body);
  });
}

}  // namespace streamc
