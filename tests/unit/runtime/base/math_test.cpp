// The mathematics must give the same bits on every CPU and from every compiler: a million arguments
// for each function, hashed. The hashes were taken once; a difference means that results moved.

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstring>

#include "runtime/abi/entry_points.h"
#include "runtime/abi/symbols.h"

namespace {

// xorshift64: the same numbers everywhere.
class Arguments {
 public:
  double next() {  // In [-1, 1).
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<double>(static_cast<std::int64_t>(state_)) * 0x1p-63;
  }

 private:
  std::uint64_t state_ = 88172645463325252;
};

template <class Function>
std::uint64_t hash_of(Function function) {
  Arguments arguments;
  std::uint64_t hash = 1469598103934665603;
  for (int i = 0; i < 1'000'000; ++i) {
    const double x = arguments.next();
    const double y = arguments.next();
    const double result = function(x, y);
    std::uint64_t bits = 0x7ff8000000000000;
    if (!std::isnan(result)) std::memcpy(&bits, &result, sizeof bits);
    hash = (hash ^ bits) * 1099511628211;
  }
  return hash;
}

}  // namespace

TEST_CASE("a million results of each function have the hash they always had") {
  using std::fabs;
  CHECK(hash_of([](double x, double) { return stream_math_exp(x * 50); }) == 0x8eae3991d7fca79f);
  CHECK(hash_of([](double x, double) { return stream_math_log(fabs(x) * 1000); }) ==
        0xf8fd7fff3eb8a580);
  CHECK(hash_of([](double x, double) { return stream_math_log2(fabs(x) * 1000); }) ==
        0xb9ca5c23250bef92);
  CHECK(hash_of([](double x, double) { return stream_math_log10(fabs(x) * 1000); }) ==
        0x9cc521eab49d1ddd);
  CHECK(hash_of([](double x, double) { return stream_math_sin(x * 1e6); }) == 0x2164db7243c49475);
  CHECK(hash_of([](double x, double) { return stream_math_cos(x * 1e15); }) == 0x68ca8d073d60384f);
  CHECK(hash_of([](double x, double) { return stream_math_tan(x * 100); }) == 0x1a19dc266278bfb5);
  CHECK(hash_of([](double x, double) { return stream_math_asin(x); }) == 0xa26f98061188f03b);
  CHECK(hash_of([](double x, double) { return stream_math_acos(x); }) == 0x80db02975b219f0a);
  CHECK(hash_of([](double x, double) { return stream_math_atan(x * 10); }) == 0x15f431068e335e83);
  CHECK(hash_of([](double x, double y) { return stream_math_atan2(x, y); }) == 0xf4c08a8d241b7418);
  CHECK(hash_of([](double x, double) { return stream_math_sinh(x * 10); }) == 0x9b4545606d84ca75);
  CHECK(hash_of([](double x, double) { return stream_math_cosh(x * 10); }) == 0xd4629a8a563d9e53);
  CHECK(hash_of([](double x, double) { return stream_math_tanh(x * 3); }) == 0x0c16b85547e1c666);
  CHECK(hash_of([](double x, double y) { return stream_math_hypot(x, y); }) == 0xb767424cfbe93cb0);
  CHECK(hash_of([](double x, double y) { return stream_math_pow(fabs(x) * 10, y * 20); }) ==
        0x9a9d8a06a79c6e27);
  CHECK(hash_of([](double x, double y) { return stream_math_fmod(x * 1e6, y); }) ==
        0xa805fd56a0cce63e);
}

TEST_CASE("what everybody expects of mathematics is exact") {
  CHECK(stream_math_exp(0) == 1);
  CHECK(stream_math_log(1) == 0);
  CHECK(stream_math_pow(2, 0.5) == std::sqrt(2.0));
  CHECK(stream_math_pow(0, 0) == 1);
  CHECK(std::isnan(stream_math_log(-1)));
  CHECK(std::isinf(stream_math_log(0)));
  CHECK(stream_math_fma(0x1p53 + 2, 1.0 + 0x1p-52, -(0x1p53 + 4)) ==
        std::fma(0x1p53 + 2, 1.0 + 0x1p-52, -(0x1p53 + 4)));
  double power = 1;
  for (int i = 0; i <= 22; ++i, power *= 10) CHECK(stream_math_log10(power) == i);
  for (int i = -1000; i < 1000; ++i) {
    CHECK(stream_math_pow(2, i) == std::ldexp(1.0, i));
    CHECK(stream_math_log2(std::ldexp(1.0, i)) == i);
  }
}

TEST_CASE("every entry point has a name and an address") {
  const auto points = streamrt::entry_points();
  CHECK(points.size() >= 40);
  for (const auto& point : points) CHECK(point.address != nullptr);
}
