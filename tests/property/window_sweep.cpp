// Windows of every shape: one program for each size, with all steps, anchors and kinds of aggregate.
#include <fmt/format.h>

#include <set>
#include <string>

#include "tests/property/both_ways.h"
#include "tests/property/properties.h"
#include "tests/support/expression_generator.h"
#include "tests/support/generator_library.h"
#include "tests/support/generated_program.h"

namespace streamtest {

std::string check_windows_of_size(int size, std::uint64_t seed) {
  using streamgen::ItemKind;
  streamgen::Random random(seed * 7919 + static_cast<std::uint64_t>(size));
  streamgen::GeneratedProgram program;
  program.declarations = streamgen::library_declarations();

  streamgen::Equation list{{"raw"}, "", true, {}, ""};
  const int length = 3 * size + 20 + static_cast<int>(random.below(30));
  for (int i = 0; i < length; ++i) {
    // Mostly ordinary numbers: a window with a NaN in it tells little about the rest.
    const bool is_rough = random.chance(4);
    list.elements.push_back(is_rough
                                ? streamgen::ExpressionGenerator::constant(random, ItemKind::Float)
                                : fmt::format("{}", static_cast<double>(random.between(-9999, 9999)) / 7.0));
    if (list.elements.back().find_first_of(".en") == std::string::npos) list.elements.back() += ".0";
  }
  program.equations.push_back(list);
  // A hole now and then keeps its place.
  program.equations.push_back({{"x"}, "raw |> map(v => if int(v * 100.0) % 11 == 3 { fail(\"gap\") } else { v })"
                                      , false, {}, ""});
  const std::set<int> steps = {1, 2, 3, 5, 8, size / 2, size - 1, size, size + 1, size + 3};
  int number = 0;
  for (const int every : steps) {
    if (every < 1) continue;
    for (const char* const anchor : {"", ", partial: true", ", rest: true"}) {
      if (every == 1 && std::string(anchor) == ", rest: true") continue;
      for (const char* const aggregate : {"sum", "discounted", "alternating", "var", "max", "count"}) {
        if (number > 0 && !random.chance(45)) continue;  // A sample: all of them take too long.
        const std::string name = fmt::format("w{}", ++number);
        program.equations.push_back(
            {{name}, fmt::format("x |> window({}, every: {}{}) |> {}", size, every, anchor, aggregate),
             false, {}, ""});
        program.sinks.push_back({name, fmt::format("{0} |> print(\"{0} {{}}\")", name)});
      }
    }
  }
  const BothWays result = run_both_ways(program.text(), {.seed = seed, .cuts = 2});
  return result.problem.empty() ? "" : fmt::format("{}\n{}", result.problem, program.text());
}

}  // namespace streamtest
