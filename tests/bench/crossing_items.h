// What all crossings have in common: the items that cross, what is done with them, and a row of the table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace streambench {

inline constexpr std::int64_t kBatch = 1024;
inline constexpr std::size_t kSourceItems = std::size_t{1} << 14;  // In cache.

double now_seconds();

// kSourceItems doubles, made at run time; whole, so that sums are exact.
const std::vector<double>& source_items();

// In eight lanes, so that adding is not what is measured.
double sum_of(const double* items, std::int64_t count);

// Medians of nanoseconds, one entry a round, the median of their ratios, and what that is to be at the most.
void print_row(const std::string& name, const std::vector<double>& ours, const std::vector<double>& hand, double bar);

}  // namespace streambench
