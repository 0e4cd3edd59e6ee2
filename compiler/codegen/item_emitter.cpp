#include "compiler/codegen/item_emitter.h"

#include "compiler/support/assert.h"

namespace streamc {

namespace {

// Whether a ReturnStmt stands anywhere but at the end of `block`.
bool has_early_return(const CheckedBlock& block, bool at_top = true) {
  for (std::size_t i = 0; i < block.size(); ++i) {
    const auto& node = block[i].node;
    if (std::holds_alternative<ReturnStmt>(node) && !(at_top && i + 1 == block.size())) return true;
    if (const auto* branch = std::get_if<IfStmt>(&node)) {
      if (has_early_return(branch->then_block, false)) return true;
      if (has_early_return(branch->else_block, false)) return true;
    } else if (const auto* range = std::get_if<ForRangeStmt>(&node)) {
      if (has_early_return(range->body, false)) return true;
    } else if (const auto* each = std::get_if<ForArrayStmt>(&node)) {
      if (has_early_return(each->body, false)) return true;
    }
  }
  return false;
}

}  // namespace

ItemEmitter::ItemEmitter(FunctionFrame& frame, unsigned lanes) : frame_(frame), lanes_(lanes) {}

TypeKind ItemEmitter::kind_of(CheckedExprId id) const {
  return frame_.module.program.types.kind(type_of(id));
}

TypeKind ItemEmitter::kind_of_type(TypeId id) const {
  return frame_.module.program.types.kind(id);
}

TypeId ItemEmitter::type_of(CheckedExprId id) const {
  return frame_.module.program.expr(id).type_id;
}

ItemValue ItemEmitter::call(FunctionId id, const std::vector<ItemValue>& arguments) {
  const CheckedFunction& function = module().program.function(id);
  STREAM_ASSERT(arguments.size() == function.parameter_count, "`{}` takes {} arguments, not {}",
                function.name, function.parameter_count, arguments.size());
  enter(function.locals);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    set_local(static_cast<LocalIndex>(i), arguments[i]);
  }
  llvm::Value* const outer_mask = mask_;  // A body is computed for all lanes; its caller selects.
  mask_ = nullptr;
  ItemValue result = block_value(function.body, function.result_id);
  mask_ = outer_mask;
  leave();
  return result;
}

void ItemEmitter::enter(const std::vector<Local>& locals) {
  Activation activation;
  activation.locals = &locals;
  activation.variables.resize(locals.size());
  activations_.push_back(std::move(activation));
}

void ItemEmitter::leave() { activations_.pop_back(); }

Variable& ItemEmitter::local_variable(LocalIndex local) {
  Activation& activation = activations_.back();
  std::optional<Variable>& place = activation.variables[local];
  if (!place) {
    const Local& declared = (*activation.locals)[local];
    place = variable(declared.type_id, declared.name);
  }
  return *place;
}

void ItemEmitter::set_local(LocalIndex local, const ItemValue& value) {
  assign(local_variable(local), value);
}

ItemValue ItemEmitter::local(LocalIndex local) { return read(local_variable(local)); }

ItemValue ItemEmitter::block_value(const CheckedBlock& statements, TypeId result_id) {
  if (lanes_ > 1) return straight_block_value(statements);
  if (!has_early_return(statements) && !statements.empty()) {
    if (const auto* result = std::get_if<ReturnStmt>(&statements.back().node)) {
      for (std::size_t i = 0; i + 1 < statements.size(); ++i) statement(statements[i]);
      return expr(result->value);
    }
  }
  activations_.back().result = variable(result_id, "result");
  llvm::BasicBlock* behind = frame_.block("return");
  activations_.back().return_block = behind;
  block(statements);
  // Every path has returned; what the builder stands in now is reached by none.
  builder().CreateBr(behind);
  builder().SetInsertPoint(behind);
  return read(*activations_.back().result);
}

Variable ItemEmitter::variable(TypeId type_id, const std::string& name) {
  Variable result{type_id, {}};
  const auto widened = [&](llvm::Type* type) -> llvm::Type* {
    return lanes_ == 1 ? type : llvm::FixedVectorType::get(type, lanes_);
  };
  for (const Leaf& leaf : module().leaves(type_id)) {
    if (leaf.count != 1) {
      result.slots.push_back({frame_.slot(module().memory_type(leaf.kind), name, leaf.count),
                              nullptr});
      continue;
    }
    switch (leaf.kind) {
      case LeafKind::I8:
        result.slots.push_back({frame_.slot(widened(module().i1), name), nullptr});
        break;
      case LeafKind::I64:
        result.slots.push_back({frame_.slot(widened(module().i64), name), nullptr});
        break;
      case LeafKind::F64:
        result.slots.push_back({frame_.slot(widened(module().f64), name), nullptr});
        break;
      case LeafKind::Text:
      case LeafKind::View:
        result.slots.push_back({frame_.slot(module().pointer, name),
                                frame_.slot(module().i64, name + ".size")});
        break;
      case LeafKind::Rate:
        result.slots.push_back({frame_.slot(module().i64, name),
                                frame_.slot(module().i64, name + ".denominator")});
        break;
    }
  }
  return result;
}

void ItemEmitter::assign(const Variable& variable, const ItemValue& value) {
  const std::vector<Leaf>& leaves = module().leaves(variable.type_id);
  STREAM_ASSERT(value.leaves.size() == leaves.size(), "a value of {} leaves for `{}`",
                value.leaves.size(), module().program.types.text(variable.type_id));
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (leaves[i].count != 1) {
      frame_.copy_bytes(variable.slots[i].first, value.leaves[i].first,
                        leaves[i].count * leaf_kind_size(leaves[i].kind));
      continue;
    }
    llvm::Value* first = value.leaves[i].first;
    if (mask_ != nullptr) {
      auto* slot = llvm::cast<llvm::AllocaInst>(variable.slots[i].first);
      llvm::Value* old = builder().CreateLoad(slot->getAllocatedType(), slot);
      first = builder().CreateSelect(mask_, first, old);
    }
    builder().CreateStore(first, variable.slots[i].first);
    if (value.leaves[i].second != nullptr) {
      builder().CreateStore(value.leaves[i].second, variable.slots[i].second);
    }
  }
}

ItemValue ItemEmitter::read(const Variable& variable) {
  ItemValue value{variable.type_id, {}};
  const std::vector<Leaf>& leaves = module().leaves(variable.type_id);
  const auto load = [&](llvm::Value* slot) -> llvm::Value* {
    if (slot == nullptr) return nullptr;
    return builder().CreateLoad(llvm::cast<llvm::AllocaInst>(slot)->getAllocatedType(), slot);
  };
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (leaves[i].count != 1) {
      value.leaves.push_back({variable.slots[i].first, nullptr});
    } else {
      value.leaves.push_back({load(variable.slots[i].first), load(variable.slots[i].second)});
    }
  }
  return value;
}

FailTarget ItemEmitter::new_fail_target(const std::string& name) {
  return {frame_.block(name), frame_.slot(module().i32, name + ".reason"),
          frame_.slot(module().pointer, name + ".detail"),
          frame_.slot(module().i64, name + ".detail.size")};
}

void ItemEmitter::fail_if(llvm::Value* condition, StreamFailureReason reason) {
  if (const auto* known = llvm::dyn_cast<llvm::ConstantInt>(condition)) {
    if (known->isZero()) return;
  }
  frame_.if_then(
      condition, "fail",
      [&] {
        (void)fail_always(reason, module().program.types.scalar(TypeKind::Nothing));
      },
      true);
}

ItemValue ItemEmitter::fail_always(StreamFailureReason reason, TypeId type_id,
                                   llvm::Value* detail_data, llvm::Value* detail_size) {
  STREAM_ASSERT(fail_target != nullptr, "a failure where none was announced");
  auto* null = llvm::ConstantPointerNull::get(module().pointer);
  builder().CreateStore(frame_.int32(reason), fail_target->reason);
  builder().CreateStore(detail_data != nullptr ? detail_data : null, fail_target->detail_data);
  builder().CreateStore(detail_size != nullptr ? detail_size : frame_.int64(0),
                        fail_target->detail_size);
  builder().CreateBr(fail_target->block);
  builder().SetInsertPoint(frame_.block("after.fail"));  // Reached by nobody.
  return frame_.zero_value(type_id);
}

llvm::Value* ItemEmitter::splat(llvm::Value* value) {
  if (lanes_ == 1 || value->getType()->isVectorTy()) return value;
  return builder().CreateVectorSplat(lanes_, value);
}

ItemValue ItemEmitter::splat(ItemValue value) {
  for (LeafValue& leaf : value.leaves) leaf.first = splat(leaf.first);
  return value;
}

ItemValue ItemEmitter::select(llvm::Value* condition, const ItemValue& a, const ItemValue& b) {
  ItemValue result{a.type_id, {}};
  for (std::size_t i = 0; i < a.leaves.size(); ++i) {
    LeafValue leaf;
    leaf.first = builder().CreateSelect(condition, a.leaves[i].first, b.leaves[i].first);
    if (a.leaves[i].second != nullptr) {
      leaf.second = builder().CreateSelect(condition, a.leaves[i].second, b.leaves[i].second);
    }
    result.leaves.push_back(leaf);
  }
  return result;
}

ItemValue ItemEmitter::field(const ItemValue& object, std::uint32_t index) {
  const TypeTable& types = module().program.types;
  TypeId object_type = object.type_id;
  const bool is_view = types.kind(object_type) == TypeKind::Window;
  if (is_view) object_type = types.get(object_type).element_id;
  const Type& type = types.get(object_type);
  const TypeId part_type = type.kind == TypeKind::Tuple ? type.elements[index]
                                                        : type.fields[index].type_id;
  const std::size_t first = types.first_leaf_of_field(object_type, index);
  const std::size_t count = module().leaves(part_type).size();
  ItemValue part{part_type, {}};  // Of a view: the caller knows its type.
  part.leaves.assign(object.leaves.begin() + static_cast<std::ptrdiff_t>(first),
                     object.leaves.begin() + static_cast<std::ptrdiff_t>(first + count));
  return part;
}

}  // namespace streamc
