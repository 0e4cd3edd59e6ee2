#include "compiler/driver/observed_items.h"

#include <vector>

#include "runtime/abi/stream_abi.h"

namespace streamc {
namespace {

template <class T>
T load(const void* column, std::int64_t index) {
  return static_cast<const T*>(column)[index];
}

// Each leaf of a window view points at the elements of one leaf.
void read_window(const TypeTable& types, TypeId element_id, std::span<const void* const> columns, std::int64_t index,
                 Value& value) {
  std::vector<const void*> elements;
  std::int64_t count = 0;
  for (const void* column : columns) {
    const auto view = load<StreamView>(column, index);
    elements.push_back(view.data);
    count = view.count;
  }
  for (std::int64_t i = 0; i < count; ++i) value.parts.push_back(value_at(types, element_id, elements, i));
}

}  // namespace

Value value_at(const TypeTable& types, TypeId type_id, std::span<const void* const> columns, std::int64_t index) {
  const Type& type = types.get(type_id);
  Value value;
  value.type_id = type_id;
  const auto read_parts = [&](std::size_t count, auto type_of_part) {
    for (std::size_t i = 0; i < count; ++i) {
      const TypeId part = type_of_part(i);
      const std::size_t first = types.first_leaf_of_field(type_id, i);
      value.parts.push_back(value_at(types, part, columns.subspan(first, types.leaves(part).size()), index));
    }
  };
  switch (type.kind) {
    case TypeKind::Bool:
      value.integer = load<std::int8_t>(columns[0], index) != 0 ? 1 : 0;
      break;
    case TypeKind::Int:
    case TypeKind::Time:
    case TypeKind::Duration:
    case TypeKind::Enumeration:
      value.integer = load<std::int64_t>(columns[0], index);
      break;
    case TypeKind::Float:
      value.real = load<double>(columns[0], index);
      break;
    case TypeKind::String: {
      const auto text = load<StreamText>(columns[0], index);
      value.text.assign(text.data, static_cast<std::size_t>(text.size));
      break;
    }
    case TypeKind::Rate: {
      const auto rate = load<StreamRate>(columns[0], index);
      value.rate = {rate.numerator, rate.denominator};
      break;
    }
    case TypeKind::Record:
      read_parts(type.fields.size(), [&](std::size_t i) { return type.fields[i].type_id; });
      break;
    case TypeKind::Tuple:
      read_parts(type.elements.size(), [&](std::size_t i) { return type.elements[i]; });
      break;
    case TypeKind::Option:
      value.present = load<std::int8_t>(columns[0], index) != 0;
      if (value.present) value.parts.push_back(value_at(types, type.element_id, columns.subspan(1), index));
      break;
    case TypeKind::Array:
      for (std::int64_t i = 0; i < type.length; ++i) {
        value.parts.push_back(value_at(types, type.element_id, columns, index * type.length + i));
      }
      break;
    case TypeKind::Window:
      read_window(types, type.element_id, columns, index, value);
      break;
    case TypeKind::Error:
    case TypeKind::None:
    case TypeKind::Nothing:
    case TypeKind::Function:
    case TypeKind::Stream:
    case TypeKind::Parameter:
      STREAM_ASSERT(false, "a stream of {} was observed", types.text(type_id));
  }
  return value;
}

}  // namespace streamc
