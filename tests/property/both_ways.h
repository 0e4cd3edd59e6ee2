// One program, run by the reference interpreter and compiled in memory with batches cut in several
// ways: what it wrote, and whether all runs agree.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace streamtest {

struct BothWays {
  // What differs, or why it does not compile; empty if all runs agree.
  std::string problem;
  // The program was refused, rather than run differently. Two refusals are one kind of failure.
  bool was_refused = false;
  // Refused only because streams cannot be taken together: what a generator cannot always foresee.
  bool was_refused_for_clocks = false;
  // Lines printed, without their tag, by tag (the first word of a line), as the interpreter has them.
  std::map<std::string, std::vector<std::string>> lines;
  bool has_failures = false;  // Items failed and nothing took them.
};

struct BothWaysOptions {
  std::uint64_t seed = 0;  // Of the batch cuts.
  int cuts = 3;            // Random ones, besides whole batches and batches of one item.
  int placements = 1;      // Random ones, each with its own batch cuts.
};

[[nodiscard]] BothWays run_both_ways(const std::string& text, const BothWaysOptions& options = {});

}  // namespace streamtest
