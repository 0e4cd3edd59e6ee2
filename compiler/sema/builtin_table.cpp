#include "compiler/sema/builtin_table.h"

#include <algorithm>
#include <array>
#include <string>
#include <unordered_map>

#include "compiler/support/assert.h"

namespace streamc {

namespace {

struct BuiltinLine {
  Builtin builtin;
  std::string_view name;
  std::string_view signature;
};

constexpr std::array kLines = {
#define STREAM_BUILTIN(enumerator, name, signature) \
  BuiltinLine{Builtin::enumerator, name, signature},
#include "compiler/sema/builtins.def"
#undef STREAM_BUILTIN
};

constexpr std::array<std::string_view, 6> kArrayFunctions = {"map",   "where", "len",
                                                             "first", "last",  "range"};

BuiltinType parse_type(std::string_view text) {
  if (text == "T") return BuiltinType::Same;
  if (text == "N") return BuiltinType::Number;
  if (text == "E") return BuiltinType::Any;
  if (text == "A") return BuiltinType::Array;
  if (text == "int") return BuiltinType::Int;
  if (text == "float") return BuiltinType::Float;
  if (text == "bool") return BuiltinType::Bool;
  if (text == "string") return BuiltinType::String;
  if (text == "duration") return BuiltinType::Duration;
  STREAM_UNREACHABLE("builtins.def: unknown type `{}`", text);
}

// `(T, T) -> T`
BuiltinSignature parse_line(const BuiltinLine& line) {
  BuiltinSignature signature{line.builtin, line.name, {}, BuiltinType::Any};
  const std::size_t close = line.signature.find(") -> ");
  STREAM_ASSERT(line.signature.starts_with("(") && close != std::string_view::npos,
                "builtins.def: signature of `{}`", line.name);
  std::string_view rest = line.signature.substr(1, close - 1);
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(", "), rest.size());
    signature.parameters.push_back(parse_type(rest.substr(0, comma)));
    rest.remove_prefix(std::min(comma + 2, rest.size()));
  }
  signature.result = parse_type(line.signature.substr(close + 5));
  return signature;
}

using Table = std::unordered_map<std::string_view, std::vector<BuiltinSignature>>;

const Table& table() {
  static const Table result = [] {
    Table made;
    for (const BuiltinLine& line : kLines) made[line.name].push_back(parse_line(line));
    return made;
  }();
  return result;
}

}  // namespace

std::span<const BuiltinSignature> builtin_signatures(std::string_view name) {
  const auto place = table().find(name);
  return place == table().end() ? std::span<const BuiltinSignature>() : place->second;
}

std::span<const std::string_view> builtin_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> made(kArrayFunctions.begin(), kArrayFunctions.end());
    made.emplace_back("fail");
    for (const BuiltinLine& line : kLines) {
      if (std::find(made.begin(), made.end(), line.name) == made.end()) made.push_back(line.name);
    }
    return made;
  }();
  return names;
}

bool is_builtin_name(std::string_view name) {
  return name == "fail" || is_array_function(name) || !builtin_signatures(name).empty();
}

bool is_array_function(std::string_view name) {
  return std::find(kArrayFunctions.begin(), kArrayFunctions.end(), name) != kArrayFunctions.end();
}

TypeKind builtin_kind(BuiltinType type) {
  switch (type) {
    case BuiltinType::Int:
      return TypeKind::Int;
    case BuiltinType::Float:
      return TypeKind::Float;
    case BuiltinType::Bool:
      return TypeKind::Bool;
    case BuiltinType::String:
      return TypeKind::String;
    case BuiltinType::Duration:
      return TypeKind::Duration;
    case BuiltinType::Same:
    case BuiltinType::Number:
    case BuiltinType::Any:
    case BuiltinType::Array:
      break;
  }
  STREAM_UNREACHABLE("a builtin type without a kind");
}

}  // namespace streamc
