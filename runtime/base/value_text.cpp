#include "runtime/base/value_text.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <optional>
#include <vector>

#include "runtime/base/arena.h"
#include "runtime/base/assert.h"
#include "runtime/base/format_spec.h"
#include "runtime/base/leaves.h"
#include "runtime/base/number_text.h"
#include "runtime/base/time_text.h"

namespace streamrt {

namespace {

// A pointer for each leaf of a part of a value. Small, so that common types need no allocation.
class LeafPointers {
 public:
  explicit LeafPointers(std::size_t count) {
    if (count > small_.size()) large_.resize(count);
  }
  const void*& operator[](std::size_t index) { return data()[index]; }
  const void** data() { return large_.empty() ? small_.data() : large_.data(); }

 private:
  std::array<const void*, 16> small_{};
  std::vector<const void*> large_;
};

template <class T>
T load(const void* address) {
  T value;
  std::memcpy(&value, address, sizeof value);
  return value;
}

void append_nested(std::string& out, const StreamType& type, const void* const* leaves,
                   bool is_nested);

void append_members(std::string& out, const StreamType& type, const void* const* leaves) {
  std::size_t leaf = 0;
  bool is_first = true;
  for (const StreamField& field : fields_of(type)) {
    if (!is_first) out += ", ";
    is_first = false;
    if (type.kind == STREAM_TYPE_RECORD) {
      out += field.name;
      out += ": ";
    }
    append_nested(out, *field.type, leaves + leaf, true);
    leaf += static_cast<std::size_t>(field.type->leaf_count);
  }
}

void append_array(std::string& out, const StreamType& type, const void* const* leaves) {
  const StreamType& element = *type.element;
  const auto leaf_count = static_cast<std::size_t>(element.leaf_count);
  LeafPointers pointers(leaf_count);
  out += '[';
  for (std::int64_t i = 0; i < type.length; ++i) {
    if (i > 0) out += ", ";
    for (std::size_t leaf = 0; leaf < leaf_count; ++leaf) {
      pointers[leaf] = static_cast<const char*>(leaves[leaf]) +
                       static_cast<std::size_t>(i) * leaf_item_size(element.leaves[leaf]);
    }
    append_nested(out, element, pointers.data(), true);
  }
  out += ']';
}

void append_window(std::string& out, const StreamType& type, const void* const* leaves) {
  const StreamType& element = *type.element;
  const auto leaf_count = static_cast<std::size_t>(element.leaf_count);
  LeafPointers pointers(leaf_count);
  const std::int64_t count = leaf_count == 0 ? 0 : load<StreamView>(leaves[0]).count;
  out += '[';
  for (std::int64_t i = 0; i < count; ++i) {
    if (i > 0) out += ", ";
    for (std::size_t leaf = 0; leaf < leaf_count; ++leaf) {
      pointers[leaf] = static_cast<const char*>(load<StreamView>(leaves[leaf]).data) +
                       static_cast<std::size_t>(i) * leaf_item_size(element.leaves[leaf]);
    }
    append_nested(out, element, pointers.data(), true);
  }
  out += ']';
}

void append_nested(std::string& out, const StreamType& type, const void* const* leaves,
                   bool is_nested) {
  switch (type.kind) {
    case STREAM_TYPE_BOOL:
      out += load<std::int8_t>(leaves[0]) != 0 ? "true" : "false";
      return;
    case STREAM_TYPE_INT:
      append_int(out, load<std::int64_t>(leaves[0]));
      return;
    case STREAM_TYPE_FLOAT:
      append_float(out, load<double>(leaves[0]));
      return;
    case STREAM_TYPE_STRING: {
      const auto text = view_of(load<StreamText>(leaves[0]));
      if (is_nested) {
        append_quoted(out, text);
      } else {
        out += text;
      }
      return;
    }
    case STREAM_TYPE_TIME:
      append_time(out, load<std::int64_t>(leaves[0]));
      return;
    case STREAM_TYPE_DURATION:
      append_duration(out, load<std::int64_t>(leaves[0]));
      return;
    case STREAM_TYPE_RATE:
      append_rate(out, load<StreamRate>(leaves[0]));
      return;
    case STREAM_TYPE_ENUMERATION: {
      const auto value = load<std::int64_t>(leaves[0]);
      if (value >= 0 && value < type.field_count) {
        out += type.fields[value].name;
      } else {
        append_int(out, value);
      }
      return;
    }
    case STREAM_TYPE_OPTION:
      if (load<std::int8_t>(leaves[0]) == 0) {
        out += "none";
      } else {
        append_nested(out, *type.element, leaves + 1, is_nested);
      }
      return;
    case STREAM_TYPE_RECORD:
      out += type.name;
      out += '(';
      append_members(out, type, leaves);
      out += ')';
      return;
    case STREAM_TYPE_TUPLE:
      out += '(';
      append_members(out, type, leaves);
      out += ')';
      return;
    case STREAM_TYPE_ARRAY:
      append_array(out, type, leaves);
      return;
    case STREAM_TYPE_WINDOW:
      append_window(out, type, leaves);
      return;
    default:
      STREAM_CHECK(false, "a value of an unknown kind of type");
  }
}

template <class T>
bool store(void* address, const T& value) {
  std::memcpy(address, &value, sizeof value);
  return true;
}

template <class T>
bool store(void* address, const std::optional<T>& value) {
  store(address, value.value_or(T{}));
  return value.has_value();
}

std::optional<std::int64_t> find_enumeration_value(const StreamType& type, std::string_view text) {
  for (std::int64_t i = 0; i < type.field_count; ++i) {
    if (text == type.fields[i].name || text == type.fields[i].outside_name) return i;
  }
  return std::nullopt;
}

}  // namespace

void append_value(std::string& out, const StreamType& type, const void* const* leaves) {
  append_nested(out, type, leaves, false);
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void append_formatted_value(std::string& out, const StreamType& type, const void* const* leaves,
                            std::string_view spec_text) {
  if (spec_text.empty()) {
    append_value(out, type, leaves);
    return;
  }
  const FormatSpec spec = parse_format_spec(spec_text);
  const bool is_number_spec = spec.type != 0 && spec.type != 's';
  switch (type.kind) {
    case STREAM_TYPE_INT:
      if (spec.precision >= 0 && spec.type == 0) break;
      append_formatted(out, load<std::int64_t>(leaves[0]), spec);
      return;
    case STREAM_TYPE_FLOAT:
      append_formatted(out, load<double>(leaves[0]), spec);
      return;
    case STREAM_TYPE_BOOL:
      if (!is_number_spec) break;
      append_formatted(out, std::int64_t{load<std::int8_t>(leaves[0]) != 0}, spec);
      return;
    case STREAM_TYPE_OPTION:
      if (load<std::int8_t>(leaves[0]) == 0) break;
      append_formatted_value(out, *type.element, leaves + 1, spec_text);
      return;
    default:
      break;
  }
  std::string text;
  append_value(text, type, leaves);
  append_formatted(out, std::string_view(text), spec);
}

bool is_parsable(const StreamType& type) {
  switch (type.kind) {
    case STREAM_TYPE_OPTION:
      return is_parsable(*type.element) && type.element->kind != STREAM_TYPE_OPTION;
    case STREAM_TYPE_RECORD:
    case STREAM_TYPE_TUPLE:
    case STREAM_TYPE_ARRAY:
    case STREAM_TYPE_WINDOW:
      return false;
    default:
      return true;
  }
}

bool parse_value(std::string_view text, const StreamType& type, void* const* leaves) {
  switch (type.kind) {
    case STREAM_TYPE_BOOL: {
      text = trimmed(text);
      const bool is_true = text == "true" || text == "1";
      store(leaves[0], static_cast<std::int8_t>(is_true));
      return is_true || text == "false" || text == "0";
    }
    case STREAM_TYPE_INT:
      return store(leaves[0], parse_int(text));
    case STREAM_TYPE_FLOAT:
      return store(leaves[0], parse_float(text));
    case STREAM_TYPE_STRING:
      return store(leaves[0], text_of(text));
    case STREAM_TYPE_TIME:
      return store(leaves[0], parse_time(text));
    case STREAM_TYPE_DURATION:
      return store(leaves[0], parse_duration(text));
    case STREAM_TYPE_RATE:
      return store(leaves[0], parse_rate(text));
    case STREAM_TYPE_ENUMERATION:
      return store(leaves[0], find_enumeration_value(type, trimmed(text)));
    case STREAM_TYPE_OPTION: {
      // Empty text still runs through the element's parser, which leaves zeros.
      const bool is_present = !trimmed(text).empty();
      store(leaves[0], static_cast<std::int8_t>(is_present));
      const bool parsed = parse_value(text, *type.element, leaves + 1);
      if (is_present && !parsed) store(leaves[0], std::int8_t{0});
      return parsed || !is_present;
    }
    default:
      STREAM_CHECK(false, "parse_value was asked for a composite type");
  }
  return false;
}

std::string type_text(const StreamType& type) {
  switch (type.kind) {
    case STREAM_TYPE_BOOL:
      return "bool";
    case STREAM_TYPE_INT:
      return "int";
    case STREAM_TYPE_FLOAT:
      return "float";
    case STREAM_TYPE_STRING:
      return "string";
    case STREAM_TYPE_TIME:
      return "time";
    case STREAM_TYPE_DURATION:
      return "duration";
    case STREAM_TYPE_RATE:
      return "rate";
    case STREAM_TYPE_OPTION:
      return type_text(*type.element) + "?";
    case STREAM_TYPE_ARRAY:
      return fmt::format("{}[{}]", type_text(*type.element), type.length);
    case STREAM_TYPE_WINDOW:
      return type_text(*type.element) + "[]";
    case STREAM_TYPE_TUPLE: {
      std::string text = "(";
      for (const StreamField& field : fields_of(type)) {
        if (text.size() > 1) text += ", ";
        text += type_text(*field.type);
      }
      return text + ")";
    }
    default:
      return type.name;
  }
}

}  // namespace streamrt
