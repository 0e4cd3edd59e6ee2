// The graph as a picture: one box for each equation, its operators as rows in it, item types on the lines between.
// With frames it also shows where everything runs.
#pragma once

#include <string>

#include "compiler/graph/graph.h"
#include "compiler/graph/picture_frames.h"
#include "compiler/source/source.h"

namespace streamc {

struct Picture {
  const Graph& graph;
  const CheckedProgram& program;
  const SourceManager* sources = nullptr;  // May be null.
  std::string_view title = {};             // Written above.
  const PictureFrames* frames = nullptr;   // Null: where things run is not shown.
};

// A picture that stands alone; it needs no other program.
std::string print_svg(const Picture& picture);

// The same for Graphviz, which has more layouts: `dot -Tsvg`.
std::string print_dot(const Picture& picture);

}  // namespace streamc
