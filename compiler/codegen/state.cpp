#include "compiler/codegen/state.h"

namespace streamc {

std::int64_t StateLayout::add(std::int64_t size, std::int64_t alignment) {
  size_ = (size_ + alignment - 1) / alignment * alignment;
  const std::int64_t offset = size_;
  size_ += size;
  return offset;
}

std::int64_t StateLayout::add_leaf(const Leaf& leaf) {
  note_kind(leaf);
  const std::int64_t size = leaf_kind_size(leaf.kind);
  return add(leaf.count * size, leaf.count == 1 ? std::min<std::int64_t>(size, 8) : 64);
}

std::int64_t StateLayout::add_array(const Leaf& leaf, std::int64_t count) {
  note_kind(leaf);
  return add(count * leaf.count * leaf_kind_size(leaf.kind), 64);
}

void keep_leaf(FunctionFrame& frame, const Leaf& leaf, const LeafValue& value,
               llvm::Value* address, MemoryObject memory) {
  if (leaf.kind != LeafKind::Text) {
    frame.store_leaf(leaf, value, address, memory);
    return;
  }
  if (leaf.count == 1) {
    frame.call("stream_text_keep", {frame.runtime, address, value.first, value.second});
    return;
  }
  const Leaf one{.kind = LeafKind::Text};
  frame.for_range(frame.int64(0), frame.int64(leaf.count), 1, "keep", [&](llvm::Value* i) {
    const LeafValue text =
        frame.load_leaf(one, frame.element(frame.module.text_type, value.first, i), 0);
    frame.call("stream_text_keep", {frame.runtime, frame.element(frame.module.text_type, address, i),
                                    text.first, text.second});
  });
}

LeafValue load_kept_leaf(FunctionFrame& frame, const Leaf& leaf, llvm::Value* address,
                         MemoryObject memory) {
  if (leaf.kind != LeafKind::Text) return frame.load_leaf(leaf, address, memory);
  const Leaf one{.kind = LeafKind::Text};
  const auto copied = [&](llvm::Value* place) {
    const LeafValue text = frame.load_leaf(one, place, 0);
    return LeafValue{
        frame.call("stream_text_copy", {frame.runtime, text.first, text.second}), text.second};
  };
  if (leaf.count == 1) return copied(address);
  llvm::Value* bytes = frame.int64(leaf.count * leaf_kind_size(LeafKind::Text));
  llvm::Value* copies = frame.call("stream_arena_allocate", {frame.runtime, bytes});
  frame.for_range(frame.int64(0), frame.int64(leaf.count), 1, "copy", [&](llvm::Value* i) {
    frame.store_leaf(one, copied(frame.element(frame.module.text_type, address, i)),
                     frame.element(frame.module.text_type, copies, i), 0);
  });
  return {copies, nullptr};
}

StateVariable::StateVariable(StateLayout& layout, ModuleContext& module, TypeId type_id,
                             std::string name)
    : type_id_(type_id), name_(std::move(name)), leaves_(module.leaves(type_id)) {
  for (const Leaf& leaf : leaves_) offsets_.push_back(layout.add_leaf(leaf));
}

bool StateVariable::stays_in_place(const Leaf& leaf) const {
  return leaf.count != 1 && leaf.kind != LeafKind::Text;
}

void StateVariable::load(ItemEmitter& items, llvm::Value* state, MemoryObject memory) {
  FunctionFrame& frame = items.frame();
  variable_ = items.variable(type_id_, name_);
  ItemValue value{type_id_, {}};
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    llvm::Value* address = frame.byte_offset(state, offsets_[i]);
    if (stays_in_place(leaves_[i])) variable_.slots[i] = {address, nullptr};
    value.leaves.push_back(load_kept_leaf(frame, leaves_[i], address, memory));
  }
  items.assign(variable_, value);
}

void StateVariable::store(ItemEmitter& items, llvm::Value* state, MemoryObject memory) {
  FunctionFrame& frame = items.frame();
  const ItemValue value = items.read(variable_);
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    if (stays_in_place(leaves_[i])) continue;
    keep_leaf(frame, leaves_[i], value.leaves[i], frame.byte_offset(state, offsets_[i]), memory);
  }
}

void StateVariable::initialize(ItemEmitter& items, llvm::Value* state, const ItemValue& value) {
  FunctionFrame& frame = items.frame();
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    keep_leaf(frame, leaves_[i], value.leaves[i], frame.byte_offset(state, offsets_[i]), 0);
  }
}

}  // namespace streamc
