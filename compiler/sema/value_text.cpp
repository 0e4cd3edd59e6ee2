#include "compiler/sema/value_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "compiler/source/source.h"
#include "compiler/support/assert.h"

namespace streamc {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

// `1.0`, `0.1`, `1e+16`, `nan`, `inf`: as Python's repr.
std::string float_text(double value) {
  if (std::isnan(value)) return "nan";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

// Days since 1970-01-01 as a date. Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
std::string date_text(std::int64_t days) {
  days += 719468;
  const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const std::int64_t day_of_era = days - era * 146097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_index = (5 * day_of_year + 2) / 153;
  const std::int64_t day = day_of_year - (153 * month_index + 2) / 5 + 1;
  const std::int64_t month = month_index < 10 ? month_index + 3 : month_index - 9;
  const std::int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  return fmt::format("{:04}-{:02}-{:02}", year, month, day);
}

std::string time_text(std::int64_t nanoseconds) {
  const auto floor_divide = [](std::int64_t a, std::int64_t b) {
    return a / b - (a % b < 0 ? 1 : 0);
  };
  const std::int64_t seconds = floor_divide(nanoseconds, kSecond);
  const std::int64_t fraction = nanoseconds - seconds * kSecond;
  const std::int64_t days = floor_divide(seconds, 86400);
  const std::int64_t second = seconds - days * 86400;
  std::string text = fmt::format("{}T{:02}:{:02}:{:02}", date_text(days), second / 3600,
                                 second / 60 % 60, second % 60);
  if (fraction != 0) {
    text += fmt::format(".{:09}", fraction);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + "Z";
}

// Largest units first: `1h30min`, `250ms`, `0s`.
std::string duration_text(std::int64_t nanoseconds) {
  struct Unit {
    std::string_view name;
    std::uint64_t size;
  };
  constexpr std::array kUnits = {
      Unit{"d", 86'400'000'000'000}, Unit{"h", 3'600'000'000'000}, Unit{"min", 60'000'000'000},
      Unit{"s", 1'000'000'000},      Unit{"ms", 1'000'000},        Unit{"us", 1'000},
      Unit{"ns", 1}};
  if (nanoseconds == 0) return "0s";
  std::string text = nanoseconds < 0 ? "-" : "";
  std::uint64_t rest = nanoseconds < 0 ? 0 - static_cast<std::uint64_t>(nanoseconds)
                                       : static_cast<std::uint64_t>(nanoseconds);
  for (const Unit& unit : kUnits) {
    if (rest >= unit.size) text += fmt::format("{}{}", rest / unit.size, unit.name);
    rest %= unit.size;
  }
  return text;
}

// `10Hz`, `0.5Hz`, `1/3Hz`: a finite decimal where there is one.
std::string rate_text(RateValue rate) {
  std::int64_t scale = 1;
  int decimals = 0;
  while (scale % rate.denominator != 0 && decimals < 18) {
    scale *= 10;
    ++decimals;
  }
  std::int64_t shifted = 0;
  if (scale % rate.denominator != 0 ||
      __builtin_mul_overflow(rate.numerator, scale / rate.denominator, &shifted)) {
    return fmt::format("{}/{}Hz", rate.numerator, rate.denominator);
  }
  std::string text = fmt::format("{}", shifted / scale);
  if (decimals > 0) {
    text += fmt::format(".{:0{}}", shifted % scale, decimals);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
  }
  return text + "Hz";
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
      case '\t':
        result += "\\t";
        break;
      case '\r':
        result += "\\r";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          result += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
          result += c;
        }
    }
  }
  return result + "\"";
}

std::string value_text(const Value& value, const TypeTable& types, bool is_nested) {
  const Type& type = types.get(value.type_id);
  const auto list = [&](std::string_view open, std::string_view close, bool has_names) {
    std::string text(open);
    for (std::size_t i = 0; i < value.parts.size(); ++i) {
      if (i > 0) text += ", ";
      if (has_names) text += type.fields[i].name + ": ";
      text += value_text(value.parts[i], types, true);
    }
    return text += close;
  };
  switch (type.kind) {
    case TypeKind::Bool:
      return value.integer != 0 ? "true" : "false";
    case TypeKind::Int:
      return fmt::format("{}", value.integer);
    case TypeKind::Float:
      return float_text(value.real);
    case TypeKind::String:
      return is_nested ? quoted(value.text) : value.text;
    case TypeKind::Time:
      return time_text(value.integer);
    case TypeKind::Duration:
      return duration_text(value.integer);
    case TypeKind::Rate:
      return rate_text(value.rate);
    case TypeKind::None:
      return "none";
    case TypeKind::Option:
      return value.present ? value_text(value.parts[0], types, is_nested) : "none";
    case TypeKind::Enumeration:
      return type.fields[static_cast<std::size_t>(value.integer)].name;
    case TypeKind::Record:
      return list(type.name + "(", ")", true);
    case TypeKind::Tuple:
      return list("(", ")", false);
    case TypeKind::Array:
    case TypeKind::Window:
      return list("[", "]", false);
    case TypeKind::Error:
    case TypeKind::Nothing:
    case TypeKind::Function:
    case TypeKind::Stream:
    case TypeKind::Parameter:
      break;
  }
  STREAM_UNREACHABLE("a value of type {}", types.text(value.type_id));
}

// ---- formats --------------------------------------------------------------------------------------

bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

std::string repeated(std::string_view text, std::int64_t count) {
  std::string result;
  for (std::int64_t i = 0; i < count; ++i) result += text;
  return result;
}

std::string padded(std::string_view sign, std::string_view body, const FormatSpec& spec,
                   char default_align) {
  const auto used = static_cast<std::int64_t>(sign.size() + count_characters(body));
  const std::int64_t room = std::max<std::int64_t>(0, spec.width - used);
  char align = spec.align != 0 ? spec.align : default_align;
  std::string fill = spec.fill;
  if (spec.zero && spec.align == 0 && default_align == '>') {
    align = '=';
    fill = "0";
  }
  const std::int64_t left = align == '>' ? room : (align == '^' ? room / 2 : 0);
  std::string text = repeated(fill, left);
  text += sign;
  if (align == '=') text += repeated(fill, room);
  text += body;
  if (align == '<' || align == '^') text += repeated(fill, room - left);
  return text;
}

// Commas in the whole part; zeros that fill up to `width` are grouped, too, as in Python.
std::string with_commas(std::string_view digits, std::int64_t width) {
  const std::size_t whole_size = std::min(digits.find_first_not_of("0123456789"), digits.size());
  std::string whole(digits.substr(0, whole_size));
  const std::string_view rest = digits.substr(whole_size);
  const auto grouped = [](std::size_t count) { return count + (count - 1) / 3; };
  while (static_cast<std::int64_t>(grouped(whole.size() + 1) + rest.size()) <= width) {
    whole.insert(whole.begin(), '0');
  }
  std::string result;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (i > 0 && (whole.size() - i) % 3 == 0) result += ',';
    result += whole[i];
  }
  return result += rest;
}

std::string number_text(bool is_negative, std::string body, const FormatSpec& spec) {
  std::string sign;
  if (is_negative) {
    sign = "-";
  } else if (spec.sign != '-') {
    sign = std::string(1, spec.sign);
  }
  if (spec.comma) {
    const bool fills_with_zeros = spec.zero && spec.align == 0;
    body = with_commas(body,
                       fills_with_zeros ? spec.width - static_cast<std::int64_t>(sign.size()) : 0);
  }
  return padded(sign, body, spec, '>');
}

std::string float_digits(double magnitude, const FormatSpec& spec) {
  if (std::isnan(magnitude)) return "nan";
  if (std::isinf(magnitude)) return "inf";
  const int precision = spec.precision < 0 ? 6 : spec.precision;
  switch (spec.type) {
    case 'e':
    case 'E':
      return fmt::format("{:.{}e}", magnitude, precision);
    case 'f':
    case 'F':
      return fmt::format("{:.{}f}", magnitude, precision);
    case '%':
      return fmt::format("{:.{}f}%", magnitude * 100, precision);
    case 'g':
    case 'G':
      return fmt::format("{:.{}g}", magnitude, std::max(precision, 1));
    default:
      break;
  }
  if (spec.precision < 0) return float_text(magnitude);
  // No type but a precision: as `g`, with a digit after the point, and the exponent one digit earlier.
  const int digits = std::max(precision, 1);
  std::string scientific = fmt::format("{:.{}e}", magnitude, digits - 1);
  const std::size_t e = scientific.find('e');
  const int exponent = std::stoi(scientific.substr(e + 1));
  if (exponent < digits - 1 || magnitude == 0) {
    std::string general = fmt::format("{:.{}g}", magnitude, digits);
    if (general.find_first_of(".e") == std::string::npos) general += ".0";
    return general;
  }
  std::string mantissa = scientific.substr(0, e);
  if (mantissa.find('.') != std::string::npos) {
    mantissa.erase(mantissa.find_last_not_of('0') + 1);
    if (mantissa.back() == '.') mantissa.pop_back();
  }
  return mantissa + scientific.substr(e);
}

std::string upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return text;
}

std::string formatted(double value, const FormatSpec& spec) {
  std::string body = float_digits(std::fabs(value), spec);
  if (spec.type != 0 && is_one_of(spec.type, "EFG")) body = upper(std::move(body));
  return number_text(std::signbit(value) && !std::isnan(value), std::move(body), spec);
}

std::string formatted(std::int64_t value, const FormatSpec& spec) {
  const std::uint64_t magnitude = value < 0 ? 0 - static_cast<std::uint64_t>(value)
                                            : static_cast<std::uint64_t>(value);
  std::string body;
  switch (spec.type) {
    case 'x':
      body = fmt::format("{:x}", magnitude);
      break;
    case 'X':
      body = fmt::format("{:X}", magnitude);
      break;
    case 'b':
      body = fmt::format("{:b}", magnitude);
      break;
    case 'o':
      body = fmt::format("{:o}", magnitude);
      break;
    case 0:
    case 'd':
      body = fmt::format("{}", magnitude);
      break;
    default:
      return formatted(static_cast<double>(value), spec);
  }
  return number_text(value < 0, std::move(body), spec);
}

std::string formatted(std::string_view text, const FormatSpec& spec) {
  std::string cut(text);
  if (spec.precision >= 0) {
    std::size_t bytes = 0;
    for (int i = 0; i < spec.precision && bytes < cut.size(); ++i) {
      ++bytes;
      while (bytes < cut.size() && (static_cast<unsigned char>(cut[bytes]) & 0xc0) == 0x80) ++bytes;
    }
    cut.resize(bytes);
  }
  return padded("", cut, spec, '<');
}

}  // namespace

std::string text_of(const Value& value, const TypeTable& types) {
  return value_text(value, types, false);
}

std::string text_of(const Value& value, const TypeTable& types, std::string_view spec) {
  if (spec.empty()) return text_of(value, types);
  const std::optional<FormatSpec> parsed = parse_format_spec(spec);
  if (!parsed) return text_of(value, types);
  const TypeKind kind = types.kind(value.type_id);
  if (kind == TypeKind::Int) return formatted(value.integer, *parsed);
  if (kind == TypeKind::Float) return formatted(value.real, *parsed);
  return formatted(text_of(value, types), *parsed);
}

std::optional<FormatSpec> parse_format_spec(std::string_view spec) {
  constexpr std::string_view kAligns = "<>^=";
  constexpr int kMaxNumber = 4096;
  FormatSpec result;
  std::size_t at = 0;
  const auto number = [&]() -> std::optional<int> {
    int value = 0;
    const std::size_t begin = at;
    for (; at < spec.size() && spec[at] >= '0' && spec[at] <= '9'; ++at) {
      value = std::min(value * 10 + (spec[at] - '0'), kMaxNumber);
    }
    return at > begin ? std::optional(value) : std::nullopt;
  };
  std::size_t fill_size = spec.empty() ? 0 : 1;
  while (fill_size < spec.size() && (static_cast<unsigned char>(spec[fill_size]) & 0xc0) == 0x80) {
    ++fill_size;
  }
  if (fill_size < spec.size() && is_one_of(spec[fill_size], kAligns)) {
    result.fill = std::string(spec.substr(0, fill_size));
    result.align = spec[fill_size];
    at = fill_size + 1;
  } else if (!spec.empty() && is_one_of(spec[0], kAligns)) {
    result.align = spec[0];
    at = 1;
  }
  if (at < spec.size() && is_one_of(spec[at], "+- ")) result.sign = spec[at++];
  if (at < spec.size() && spec[at] == '0') {
    result.zero = true;
    ++at;
  }
  result.width = number().value_or(0);
  if (at < spec.size() && spec[at] == ',') {
    result.comma = true;
    ++at;
  }
  if (at < spec.size() && spec[at] == '.') {
    ++at;
    const std::optional<int> precision = number();
    if (!precision) return std::nullopt;
    result.precision = *precision;
  }
  if (at < spec.size() && is_one_of(spec[at], "dxXboeEfFgG%s")) result.type = spec[at++];
  if (at != spec.size()) return std::nullopt;
  return result;
}

}  // namespace streamc
