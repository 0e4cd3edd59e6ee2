// Where the boxes and lines of a layered picture go: columns from left to right, few crossings, short
// lines. Knows nothing of graphs of operators.
//
// After Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System Structures" (1981):
// layers by longest path, dummies where a line passes a layer, order by sweeps of barycentres. Cycles are broken at
// the edges that the caller marks, and at those a depth-first search finds closing one. Lanes cut the picture into
// stripes, one below the other, through all columns.
#pragma once

#include <cstddef>
#include <vector>

namespace streamc {

struct LayoutBox {
  double width = 0;
  double height = 0;
  std::size_t lane = 0;  // Index into Layout::lanes, if there are any.
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

// A stripe that holds boxes and nothing of other lanes.
struct LayoutLane {
  double above = 0;  // Room that is left free over its boxes,
  double below = 0;  // and under them.
  // Found by the layout: where its boxes begin, and the room that they take.
  double y = 0;
  double height = 0;
};

struct Layout {
  std::vector<LayoutBox> boxes;
  std::vector<LayoutEdge> edges;
  std::vector<LayoutLane> lanes;  // From top to bottom; empty: one, with no room around it.
  double width = 0;
  double height = 0;
};

struct LayoutGaps {
  double between_layers = 90;
  double between_boxes = 26;
  double margin = 24;        // Left and right,
  double margin_above = 24;  // above and below.
};

// Places everything. The result only depends on the input. O(sweeps × (boxes + edges × layers)).
void place_boxes(Layout& layout, const LayoutGaps& gaps = {});

}  // namespace streamc
