#include "runtime/base/number_text.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <system_error>

namespace streamrt {

void append_int(std::string& out, std::int64_t value) {
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  out.append(buffer, static_cast<std::size_t>(end - buffer));
}

void append_float(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "nan";
    return;
  }
  if (std::signbit(value)) out += '-';
  if (std::isinf(value)) {
    out += "inf";
    return;
  }
  // `d.ddde±xx`: the digits and the exponent, which we then lay out.
  char buffer[32];
  const char* const end =
      std::to_chars(buffer, buffer + sizeof buffer, std::fabs(value), std::chars_format::scientific)
          .ptr;
  char digits[24];
  int digit_count = 0;
  const char* cursor = buffer;
  for (; *cursor != 'e'; ++cursor) {
    if (*cursor != '.') digits[digit_count++] = *cursor;
  }
  int exponent = 0;
  const char* exponent_text = cursor + 1;
  if (*exponent_text == '+') ++exponent_text;
  std::from_chars(exponent_text, end, exponent);

  if (exponent < -4 || exponent >= 16) {
    out += digits[0];
    if (digit_count > 1) {
      out += '.';
      out.append(digits + 1, static_cast<std::size_t>(digit_count - 1));
    }
    out.append(cursor, end);  // to_chars writes at least two digits of exponent, as Python does.
    return;
  }
  if (exponent < 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-exponent - 1), '0');
    out.append(digits, static_cast<std::size_t>(digit_count));
    return;
  }
  const int whole_count = exponent + 1;
  if (digit_count <= whole_count) {
    out.append(digits, static_cast<std::size_t>(digit_count));
    out.append(static_cast<std::size_t>(whole_count - digit_count), '0');
    out += ".0";
  } else {
    out.append(digits, static_cast<std::size_t>(whole_count));
    out += '.';
    out.append(digits + whole_count, static_cast<std::size_t>(digit_count - whole_count));
  }
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n\v\f";
  const std::size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

std::optional<std::int64_t> parse_int(std::string_view text) {
  text = trimmed(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> parse_float(std::string_view text) {
  text = trimmed(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) {
    // Too large or too small: strtod says which, and rounds to infinity or towards zero correctly.
    return std::strtod(std::string(text).c_str(), nullptr);
  }
  return value;
}

std::size_t parse_float_prefix(std::string_view text, double& value) {
  static constexpr double kPowersOfTen[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                            1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                            1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  const char* cursor = text.data();
  const char* const end = cursor + text.size();
  const bool negative = cursor != end && *cursor == '-';
  if (negative) ++cursor;

  std::uint64_t mantissa = 0;
  const char* const first_digit = cursor;
  while (cursor != end && static_cast<unsigned char>(*cursor - '0') <= 9) {
    mantissa = mantissa * 10 + static_cast<unsigned char>(*cursor++ - '0');
  }
  auto digit_count = cursor - first_digit;
  std::ptrdiff_t fraction_count = 0;
  if (cursor != end && *cursor == '.') {
    const char* const point = cursor++;
    while (cursor != end && static_cast<unsigned char>(*cursor - '0') <= 9) {
      mantissa = mantissa * 10 + static_cast<unsigned char>(*cursor++ - '0');
    }
    fraction_count = cursor - point - 1;
    digit_count += fraction_count;
  }
  if (digit_count == 0) return 0;
  const bool has_exponent = cursor != end && (*cursor == 'e' || *cursor == 'E');

  // Clinger's fast path ("How to read floating point numbers accurately", 1990): both operands are
  // exact, so the one division rounds correctly. Everything else takes the general way.
  constexpr std::uint64_t kExactLimit = std::uint64_t{1} << 53;
  if (!has_exponent && digit_count <= 19 && mantissa <= kExactLimit && fraction_count <= 22) {
    const double magnitude = static_cast<double>(mantissa) / kPowersOfTen[fraction_count];
    value = negative ? -magnitude : magnitude;
    return static_cast<std::size_t>(cursor - text.data());
  }
  const auto [parsed_end, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc::invalid_argument) return 0;
  const auto length = static_cast<std::size_t>(parsed_end - text.data());
  if (error == std::errc::result_out_of_range) value = *parse_float(text.substr(0, length));
  return length;
}

}  // namespace streamrt
