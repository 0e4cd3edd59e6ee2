// The properties that stream_property_tests checks: each a function that gives what is wrong.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace streamtest {

struct PropertyOptions {
  std::uint64_t seed = 1;   // Of the first random program.
  int count = 300;          // Random programs.
  int window_size_max = 40;
};

// Random programs; `index` counts from the seed. Empty if all is well.
[[nodiscard]] std::string check_random_program(const PropertyOptions& options, int index);

// A law of the semantics, tried on random input made from a seed.
struct Law {
  const char* name;
  std::string (*check)(std::uint64_t seed);
  int rounds;  // Seeds to try.
};
[[nodiscard]] const std::vector<Law>& all_laws();

// Every kind of window of that size, over rough values.
[[nodiscard]] std::string check_windows_of_size(int size, std::uint64_t seed);

}  // namespace streamtest
