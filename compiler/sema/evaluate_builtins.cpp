// The builtins of builtins.def, and which constants an expression reads.
#include <cmath>
#include <charconv>
#include <set>
#include <string_view>

#include "compiler/sema/evaluator_run.h"
#include "compiler/sema/value_text.h"
#include "compiler/source/source.h"
#include "compiler/support/match.h"
#include "runtime/abi/entry_points.h"

namespace streamc {

namespace {

// A NaN gives NaN, and a zero result is +0, so that the order of the values cannot show.
double least(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::nan("");
  const double result = a < b ? a : b;
  return result == 0.0 ? 0.0 : result;
}
double greatest(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::nan("");
  const double result = a > b ? a : b;
  return result == 0.0 ? 0.0 : result;
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<Value> EvaluatorRun::evaluate_builtin(const CheckedExpr& expr,
                                                    const CallBuiltinExpr& node) {
  const std::optional<std::vector<Value>> arguments = evaluate_all(node.arguments);
  if (!arguments) return std::nullopt;
  const std::vector<Value>& v = *arguments;
  const bool is_float = types_.kind(v[0].type_id) == TypeKind::Float;
  const auto real = [&](double value) -> Result { return make_float(types_, value); };
  const auto integer = [&](std::int64_t value) -> Result { return make_int(types_, value); };
  const auto truth = [&](bool value) -> Result { return make_bool(types_, value); };
  const auto text = [&](std::string value) -> Result {
    return make_string(types_, std::move(value));
  };
  const double x = v[0].real;
  const std::int64_t i = v[0].integer;
  const std::string& s = v[0].text;
  switch (node.builtin) {
    case Builtin::Abs:
      return is_float ? real(std::fabs(x))
                      : integer(i < 0 ? static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(i))
                                      : i);
    case Builtin::Min:
      return is_float ? real(least(x, v[1].real)) : integer(std::min(i, v[1].integer));
    case Builtin::Max:
      return is_float ? real(greatest(x, v[1].real)) : integer(std::max(i, v[1].integer));
    case Builtin::Sqrt:
      return real(std::sqrt(x));
    case Builtin::Floor:
      return real(std::floor(x));
    case Builtin::Ceil:
      return real(std::ceil(x));
    case Builtin::Round:
      return real(std::nearbyint(x));
    case Builtin::Truncate:
      return real(std::trunc(x));
    case Builtin::Exp:
      return real(stream_math_exp(x));
    case Builtin::Log:
      return real(stream_math_log(x));
    case Builtin::Log2:
      return real(stream_math_log2(x));
    case Builtin::Log10:
      return real(stream_math_log10(x));
    case Builtin::Sin:
      return real(stream_math_sin(x));
    case Builtin::Cos:
      return real(stream_math_cos(x));
    case Builtin::Tan:
      return real(stream_math_tan(x));
    case Builtin::Asin:
      return real(stream_math_asin(x));
    case Builtin::Acos:
      return real(stream_math_acos(x));
    case Builtin::Atan:
      return real(stream_math_atan(x));
    case Builtin::Atan2:
      return real(stream_math_atan2(x, v[1].real));
    case Builtin::Sinh:
      return real(stream_math_sinh(x));
    case Builtin::Cosh:
      return real(stream_math_cosh(x));
    case Builtin::Tanh:
      return real(stream_math_tanh(x));
    case Builtin::Hypot:
      return real(stream_math_hypot(x, v[1].real));
    case Builtin::Fma:
      return real(stream_math_fma(x, v[1].real, v[2].real));
    case Builtin::IsNan:
      return truth(std::isnan(x));
    case Builtin::IsFinite:
      return truth(std::isfinite(x));
    case Builtin::ToInt:
      if (!(x >= -9223372036854775808.0 && x < 9223372036854775808.0)) {
        return fail(expr.span, "the number does not fit in an int");
      }
      return integer(static_cast<std::int64_t>(x));
    case Builtin::ToFloat:
      return real(x);
    case Builtin::ToText:
      return text(text_of(v[0], types_));
    case Builtin::ParseInt: {
      std::int64_t value = 0;
      if (stream_parse_int(s.data(), static_cast<std::int64_t>(s.size()), &value) == 0) {
        return fail(expr.span, "not an int: " + s);
      }
      return integer(value);
    }
    case Builtin::ParseFloat: {
      double value = 0.0;
      if (stream_parse_float(s.data(), static_cast<std::int64_t>(s.size()), &value) == 0) {
        return fail(expr.span, "not a number: " + s);
      }
      return real(value);
    }
    case Builtin::Seconds:
      return real(static_cast<double>(i) / 1e9);
    case Builtin::BitAnd:
      return integer(i & v[1].integer);
    case Builtin::BitOr:
      return integer(i | v[1].integer);
    case Builtin::BitXor:
      return integer(i ^ v[1].integer);
    case Builtin::BitNot:
      return integer(~i);
    case Builtin::ShiftLeft:
    case Builtin::ShiftRight: {
      const std::int64_t count = v[1].integer;
      if (count < 0 || count >= 64) return fail(expr.span, "a shift is by 0 to 63 places");
      if (node.builtin == Builtin::ShiftRight) return integer(i >> count);
      return integer(static_cast<std::int64_t>(static_cast<std::uint64_t>(i) << count));
    }
    case Builtin::Length:
      return integer(static_cast<std::int64_t>(v[0].parts.size()));
    case Builtin::TextLength:
      return integer(static_cast<std::int64_t>(count_characters(s)));
    case Builtin::Contains:
      return truth(s.find(v[1].text) != std::string::npos);
    case Builtin::StartsWith:
      return truth(s.starts_with(v[1].text));
    case Builtin::EndsWith:
      return truth(s.ends_with(v[1].text));
    case Builtin::Upper:
    case Builtin::Lower: {
      std::string result = s;
      for (char& c : result) {
        if (node.builtin == Builtin::Upper && c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
        if (node.builtin == Builtin::Lower && c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
      }
      return text(std::move(result));
    }
    case Builtin::Trim:
      return text(std::string(trimmed(s)));
  }
  STREAM_UNREACHABLE("builtin {}", static_cast<int>(node.builtin));
}

}  // namespace streamc
