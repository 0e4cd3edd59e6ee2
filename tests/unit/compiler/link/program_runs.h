// Runs programs, given as text, in this process: through code generation and the in-memory linker,
// and through the reference interpreter.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/codegen/codegen.h"

namespace streamtest {

struct CompiledRun {
  std::string problem;  // Why it could not be run; everything else is then empty.
  std::string output;   // What `print` wrote.
  std::vector<std::string> messages;
  int status = 0;
};

struct RunSettings {
  std::string target = "host";
  streamc::Optimisation optimisation = streamc::Optimisation::Short;
  std::int64_t batch_limit = 1024;
  // Each seed is one run, with batches cut at random; none: one run without cuts.
  std::vector<std::uint64_t> seeds;
};

// One result for each seed (or one).
std::vector<CompiledRun> run_compiled(const std::string& text, const RunSettings& settings = {});

// What the reference interpreter prints.
CompiledRun run_reference(const std::string& text);

// Checks that all ways print the same: as it comes, tick by tick, cut at random, optimised fully,
// and for older processors. Returns what was printed.
std::string check_all_ways(const std::string& text);

// The optimised module of a program, as text.
std::string llvm_text(const std::string& text, const std::string& target = "host");

}  // namespace streamtest
