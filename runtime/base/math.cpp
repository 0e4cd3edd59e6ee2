// The floating-point functions of the language: the only place that decides whose they are.
//
// Results must not depend on the machine, so those that IEEE 754 does not define to the bit are our
// own build of newlib's (libm.cmake). fma is exact by definition, in software where the CPU lacks
// it.

#include <cmath>

#include "runtime/abi/entry_points.h"

extern "C" {
double stream_libm_exp(double);
double stream_libm_log(double);
double stream_libm_log2(double);
double stream_libm_log10(double);
double stream_libm_sin(double);
double stream_libm_cos(double);
double stream_libm_tan(double);
double stream_libm_asin(double);
double stream_libm_acos(double);
double stream_libm_atan(double);
double stream_libm_atan2(double, double);
double stream_libm_sinh(double);
double stream_libm_cosh(double);
double stream_libm_tanh(double);
double stream_libm_hypot(double, double);
double stream_libm_pow(double, double);
double stream_libm_fmod(double, double);

double stream_math_exp(double x) {
  return stream_libm_exp(x);
}
double stream_math_log(double x) {
  return stream_libm_log(x);
}
double stream_math_log2(double x) {
  return stream_libm_log2(x);
}
double stream_math_log10(double x) {
  return stream_libm_log10(x);
}
double stream_math_sin(double x) {
  return stream_libm_sin(x);
}
double stream_math_cos(double x) {
  return stream_libm_cos(x);
}
double stream_math_tan(double x) {
  return stream_libm_tan(x);
}
double stream_math_asin(double x) {
  return stream_libm_asin(x);
}
double stream_math_acos(double x) {
  return stream_libm_acos(x);
}
double stream_math_atan(double x) {
  return stream_libm_atan(x);
}
double stream_math_atan2(double y, double x) {
  return stream_libm_atan2(y, x);
}
double stream_math_sinh(double x) {
  return stream_libm_sinh(x);
}
double stream_math_cosh(double x) {
  return stream_libm_cosh(x);
}
double stream_math_tanh(double x) {
  return stream_libm_tanh(x);
}
// Infinite as soon as one side is, even beside a NaN: fdlibm's way, and that of C.
double stream_math_hypot(double x, double y) {
  return stream_libm_hypot(x, y);
}
double stream_math_pow(double x, double y) {
  return stream_libm_pow(x, y);
}
double stream_math_fmod(double x, double y) {
  return stream_libm_fmod(x, y);
}
double stream_math_fma(double x, double y, double z) {
  return std::fma(x, y, z);
}
}
