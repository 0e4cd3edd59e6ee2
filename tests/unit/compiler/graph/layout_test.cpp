#include "compiler/graph/layout.h"

#include <doctest/doctest.h>

using namespace streamc;

namespace {

Layout boxes(std::size_t count) {
  Layout layout;
  for (std::size_t i = 0; i < count; ++i) layout.boxes.push_back({.width = 100, .height = 40});
  return layout;
}

void connect(Layout& layout, std::size_t from, std::size_t to) {
  layout.edges.push_back({.from = from, .to = to, .from_height = 20, .to_height = 20});
}

bool overlap(const LayoutBox& a, const LayoutBox& b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

}  // namespace

TEST_CASE("a chain runs from left to right in one line") {
  Layout layout = boxes(3);
  connect(layout, 0, 1);
  connect(layout, 1, 2);
  place_boxes(layout);
  CHECK(layout.boxes[0].x < layout.boxes[1].x);
  CHECK(layout.boxes[1].x < layout.boxes[2].x);
  CHECK(layout.boxes[0].y == doctest::Approx(layout.boxes[2].y));
}

TEST_CASE("boxes never overlap and stay inside") {
  Layout layout = boxes(9);
  for (std::size_t i = 1; i < 6; ++i) connect(layout, 0, i);
  for (std::size_t i = 1; i < 6; ++i) connect(layout, i, 6);
  connect(layout, 0, 6);
  connect(layout, 7, 8);
  place_boxes(layout);
  for (std::size_t i = 0; i < 9; ++i) {
    CHECK(layout.boxes[i].x >= 0);
    CHECK(layout.boxes[i].y >= 0);
    CHECK(layout.boxes[i].x + 100 <= layout.width);
    CHECK(layout.boxes[i].y + 40 <= layout.height);
    for (std::size_t k = 0; k < i; ++k) CHECK_FALSE(overlap(layout.boxes[i], layout.boxes[k]));
  }
}

TEST_CASE("a cycle is broken, and its closing line runs below everything") {
  Layout layout = boxes(2);
  connect(layout, 0, 1);
  connect(layout, 1, 0);
  place_boxes(layout);
  CHECK(layout.edges[1].goes_back);
  CHECK(layout.edges[1].way[2].y > layout.boxes[0].y + 40);
}

TEST_CASE("lines that need not cross do not") {
  Layout layout = boxes(4);
  connect(layout, 0, 3);
  connect(layout, 1, 2);
  place_boxes(layout);
  const bool upper_first = layout.boxes[0].y < layout.boxes[1].y;
  CHECK(upper_first == (layout.boxes[3].y < layout.boxes[2].y));
}

TEST_CASE("nothing is a picture, too") {
  Layout layout;
  place_boxes(layout);
  CHECK(layout.boxes.empty());
}
