// Runs the passes: graph → graph, one function a pass, in the order of passes.def.
//
// After every pass the graph is verified, and a hook may look at it (`--dump-after`).
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "compiler/graph/graph.h"

namespace streamc {

// What passes may use beside the graph. Passes may add functions to the program, never change one.
struct PassContext {
  CheckedProgram& program;
};

struct Pass {
  std::string_view name;
  std::string_view summary;
  bool (*run)(Graph& graph, PassContext& context);
};

// In the order in which they run.
[[nodiscard]] std::span<const Pass> all_passes();

struct PassOptions {
  // Called after each pass that changed the graph, and after the others too, with `changed` false.
  std::function<void(const Pass& pass, const Graph& graph, bool changed)> after_pass;
};

// Runs all passes once.
void run_passes(Graph& graph, CheckedProgram& program, const PassOptions& options = {});

}  // namespace streamc
