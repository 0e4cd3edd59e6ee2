// builtins.def as a table, and the names of the functions on arrays that the checker knows itself.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "compiler/sema/checked.h"

namespace streamc {

// What a signature says about one parameter, or the result.
enum class BuiltinType : std::uint8_t {
  Same,    // T: a number, of one type for all.
  Number,  // N: a number, widened to float.
  Any,     // E
  Array,   // A: an array or a window view.
  Int,
  Float,
  Bool,
  String,
  Duration,
};

struct BuiltinSignature {
  Builtin builtin;
  std::string_view name;
  std::vector<BuiltinType> parameters;
  BuiltinType result;
};

// The lines of builtins.def with that name, in order; empty for other names. All have equally many
// parameters.
std::span<const BuiltinSignature> builtin_signatures(std::string_view name);

// All names of builtins.def, and `fail map where len first last range`.
std::span<const std::string_view> builtin_names();
bool is_builtin_name(std::string_view name);

// `map where len first last range`: understood by the checker for arrays of every type.
bool is_array_function(std::string_view name);

// The type that a signature names; not for Same, Number, Any and Array.
TypeKind builtin_kind(BuiltinType type);

}  // namespace streamc
