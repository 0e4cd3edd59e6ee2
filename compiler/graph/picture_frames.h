// Boxes around boxes of a picture: nodes hold processes, processes hold threads, threads hold
// equations.
//
// Threads are stripes of the picture, one below the other; what is around them follows from that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/graph/graph.h"
#include "compiler/graph/layout.h"

namespace streamc {

enum class FrameKind : std::uint8_t { Node, Process, Thread };

struct PictureFrame {
  FrameKind kind = FrameKind::Thread;
  std::string name = {};
  std::string note = {};                   // Small, behind the name.
  std::optional<std::size_t> inside = {};  // Index of the frame around it.
};

struct PictureFrames {
  std::vector<PictureFrame>
      frames;  // Each in front of those inside it, which follow before the next beside it.
  std::vector<std::size_t> thread_of;  // One entry for each operator: the frame of its thread.
  // Items on the way from one equation to another, where the program limits them.
  std::map<std::pair<std::string, std::string>, std::int64_t> limits;
};

// What carries items from one thread to another.
enum class Carrier : std::uint8_t { None, Ring, SharedMemory, Tcp };

Carrier carrier_between(const PictureFrames& frames, std::size_t from_thread, std::size_t to_thread);
std::string_view carrier_text(Carrier carrier);
std::string_view carrier_colour(Carrier carrier);

// `thread main`, as the frame is titled.
std::string frame_title(const PictureFrame& frame);

// Links between parts are drawn as lines; operators `link` that only hand on are left out.
bool is_plain_link(const Operator& op);
// The port that was cut there, seen through such links.
PortId port_before_links(const Graph& graph, PortId port);

// The stripes for a layout, with room for the frames around them; one for each thread, in order.
std::vector<LayoutLane> lanes_for(const PictureFrames& frames);
// The lane of a thread's frame.
std::size_t lane_of(const PictureFrames& frames, std::size_t thread);

struct FrameShape {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
};
// Room beside the boxes that frames take, on each side.
double frame_margin(const PictureFrames& frames);
// Where the frames are once the boxes are placed. One entry a frame.
std::vector<FrameShape> frame_shapes(const PictureFrames& frames, const Layout& layout);

}  // namespace streamc
