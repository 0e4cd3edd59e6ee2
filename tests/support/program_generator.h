// Random well-typed programs over what the language has, with random lists as input.
//
// Equal seeds give equal programs, on every machine. The generator keeps account of clocks as the
// language does, so that what it makes is accepted; values are chosen to hurt: NaN, -0.0, infinities,
// denormals, 1e300, the least int, zero divisors.
#pragma once

#include <cstdint>

#include "tests/support/generated_program.h"

namespace streamgen {

struct GeneratorOptions {
  int equations_max = 14;
  // `else stop` ends a program at a place that only programs with a single source agree on.
  bool allows_stop = false;
};

[[nodiscard]] GeneratedProgram generate_program(std::uint64_t seed,
                                                const GeneratorOptions& options = {});

}  // namespace streamgen
