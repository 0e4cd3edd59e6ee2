#include "tests/support/read_value.h"

#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <numeric>
#include <string_view>

#include "compiler/ast/units.h"

namespace streamref {

using streamc::Type;
using streamc::TypeId;
using streamc::TypeKind;
using streamc::TypeTable;

std::string trim_space(const std::string& text) {
  constexpr std::string_view kSpace = " \t\n\v\f\r";
  const std::size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::optional<std::int64_t> parse_int(const std::string& text) {
  const std::string digits = trim_space(text);
  const std::size_t first = !digits.empty() && (digits[0] == '-' || digits[0] == '+') ? 1 : 0;
  if (digits.size() == first ||
      digits.find_first_not_of("0123456789", first) != std::string::npos) {
    return std::nullopt;
  }
  errno = 0;
  const long long value = std::strtoll(digits.c_str(), nullptr, 10);
  if (errno == ERANGE) return std::nullopt;
  return value;
}

std::optional<double> parse_float(const std::string& text) {
  const std::string number = trim_space(text);
  if (number.empty()) return std::nullopt;
  // strtod also reads hexadecimal floats and nan(…), which are no floats here.
  const std::size_t first = number[0] == '-' || number[0] == '+' ? 1 : 0;
  if (number.find_first_of("xX(") != std::string::npos || number.size() == first ||
      std::isspace(static_cast<unsigned char>(number[first])) != 0) {
    return std::nullopt;
  }
  char* end = nullptr;
  const double value = std::strtod(number.c_str(), &end);
  if (end != number.c_str() + number.size()) return std::nullopt;
  return value;
}

namespace {

// `1h30min`, `-250ms`: quantities one after the other.
std::optional<std::int64_t> parse_duration(const std::string& text) {
  std::string rest = trim_space(text);
  const bool negative = rest.starts_with('-');
  if (negative) rest.erase(0, 1);
  if (rest.empty()) return std::nullopt;
  std::int64_t total = 0;
  while (!rest.empty()) {
    const std::size_t digits = std::min(rest.find_first_not_of("0123456789."), rest.size());
    const std::size_t end = std::min(rest.find_first_of("0123456789.", digits), rest.size());
    const auto quantity =
        streamc::quantity_value(rest.substr(0, digits), rest.substr(digits, end - digits));
    if (!quantity || quantity->dimension != streamc::Dimension::Duration ||
        quantity->denominator != 1) {
      return std::nullopt;
    }
    total += quantity->numerator;
    rest.erase(0, end);
  }
  return negative ? -total : total;
}

std::optional<streamc::RateValue> parse_rate(const std::string& text) {
  const std::string trimmed = trim_space(text);
  const std::size_t digits = std::min(trimmed.find_first_not_of("0123456789."), trimmed.size());
  const auto quantity = streamc::quantity_value(trimmed.substr(0, digits), trimmed.substr(digits));
  if (!quantity || quantity->dimension != streamc::Dimension::Rate || quantity->numerator <= 0) {
    return std::nullopt;
  }
  return streamc::RateValue{quantity->numerator, quantity->denominator};
}

std::optional<Value> integral(TypeId type_id, std::optional<std::int64_t> value) {
  if (!value) return std::nullopt;
  return make_integral(type_id, *value);
}

}  // namespace

std::optional<Value> parse_value(const TypeTable& types, TypeId type_id, const std::string& text) {
  const Type& type = types.get(type_id);
  switch (type.kind) {
    case TypeKind::Bool: {
      const std::string word = trim_space(text);
      if (word == "true" || word == "1") return make_bool(types, true);
      if (word == "false" || word == "0") return make_bool(types, false);
      return std::nullopt;
    }
    case TypeKind::Int:
      return integral(type_id, parse_int(text));
    case TypeKind::Float: {
      const std::optional<double> value = parse_float(text);
      if (!value) return std::nullopt;
      return make_float(types, *value);
    }
    case TypeKind::String:
      return make_string(types, text);
    case TypeKind::Time:
      return integral(type_id, streamc::parse_time(trim_space(text)));
    case TypeKind::Duration:
      return integral(type_id, parse_duration(text));
    case TypeKind::Rate: {
      const std::optional<streamc::RateValue> rate = parse_rate(text);
      if (!rate) return std::nullopt;
      Value value;
      value.type_id = type_id;
      value.rate = *rate;
      return value;
    }
    case TypeKind::Enumeration:
      for (std::size_t i = 0; i < type.fields.size(); ++i) {
        if (type.fields[i].name == trim_space(text)) {
          return make_integral(type_id, static_cast<std::int64_t>(i));
        }
      }
      return std::nullopt;
    case TypeKind::Option: {
      if (trim_space(text).empty()) return make_none(type_id);
      std::optional<Value> value = parse_value(types, type.element_id, text);
      if (!value) return std::nullopt;
      return make_present(type_id, std::move(*value));
    }
    default:
      return std::nullopt;
  }
}

}  // namespace streamref
