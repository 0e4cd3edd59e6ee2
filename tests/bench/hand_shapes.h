// The other side of the benchmarks: loops as an expert writes them by hand, in batches like ours.
#pragma once

#include <cstddef>
#include <vector>

namespace streambench {

// x = x * factors[k] + factors[k + 1] for each k < maps, then the items above `limit`, packed. Maps
// in vector registers, then a register compress: the best shape known for AVX-512 and AVX2.
// `out` has room for 8 more. Returns how many.
std::size_t maps_and_filter(int maps, const double* factors, double limit, const double* in,
                            double* out, std::size_t count);

// A ring and a running sum, the loop split at the ring's end. Drifts; counts missing items as 0.
class RunningSum {
 public:
  explicit RunningSum(std::size_t size) : ring_(size, 0.0) {}
  void run(const double* in, double* out, std::size_t count, double scale);

 private:
  std::vector<double> ring_;
  std::size_t place_ = 0;
  double sum_ = 0.0;
};

// Sliding maximum by two stacks (an item at a time), over a ring.
class TwoStacksMax {
 public:
  explicit TwoStacksMax(std::size_t size);
  void run(const double* in, double* out, std::size_t count);

 private:
  std::size_t size_;
  std::vector<double> items_, suffixes_;
  std::size_t front_ = 0, middle_ = 0, end_ = 0;
  double back_ = 0.0;
};

// Sums of `size` items, one after the other; size is a multiple of 16. Several accumulators.
void tumbling_sum(std::size_t size, const double* in, double* out, std::size_t count);

// y = x + gain * y, with the state in a register. Returns the new state.
double feedback(double gain, double state, const double* in, double* out, std::size_t count);

}  // namespace streambench
