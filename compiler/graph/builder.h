// Checked declarations and equations → Graph.
//
// The builder reads equations as wiring: it expands graph declarations and lambdas over streams,
// binds the arguments of library operators, lifts item expressions over streams (asking ItemChecker
// what they mean), unifies clocks and settles scopes. Every equation is checked, also one that no sink uses.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/diag/diagnostics.h"
#include "compiler/graph/graph.h"
#include "compiler/sema/evaluate.h"
#include "compiler/sema/item_checker.h"
#include "compiler/sema/modules.h"

namespace streamc {

struct BuildOptions {
  // For words of the program in messages and in the picture of the graph; kept during the call.
  const SourceManager* sources = nullptr;
};

// The graph of the main module. Empty if anything was reported since the call began.
Graph build_graph(const Ast& ast, const ModuleTable& modules, ItemChecker& checker,
                  CheckedProgram& program, DiagnosticSink& sink, const BuildOptions& options = {});

// One element of an expected list.
struct ExpectedElement {
  Value value;
  bool is_hole = false;               // Written `fail("…")`: an item that failed.
  std::optional<std::int64_t> stamp;  // Written `at`: compared, too.
};

// `expect a == b within tolerance`.
struct Expectation {
  std::string text;  // As written, for messages.
  SourceSpan span;
  TypeId type_id;    // Of the items.
  std::uint32_t capture_index = 0;  // Of `a`, into Graph::captures.
  // What it must be: another stream, or these.
  std::optional<std::uint32_t> other_capture_index;
  std::vector<ExpectedElement> elements;
  std::optional<std::int64_t> end_stamp;
  // Largest difference between two floats, or (in nanoseconds) between two times.
  std::optional<double> tolerance;
};

// A `test` block, next to the graph that observes its streams.
struct TestPlan {
  std::string name;
  SourceSpan span;
  std::vector<Expectation> expectations;
  // Params that the test gives; they must be set when its graph is compiled or interpreted.
  Evaluator::Overrides overrides;
};

struct TestGraph {
  Graph graph;
  TestPlan plan;
};

// The graph of a test: the equations of the main module that its expectations reach, with lists in
// the place of what it gives. Empty if anything was reported. The main module must have been built before, or
// its mistakes are reported here.
std::optional<TestGraph> build_test_graph(DeclId test, const Ast& ast, const ModuleTable& modules,
                                          ItemChecker& checker, CheckedProgram& program,
                                          DiagnosticSink& sink, const BuildOptions& options = {});

}  // namespace streamc
