#include "compiler/codegen/frame.h"

#include <llvm/IR/MDBuilder.h>

#include "compiler/support/assert.h"

namespace streamc {

FunctionFrame::FunctionFrame(ModuleContext& module_context, llvm::Function* llvm_function,
                             llvm::Value* runtime_context)
    : module(module_context),
      function(llvm_function),
      runtime(runtime_context),
      builder(*module_context.context) {
  entry_ = block("entry");
  prologue_ = block("prologue");
  body_ = block("body");
  builder.SetInsertPoint(body_);
}

void FunctionFrame::finish() {
  builder.SetInsertPoint(entry_);
  builder.CreateBr(prologue_);
  builder.SetInsertPoint(prologue_);
  builder.CreateBr(body_);

  // Every access says which memory it touches and which it does not: all the others.
  if (memory_count_ < 2) return;
  llvm::MDBuilder metadata(*module.context);
  llvm::MDNode* domain = metadata.createAnonymousAliasScopeDomain(function->getName());
  std::vector<llvm::Metadata*> scopes;
  for (MemoryObject i = 0; i < memory_count_; ++i) {
    scopes.push_back(metadata.createAnonymousAliasScope(domain));
  }
  std::vector<llvm::MDNode*> own(memory_count_);
  std::vector<llvm::MDNode*> others(memory_count_);
  for (MemoryObject i = 0; i < memory_count_; ++i) {
    std::vector<llvm::Metadata*> rest = scopes;
    rest.erase(rest.begin() + i);
    own[i] = llvm::MDNode::get(*module.context, {scopes[i]});
    others[i] = llvm::MDNode::get(*module.context, rest);
  }
  for (const auto& [access, memory] : accesses_) {
    access->setMetadata(llvm::LLVMContext::MD_alias_scope, own[memory - 1]);
    access->setMetadata(llvm::LLVMContext::MD_noalias, others[memory - 1]);
  }
}

llvm::AllocaInst* FunctionFrame::slot(llvm::Type* type, const std::string& name,
                                      std::int64_t count) {
  llvm::IRBuilder<> at_entry(entry_, entry_->end());
  auto* slot = at_entry.CreateAlloca(type, count == 1 ? nullptr : int64(count), name);
  if (count != 1) slot->setAlignment(llvm::Align(64));
  return slot;
}

llvm::BasicBlock* FunctionFrame::block(const std::string& name) {
  return llvm::BasicBlock::Create(*module.context, name, function);
}

void FunctionFrame::in_prologue(const std::function<void()>& write) {
  const llvm::IRBuilderBase::InsertPoint saved = builder.saveIP();
  builder.SetInsertPoint(prologue_);
  write();
  prologue_ = builder.GetInsertBlock();
  builder.restoreIP(saved);
}

llvm::Value* FunctionFrame::load(llvm::Type* type, llvm::Value* address, MemoryObject memory,
                                 const std::string& name, unsigned align) {
  auto* load = builder.CreateLoad(type, address, name);
  if (align != 0) load->setAlignment(llvm::Align(align));
  if (memory != 0) accesses_.emplace_back(load, memory);
  return load;
}

void FunctionFrame::store(llvm::Value* value, llvm::Value* address, MemoryObject memory,
                          unsigned align) {
  auto* store = builder.CreateStore(value, address);
  if (align != 0) store->setAlignment(llvm::Align(align));
  if (memory != 0) accesses_.emplace_back(store, memory);
}

llvm::Value* FunctionFrame::call(std::string_view entry_point,
                                 const std::vector<llvm::Value*>& arguments) {
  return builder.CreateCall(module.entry_point(entry_point), arguments);
}

void FunctionFrame::if_then(llvm::Value* condition, const std::string& name,
                            const std::function<void()>& then, bool is_unlikely) {
  llvm::BasicBlock* inside = block(name);
  llvm::BasicBlock* behind = block(name + ".end");
  llvm::MDNode* weights =
      is_unlikely ? llvm::MDBuilder(*module.context).createUnlikelyBranchWeights() : nullptr;
  builder.CreateCondBr(condition, inside, behind, weights);
  builder.SetInsertPoint(inside);
  then();
  builder.CreateBr(behind);
  builder.SetInsertPoint(behind);
}

void FunctionFrame::if_then_else(llvm::Value* condition, const std::string& name,
                                 const std::function<void()>& then,
                                 const std::function<void()>& otherwise) {
  llvm::BasicBlock* inside = block(name);
  llvm::BasicBlock* other = block(name + ".else");
  llvm::BasicBlock* behind = block(name + ".end");
  builder.CreateCondBr(condition, inside, other);
  builder.SetInsertPoint(inside);
  then();
  builder.CreateBr(behind);
  builder.SetInsertPoint(other);
  otherwise();
  builder.CreateBr(behind);
  builder.SetInsertPoint(behind);
}

void FunctionFrame::for_range(llvm::Value* first, llvm::Value* end, std::int64_t step,
                              const std::string& name,
                              const std::function<void(llvm::Value*)>& body) {
  llvm::BasicBlock* before = builder.GetInsertBlock();
  llvm::BasicBlock* inside = block(name);
  llvm::BasicBlock* behind = block(name + ".end");
  builder.CreateCondBr(builder.CreateICmpSLT(first, end), inside, behind);
  builder.SetInsertPoint(inside);
  llvm::PHINode* index = builder.CreatePHI(module.i64, 2, name + ".index");
  index->addIncoming(first, before);
  body(index);
  llvm::Value* next = builder.CreateNSWAdd(index, int64(step));
  index->addIncoming(next, builder.GetInsertBlock());
  builder.CreateCondBr(builder.CreateICmpSLT(next, end), inside, behind);
  builder.SetInsertPoint(behind);
}

void FunctionFrame::while_loop(const std::string& name,
                               const std::function<llvm::Value*()>& condition,
                               const std::function<void()>& body) {
  llvm::BasicBlock* test = block(name);
  llvm::BasicBlock* inside = block(name + ".body");
  llvm::BasicBlock* behind = block(name + ".end");
  builder.CreateBr(test);
  builder.SetInsertPoint(test);
  builder.CreateCondBr(condition(), inside, behind);
  builder.SetInsertPoint(inside);
  body();
  builder.CreateBr(test);
  builder.SetInsertPoint(behind);
}

LeafValue FunctionFrame::load_leaf(const Leaf& leaf, llvm::Value* address, MemoryObject memory) {
  if (leaf.count != 1) return {address, nullptr};
  switch (leaf.kind) {
    case LeafKind::I8:
      return {builder.CreateICmpNE(load(module.i8, address, memory),
                                   llvm::ConstantInt::get(module.i8, 0)),
              nullptr};
    case LeafKind::I64:
      return {load(module.i64, address, memory), nullptr};
    case LeafKind::F64:
      return {load(module.f64, address, memory), nullptr};
    case LeafKind::Text:
    case LeafKind::View:
      return {load(module.pointer, address, memory), load(module.i64, byte_offset(address, 8), memory)};
    case LeafKind::Rate:
      return {load(module.i64, address, memory), load(module.i64, byte_offset(address, 8), memory)};
  }
  STREAM_UNREACHABLE("leaf kind");
}

void FunctionFrame::store_leaf(const Leaf& leaf, const LeafValue& value, llvm::Value* address,
                               MemoryObject memory) {
  if (leaf.count != 1) {
    copy_bytes(address, value.first, leaf.count * leaf_kind_size(leaf.kind));
    return;
  }
  llvm::Value* first = value.first;
  if (leaf.kind == LeafKind::I8) first = builder.CreateZExt(first, module.i8);
  store(first, address, memory);
  if (value.second != nullptr) store(value.second, byte_offset(address, 8), memory);
}

llvm::Value* FunctionFrame::spill_leaf(const Leaf& leaf, const LeafValue& value) {
  if (leaf.count != 1) return value.first;
  llvm::Value* address = slot(module.memory_type(leaf.kind), "spill");
  store_leaf(leaf, value, address, 0);
  return address;
}

void FunctionFrame::copy_bytes(llvm::Value* to, llvm::Value* from, std::int64_t bytes) {
  if (bytes == 0) return;
  builder.CreateMemMove(to, llvm::MaybeAlign(1), from, llvm::MaybeAlign(1),
                        byte_count(int64(bytes)));
}

llvm::Value* FunctionFrame::byte_count(llvm::Value* bytes) {
  return builder.CreateZExtOrTrunc(bytes, module.module->getDataLayout().getIntPtrType(*module.context));
}

ItemValue FunctionFrame::zero_value(TypeId type_id) {
  ItemValue value{type_id, {}};
  for (const Leaf& leaf : module.leaves(type_id)) {
    if (leaf.count != 1) {
      auto* type = llvm::ArrayType::get(module.memory_type(leaf.kind),
                                        static_cast<std::uint64_t>(leaf.count));
      auto* zeros = new llvm::GlobalVariable(*module.module, type, true,
                                             llvm::GlobalValue::PrivateLinkage,
                                             llvm::Constant::getNullValue(type), "zeros");
      value.leaves.push_back({zeros, nullptr});
      continue;
    }
    switch (leaf.kind) {
      case LeafKind::I8:
        value.leaves.push_back({truth(false), nullptr});
        break;
      case LeafKind::I64:
        value.leaves.push_back({int64(0), nullptr});
        break;
      case LeafKind::F64:
        value.leaves.push_back({llvm::ConstantFP::get(module.f64, 0.0), nullptr});
        break;
      case LeafKind::Text:
      case LeafKind::View:
        value.leaves.push_back({llvm::ConstantPointerNull::get(module.pointer), int64(0)});
        break;
      case LeafKind::Rate:
        value.leaves.push_back({int64(0), int64(1)});
        break;
    }
  }
  return value;
}

ItemValue FunctionFrame::constant(ConstantId id) {
  const auto found = constants_.find(id);
  if (found != constants_.end()) return found->second;
  const TypeId type_id = module.program.constant(id).type_id;
  const std::vector<llvm::GlobalVariable*>& globals = module.constant_storage(id);
  const std::vector<Leaf>& leaves = module.leaves(type_id);
  ItemValue value{type_id, {}};
  in_prologue([&] {
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      value.leaves.push_back(load_leaf(leaves[i], globals[i], 0));
    }
  });
  return constants_.emplace(id, std::move(value)).first->second;
}

ItemValue FunctionFrame::literal(const Value& value) {
  const std::vector<Leaf>& leaves = module.leaves(value.type_id);
  const std::vector<llvm::Constant*> constants = module.initial_leaves(value);
  ItemValue result{value.type_id, {}};
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    if (leaves[i].count != 1) {
      auto* global = new llvm::GlobalVariable(*module.module, constants[i]->getType(), true,
                                              llvm::GlobalValue::PrivateLinkage, constants[i],
                                              "literal");
      result.leaves.push_back({global, nullptr});
    } else if (leaves[i].kind == LeafKind::I8) {
      result.leaves.push_back({truth(!constants[i]->isNullValue()), nullptr});
    } else if (leaves[i].kind == LeafKind::I64 || leaves[i].kind == LeafKind::F64) {
      result.leaves.push_back({constants[i], nullptr});
    } else {
      result.leaves.push_back(
          {constants[i]->getAggregateElement(0U), constants[i]->getAggregateElement(1U)});
    }
  }
  return result;
}

}  // namespace streamc
