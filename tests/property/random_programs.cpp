#include <fmt/format.h>

#include <string>

#include "tests/property/both_ways.h"
#include "tests/property/properties.h"
#include "tests/support/program_generator.h"
#include "tests/support/shrink.h"

namespace streamtest {

std::string check_random_program(const PropertyOptions& options, int index) {
  const std::uint64_t seed = options.seed + static_cast<std::uint64_t>(index);
  streamgen::GeneratorOptions generator;
  generator.allows_stop = seed % 16 == 0;
  const streamgen::GeneratedProgram program = streamgen::generate_program(seed, generator);
  const BothWays first = run_both_ways(program.text(), {.seed = seed});
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
