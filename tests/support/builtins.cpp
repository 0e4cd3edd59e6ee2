#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include "compiler/source/source.h"
#include "compiler/support/assert.h"
#include "runtime/abi/entry_points.h"
#include "tests/support/item_evaluator.h"
#include "tests/support/read_value.h"
#include "tests/support/text_form.h"

namespace streamref {

using streamc::Builtin;
using streamc::TypeId;
using streamc::TypeKind;
using streamc::TypeTable;

namespace {

bool is_int(const TypeTable& types, const Value& value) {
  return types.kind(value.type_id) == TypeKind::Int;
}

double as_float(const TypeTable& types, const Value& value) {
  return is_int(types, value) ? static_cast<double>(value.integer) : value.real;
}

// The smaller (sign < 0) or larger (sign > 0) of two floats: a NaN gives NaN, a zero result is +0.
double extreme(double a, double b, bool larger) {
  if (std::isnan(a) || std::isnan(b)) return std::nan("");
  const double result = (larger ? a > b : a < b) ? a : b;
  return result == 0.0 ? 0.0 : result;
}

Value to_int(const TypeTable& types, const Value& value) {
  if (types.kind(value.type_id) != TypeKind::Float) return make_int(types, value.integer);
  constexpr double kLimit = 9223372036854775808.0;  // 2^63
  if (!(value.real >= -kLimit && value.real < kLimit)) {
    throw ItemFailure{"the number does not fit in an int"};
  }
  return make_int(types, static_cast<std::int64_t>(value.real));
}

std::int64_t shifted(std::int64_t value, std::int64_t count, bool left) {
  if (count < 0 || count >= 64) throw ItemFailure{"the shift count is not between 0 and 63"};
  return left ? static_cast<std::int64_t>(static_cast<std::uint64_t>(value) << count)
              : value >> count;
}

std::string mapped(std::string text, char first, char last, int change) {
  for (char& c : text) {
    if (c >= first && c <= last) c = static_cast<char>(c + change);
  }
  return text;
}

std::int64_t parsed_int(const std::string& text) {
  const std::optional<std::int64_t> value = parse_int(text);
  if (!value) throw ItemFailure{"`" + text + "` is no int"};
  return *value;
}

double parsed_float(const std::string& text) {
  const std::optional<double> value = parse_float(text);
  if (!value) throw ItemFailure{"`" + text + "` is no float"};
  return *value;
}

}  // namespace

// Transcendental functions are the language's own: one implementation for every program, this
// interpreter and the compiler, because the C library's last bits depend on the machine.
Value call_builtin(const TypeTable& types, Builtin builtin, TypeId result_type,
                   std::span<const Value> arguments) {
  const Value& a = arguments[0];
  const Value& b = arguments.size() > 1 ? arguments[1] : a;
  const auto x = [&] { return as_float(types, a); };
  const auto y = [&] { return as_float(types, b); };
  const auto number = [&](double value) { return make_float(types, value); };
  const auto integer = [&](std::int64_t value) { return make_integral(result_type, value); };
  switch (builtin) {
    case Builtin::Abs:
      if (types.kind(a.type_id) == TypeKind::Float) return number(std::fabs(a.real));
      return integer(a.integer < 0 ? wrapping_subtract(0, a.integer) : a.integer);
    case Builtin::Min:
      if (types.kind(a.type_id) == TypeKind::Float) return number(extreme(a.real, b.real, false));
      return integer(std::min(a.integer, b.integer));
    case Builtin::Max:
      if (types.kind(a.type_id) == TypeKind::Float) return number(extreme(a.real, b.real, true));
      return integer(std::max(a.integer, b.integer));
    case Builtin::Sqrt:
      return number(std::sqrt(x()));
    case Builtin::Floor:
      return number(std::floor(x()));
    case Builtin::Ceil:
      return number(std::ceil(x()));
    case Builtin::Round:
      return number(std::nearbyint(x()));
    case Builtin::Truncate:
      return number(std::trunc(x()));
    case Builtin::Exp:
      return number(stream_math_exp(x()));
    case Builtin::Log:
      return number(stream_math_log(x()));
    case Builtin::Log2:
      return number(stream_math_log2(x()));
    case Builtin::Log10:
      return number(stream_math_log10(x()));
    case Builtin::Sin:
      return number(stream_math_sin(x()));
    case Builtin::Cos:
      return number(stream_math_cos(x()));
    case Builtin::Tan:
      return number(stream_math_tan(x()));
    case Builtin::Asin:
      return number(stream_math_asin(x()));
    case Builtin::Acos:
      return number(stream_math_acos(x()));
    case Builtin::Atan:
      return number(stream_math_atan(x()));
    case Builtin::Atan2:
      return number(stream_math_atan2(x(), y()));
    case Builtin::Sinh:
      return number(stream_math_sinh(x()));
    case Builtin::Cosh:
      return number(stream_math_cosh(x()));
    case Builtin::Tanh:
      return number(stream_math_tanh(x()));
    case Builtin::Hypot:
      return number(stream_math_hypot(x(), y()));
    case Builtin::Fma:
      return number(std::fma(x(), y(), as_float(types, arguments[2])));
    case Builtin::IsNan:
      return make_bool(types, std::isnan(x()));
    case Builtin::IsFinite:
      return make_bool(types, std::isfinite(x()));
    case Builtin::ToInt:
      return to_int(types, a);
    case Builtin::ToFloat:
      return number(x());
    case Builtin::ToText:
      return make_string(types, text_of(types, a));
    case Builtin::ParseInt:
      return integer(parsed_int(a.text));
    case Builtin::ParseFloat:
      return number(parsed_float(a.text));
    case Builtin::Seconds:
      return number(static_cast<double>(a.integer) / 1e9);
    case Builtin::BitAnd:
      return integer(a.integer & b.integer);
    case Builtin::BitOr:
      return integer(a.integer | b.integer);
    case Builtin::BitXor:
      return integer(a.integer ^ b.integer);
    case Builtin::BitNot:
      return integer(~a.integer);
    case Builtin::ShiftLeft:
      return integer(shifted(a.integer, b.integer, true));
    case Builtin::ShiftRight:
      return integer(shifted(a.integer, b.integer, false));
    case Builtin::Length:
      return integer(static_cast<std::int64_t>(a.parts.size()));
    case Builtin::TextLength:
      return integer(static_cast<std::int64_t>(streamc::count_characters(a.text)));
    case Builtin::Contains:
      return make_bool(types, a.text.find(b.text) != std::string::npos);
    case Builtin::StartsWith:
      return make_bool(types, a.text.starts_with(b.text));
    case Builtin::EndsWith:
      return make_bool(types, a.text.ends_with(b.text));
    case Builtin::Upper:
      return make_string(types, mapped(a.text, 'a', 'z', 'A' - 'a'));
    case Builtin::Lower:
      return make_string(types, mapped(a.text, 'A', 'Z', 'a' - 'A'));
    case Builtin::Trim:
      return make_string(types, trim_space(a.text));
  }
  STREAM_UNREACHABLE("builtin {}", static_cast<int>(builtin));
}

}  // namespace streamref
