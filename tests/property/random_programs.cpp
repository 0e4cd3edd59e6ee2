#include <fmt/format.h>

#include <string>

#include "tests/property/both_ways.h"
#include "tests/property/properties.h"
#include "tests/support/program_generator.h"
#include "tests/support/shrink.h"

namespace streamtest {

std::string check_random_program(const PropertyOptions& options, int index) {
  // A few in a hundred take streams together that cannot be: then another is drawn.
  constexpr int kDraws = 8;
  constexpr std::uint64_t kNextDraw = 1'000'003;
  std::uint64_t seed = options.seed + static_cast<std::uint64_t>(index);
  streamgen::GeneratedProgram program;
  BothWays first;
  for (int draw = 0; draw < kDraws; ++draw, seed += kNextDraw) {
    streamgen::GeneratorOptions generator;
    generator.allows_stop = seed % 16 == 0;
    program = streamgen::generate_program(seed, generator);
    first = run_both_ways(program.text(), {.seed = seed});
    if (!first.was_refused_for_clocks) break;
  }
  if (first.problem.empty()) return "";

  const streamgen::GeneratedProgram small =
      streamgen::shrink(program, [&](const streamgen::GeneratedProgram& candidate) {
        const BothWays again = run_both_ways(candidate.text(), {.seed = seed});
        return !again.problem.empty() && again.was_refused == first.was_refused;
      });
  return fmt::format("seed {}\n{}\n{}", seed, run_both_ways(small.text(), {.seed = seed}).problem,
                     small.text());
}

}  // namespace streamtest
