#include "tests/bench/hand_shapes.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

namespace streambench {

namespace {

template <int kMaps>
double chain(double x, const double* factors) {
  for (int k = 0; k < kMaps; ++k) x = x * factors[k] + factors[k + 1];
  return x;
}

#if defined(__AVX512F__)

template <int kMaps>
std::size_t maps_and_filter_of(const double* factors, double limit, const double* in, double* out,
                               std::size_t count) {
  __m512d wide[kMaps + 1];
  for (int k = 0; k <= kMaps; ++k) wide[k] = _mm512_set1_pd(factors[k]);
  const __m512d bound = _mm512_set1_pd(limit);
  std::size_t place = 0;
  std::size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    __m512d x = _mm512_loadu_pd(in + i);
    for (std::size_t k = 0; k < kMaps; ++k) x = _mm512_add_pd(_mm512_mul_pd(x, wide[k]), wide[k + 1]);
    const __mmask8 keep = _mm512_cmp_pd_mask(x, bound, _CMP_GT_OQ);
    _mm512_storeu_pd(out + place, _mm512_maskz_compress_pd(keep, x));
    place += static_cast<std::size_t>(__builtin_popcount(keep));
  }
  for (; i < count; ++i) {
    const double y = chain<kMaps>(in[i], factors);
    out[place] = y;
    place += y > limit ? 1 : 0;
  }
  return place;
}

#elif defined(__AVX2__)

using Permutation = std::array<std::uint32_t, 8>;

std::array<Permutation, 16> make_permutations() {
  std::array<Permutation, 16> table{};
  for (std::uint32_t mask = 0; mask < 16; ++mask) {
    std::size_t next = 0;
    for (std::uint32_t lane = 0; lane < 4; ++lane) {
      if ((mask >> lane & 1) == 0) continue;
      table[mask][next++] = 2 * lane;
      table[mask][next++] = 2 * lane + 1;
    }
  }
  return table;
}

alignas(64) const std::array<Permutation, 16> kPermutations = make_permutations();

template <int kMaps>
std::size_t maps_and_filter_of(const double* factors, double limit, const double* in, double* out,
                               std::size_t count) {
  __m256d wide[kMaps + 1];
  for (int k = 0; k <= kMaps; ++k) wide[k] = _mm256_set1_pd(factors[k]);
  const __m256d bound = _mm256_set1_pd(limit);
  std::size_t place = 0;
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    __m256d x = _mm256_loadu_pd(in + i);
    for (std::size_t k = 0; k < kMaps; ++k) x = _mm256_add_pd(_mm256_mul_pd(x, wide[k]), wide[k + 1]);
    const int keep = _mm256_movemask_pd(_mm256_cmp_pd(x, bound, _CMP_GT_OQ));
    const auto* row = reinterpret_cast<const __m256i*>(kPermutations[static_cast<std::size_t>(keep)].data());
    const __m256i packed =
        _mm256_permutevar8x32_epi32(_mm256_castpd_si256(x), _mm256_load_si256(row));
    _mm256_storeu_pd(out + place, _mm256_castsi256_pd(packed));
    place += static_cast<std::size_t>(__builtin_popcount(static_cast<unsigned>(keep)));
  }
  for (; i < count; ++i) {
    const double y = chain<kMaps>(in[i], factors);
    out[place] = y;
    place += y > limit ? 1 : 0;
  }
  return place;
}

#else

template <int kMaps>
std::size_t maps_and_filter_of(const double* factors, double limit, const double* in, double* out,
                               std::size_t count) {
  std::size_t place = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double y = chain<kMaps>(in[i], factors);
    out[place] = y;
    place += y > limit ? 1 : 0;
  }
  return place;
}

#endif

}  // namespace

std::size_t maps_and_filter(int maps, const double* factors, double limit, const double* in,
                            double* out, std::size_t count) {
  switch (maps) {
    case 1:
      return maps_and_filter_of<1>(factors, limit, in, out, count);
    case 5:
      return maps_and_filter_of<5>(factors, limit, in, out, count);
    default:
      return maps_and_filter_of<10>(factors, limit, in, out, count);
  }
}

void RunningSum::run(const double* in, double* out, std::size_t count, double scale) {
  std::size_t place = place_;
  double sum = sum_;
  const std::size_t size = ring_.size();
  double* __restrict ring = ring_.data();
  while (count > 0) {
    const std::size_t part = std::min(count, size - place);
    for (std::size_t i = 0; i < part; ++i) {
      const double x = in[i];
      sum += x - ring[place + i];
      ring[place + i] = x;
      out[i] = sum * scale;
    }
    in += part;
    out += part;
    count -= part;
    place += part;
    if (place == size) place = 0;
  }
  place_ = place;
  sum_ = sum;
}

TwoStacksMax::TwoStacksMax(std::size_t size)
    : size_(size), back_(-std::numeric_limits<double>::infinity()) {
  std::size_t room = 1;
  while (room < 2 * size) room *= 2;
  items_.assign(room, 0.0);
  suffixes_.assign(room, 0.0);
}

void TwoStacksMax::run(const double* in, double* out, std::size_t count) {
  const std::size_t mask = items_.size() - 1;
  double* __restrict items = items_.data();
  double* __restrict suffixes = suffixes_.data();
  for (std::size_t i = 0; i < count; ++i) {
    items[end_ & mask] = in[i];
    back_ = std::max(back_, in[i]);
    ++end_;
    if (end_ - front_ > size_) {
      if (front_ == middle_) {
        double suffix = -std::numeric_limits<double>::infinity();
        for (std::size_t k = end_; k-- > front_;) {
          suffix = std::max(suffix, items[k & mask]);
          suffixes[k & mask] = suffix;
        }
        middle_ = end_;
        back_ = -std::numeric_limits<double>::infinity();
      }
      ++front_;
    }
    out[i] = front_ == middle_ ? back_ : std::max(suffixes[front_ & mask], back_);
  }
}

void tumbling_sum(std::size_t size, const double* in, double* out, std::size_t count) {
  for (std::size_t first = 0; first + size <= count; first += size) {
    std::array<double, 16> lanes{};
    for (std::size_t i = 0; i < size; i += 16) {
      for (std::size_t lane = 0; lane < 16; ++lane) lanes[lane] += in[first + i + lane];
    }
    double sum = 0.0;
    for (const double lane : lanes) sum += lane;
    *out++ = sum;
  }
}

double feedback(double gain, double state, const double* in, double* out, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    state = in[i] + gain * state;
    out[i] = state;
  }
  return state;
}

}  // namespace streambench
