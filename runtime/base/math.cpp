// The floating-point functions of the language: the only place that decides whose they are.

#include <cmath>

#include "runtime/abi/entry_points.h"

extern "C" {
double stream_math_exp(double x) { return std::exp(x); }
double stream_math_log(double x) { return std::log(x); }
double stream_math_log2(double x) { return std::log2(x); }
double stream_math_log10(double x) { return std::log10(x); }
double stream_math_sin(double x) { return std::sin(x); }
double stream_math_cos(double x) { return std::cos(x); }
double stream_math_tan(double x) { return std::tan(x); }
double stream_math_asin(double x) { return std::asin(x); }
double stream_math_acos(double x) { return std::acos(x); }
double stream_math_atan(double x) { return std::atan(x); }
double stream_math_atan2(double y, double x) { return std::atan2(y, x); }
double stream_math_sinh(double x) { return std::sinh(x); }
double stream_math_cosh(double x) { return std::cosh(x); }
double stream_math_tanh(double x) { return std::tanh(x); }
double stream_math_hypot(double x, double y) { return std::hypot(x, y); }
double stream_math_pow(double x, double y) { return std::pow(x, y); }
double stream_math_fmod(double x, double y) { return std::fmod(x, y); }
double stream_math_fma(double x, double y, double z) { return std::fma(x, y, z); }
}
