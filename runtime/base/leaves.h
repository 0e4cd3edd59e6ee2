// Sizes of leaves and where the parts of a value stand, for code that handles items by their type.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "runtime/abi/stream_abi.h"

namespace streamrt {

// Bytes of one element of a StreamLeafKind.
constexpr std::size_t leaf_kind_size(std::int32_t kind) {
  switch (kind) {
    case STREAM_LEAF_I8:
      return 1;
    case STREAM_LEAF_I64:
    case STREAM_LEAF_F64:
      return 8;
    case STREAM_LEAF_TEXT:
      return sizeof(StreamText);
    case STREAM_LEAF_VIEW:
      return sizeof(StreamView);
    default:
      return sizeof(StreamRate);
  }
}

// Bytes of one item in the leaf's column.
constexpr std::size_t leaf_item_size(const StreamLeaf& leaf) {
  return leaf_kind_size(leaf.kind) * static_cast<std::size_t>(leaf.count);
}

// Bytes of one element that a view leaf points to.
constexpr std::size_t view_element_size(const StreamLeaf& leaf) {
  return leaf_kind_size(leaf.view_kind) * static_cast<std::size_t>(leaf.view_count);
}

inline std::span<const StreamLeaf> leaves_of(const StreamType& type) {
  return {type.leaves, static_cast<std::size_t>(type.leaf_count)};
}
inline std::span<const StreamField> fields_of(const StreamType& type) {
  return {type.fields, static_cast<std::size_t>(type.field_count)};
}

}  // namespace streamrt
