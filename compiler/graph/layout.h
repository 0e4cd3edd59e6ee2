// Where the boxes and lines of a layered picture go: columns from left to right, few crossings, short
// lines. Knows nothing of graphs of operators.
//
// After Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System Structures" (1981):
// layers by longest path, dummies where a line passes a layer, order by sweeps of barycentres. Cycles are broken at
// the edges that the caller marks, and at those a depth-first search finds closing one.
#pragma once

#include <cstddef>
#include <vector>

namespace streamc {

struct LayoutBox {
  double width = 0;
  double height = 0;
  // Found by the layout: the upper left corner.
  double x = 0;
  double y = 0;
  std::size_t layer = 0;
};

struct LayoutPoint {
  double x = 0;
  double y = 0;
};

// A line from the right side of one box to the left side of another. The heights are measured from the
// box's upper edge.
struct LayoutEdge {
  std::size_t from = 0;
  std::size_t to = 0;
  double from_height = 0;
  double to_height = 0;
  bool goes_back = false;  // Set by the caller to break a cycle, by the layout for others that close one.
  // Found by the layout: where the line goes, both ends included. One that goes back runs below everything.
  std::vector<LayoutPoint> way;
};

struct Layout {
  std::vector<LayoutBox> boxes;
  std::vector<LayoutEdge> edges;
  double width = 0;
  double height = 0;
};

struct LayoutGaps {
  double between_layers = 90;
  double between_boxes = 26;
  double margin = 24;
};

// Places everything. The result only depends on the input. O(sweeps × (boxes + edges × layers)).
void place_boxes(Layout& layout, const LayoutGaps& gaps = {});

}  // namespace streamc
