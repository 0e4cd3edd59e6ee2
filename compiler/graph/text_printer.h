// A graph as text: deterministic, one line for each scope and operator, made for reading and diffs.
// What `--emit=graph` and `--dump-after` show.
#pragma once

#include <string>

#include "compiler/graph/graph.h"
#include "compiler/source/source.h"

namespace streamc {

// `sources` gives functions their text; null leaves it out.
std::string print_graph(const Graph& graph, const CheckedProgram& program, const SourceManager* sources);

}  // namespace streamc
