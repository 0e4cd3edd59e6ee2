#include "compiler/passes/pass_manager.h"

#include "compiler/graph/holes.h"
#include "compiler/graph/verifier.h"
#include "compiler/passes/passes.h"

namespace streamc {
namespace {

constexpr Pass kPasses[] = {
#define STREAM_PASS(function, summary) {#function, summary, function},
#include "compiler/passes/passes.def"
#undef STREAM_PASS
};

}  // namespace

std::span<const Pass> all_passes() { return kPasses; }

void run_passes(Graph& graph, CheckedProgram& program, const PassOptions& options) {
  PassContext context{program};
  for (const Pass& pass : kPasses) {
    const AssertContext assert_context{std::string(pass.name)};
    const bool changed = pass.run(graph, context);
    if (changed) mark_holes(graph, program);
    verify_graph(graph, program, pass.name);
    if (options.after_pass) options.after_pass(pass, graph, changed);
  }
}

}  // namespace streamc
