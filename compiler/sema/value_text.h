// Values as text: what `print` and `"{x}"` show, while compiling. The runtime has the same rules of
// its own (it shares nothing with the compiler); tests compare the two.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "compiler/sema/checked.h"

namespace streamc {

// The default form: floats in the shortest form that reads back, with at least `.0`; times in ISO
// 8601 with `Z`; strings bare at the top and quoted inside composite values.
std::string text_of(const Value& value, const TypeTable& types);

// `{x:spec}`. The spec must have passed parse_format_spec for the type. Fails (empty) only for a
// value that the spec cannot show.
std::string text_of(const Value& value, const TypeTable& types, std::string_view spec);

// Python's [[fill]align][sign][0][width][,][.precision][type].
struct FormatSpec {
  std::string fill = " ";  // One character.
  char align = 0;          // '<' '>' '^' '='; 0: the type's own (numbers right, texts left).
  char sign = '-';         // '+' '-' ' '
  bool zero = false;
  int width = 0;
  bool comma = false;
  int precision = -1;      // None.
  char type = 0;           // One of d x X b o e E f F g G % s; 0: the default form.
};
// Empty if `spec` is not of that shape.
std::optional<FormatSpec> parse_format_spec(std::string_view spec);

}  // namespace streamc
