// What sinks write: the lines of the console and the contents of files.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compiler/graph/graph.h"
#include "tests/support/graph_evaluator.h"

namespace streamref {

struct Written {
  // The console: one text for each set of stamp-givers, in textual order of their first `print`.
  // Within a text the order is (stamp, textual order); between texts none is defined.
  std::vector<std::string> console;
  std::map<std::string, std::string> files;  // By path.
  std::vector<std::string> skipped;  // Connectors of sinks that were not run (charts, tables).
};

// Runs every sink of the graph. May throw StopRequest.
[[nodiscard]] Written run_sinks(const streamc::Graph& graph, GraphEvaluator& evaluator,
                                ItemEvaluator& items);

}  // namespace streamref
