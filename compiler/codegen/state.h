// The state of a region: one struct with a layout known here, so that it can be saved and compared.
//
// A region's `initialize` is written after its `run`, from what the operators asked for on the way.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "compiler/codegen/frame.h"
#include "compiler/codegen/item_emitter.h"

namespace streamc {

// Hands out places in a region's state, and collects what must happen before the first item.
class StateLayout {
 public:
  // Bytes from the start of the state.
  std::int64_t add(std::int64_t size, std::int64_t alignment);
  // A place for one value, and for `count` of them.
  std::int64_t add_leaf(const Leaf& leaf);
  std::int64_t add_array(const Leaf& leaf, std::int64_t count);
  std::int64_t size() const { return size_; }
  // Texts or windows are in it, which lie elsewhere: a copy of its bytes is not a copy of it.
  bool has_pointers() const { return has_pointers_; }

  using Initializer = std::function<void(FunctionFrame& frame, llvm::Value* state)>;
  void at_start(Initializer initializer) { initializers_.push_back(std::move(initializer)); }
  const std::vector<Initializer>& initializers() const { return initializers_; }

 private:
  void note_kind(const Leaf& leaf) {
    has_pointers_ = has_pointers_ || leaf.kind == LeafKind::Text || leaf.kind == LeafKind::View;
  }

  std::int64_t size_ = 0;
  bool has_pointers_ = false;
  std::vector<Initializer> initializers_;
};

// A value that lives on from batch to batch: in the state between batches, in a variable during one
// loop. Arrays stay where they are. Texts in the state are owned by the runtime; during a batch
// they are copies in the batch arena, so that items may refer to them.
class StateVariable {
 public:
  // Takes room in `layout` for a value of this type.
  StateVariable(StateLayout& layout, ModuleContext& module, TypeId type_id, std::string name);

  // Reads the state into the variable; `state` is the region's.
  void load(ItemEmitter& items, llvm::Value* state, MemoryObject memory);
  void store(ItemEmitter& items, llvm::Value* state, MemoryObject memory);
  // Sets the state itself, in `initialize`.
  void initialize(ItemEmitter& items, llvm::Value* state, const ItemValue& value);

  const Variable& variable() const { return variable_; }
  ItemValue value(ItemEmitter& items) const { return items.read(variable_); }
  void set(ItemEmitter& items, const ItemValue& value) { items.assign(variable_, value); }
  TypeId type_id() const { return type_id_; }

 private:
  bool stays_in_place(const Leaf& leaf) const;

  TypeId type_id_;
  std::string name_;
  std::vector<Leaf> leaves_;
  std::vector<std::int64_t> offsets_;  // One per leaf.
  Variable variable_;
};

// Texts in state memory; other leaves are plain memory.
void keep_leaf(FunctionFrame& frame, const Leaf& leaf, const LeafValue& value,
               llvm::Value* address, MemoryObject memory);
LeafValue load_kept_leaf(FunctionFrame& frame, const Leaf& leaf, llvm::Value* address,
                         MemoryObject memory);

}  // namespace streamc
