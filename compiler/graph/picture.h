// The graph as a picture: one box for each equation, its operators as rows in it, item types on the lines between.
#pragma once

#include <string>

#include "compiler/graph/graph.h"
#include "compiler/source/source.h"

namespace streamc {

// A picture that stands alone; it needs no other program. `title` is written above; `sources` may be null.
std::string print_svg(const Graph& graph, const CheckedProgram& program, const SourceManager* sources,
                      std::string_view title);

// The same for Graphviz, which has more layouts: `dot -Tsvg`.
std::string print_dot(const Graph& graph, const CheckedProgram& program, const SourceManager* sources,
                      std::string_view title);

}  // namespace streamc
