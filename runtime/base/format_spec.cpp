#include "runtime/base/format_spec.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "runtime/base/number_text.h"

namespace streamrt {

namespace {

bool is_align(char c) {
  return c == '<' || c == '>' || c == '^' || c == '=';
}

std::size_t code_point_bytes(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  if (byte >= 0xf0) return 4;
  if (byte >= 0xe0) return 3;
  return byte >= 0xc0 ? 2 : 1;
}

// Reads a decimal number off the front of `text`; 0 if there is none.
int take_number(std::string_view& text) {
  int value = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value).ptr;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return std::clamp(value, 0, 4096);
}

void append_fill(std::string& out, std::string_view fill, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) out += fill;
}

void append_padded(std::string& out, std::string_view sign, std::string_view body,
                   const FormatSpec& spec, char default_align) {
  const std::int64_t room =
      spec.width - static_cast<std::int64_t>(sign.size()) - count_code_points(body);
  const char align = spec.align != 0 ? spec.align : default_align;
  const std::int64_t padding = std::max<std::int64_t>(room, 0);
  const std::int64_t left = align == '>' ? padding : (align == '^' ? padding / 2 : 0);
  append_fill(out, spec.fill, left);
  out += sign;
  if (align == '=') append_fill(out, spec.fill, padding);
  out += body;
  if (align == '<' || align == '^') append_fill(out, spec.fill, padding - left);
}

// Commas between groups of three digits of the whole part of `digits`. When padding with zeros to
// `width`, the zeros are grouped as well, as in Python.
std::string with_thousands(std::string_view digits, int width_for_zeros) {
  const std::size_t whole_length = std::min(digits.find_first_not_of("0123456789"), digits.size());
  const std::string_view rest = digits.substr(whole_length);
  std::string whole(digits.substr(0, whole_length));
  const auto grouped_size = [](std::size_t count) { return count + (count - 1) / 3; };
  // May exceed the width by one, rather than begin with a comma.
  while (!whole.empty() &&
         static_cast<int>(grouped_size(whole.size()) + rest.size()) < width_for_zeros) {
    whole.insert(whole.begin(), '0');
  }
  std::string result;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (i > 0 && (whole.size() - i) % 3 == 0) result += ',';
    result += whole[i];
  }
  return result += rest;
}

void append_number(std::string& out, bool negative, std::string body, const FormatSpec& spec) {
  const std::string_view sign =
      negative ? "-" : (spec.sign == '+' ? "+" : (spec.sign == ' ' ? " " : ""));
  if (spec.has_thousands) {
    const bool zeros = spec.fill == "0" && (spec.align == '=' || spec.align == 0);
    body = with_thousands(body, zeros ? spec.width - static_cast<int>(sign.size()) : 0);
  }
  append_padded(out, sign, body, spec, '>');
}

std::string float_digits(double magnitude, const FormatSpec& spec) {
  if (!std::isfinite(magnitude)) {
    return std::string(std::isnan(magnitude) ? "nan" : "inf") + (spec.type == '%' ? "%" : "");
  }
  const char type = static_cast<char>(spec.type | 0x20);  // Lower case; 0 becomes a space.
  const int precision = spec.precision < 0 ? 6 : spec.precision;
  std::vector<char> buffer(static_cast<std::size_t>(precision) + 400);
  char* const end_of_buffer = buffer.data() + buffer.size();
  const auto convert = [&](double value, std::chars_format format, int digits) {
    const char* const end = std::to_chars(buffer.data(), end_of_buffer, value, format, digits).ptr;
    return std::string(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  };
  switch (type) {
    case 'e':
      return convert(magnitude, std::chars_format::scientific, precision);
    case 'f':
      return convert(magnitude, std::chars_format::fixed, precision);
    case '%':
      return convert(magnitude * 100, std::chars_format::fixed, precision) + "%";
    case 'g':
      return convert(magnitude, std::chars_format::general, std::max(precision, 1));
    default:
      break;
  }
  if (spec.precision < 0) {
    std::string shortest;
    append_float(shortest, magnitude);
    return shortest;
  }
  // No type but a precision: as `g`, with at least one digit after the point and the exponent from
  // one digit earlier on, so that it still looks like a float.
  const int digits = std::max(precision, 1);
  std::string scientific = convert(magnitude, std::chars_format::scientific, digits - 1);
  int exponent = 0;
  const char* exponent_text = scientific.data() + scientific.find('e') + 1;
  if (*exponent_text == '+') ++exponent_text;
  std::from_chars(exponent_text, scientific.data() + scientific.size(), exponent);
  if (exponent < digits - 1) {
    std::string general = convert(magnitude, std::chars_format::general, digits);
    if (general.find_first_of(".e") == std::string::npos) general += ".0";
    return general;
  }
  // Scientific, without the zeros that end its fraction.
  const std::size_t e = scientific.find('e');
  std::string mantissa = scientific.substr(0, e);
  if (mantissa.find('.') != std::string::npos) {
    while (mantissa.back() == '0') mantissa.pop_back();
    if (mantissa.back() == '.') mantissa.pop_back();
  }
  return mantissa + scientific.substr(e);
}

}  // namespace

std::int64_t count_code_points(std::string_view text) {
  std::int64_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  return count;
}

FormatSpec parse_format_spec(std::string_view text) {
  FormatSpec spec;
  bool has_fill = false;
  if (!text.empty()) {
    const std::size_t fill_bytes = code_point_bytes(text.front());
    if (text.size() > fill_bytes && is_align(text[fill_bytes])) {
      spec.fill = text.substr(0, fill_bytes);
      has_fill = true;
      spec.align = text[fill_bytes];
      text.remove_prefix(fill_bytes + 1);
    } else if (is_align(text.front())) {
      spec.align = text.front();
      text.remove_prefix(1);
    }
  }
  const auto accept = [&text](std::string_view choices) {
    if (text.empty() || choices.find(text.front()) == std::string_view::npos) return '\0';
    const char accepted = text.front();
    text.remove_prefix(1);
    return accepted;
  };
  if (const char sign = accept("+- ")) spec.sign = sign;
  if (!text.empty() && text.front() == '0') {
    text.remove_prefix(1);
    if (!has_fill) spec.fill = "0";
    if (spec.align == 0) spec.align = '=';
  }
  spec.width = take_number(text);
  spec.has_thousands = accept(",") != 0;
  if (accept(".")) spec.precision = take_number(text);
  spec.type = accept("dxXboeEfFgG%s");
  return spec;
}

void append_formatted(std::string& out, std::int64_t value, const FormatSpec& spec) {
  int base = 10;
  switch (spec.type) {
    case 'x':
    case 'X':
      base = 16;
      break;
    case 'o':
      base = 8;
      break;
    case 'b':
      base = 2;
      break;
    case 0:
    case 'd':
      break;
    default:
      append_formatted(out, static_cast<double>(value), spec);
      return;
  }
  // Unsigned, so that the least value has a magnitude.
  const auto magnitude = value < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(value)
                                   : static_cast<std::uint64_t>(value);
  char digits[72];
  const char* const end = std::to_chars(digits, digits + sizeof digits, magnitude, base).ptr;
  std::string body(digits, static_cast<std::size_t>(end - digits));
  if (spec.type == 'X') {
    for (char& c : body) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  append_number(out, value < 0, std::move(body), spec);
}

void append_formatted(std::string& out, double value, const FormatSpec& spec) {
  const bool negative = std::signbit(value) && !std::isnan(value);
  std::string body = float_digits(std::fabs(value), spec);
  if (spec.type == 'E' || spec.type == 'F' || spec.type == 'G') {
    for (char& c : body) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  append_number(out, negative, std::move(body), spec);
}

void append_formatted(std::string& out, std::string_view value, const FormatSpec& spec) {
  if (spec.precision >= 0) {
    std::size_t bytes = 0;
    for (int i = 0; i < spec.precision && bytes < value.size(); ++i) {
      bytes = std::min(bytes + code_point_bytes(value[bytes]), value.size());
    }
    value = value.substr(0, bytes);
  }
  append_padded(out, "", value, spec, '<');
}

}  // namespace streamrt
