// Round-robin timing: each case once a round, medians over rounds.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace streambench {

// Two ways to do the same work; each call handles `items` items.
struct Row {
  std::string name;
  double items = 0;
  std::function<void()> compiled;
  std::function<void()> hand;
  double bar = 0;  // The ratio that the project promises to stay below.
};

// Times both sides in alternation and prints one line: ns an item of both, the median of the ratios
// compiled / hand, and G items/s of the compiled side.
void measure(const Row& row);

void print_header();

}  // namespace streambench
