// Format specs as in Python: `[[fill]align][sign][0][width][,][.precision][type]`.
//
// The compiler has checked a spec against the type of its value; parsing here cannot fail, what
// does not fit is ignored. Types: d x X b o for integers, e E f F g G % for numbers, s for text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace streamrt {

struct FormatSpec {
  std::string_view fill = " ";  // One code point. Borrowed from the text it was parsed from.
  char align = 0;               // '<', '>', '^', '=', or 0: the default of the value.
  char sign = '-';              // '-', '+' or ' '.
  int width = 0;                // Code points.
  bool has_thousands = false;
  int precision = -1;  // -1: none given.
  char type = 0;       // 0: none given.
};

FormatSpec parse_format_spec(std::string_view text);

void append_formatted(std::string& out, std::int64_t value, const FormatSpec& spec);
void append_formatted(std::string& out, double value, const FormatSpec& spec);
void append_formatted(std::string& out, std::string_view value, const FormatSpec& spec);

// Code points of UTF-8 text; a byte that starts none counts as one.
std::int64_t count_code_points(std::string_view text);

}  // namespace streamrt
