#include "tests/support/values.h"

#include <bit>
#include <cmath>
#include <limits>
#include <utility>

namespace streamref {

using streamc::TypeId;
using streamc::TypeKind;
using streamc::TypeTable;

Value make_integral(TypeId type_id, std::int64_t value) {
  Value result;
  result.type_id = type_id;
  result.integer = value;
  return result;
}

Value make_bool(const TypeTable& types, bool value) {
  return make_integral(types.scalar(TypeKind::Bool), value ? 1 : 0);
}

Value make_int(const TypeTable& types, std::int64_t value) {
  return make_integral(types.scalar(TypeKind::Int), value);
}

Value make_float(const TypeTable& types, double value) {
  Value result;
  result.type_id = types.scalar(TypeKind::Float);
  result.real = value;
  return result;
}

Value make_string(const TypeTable& types, std::string value) {
  Value result;
  result.type_id = types.scalar(TypeKind::String);
  result.text = std::move(value);
  return result;
}

Value make_composite(TypeId type_id, std::vector<Value> parts) {
  Value result;
  result.type_id = type_id;
  result.parts = std::move(parts);
  return result;
}

Value make_present(TypeId option_id, Value value) {
  Value result;
  result.type_id = option_id;
  result.present = true;
  result.parts.push_back(std::move(value));
  return result;
}

Value make_none(TypeId option_id) {
  Value result;
  result.type_id = option_id;
  result.present = false;
  return result;
}

namespace {

int sign_of(WideInt value) { return value < 0 ? -1 : value > 0 ? 1 : 0; }

int compare_rates(const streamc::RateValue& a, const streamc::RateValue& b) {
  return sign_of(static_cast<WideInt>(a.numerator) * b.denominator -
                 static_cast<WideInt>(b.numerator) * a.denominator);
}

// Options and composites part by part, scalars by `same_scalar`.
template <class SameScalar>
bool same_value(const TypeTable& types, const Value& a, const Value& b, SameScalar same_scalar) {
  switch (types.kind(a.type_id)) {
    case TypeKind::Option:
      if (a.present != b.present) return false;
      if (!a.present) return true;
      break;
    case TypeKind::Record:
    case TypeKind::Tuple:
    case TypeKind::Array:
    case TypeKind::Window:
      break;
    default:
      return same_scalar(a, b);
  }
  if (a.parts.size() != b.parts.size()) return false;
  for (std::size_t i = 0; i < a.parts.size(); ++i) {
    if (!same_value(types, a.parts[i], b.parts[i], same_scalar)) return false;
  }
  return true;
}

}  // namespace

bool values_equal(const TypeTable& types, const Value& a, const Value& b) {
  return same_value(types, a, b, [&](const Value& left, const Value& right) {
    switch (types.kind(left.type_id)) {
      case TypeKind::None:
        return true;
      case TypeKind::Float:
        return left.real == right.real;
      case TypeKind::String:
        return left.text == right.text;
      case TypeKind::Rate:
        return compare_rates(left.rate, right.rate) == 0;
      default:
        return left.integer == right.integer;
    }
  });
}

bool values_identical(const TypeTable& types, const Value& a, const Value& b) {
  return same_value(types, a, b, [&](const Value& left, const Value& right) {
    if (types.kind(left.type_id) != TypeKind::Float) return values_equal(types, left, right);
    if (std::isnan(left.real) || std::isnan(right.real)) {
      return std::isnan(left.real) && std::isnan(right.real);
    }
    return std::bit_cast<std::uint64_t>(left.real) == std::bit_cast<std::uint64_t>(right.real);
  });
}

std::optional<int> compare_values(const TypeTable& types, const Value& a, const Value& b) {
  switch (types.kind(a.type_id)) {
    case TypeKind::Float:
      if (std::isnan(a.real) || std::isnan(b.real)) return std::nullopt;
      return a.real < b.real ? -1 : a.real > b.real ? 1 : 0;
    case TypeKind::String: {
      const int order = a.text.compare(b.text);  // char_traits<char> compares unsigned bytes.
      return order < 0 ? -1 : order > 0 ? 1 : 0;
    }
    case TypeKind::Rate:
      return compare_rates(a.rate, b.rate);
    default:
      return a.integer < b.integer ? -1 : a.integer > b.integer ? 1 : 0;
  }
}

std::int64_t wrapping_add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

std::int64_t wrapping_subtract(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

std::int64_t wrapping_multiply(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
}

std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  if (b == 0) throw ItemFailure{"division by zero"};
  if (b == -1) return wrapping_subtract(0, a);  // The least int over -1 wraps.
  const std::int64_t quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

std::int64_t floor_modulo(std::int64_t a, std::int64_t b) {
  if (b == 0) throw ItemFailure{"division by zero"};
  if (b == -1) return 0;
  const std::int64_t remainder = a % b;
  return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder;
}

double floor_modulo(double a, double b) {
  if (b == 0.0) throw ItemFailure{"division by zero"};
  const double remainder = std::fmod(a, b);
  if (remainder == 0.0) return std::copysign(0.0, b);
  return (remainder < 0.0) != (b < 0.0) ? remainder + b : remainder;
}

// As CPython's float_floor_div: the quotient of what is left once the remainder is taken away, so
// that `a == b * (a // b) + a % b` as nearly as rounding allows.
double floor_divide(double a, double b) {
  if (b == 0.0) throw ItemFailure{"division by zero"};
  const double remainder = std::fmod(a, b);
  double quotient = (a - remainder) / b;
  if (remainder != 0.0 && (b < 0.0) != (remainder < 0.0)) quotient -= 1.0;
  if (quotient == 0.0) return std::copysign(0.0, a / b);
  const double floored = std::floor(quotient);
  return quotient - floored > 0.5 ? floored + 1.0 : floored;
}

}  // namespace streamref
