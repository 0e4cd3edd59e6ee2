#include "compiler/sema/types.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "compiler/support/assert.h"

namespace streamc {

namespace {

// The kinds that have exactly one type, by ascending id.
constexpr std::array kScalarKinds = {
    TypeKind::Error, TypeKind::Bool,     TypeKind::Int,  TypeKind::Float, TypeKind::String,
    TypeKind::Time,  TypeKind::Duration, TypeKind::Rate, TypeKind::None,  TypeKind::Nothing};

// What makes two structural types the same. Nominal ones have no key.
std::string key_of(const Type& type) {
  std::string key = fmt::format("{}:{}:{}:", static_cast<int>(type.kind), type.element_id,
                                type.length);
  for (const TypeId element : type.elements) key += fmt::format("{},", element);
  key += type.name;
  return key;
}

bool needs_parentheses_as_element(const Type& type) { return type.kind == TypeKind::Function; }

}  // namespace

std::int64_t leaf_kind_size(LeafKind kind) {
  switch (kind) {
    case LeafKind::I8:
      return 1;
    case LeafKind::I64:
    case LeafKind::F64:
      return 8;
    case LeafKind::Text:
    case LeafKind::View:
    case LeafKind::Rate:
      return 16;
  }
  STREAM_UNREACHABLE("leaf kind {}", static_cast<int>(kind));
}

TypeTable::TypeTable() {
  for (const TypeKind kind : kScalarKinds) intern(Type{.kind = kind});
}

TypeId TypeTable::scalar(TypeKind kind) const {
  const auto index = static_cast<std::size_t>(kind);
  STREAM_ASSERT(index < kScalarKinds.size() && kScalarKinds[index] == kind,
                "type kind {} is no scalar", index);
  return TypeId(index);
}

TypeId TypeTable::intern(Type type) {
  const auto [place, is_new] = by_key_.try_emplace(key_of(type), TypeId(types_.size()));
  if (is_new) types_.push_back(std::move(type));
  return place->second;
}

TypeId TypeTable::option(TypeId element) {
  if (kind(element) == TypeKind::Option || kind(element) == TypeKind::Error) return element;
  return intern(Type{.kind = TypeKind::Option, .element_id = element});
}

TypeId TypeTable::array(TypeId element, std::int64_t length) {
  STREAM_ASSERT(length >= 0, "an array of {} elements", length);
  return intern(Type{.kind = TypeKind::Array, .element_id = element, .length = length});
}

TypeId TypeTable::window(TypeId element) {
  return intern(Type{.kind = TypeKind::Window, .element_id = element});
}

TypeId TypeTable::stream(TypeId element) {
  return intern(Type{.kind = TypeKind::Stream, .element_id = element});
}

TypeId TypeTable::tuple(std::vector<TypeId> members) {
  return intern(Type{.kind = TypeKind::Tuple, .elements = std::move(members)});
}

TypeId TypeTable::function(std::vector<TypeId> parameters, TypeId result) {
  parameters.push_back(result);
  return intern(Type{.kind = TypeKind::Function, .elements = std::move(parameters)});
}

TypeId TypeTable::parameter(std::string name) {
  return intern(Type{.kind = TypeKind::Parameter, .name = std::move(name)});
}

TypeId TypeTable::declare_record(std::string name) {
  types_.push_back(Type{.kind = TypeKind::Record, .name = std::move(name)});
  return TypeId(types_.size() - 1);
}

void TypeTable::set_record_fields(TypeId record, std::vector<TypeField> fields) {
  STREAM_ASSERT(kind(record) == TypeKind::Record, "`{}` is no record", text(record));
  types_[record.index()].fields = std::move(fields);
}

TypeId TypeTable::declare_enumeration(std::string name, std::vector<std::string> values) {
  Type type{.kind = TypeKind::Enumeration, .name = std::move(name)};
  for (std::string& value : values) {
    type.fields.push_back({value, scalar(TypeKind::Int), value});
  }
  types_.push_back(std::move(type));
  return TypeId(types_.size() - 1);
}

std::string TypeTable::text(TypeId id) const {
  const Type& type = get(id);
  const auto element_text = [&] {
    const std::string inner = text(type.element_id);
    return needs_parentheses_as_element(get(type.element_id)) ? "(" + inner + ")" : inner;
  };
  const auto list = [&](std::size_t count) {
    std::string result = "(";
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) result += ", ";
      result += text(type.elements[i]);
    }
    return result + ")";
  };
  switch (type.kind) {
    case TypeKind::Error:
      return "?";
    case TypeKind::Bool:
      return "bool";
    case TypeKind::Int:
      return "int";
    case TypeKind::Float:
      return "float";
    case TypeKind::String:
      return "string";
    case TypeKind::Time:
      return "time";
    case TypeKind::Duration:
      return "duration";
    case TypeKind::Rate:
      return "rate";
    case TypeKind::None:
      return "none";
    case TypeKind::Nothing:
      return "nothing";
    case TypeKind::Record:
    case TypeKind::Enumeration:
    case TypeKind::Parameter:
      return type.name;
    case TypeKind::Tuple:
      return list(type.elements.size());
    case TypeKind::Option:
      return element_text() + "?";
    case TypeKind::Array:
      return fmt::format("{}[{}]", element_text(), type.length);
    case TypeKind::Window:
      return element_text() + "[]";
    case TypeKind::Function:
      return list(type.elements.size() - 1) + " -> " + text(type.elements.back());
    case TypeKind::Stream:
      return "stream[" + text(type.element_id) + "]";
  }
  STREAM_UNREACHABLE("type kind {}", static_cast<int>(type.kind));
}

std::vector<Leaf> TypeTable::leaves(TypeId id) const {
  const Type& type = get(id);
  std::vector<Leaf> result;
  const auto append = [&](TypeId part) {
    for (const Leaf& leaf : leaves(part)) result.push_back(leaf);
  };
  switch (type.kind) {
    case TypeKind::Error:
    case TypeKind::None:
    case TypeKind::Nothing:
    case TypeKind::Function:
    case TypeKind::Stream:
    case TypeKind::Parameter:
      break;
    case TypeKind::Bool:
      result.push_back({.kind = LeafKind::I8});
      break;
    case TypeKind::Int:
    case TypeKind::Time:
    case TypeKind::Duration:
    case TypeKind::Enumeration:
      result.push_back({.kind = LeafKind::I64});
      break;
    case TypeKind::Float:
      result.push_back({.kind = LeafKind::F64});
      break;
    case TypeKind::String:
      result.push_back({.kind = LeafKind::Text});
      break;
    case TypeKind::Rate:
      result.push_back({.kind = LeafKind::Rate});
      break;
    case TypeKind::Record:
      for (const TypeField& field : type.fields) append(field.type_id);
      break;
    case TypeKind::Tuple:
      for (const TypeId member : type.elements) append(member);
      break;
    case TypeKind::Option:
      result.push_back({.kind = LeafKind::I8});
      append(type.element_id);
      break;
    case TypeKind::Array:
      append(type.element_id);
      for (Leaf& leaf : result) leaf.count *= type.length;
      break;
    case TypeKind::Window:
      for (const Leaf& leaf : leaves(type.element_id)) {
        result.push_back({.kind = LeafKind::View, .view_kind = leaf.kind, .view_count = leaf.count});
      }
      break;
  }
  return result;
}

std::size_t TypeTable::first_leaf_of_field(TypeId id, std::size_t index) const {
  const Type& type = get(id);
  const bool is_record = type.kind == TypeKind::Record;
  STREAM_ASSERT(is_record || type.kind == TypeKind::Tuple, "`{}` has no fields", text(id));
  std::size_t first = 0;
  for (std::size_t i = 0; i < index; ++i) {
    first += leaves(is_record ? type.fields[i].type_id : type.elements[i]).size();
  }
  return first;
}

bool TypeTable::is_number(TypeId id) const {
  return kind(id) == TypeKind::Int || kind(id) == TypeKind::Float;
}

bool TypeTable::is_ordered(TypeId id) const {
  const TypeKind k = kind(id);
  return k == TypeKind::Int || k == TypeKind::Float || k == TypeKind::String ||
         k == TypeKind::Time || k == TypeKind::Duration || k == TypeKind::Rate;
}

}  // namespace streamc
