// The reference interpreter: what a program means, by the letter of the semantics.
//
// Recorded sources only; sinks that draw (charts, tables) are passed over. README.md says how it is
// built.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/sema/checked.h"
#include "tests/support/graph_evaluator.h"
#include "tests/support/values.h"

namespace streamref {

struct RunInputs {
  std::map<std::string, std::string> params;  // By name, as text: `--name text`.
  std::map<streamc::ConstantId, Value> overrides;  // Values that a test gives to params.
  std::function<std::string()> standard_input;  // Asked once, if a source reads it; empty: none.
};

// A tick of a captured stream.
struct CapturedItem {
  std::int64_t stamp = 0;
  Cell cell;
};

struct Capture {
  streamc::TypeId type_id;
  bool has_times = false;  // Stamps are times; else positions.
  std::vector<CapturedItem> items;
};

// An item that failed, in words.
struct RunFailure {
  streamc::OperatorId operator_id;
  std::string equation;
  streamc::SourceSpan span;
  std::size_t tick = 0;
  std::int64_t stamp = 0;
  std::string reason;
  bool is_handled = false;  // An `else` took it.
};

struct RunOutcome {
  std::string error;  // Why the run could not take place; everything else is then empty.
  // What `print` wrote, one text for each set of stamp-givers (semantics §2); the interleaving
  // between sets is not defined.
  std::vector<std::string> console;
  std::map<std::string, std::string> files;  // What would be written, by path.
  std::vector<Capture> captures;             // By capture index.
  std::vector<RunFailure> failures;          // By operator, then tick.
  std::vector<std::string> skipped_sinks;    // Connectors of sinks that were passed over.
  bool was_stopped = false;                  // By an `else stop`.
  // A `take`, a `zip` or an `else stop` left items over. How many of them a compiled run computes, and
  // sees fail, before it knows is not defined.
  bool has_leftovers = false;

  // All of the console's texts, one after the other.
  [[nodiscard]] std::string standard_output() const;
  // 0, or 1 where an item failed and no `else` took it.
  [[nodiscard]] int exit_status() const;
};

[[nodiscard]] RunOutcome interpret(const streamc::Graph& graph,
                                   const streamc::CheckedProgram& program,
                                   const RunInputs& inputs = {});

}  // namespace streamref
