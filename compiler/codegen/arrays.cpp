// Arrays and window views in expressions; see item_emitter.h.
//
// An array's leaf with several elements is an address of elements that do not change while the
// value is in use; what makes a new array takes memory of its own: a stack slot where the length
// is fixed, the batch arena where it is not.
#include "compiler/codegen/item_emitter.h"
#include "compiler/support/assert.h"

namespace streamc {

ItemEmitter::Elements ItemEmitter::elements(const ItemValue& array) {
  const Type& type = module().program.types.get(array.type_id);
  Elements result;
  result.element_id = type.element_id;
  result.leaves = module().leaves(type.element_id);
  const bool is_view = type.kind == TypeKind::Window;
  result.count = is_view ? (array.leaves.empty() ? frame_.int64(0) : array.leaves.front().second)
                         : frame_.int64(type.length);
  for (std::size_t i = 0; i < result.leaves.size(); ++i) {
    // A fixed array with one scalar element holds it as it is.
    const bool is_single = !is_view && type.length * result.leaves[i].count == 1;
    result.addresses.push_back(is_single ? nullptr : array.leaves[i].first);
    result.single.push_back(is_single ? array.leaves[i] : LeafValue{});
  }
  return result;
}

ItemValue ItemEmitter::element_at(const Elements& all, llvm::Value* place) {
  ItemValue value{all.element_id, {}};
  for (std::size_t i = 0; i < all.leaves.size(); ++i) {
    if (all.addresses[i] == nullptr) {
      value.leaves.push_back(all.single[i]);
      continue;
    }
    llvm::Value* first = builder().CreateMul(place, frame_.int64(all.leaves[i].count));
    llvm::Value* address = frame_.element(module().memory_type(all.leaves[i].kind),
                                          all.addresses[i], first);
    value.leaves.push_back(frame_.load_leaf(all.leaves[i], address, 0));
  }
  return value;
}

llvm::Value* ItemEmitter::array_count(const ItemValue& array) { return elements(array).count; }

ItemValue ItemEmitter::array_element(const ItemValue& array, llvm::Value* place) {
  return element_at(elements(array), place);
}

ItemValue ItemEmitter::make(const MakeExpr& node, TypeId type_id) {
  ItemValue result{type_id, {}};
  std::vector<ItemValue> parts;
  for (const CheckedExprId part : node.parts) parts.push_back(expr(part));
  if (kind_of_type(type_id) != TypeKind::Array) {
    for (const ItemValue& part : parts) {
      result.leaves.insert(result.leaves.end(), part.leaves.begin(), part.leaves.end());
    }
    return result;
  }
  const std::vector<Leaf> whole = module().leaves(type_id);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (whole[i].count == 1) {
      result.leaves.push_back(parts.front().leaves[i]);
      continue;
    }
    llvm::Type* type = module().memory_type(whole[i].kind);
    llvm::Value* memory = frame_.slot(type, "array", whole[i].count);
    Leaf one = whole[i];
    one.count = parts.empty() ? 0 : whole[i].count / static_cast<std::int64_t>(parts.size());
    for (std::size_t p = 0; p < parts.size(); ++p) {
      llvm::Value* place = frame_.int64(static_cast<std::int64_t>(p) * one.count);
      frame_.store_leaf(one, parts[p].leaves[i], frame_.element(type, memory, place), 0);
    }
    result.leaves.push_back({memory, nullptr});
  }
  return result;
}

// Negative indices count from the end.
llvm::Value* ItemEmitter::checked_index(llvm::Value* place, llvm::Value* count) {
  llvm::Value* is_negative = builder().CreateICmpSLT(place, frame_.int64(0));
  llvm::Value* from_start =
      builder().CreateSelect(is_negative, builder().CreateAdd(place, count), place);
  fail_if(builder().CreateICmpUGE(from_start, count), STREAM_FAILURE_INDEX_OUT_OF_RANGE);
  return from_start;
}

ItemValue ItemEmitter::index(const IndexExpr& node, TypeId type_id) {
  const Elements all = elements(expr(node.object));
  llvm::Value* place = checked_index(expr(node.index).leaves.front().first, all.count);
  ItemValue value = element_at(all, place);
  value.type_id = type_id;
  return value;
}

void ItemEmitter::set_parameters(const std::vector<LocalIndex>& parameters,
                                 const ItemValue& value) {
  if (parameters.size() == 1) {
    set_local(parameters.front(), value);
    return;
  }
  for (std::uint32_t i = 0; i < parameters.size(); ++i) set_local(parameters[i], field(value, i));
}

ItemValue ItemEmitter::map_array(const MapArrayExpr& node, TypeId type_id) {
  const Elements all = elements(expr(node.array));
  const Type& type = module().program.types.get(type_id);
  const std::vector<Leaf> leaves = module().leaves(type.element_id);
  const bool is_view = type.kind == TypeKind::Window;
  if (!is_view && type.length == 1) {
    set_parameters(node.parameters, element_at(all, frame_.int64(0)));
    ItemValue value = expr(node.body);
    value.type_id = type_id;
    return value;
  }
  std::vector<llvm::Value*> addresses;
  for (const Leaf& leaf : leaves) {
    if (is_view) {
      llvm::Value* bytes = builder().CreateMul(
          all.count, frame_.int64(leaf.count * leaf_kind_size(leaf.kind)));
      addresses.push_back(frame_.call("stream_arena_allocate", {frame_.runtime, bytes}));
    } else {
      addresses.push_back(
          frame_.slot(module().memory_type(leaf.kind), "mapped", leaf.count * type.length));
    }
  }
  frame_.for_range(frame_.int64(0), all.count, 1, "map", [&](llvm::Value* place) {
    set_parameters(node.parameters, element_at(all, place));
    const ItemValue value = expr(node.body);
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      llvm::Value* first = builder().CreateMul(place, frame_.int64(leaves[i].count));
      frame_.store_leaf(leaves[i], value.leaves[i],
                        frame_.element(module().memory_type(leaves[i].kind), addresses[i], first),
                        0);
    }
  });
  ItemValue result{type_id, {}};
  for (llvm::Value* address : addresses) {
    result.leaves.push_back({address, is_view ? all.count : nullptr});
  }
  return result;
}

ItemValue ItemEmitter::filter_array(const FilterArrayExpr& node, TypeId type_id) {
  const Elements all = elements(expr(node.array));
  std::vector<llvm::Value*> addresses;
  for (const Leaf& leaf : all.leaves) {
    llvm::Value* bytes =
        builder().CreateMul(all.count, frame_.int64(leaf.count * leaf_kind_size(leaf.kind)));
    addresses.push_back(frame_.call("stream_arena_allocate", {frame_.runtime, bytes}));
  }
  llvm::AllocaInst* kept = frame_.slot(module().i64, "kept");
  builder().CreateStore(frame_.int64(0), kept);
  frame_.for_range(frame_.int64(0), all.count, 1, "filter", [&](llvm::Value* place) {
    const ItemValue value = element_at(all, place);
    set_parameters(node.parameters, value);
    llvm::Value* keep = expr(node.body).leaves.front().first;
    frame_.if_then(keep, "keep", [&] {
      llvm::Value* at = builder().CreateLoad(module().i64, kept);
      for (std::size_t i = 0; i < all.leaves.size(); ++i) {
        llvm::Value* first = builder().CreateMul(at, frame_.int64(all.leaves[i].count));
        frame_.store_leaf(
            all.leaves[i], value.leaves[i],
            frame_.element(module().memory_type(all.leaves[i].kind), addresses[i], first), 0);
      }
      builder().CreateStore(builder().CreateAdd(at, frame_.int64(1)), kept);
    });
  });
  llvm::Value* count = builder().CreateLoad(module().i64, kept);
  ItemValue result{type_id, {}};
  for (llvm::Value* address : addresses) result.leaves.push_back({address, count});
  return result;
}

}  // namespace streamc
