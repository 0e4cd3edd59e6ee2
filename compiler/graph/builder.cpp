#include "compiler/graph/builder.h"

#include "compiler/graph/elaborator.h"
#include "compiler/graph/holes.h"
#include "compiler/graph/verifier.h"

namespace streamc {

Graph build_graph(const Ast& ast, const ModuleTable& modules, ItemChecker& checker,
                  CheckedProgram& program, DiagnosticSink& sink, const BuildOptions& options) {
  const AssertContext context("build graph");
  PrevTypes prev_types;
  // A type in a cycle may turn out to be wider than its `init` says; each round widens at least one.
  while (true) {
    const DiagnosticSink::Mark mark = sink.mark();
    Elaborator elaborator(ast, modules, checker, program, sink, options, prev_types);
    elaborator.elaborate_module(modules.main_id());
    if (elaborator.must_retry()) {
      sink.rollback(mark);
      continue;
    }
    Graph graph = elaborator.finish();
    if (sink.has_errors_since(mark)) return {};
    mark_holes(graph, program);
    verify_graph(graph, program, "building it");
    return graph;
  }
}

}  // namespace streamc
