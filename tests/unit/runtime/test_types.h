// StreamTypes made by hand, for tests of the runtime.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime/abi/stream_abi.h"

namespace streamrt::test {

// Owns a type and all it points to. Not to be moved once made: hold by unique_ptr.
struct OwnedType {
  StreamType type{};
  std::vector<StreamLeaf> leaves;
  std::vector<StreamField> fields;
  std::vector<std::string> names;
};

using TypePointer = std::unique_ptr<OwnedType>;

inline TypePointer make_type(std::int32_t kind, std::vector<StreamLeaf> leaves) {
  auto owned = std::make_unique<OwnedType>();
  owned->leaves = std::move(leaves);
  owned->type.kind = kind;
  owned->type.leaf_count = static_cast<std::int32_t>(owned->leaves.size());
  owned->type.leaves = owned->leaves.data();
  owned->type.name = "";
  return owned;
}

inline const StreamType& scalar(std::int32_t kind) {
  static const TypePointer types[] = {
      make_type(STREAM_TYPE_BOOL, {{STREAM_LEAF_I8, 0, 1, 1}}),
      make_type(STREAM_TYPE_INT, {{STREAM_LEAF_I64, 0, 1, 1}}),
      make_type(STREAM_TYPE_FLOAT, {{STREAM_LEAF_F64, 0, 1, 1}}),
      make_type(STREAM_TYPE_STRING, {{STREAM_LEAF_TEXT, 0, 1, 1}}),
      make_type(STREAM_TYPE_TIME, {{STREAM_LEAF_I64, 0, 1, 1}}),
      make_type(STREAM_TYPE_DURATION, {{STREAM_LEAF_I64, 0, 1, 1}}),
      make_type(STREAM_TYPE_RATE, {{STREAM_LEAF_RATE, 0, 1, 1}}),
  };
  return types[kind]->type;
}
inline const StreamType& bool_type() {
  return scalar(STREAM_TYPE_BOOL);
}
inline const StreamType& int_type() {
  return scalar(STREAM_TYPE_INT);
}
inline const StreamType& float_type() {
  return scalar(STREAM_TYPE_FLOAT);
}
inline const StreamType& string_type() {
  return scalar(STREAM_TYPE_STRING);
}
inline const StreamType& time_type() {
  return scalar(STREAM_TYPE_TIME);
}
inline const StreamType& duration_type() {
  return scalar(STREAM_TYPE_DURATION);
}
inline const StreamType& rate_type() {
  return scalar(STREAM_TYPE_RATE);
}

struct Member {
  std::string name;
  const StreamType& type;
  std::string outside_name = "";
};

// A record, or with an empty name a tuple.
inline TypePointer make_record(const std::string& name, const std::vector<Member>& members) {
  std::vector<StreamLeaf> leaves;
  for (const Member& member : members) {
    leaves.insert(leaves.end(), member.type.leaves, member.type.leaves + member.type.leaf_count);
  }
  auto owned = make_type(name.empty() ? STREAM_TYPE_TUPLE : STREAM_TYPE_RECORD, std::move(leaves));
  owned->names.reserve(1 + 2 * members.size());
  owned->type.name = owned->names.emplace_back(name).c_str();
  for (const Member& member : members) {
    const char* const inside = owned->names.emplace_back(member.name).c_str();
    const char* const outside =
        owned->names.emplace_back(member.outside_name.empty() ? member.name : member.outside_name)
            .c_str();
    owned->fields.push_back({inside, outside, &member.type});
  }
  owned->type.field_count = static_cast<std::int64_t>(members.size());
  owned->type.fields = owned->fields.data();
  return owned;
}

inline TypePointer make_enumeration(const std::string& name,
                                    const std::vector<std::string>& values) {
  auto owned = make_type(STREAM_TYPE_ENUMERATION, {{STREAM_LEAF_I64, 0, 1, 1}});
  owned->names.reserve(1 + values.size());
  owned->type.name = owned->names.emplace_back(name).c_str();
  for (const std::string& value : values) {
    const char* const text = owned->names.emplace_back(value).c_str();
    owned->fields.push_back({text, text, nullptr});
  }
  owned->type.field_count = static_cast<std::int64_t>(values.size());
  owned->type.fields = owned->fields.data();
  return owned;
}

inline TypePointer make_option(const StreamType& element) {
  std::vector<StreamLeaf> leaves{{STREAM_LEAF_I8, 0, 1, 1}};
  leaves.insert(leaves.end(), element.leaves, element.leaves + element.leaf_count);
  auto owned = make_type(STREAM_TYPE_OPTION, std::move(leaves));
  owned->type.element = &element;
  return owned;
}

inline TypePointer make_array(const StreamType& element, std::int64_t length) {
  std::vector<StreamLeaf> leaves(element.leaves, element.leaves + element.leaf_count);
  for (StreamLeaf& leaf : leaves) leaf.count *= length;
  auto owned = make_type(STREAM_TYPE_ARRAY, std::move(leaves));
  owned->type.element = &element;
  owned->type.length = length;
  return owned;
}

inline TypePointer make_window(const StreamType& element) {
  std::vector<StreamLeaf> leaves;
  for (std::int32_t i = 0; i < element.leaf_count; ++i) {
    leaves.push_back({STREAM_LEAF_VIEW, element.leaves[i].kind, 1, element.leaves[i].count});
  }
  auto owned = make_type(STREAM_TYPE_WINDOW, std::move(leaves));
  owned->type.element = &element;
  return owned;
}

}  // namespace streamrt::test
