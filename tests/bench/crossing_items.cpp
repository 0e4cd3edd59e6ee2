#include "tests/bench/crossing_items.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>

namespace streambench {

namespace {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

double now_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

const std::vector<double>& source_items() {
  static const std::vector<double> items = [] {
    std::mt19937_64 random(1);
    std::vector<double> made(kSourceItems);
    for (double& item : made) item = static_cast<double>(random() >> 44);
    return made;
  }();
  return items;
}

double sum_of(const double* items, std::int64_t count) {
  double lanes[8] = {};
  std::int64_t i = 0;
  for (; i + 8 <= count; i += 8) {
    for (int k = 0; k < 8; ++k) lanes[k] += items[i + k];
  }
  double sum = 0;
  for (; i < count; ++i) sum += items[i];
  for (const double lane : lanes) sum += lane;
  return sum;
}

void print_row(const std::string& name, const std::vector<double>& ours, const std::vector<double>& hand, double bar) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < ours.size(); ++i) ratios.push_back(ours[i] / hand[i]);
  fmt::print("{:<44} {:>7.3f} ns {:>7.3f} ns {:>8.2f} {:>6.2f} {:>10.2f}\n", name, median(ours),
             median(hand), median(ratios), bar, 1.0 / median(ours));
  std::fflush(stdout);
}

}  // namespace streambench
