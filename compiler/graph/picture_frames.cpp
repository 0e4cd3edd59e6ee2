#include "compiler/graph/picture_frames.h"

#include <algorithm>

#include "compiler/graph/heads.h"
#include "compiler/support/assert.h"

namespace streamc {
namespace {

constexpr double kTitleHeight = 26;
constexpr double kPadding = 12;
constexpr double kGap = 14;  // Between frames side by side.
constexpr double kOuterMargin = 20;

std::size_t depth_of(const PictureFrames& frames, std::size_t frame) {
  std::size_t depth = 0;
  for (auto around = frames.frames[frame].inside; around; around = frames.frames[*around].inside)
    ++depth;
  return depth;
}

// The frame around both; nothing if there is none.
std::optional<std::size_t> common_frame(const PictureFrames& frames, std::size_t a, std::size_t b) {
  for (std::optional<std::size_t> one = a; one; one = frames.frames[*one].inside) {
    for (std::optional<std::size_t> other = b; other; other = frames.frames[*other].inside) {
      if (*one == *other) return one;
    }
  }
  return std::nullopt;
}

bool is_inside(const PictureFrames& frames, std::size_t frame, std::size_t around) {
  return common_frame(frames, frame, around) == around;
}

std::vector<std::size_t> threads_of(const PictureFrames& frames) {
  std::vector<std::size_t> threads;
  for (std::size_t i = 0; i < frames.frames.size(); ++i) {
    if (frames.frames[i].kind == FrameKind::Thread) threads.push_back(i);
  }
  return threads;
}

// Frames, a thread's own included, for which it is the first thread (or the last one).
std::vector<std::size_t> begun_by(const PictureFrames& frames, std::size_t lane, bool from_top) {
  const std::vector<std::size_t> threads = threads_of(frames);
  const std::optional<std::size_t> neighbour =
      from_top ? (lane == 0 ? std::nullopt : std::optional(threads[lane - 1]))
               : (lane + 1 == threads.size() ? std::nullopt : std::optional(threads[lane + 1]));
  std::vector<std::size_t> found;
  for (std::optional<std::size_t> frame = threads[lane]; frame;
       frame = frames.frames[*frame].inside) {
    if (!neighbour || !is_inside(frames, *neighbour, *frame)) found.push_back(*frame);
  }
  return found;
}

}  // namespace

Carrier carrier_between(const PictureFrames& frames, std::size_t from_thread, std::size_t to_thread) {
  if (from_thread == to_thread) return Carrier::None;
  const std::optional<std::size_t> around = common_frame(frames, from_thread, to_thread);
  if (!around) return Carrier::Tcp;
  return frames.frames[*around].kind == FrameKind::Process ? Carrier::Ring
                                                           : Carrier::SharedMemory;
}

std::string_view carrier_text(Carrier carrier) {
  switch (carrier) {
    case Carrier::None:
      return "";
    case Carrier::Ring:
      return "ring";
    case Carrier::SharedMemory:
      return "shared memory";
    case Carrier::Tcp:
      return "TCP";
  }
  STREAM_UNREACHABLE("carrier {}", static_cast<int>(carrier));
}

std::string_view carrier_colour(Carrier carrier) {
  switch (carrier) {
    case Carrier::None:
      return "#8796a5";
    case Carrier::Ring:
      return "#1f8a9c";
    case Carrier::SharedMemory:
      return "#7b5cc4";
    case Carrier::Tcp:
      return "#c8553d";
  }
  STREAM_UNREACHABLE("carrier {}", static_cast<int>(carrier));
}

std::string frame_title(const PictureFrame& frame) {
  const std::string_view word = frame.kind == FrameKind::Node      ? "node"
                                : frame.kind == FrameKind::Process ? "process"
                                                                   : "thread";
  return frame.name.empty() ? std::string(word) : std::string(word) + " " + frame.name;
}

bool is_plain_link(const Operator& op) {
  const auto* link = std::get_if<LinkOperator>(&op.kind);
  return link != nullptr && !is_best_effort(op) &&
         std::all_of(link->initial.begin(), link->initial.end(),
                     [](const LinkInitial& initial) { return initial.count == 0; });
}

PortId port_before_links(const Graph& graph, PortId port) {
  while (is_plain_link(graph.op(graph.port(port).producer))) {
    port = graph.op(graph.port(port).producer).inputs[graph.port(port).index];
  }
  return port;
}

std::vector<LayoutLane> lanes_for(const PictureFrames& frames) {
  std::vector<LayoutLane> lanes(threads_of(frames).size());
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    lanes[i].above = (kTitleHeight + 2) * static_cast<double>(begun_by(frames, i, true).size());
    lanes[i].below = kPadding * static_cast<double>(begun_by(frames, i, false).size()) + kGap;
  }
  if (!lanes.empty()) lanes.back().below -= kGap;
  return lanes;
}

std::size_t lane_of(const PictureFrames& frames, std::size_t thread) {
  const std::vector<std::size_t> threads = threads_of(frames);
  return static_cast<std::size_t>(std::find(threads.begin(), threads.end(), thread) -
                                  threads.begin());
}

double frame_margin(const PictureFrames& frames) {
  std::size_t deepest = 0;
  for (std::size_t i = 0; i < frames.frames.size(); ++i)
    deepest = std::max(deepest, depth_of(frames, i) + 1);
  return kOuterMargin + kPadding * static_cast<double>(deepest);
}

std::vector<FrameShape> frame_shapes(const PictureFrames& frames, const Layout& layout) {
  std::vector<FrameShape> shapes(frames.frames.size());
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const double inset = kOuterMargin + kPadding * static_cast<double>(depth_of(frames, i));
    shapes[i].x = inset;
    shapes[i].width = layout.width - 2 * inset;
  }
  for (std::size_t lane = 0; lane < layout.lanes.size(); ++lane) {
    double y = layout.lanes[lane].y;
    for (const std::size_t frame : begun_by(frames, lane, true))
      shapes[frame].y = y -= kTitleHeight + 2;
    y = layout.lanes[lane].y + layout.lanes[lane].height;
    for (const std::size_t frame : begun_by(frames, lane, false)) {
      y += kPadding;
      shapes[frame].height = y - shapes[frame].y;
    }
  }
  return shapes;
}

}  // namespace streamc
