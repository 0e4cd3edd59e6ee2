#include "tests/support/text_form.h"

#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "compiler/source/source.h"

namespace streamref {

using streamc::Type;
using streamc::TypeKind;
using streamc::TypeTable;

std::string float_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  // The digits from the scientific form `d.ddde±xx`, laid out as Python's repr does.
  std::array<char, 64> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::fabs(value),
                                 std::chars_format::scientific);
  const std::string scientific(buffer.data(), end.ptr);
  const std::size_t e = scientific.find('e');
  std::string digits = scientific.substr(0, 1);
  if (e > 2) digits += scientific.substr(2, e - 2);
  const int exponent = std::atoi(scientific.c_str() + e + 1);
  const std::string sign = std::signbit(value) ? "-" : "";
  const int count = static_cast<int>(digits.size());
  if (exponent < -4 || exponent >= 16) {
    std::string text = sign + digits.substr(0, 1);
    if (count > 1) text += "." + digits.substr(1);
    const std::string power = std::to_string(std::abs(exponent));
    return text + "e" + (exponent < 0 ? "-" : "+") + (power.size() < 2 ? "0" + power : power);
  }
  if (exponent < 0) {
    return sign + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  }
  if (count <= exponent + 1) {
    return sign + digits + std::string(static_cast<std::size_t>(exponent + 1 - count), '0') + ".0";
  }
  const auto whole = static_cast<std::size_t>(exponent + 1);
  return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

namespace {

std::string padded(std::int64_t number, std::size_t width) {
  std::string digits = std::to_string(number);
  return digits.size() < width ? std::string(width - digits.size(), '0') + digits : digits;
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        result += "\\\"";
        break;
      case '\\':
        result += "\\\\";
        break;
      case '\n':
        result += "\\n";
        break;
      case '\r':
        result += "\\r";
        break;
      case '\t':
        result += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          constexpr const char* kHex = "0123456789abcdef";
          result += "\\x";
          result += kHex[c >> 4];
          result += kHex[c & 15];
        } else {
          result += c;
        }
    }
  }
  return result + "\"";
}

// A decimal number where it is finite, else a fraction: 44100Hz, 0.5Hz, 1/3Hz.
std::string rate_text(const streamc::RateValue& rate) {
  std::string decimals;
  std::int64_t left = rate.numerator % rate.denominator;
  while (left != 0 && decimals.size() < 18) {
    const WideInt shifted = static_cast<WideInt>(left) * 10;
    decimals += static_cast<char>('0' + static_cast<int>(shifted / rate.denominator));
    left = static_cast<std::int64_t>(shifted % rate.denominator);
  }
  if (left != 0) {
    return std::to_string(rate.numerator) + "/" + std::to_string(rate.denominator) + "Hz";
  }
  const std::string whole = std::to_string(rate.numerator / rate.denominator);
  return whole + (decimals.empty() ? "" : "." + decimals) + "Hz";
}

std::string nested_text(const TypeTable& types, const Value& value) {
  if (types.kind(value.type_id) == TypeKind::String) return quoted(value.text);
  if (types.kind(value.type_id) == TypeKind::Option && value.present) {
    return nested_text(types, value.parts.at(0));
  }
  return text_of(types, value);
}

std::string list_text(const TypeTable& types, const Value& value, const char* open,
                      const char* close) {
  const Type& type = types.get(value.type_id);
  std::string text = open;
  for (std::size_t i = 0; i < value.parts.size(); ++i) {
    if (i > 0) text += ", ";
    if (type.kind == TypeKind::Record) text += type.fields.at(i).name + ": ";
    text += nested_text(types, value.parts[i]);
  }
  return text + close;
}

}  // namespace

std::string time_text(std::int64_t nanoseconds) {
  constexpr std::int64_t kDay = 86'400LL * 1'000'000'000;
  const std::int64_t days = floor_divide(nanoseconds, kDay);
  std::int64_t rest = floor_modulo(nanoseconds, kDay);
  const std::int64_t fraction = rest % 1'000'000'000;
  rest /= 1'000'000'000;

  // Walks the calendar a year and a month at a time: slow, and hard to get wrong.
  const auto is_leap = [](std::int64_t year) {
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  };
  const auto days_in_month = [&](std::int64_t year, int month) -> std::int64_t {
    if (month == 2) return is_leap(year) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
  };
  std::int64_t year = 1970;
  std::int64_t left = days;
  while (left < 0) left += is_leap(--year) ? 366 : 365;
  while (left >= (is_leap(year) ? 366 : 365)) left -= is_leap(year++) ? 366 : 365;
  int month = 1;
  while (left >= days_in_month(year, month)) left -= days_in_month(year, month++);

  std::string text = padded(year, 4) + "-" + padded(month, 2) + "-" + padded(left + 1, 2) + "T" +
                     padded(rest / 3600, 2) + ":" + padded(rest / 60 % 60, 2) + ":" +
                     padded(rest % 60, 2);
  if (fraction != 0) {
    std::string decimals = padded(fraction, 9);
    while (decimals.back() == '0') decimals.pop_back();
    text += "." + decimals;
  }
  return text + "Z";
}

std::string duration_text(std::int64_t nanoseconds) {
  if (nanoseconds == 0) return "0s";
  constexpr std::array<std::pair<std::uint64_t, const char*>, 7> kUnits = {
      {{86'400'000'000'000, "d"},
       {3'600'000'000'000, "h"},
       {60'000'000'000, "min"},
       {1'000'000'000, "s"},
       {1'000'000, "ms"},
       {1'000, "us"},
       {1, "ns"}}};
  std::string text = nanoseconds < 0 ? "-" : "";
  std::uint64_t left = nanoseconds < 0 ? 0 - static_cast<std::uint64_t>(nanoseconds)
                                       : static_cast<std::uint64_t>(nanoseconds);
  for (const auto& [size, name] : kUnits) {
    if (left >= size) text += std::to_string(left / size) + name;
    left %= size;
  }
  return text;
}

std::string text_of(const TypeTable& types, const Value& value) {
  const Type& type = types.get(value.type_id);
  switch (type.kind) {
    case TypeKind::Bool:
      return value.integer != 0 ? "true" : "false";
    case TypeKind::Int:
      return std::to_string(value.integer);
    case TypeKind::Float:
      return float_text(value.real);
    case TypeKind::String:
      return value.text;
    case TypeKind::Time:
      return time_text(value.integer);
    case TypeKind::Duration:
      return duration_text(value.integer);
    case TypeKind::Rate:
      return rate_text(value.rate);
    case TypeKind::Enumeration:
      return type.fields.at(static_cast<std::size_t>(value.integer)).name;
    case TypeKind::None:
      return "none";
    case TypeKind::Option:
      return value.present ? text_of(types, value.parts.at(0)) : "none";
    case TypeKind::Record:
      return list_text(types, value, (type.name + "(").c_str(), ")");
    case TypeKind::Tuple:
      return list_text(types, value, "(", ")");
    case TypeKind::Array:
    case TypeKind::Window:
      return list_text(types, value, "[", "]");
    default:
      return "?";
  }
}

namespace {

struct Spec {
  std::string fill = " ";
  char align = 0;  // 0: the type's own.
  char sign = '-';
  bool zero = false;
  std::size_t width = 0;
  bool commas = false;
  int precision = -1;
  char type = 0;
};

std::size_t character_size(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  return std::min(size, text.size());
}

bool is_align(char c) { return c == '<' || c == '>' || c == '^' || c == '='; }

Spec parse_spec(std::string_view text) {
  Spec spec;
  const auto next_is = [&](auto test) { return !text.empty() && test(text[0]); };
  const auto take = [&] {
    const char c = text[0];
    text.remove_prefix(1);
    return c;
  };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (!text.empty()) {
    const std::size_t size = character_size(text);
    if (text.size() > size && is_align(text[size])) {
      spec.fill = std::string(text.substr(0, size));
      text.remove_prefix(size);
    }
  }
  if (next_is(is_align)) spec.align = take();
  if (next_is([](char c) { return c == '+' || c == '-' || c == ' '; })) spec.sign = take();
  if (next_is([](char c) { return c == '0'; })) {
    spec.zero = true;
    take();
  }
  while (next_is(digit)) spec.width = spec.width * 10 + static_cast<std::size_t>(take() - '0');
  if (next_is([](char c) { return c == ','; })) {
    spec.commas = true;
    take();
  }
  if (next_is([](char c) { return c == '.'; })) {
    take();
    spec.precision = 0;
    while (next_is(digit)) spec.precision = spec.precision * 10 + (take() - '0');
  }
  if (!text.empty()) spec.type = take();
  return spec;
}

std::string pad(const Spec& spec, const std::string& text, char default_align) {
  const std::size_t length = streamc::count_characters(text);
  if (length >= spec.width) return text;
  const std::size_t missing = spec.width - length;
  const std::string fill = spec.zero && spec.align == 0 ? "0" : spec.fill;
  const auto repeat = [&](std::size_t count) {
    std::string result;
    for (std::size_t i = 0; i < count; ++i) result += fill;
    return result;
  };
  switch (spec.align != 0 ? spec.align : default_align) {
    case '<':
      return text + repeat(missing);
    case '^':
      return repeat(missing / 2) + text + repeat(missing - missing / 2);
    default:
      return repeat(missing) + text;
  }
}

std::string with_commas(const std::string& digits) {
  std::string result;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) result += ',';
    result += digits[i];
  }
  return result;
}

// A number's sign, its whole digits and what follows them, put together with sign, commas, padding.
std::string number_form(const Spec& spec, bool negative, std::string whole,
                        const std::string& rest) {
  const std::string sign = negative ? "-" : spec.sign == '-' ? "" : std::string(1, spec.sign);
  const bool is_finite = !whole.empty() && std::isdigit(static_cast<unsigned char>(whole[0])) != 0;
  const bool pads_inside = spec.align == '=' || (spec.align == 0 && spec.zero);
  const std::string fill = spec.align == '=' && !spec.zero ? spec.fill : "0";
  const auto grouped = [&] { return spec.commas && is_finite ? with_commas(whole) : whole; };
  if (!pads_inside) return pad(spec, sign + grouped() + rest, '>');
  if (fill == "0" && spec.commas && is_finite) {
    // Python pads with zeros that are grouped as well; a comma never comes first.
    while (sign.size() + grouped().size() + rest.size() < spec.width) whole = "0" + whole;
    return sign + grouped() + rest;
  }
  std::string text = grouped() + rest;
  while (streamc::count_characters(sign + text) < spec.width) text = fill + text;
  return sign + text;
}

std::string integer_form(const Spec& spec, std::int64_t value) {
  std::uint64_t left = value < 0 ? 0 - static_cast<std::uint64_t>(value)
                                 : static_cast<std::uint64_t>(value);
  const unsigned base = spec.type == 'x' || spec.type == 'X' ? 16
                        : spec.type == 'b'                   ? 2
                        : spec.type == 'o'                   ? 8
                                                             : 10;
  const char* digits = spec.type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string text;
  do {
    text = digits[left % base] + text;
    left /= base;
  } while (left > 0);
  return number_form(spec, value < 0, text, "");
}

std::string printed(const char* format, int precision, double value) {
  const int size = std::snprintf(nullptr, 0, format, precision, value);
  std::string text(static_cast<std::size_t>(size) + 1, '\0');
  std::snprintf(text.data(), text.size(), format, precision, value);
  text.pop_back();
  return text;
}

// Python's form without a type: as `g`, but a whole number keeps one decimal.
std::string general_form(double value, int precision) {
  std::string text = printed("%.*g", precision == 0 ? 1 : precision, value);
  if (text.find_first_of(".e") != std::string::npos) return text;
  // A whole number that would lose its decimal: Python then goes over to the exponent one digit
  // earlier, so that the `.0` still fits the precision.
  if (static_cast<int>(text.size()) >= std::max(precision, 1)) {
    std::string scientific = printed("%.*e", std::max(precision, 1) - 1, value);
    const std::size_t e = scientific.find('e');
    std::string mantissa = scientific.substr(0, e);
    if (mantissa.find('.') != std::string::npos) {
      while (mantissa.back() == '0') mantissa.pop_back();
      if (mantissa.back() == '.') mantissa.pop_back();
    }
    return mantissa + scientific.substr(e);
  }
  return text + ".0";
}

std::string float_form(const Spec& spec, double value) {
  const double magnitude = std::fabs(value);
  const bool negative = std::signbit(value) && !std::isnan(value);
  const bool upper = spec.type == 'E' || spec.type == 'F' || spec.type == 'G';
  if (std::isnan(value) || std::isinf(value)) {
    const char* name = std::isnan(value) ? (upper ? "NAN" : "nan") : (upper ? "INF" : "inf");
    return number_form(spec, negative, name, spec.type == '%' ? "%" : "");
  }
  const int precision = spec.precision < 0 ? 6 : spec.precision;
  std::string text;
  switch (spec.type) {
    case 'e':
      text = printed("%.*e", precision, magnitude);
      break;
    case 'E':
      text = printed("%.*E", precision, magnitude);
      break;
    case 'f':
    case 'F':
      text = printed("%.*f", precision, magnitude);
      break;
    case 'g':
      text = printed("%.*g", precision == 0 ? 1 : precision, magnitude);
      break;
    case 'G':
      text = printed("%.*G", precision == 0 ? 1 : precision, magnitude);
      break;
    case '%':
      text = printed("%.*f", precision, magnitude * 100.0) + "%";
      break;
    default:
      text = spec.precision < 0 ? float_text(magnitude) : general_form(magnitude, spec.precision);
  }
  const std::size_t whole = text.find_first_not_of("0123456789");
  if (whole == std::string::npos) return number_form(spec, negative, text, "");
  return number_form(spec, negative, text.substr(0, whole), text.substr(whole));
}

std::string string_form(const Spec& spec, std::string text) {
  if (spec.precision >= 0) {
    std::size_t kept = 0;
    for (int i = 0; i < spec.precision && kept < text.size(); ++i) {
      kept += character_size(std::string_view(text).substr(kept));
    }
    text.resize(kept);
  }
  return pad(spec, text, '<');
}

}  // namespace

std::string text_of(const TypeTable& types, const Value& value, std::string_view spec_text) {
  if (spec_text.empty()) return text_of(types, value);
  const Spec spec = parse_spec(spec_text);
  switch (types.kind(value.type_id)) {
    case TypeKind::Int: {
      const bool as_float = spec.type != 0 && std::string_view("eEfFgG%").find(spec.type) !=
                                                  std::string_view::npos;
      return as_float ? float_form(spec, static_cast<double>(value.integer))
                      : integer_form(spec, value.integer);
    }
    case TypeKind::Float:
      return float_form(spec, value.real);
    case TypeKind::Bool:
      if (spec.type != 0 && spec.type != 's') return integer_form(spec, value.integer);
      return string_form(spec, text_of(types, value));
    case TypeKind::Option:
      if (value.present) return text_of(types, value.parts.at(0), spec_text);
      return string_form(spec, text_of(types, value));
    default:
      return string_form(spec, text_of(types, value));
  }
}

}  // namespace streamref
