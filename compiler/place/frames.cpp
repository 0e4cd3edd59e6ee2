#include "compiler/place/frames.h"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

namespace streamc {
namespace {

// Adds to a list of remarks.
template <class... Arguments>
void remark(std::string& note, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  if (!note.empty()) note += ", ";
  fmt::format_to(std::back_inserter(note), format, std::forward<Arguments>(arguments)...);
}

PictureFrame frame_of(const PlacedNode& node) {
  PictureFrame frame{.kind = FrameKind::Node, .name = node.name};
  if (!node.host.empty()) remark(frame.note, "host {}", node.host);
  if (!node.target.empty()) remark(frame.note, "target {}", node.target);
  if (node.followed) remark(frame.note, "clock follows");
  return frame;
}

PictureFrame frame_of(const PlacedProcess& process) {
  PictureFrame frame{.kind = FrameKind::Process, .name = process.name};
  if (process.restart < 0) remark(frame.note, "restarted always");
  if (process.restart > 0) remark(frame.note, "restarted {} times", process.restart);
  return frame;
}

PictureFrame frame_of(const PlacedPart& part, bool has_console) {
  PictureFrame frame{.kind = FrameKind::Thread, .name = part.name};
  if (has_console) remark(frame.note, "console");
  if (part.core >= 0) remark(frame.note, "core {}", part.core);
  if (part.priority > 0) remark(frame.note, "priority {}", part.priority);
  return frame;
}

}  // namespace

PictureFrames frames_of(const PlacedGraph& placed) {
  const Placement& placement = placed.placement;
  PictureFrames result;
  std::vector<std::size_t> frame_of_part(placement.parts.size());
  const auto add = [&result](PictureFrame frame, std::optional<std::size_t> inside) {
    frame.inside = inside;
    result.frames.push_back(std::move(frame));
    return result.frames.size() - 1;
  };
  for (std::size_t node = 0; node < placement.nodes.size(); ++node) {
    const std::size_t node_frame = add(frame_of(placement.nodes[node]), std::nullopt);
    for (std::size_t process = 0; process < placement.processes.size(); ++process) {
      if (placement.processes[process].node_id != NodeId(node)) continue;
      const std::size_t process_frame = add(frame_of(placement.processes[process]), node_frame);
      for (std::size_t part = 0; part < placement.parts.size(); ++part) {
        if (placement.parts[part].process_id != ProcessId(process)) continue;
        frame_of_part[part] = add(
            frame_of(placement.parts[part], PartId(part) == placement.main_part), process_frame);
      }
    }
  }
  for (const PartId part : placed.part_of) result.thread_of.push_back(frame_of_part[part.index()]);
  for (const PlacedLink& link : placement.links) {
    if (link.buffer > 0) result.limits[{link.from, link.to}] = link.buffer;
  }
  return result;
}

}  // namespace streamc
