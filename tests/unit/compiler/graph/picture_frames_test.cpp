#include "compiler/graph/picture_frames.h"

#include <doctest/doctest.h>

using namespace streamc;

namespace {

// Two nodes: one with two processes, of which the first has two threads, and one with one of each.
PictureFrames two_nodes() {
  PictureFrames frames;
  frames.frames = {{.kind = FrameKind::Node, .name = "sensor"},
                   {.kind = FrameKind::Process, .inside = 0},
                   {.kind = FrameKind::Thread, .name = "a", .inside = 1},
                   {.kind = FrameKind::Thread, .name = "b", .inside = 1},
                   {.kind = FrameKind::Process, .name = "p", .inside = 0},
                   {.kind = FrameKind::Thread, .name = "c", .inside = 4},
                   {.kind = FrameKind::Node, .name = "desk"},
                   {.kind = FrameKind::Process, .inside = 6},
                   {.kind = FrameKind::Thread, .name = "d", .inside = 7}};
  return frames;
}

bool holds(const FrameShape& outer, const FrameShape& inner) {
  return outer.x < inner.x && outer.y < inner.y && inner.x + inner.width < outer.x + outer.width &&
         inner.y + inner.height < outer.y + outer.height;
}

}  // namespace

TEST_CASE("what carries items follows from what is around both threads") {
  const PictureFrames frames = two_nodes();
  CHECK(carrier_between(frames, 2, 2) == Carrier::None);
  CHECK(carrier_between(frames, 2, 3) == Carrier::Ring);
  CHECK(carrier_between(frames, 3, 5) == Carrier::SharedMemory);
  CHECK(carrier_between(frames, 5, 8) == Carrier::Tcp);
}

TEST_CASE("frames hold what is inside them and never overlap beside each other") {
  const PictureFrames frames = two_nodes();
  Layout layout;
  for (const std::size_t thread : {2, 3, 5, 8}) {
    layout.boxes.push_back({.width = 100, .height = 40, .lane = lane_of(frames, thread)});
  }
  layout.edges.push_back({.from = 0, .to = 2, .from_height = 20, .to_height = 20});
  layout.lanes = lanes_for(frames);
  place_boxes(layout, {.margin = frame_margin(frames)});
  const std::vector<FrameShape> shapes = frame_shapes(frames, layout);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (frames.frames[i].inside) CHECK(holds(shapes[*frames.frames[i].inside], shapes[i]));
    for (std::size_t k = 0; k < i; ++k) {
      if (frames.frames[i].inside == frames.frames[k].inside)
        CHECK(shapes[k].y + shapes[k].height < shapes[i].y);
    }
  }
  for (const LayoutBox& box : layout.boxes) {
    const LayoutLane& lane = layout.lanes[box.lane];
    CHECK(box.y >= lane.y);
    CHECK(box.y + box.height <= lane.y + lane.height);
  }
  CHECK(shapes[6].y + shapes[6].height <= layout.height);
}

TEST_CASE("a thread without boxes is a stripe, too") {
  const PictureFrames frames = two_nodes();
  Layout layout;
  layout.boxes.push_back({.width = 100, .height = 40, .lane = lane_of(frames, 3)});
  layout.lanes = lanes_for(frames);
  place_boxes(layout);
  CHECK(layout.lanes[0].height == 0);
  CHECK(layout.lanes[1].y > layout.lanes[0].y);
}
