// One LLVM function while it is being written: where instructions go, stack slots, memory that
// cannot overlap, and the values of the program's constants.
//
// A function starts with three blocks: `entry` holds the stack slots, `prologue` what is loaded once
// (constants), `body` the rest. Stack slots stand for variables; the first pass turns them into
// registers.
#pragma once

#include <llvm/IR/IRBuilder.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "compiler/codegen/module_context.h"

namespace streamc {

// A piece of memory that overlaps no other one: a column, a ring, the scalars of a state. 0 stands
// for memory about which nothing is known.
using MemoryObject = std::uint32_t;

// One leaf of a value. With one element: `first` (and `second` for texts, views and rates) are the
// element itself, bools as i1. With another count: `first` points to the elements in memory, which
// do not change for as long as the value is in use.
struct LeafValue {
  llvm::Value* first = nullptr;
  llvm::Value* second = nullptr;
};

// A value of the language: its leaves, in the order of TypeTable::leaves. In vector code each leaf
// is a vector of eight lanes.
struct ItemValue {
  TypeId type_id;
  std::vector<LeafValue> leaves;
};

class FunctionFrame {
 public:
  // Starts to write `function`. `runtime` is its StreamContext*.
  FunctionFrame(ModuleContext& module_context, llvm::Function* llvm_function,
                llvm::Value* runtime_context);
  FunctionFrame(const FunctionFrame&) = delete;
  FunctionFrame& operator=(const FunctionFrame&) = delete;

  // Links the first blocks and attaches what is known about memory. Call once, at the end.
  void finish();

  ModuleContext& module;
  llvm::Function* const function;
  llvm::Value* const runtime;
  llvm::IRBuilder<> builder;

  // A stack slot in the entry block; `count` elements.
  llvm::AllocaInst* slot(llvm::Type* type, const std::string& name, std::int64_t count = 1);
  llvm::BasicBlock* block(const std::string& name);
  // Inserts the instructions that `write` makes at the end of the prologue.
  void in_prologue(const std::function<void()>& write);

  MemoryObject new_memory() { return ++memory_count_; }
  llvm::Value* load(llvm::Type* type, llvm::Value* address, MemoryObject memory,
                    const std::string& name = "", unsigned align = 0);
  void store(llvm::Value* value, llvm::Value* address, MemoryObject memory, unsigned align = 0);

  llvm::Value* call(std::string_view entry_point, const std::vector<llvm::Value*>& arguments);
  llvm::Value* int64(std::int64_t value) { return module.int64(value); }
  llvm::Value* int32(std::int64_t value) { return module.int32(value); }
  llvm::Value* truth(bool value) { return llvm::ConstantInt::getBool(*module.context, value); }
  llvm::Value* element(llvm::Type* type, llvm::Value* base, llvm::Value* index) {
    return builder.CreateInBoundsGEP(type, base, index);
  }
  llvm::Value* byte_offset(llvm::Value* base, std::int64_t bytes) {
    return builder.CreateInBoundsGEP(module.i8, base, int64(bytes));
  }

  // if (condition) { then }: leaves the builder behind it.
  void if_then(llvm::Value* condition, const std::string& name, const std::function<void()>& then,
               bool is_unlikely = false);
  void if_then_else(llvm::Value* condition, const std::string& name,
                    const std::function<void()>& then, const std::function<void()>& otherwise);
  // for (index = first; index < end; index += step) { body(index) }
  void for_range(llvm::Value* first, llvm::Value* end, std::int64_t step, const std::string& name,
                 const std::function<void(llvm::Value*)>& body);
  // while (condition()) { body() }
  void while_loop(const std::string& name, const std::function<llvm::Value*()>& condition,
                  const std::function<void()>& body);

  // Leaves in memory. `pointers` has one entry per leaf: the address of the leaf's first element.
  LeafValue load_leaf(const Leaf& leaf, llvm::Value* address, MemoryObject memory);
  // Copies arrays; `memory` is that of the destination.
  void store_leaf(const Leaf& leaf, const LeafValue& value, llvm::Value* address,
                  MemoryObject memory);
  // A stack slot with the leaf's elements in memory form.
  llvm::Value* spill_leaf(const Leaf& leaf, const LeafValue& value);
  void copy_bytes(llvm::Value* to, llvm::Value* from, std::int64_t bytes);
  // An i64 as the C library's size_t, which is what LLVM's copies and fills expect.
  llvm::Value* byte_count(llvm::Value* bytes);

  // A value without meaning, for the path that is never looked at.
  ItemValue zero_value(TypeId type_id);
  // The value of a named constant; loaded once.
  ItemValue constant(ConstantId id);
  // A value known while compiling.
  ItemValue literal(const Value& value);

 private:
  llvm::BasicBlock* entry_;
  llvm::BasicBlock* prologue_;
  llvm::BasicBlock* body_;
  MemoryObject memory_count_ = 0;
  std::vector<std::pair<llvm::Instruction*, MemoryObject>> accesses_;
  std::map<ConstantId, ItemValue> constants_;
};

}  // namespace streamc
