#include "compiler/graph/picture.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

#include "compiler/graph/describe.h"
#include "compiler/graph/layout.h"
#include "compiler/graph/lossy.h"
#include "compiler/support/match.h"

namespace streamc {
namespace {

// What an operator looks like: a colour for each family.
enum class Family : std::uint8_t { Source, Item, Ticks, Window, State, Meeting, Sink };

Family family_of(const OperatorKind& kind) {
  return match(
      kind, [](const SourceOperator&) { return Family::Source; },
      [](const ListOperator&) { return Family::Source; }, [](const MapOperator&) { return Family::Item; },
      [](const WhereOperator&) { return Family::Ticks; },
      [](const FilterMapOperator&) { return Family::Ticks; },
      [](const ElseOperator&) { return Family::Ticks; }, [](const PrevOperator&) { return Family::State; },
      [](const TakeOperator&) { return Family::Ticks; }, [](const SkipOperator&) { return Family::Ticks; },
      [](const ScanOperator&) { return Family::State; },
      [](const RunningOperator&) { return Family::State; },
      [](const WindowOperator&) { return Family::Window; },
      [](const WindowFoldOperator&) { return Family::Window; },
      [](const FlattenOperator&) { return Family::Ticks; },
      [](const ZipOperator&) { return Family::Meeting; },
      [](const MergeOperator&) { return Family::Meeting; },
      [](const DelayOperator&) { return Family::State; },
      [](const LinkOperator&) { return Family::Meeting; },
      [](const AgentOperator&) { return Family::State; }, [](const SinkOperator&) { return Family::Sink; },
      [](const CaptureOperator&) { return Family::Sink; });
}

std::string_view colour_of(Family family) {
  switch (family) {
    case Family::Source: return "#2a9d60";
    case Family::Item: return "#5b7083";
    case Family::Ticks: return "#b7791f";
    case Family::Window: return "#7b5cc4";
    case Family::State: return "#c2486b";
    case Family::Meeting: return "#1f8a9c";
    case Family::Sink: return "#2f6fd0";
  }
  STREAM_UNREACHABLE("family {}", static_cast<int>(family));
}

// A box: an equation, or a sink without a name. Sinks of one connector are boxes of their own.
struct Group {
  std::string title;
  std::vector<OperatorId> rows;
};

// What a box reads of another one.
struct Line {
  PortId port;
  OperatorId reader;
  Carrier carrier = Carrier::None;
};

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

// The groups of a picture and what they read of each other.
class Grouping {
 public:
  explicit Grouping(const Picture& picture)
      : graph_(picture.graph),
        frames_(picture.frames),
        lossy_(find_lossy_ports(picture.graph)) {
    group_of_.assign(graph_.operators.size(), 0);
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      if (!is_left_out(OperatorId(i))) add(OperatorId(i));
    }
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      if (!is_left_out(OperatorId(i))) add_lines(OperatorId(i));
    }
  }

  const std::vector<Group>& groups() const { return groups_; }
  // All that is read, each once; also within a box.
  const std::vector<Line>& lines() const { return lines_; }
  std::size_t group_of(OperatorId id) const { return group_of_[id.index()]; }
  std::size_t from(const Line& line) const { return group_of(graph_.port(line.port).producer); }
  std::size_t to(const Line& line) const { return group_of(line.reader); }
  // The frame of a group's thread. Only with frames.
  std::size_t thread_of(std::size_t group) const { return frames_->thread_of[groups_[group].rows.front().index()]; }

  // Stands behind the type of a port if links may drop items of it.
  std::string_view lossy_mark(PortId id) const { return lossy_[id.index()].valid() ? ", lossy" : ""; }

  // How the items of a line travel; empty within a thread.
  std::string carrier_label(const Line& line) const {
    std::string text(carrier_text(line.carrier));
    if (line.carrier == Carrier::None) return text;
    const auto limit =
        frames_->limits.find({graph_.op(graph_.port(line.port).producer).equation, graph_.op(line.reader).equation});
    if (limit == frames_->limits.end()) return text;
    return fmt::format("{}, {} item{}", text, limit->second, limit->second == 1 ? "" : "s");
  }

 private:
  bool is_left_out(OperatorId id) const { return frames_ != nullptr && is_plain_link(graph_.op(id)); }

  PortId origin_of(PortId port) const { return frames_ == nullptr ? port : port_before_links(graph_, port); }

  // An equation is one box, unless parts of it are apart: two sinks `print` are two boxes, and so is what
  // runs on two threads.
  void add(OperatorId id) {
    const Operator& op = graph_.op(id);
    const std::size_t thread = frames_ == nullptr ? 0 : frames_->thread_of[id.index()];
    std::vector<std::size_t>& candidates = by_name_[{op.equation, thread}];
    std::size_t group = groups_.size();
    const bool is_sink = op.outputs.empty();
    for (const std::size_t candidate : candidates) {
      const bool feeds = std::any_of(op.inputs.begin(), op.inputs.end(), [&](PortId input) {
        const OperatorId producer = graph_.port(origin_of(input)).producer;
        return group_of(producer) == candidate && graph_.op(producer).equation == op.equation;
      });
      if (feeds || (!is_sink && !graph_.op(groups_[candidate].rows.back()).outputs.empty())) group = candidate;
    }
    if (group == groups_.size()) {
      groups_.push_back({.title = op.equation, .rows = {}});
      candidates.push_back(group);
    }
    groups_[group].rows.push_back(id);
    group_of_[id.index()] = group;
  }

  void add_lines(OperatorId reader) {
    for (const PortId input : graph_.op(reader).inputs) {
      const PortId port = origin_of(input);
      const bool known = std::any_of(lines_.begin(), lines_.end(), [&](const Line& line) {
        return line.port == port && line.reader == reader;
      });
      if (known) continue;
      Line line{.port = port, .reader = reader};
      if (frames_ != nullptr) line.carrier = carrier_between(*frames_, thread_of(from(line)), thread_of(to(line)));
      lines_.push_back(line);
    }
  }

  const Graph& graph_;
  const PictureFrames* frames_;
  std::vector<OperatorId> lossy_;  // One for each port.
  std::vector<Group> groups_;
  std::vector<std::size_t> group_of_;  // One for each operator.
  std::vector<Line> lines_;
  std::map<std::pair<std::string, std::size_t>, std::vector<std::size_t>> by_name_;  // And thread.
};

constexpr double kRowHeight = 22;
constexpr double kTitleHeight = 26;
constexpr double kPadding = 12;
constexpr double kTitleCharacter = 7.6;
constexpr double kCodeCharacter = 6.65;
constexpr double kTypeCharacter = 5.9;
constexpr std::size_t kRowCharacters = 46;

class SvgPainter {
 public:
  explicit SvgPainter(const Picture& picture)
      : picture_(picture), graph_(picture.graph), frames_(picture.frames), grouping_(picture) {}

  std::string paint() {
    make_rows();
    make_layout();
    const double top = picture_.title.empty() ? 0 : 34;
    begin(top);
    put("<g transform=\"translate(0,{:.0f})\">\n", top);
    if (frames_ != nullptr) paint_frames();
    for (std::size_t i = 0; i < layout_.edges.size(); ++i) paint_line(i);
    for (std::size_t i = 0; i < layout_.boxes.size(); ++i) paint_box(i);
    paint_types();
    if (!graph_.operators.empty()) paint_legend();
    put("</g>\n</svg>\n");
    return std::move(out_);
  }

 private:
  static constexpr double kLegendHeight = 26;
  static constexpr double kLegendWidth = 660;

  template <class... Arguments>
  void put(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Arguments>(arguments)...);
  }

  // Everything that is not inside the picture: size, styles, title.
  void begin(double top) {
    const double width = std::max({layout_.width, 160.0, kLegendWidth});
    const double legend = graph_.operators.empty() ? 0 : kLegendHeight * (used_carriers().empty() ? 1 : 1.8);
    const double height = std::max(layout_.height, 40.0) + top + legend;
    put("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{:.0f}\" height=\"{:.0f}\" "
        "viewBox=\"0 0 {:.0f} {:.0f}\" font-family=\"Inter, 'DejaVu Sans', Helvetica, Arial, sans-serif\">\n",
        width, height, width, height);
    put("<style>\n"
        "  .title {{ font-size: 16px; font-weight: 600; fill: #1c2733 }}\n"
        "  .name {{ font-size: 12.5px; font-weight: 600; fill: #1c2733 }}\n"
        "  .code {{ font-size: 11px; font-family: 'JetBrains Mono', 'DejaVu Sans Mono', monospace; fill: #33414f }}\n"
        "  .type {{ font-size: 10px; font-family: 'JetBrains Mono', 'DejaVu Sans Mono', monospace; fill: #6b7a89; "
        "paint-order: stroke; stroke: #ffffff; stroke-width: 4px; stroke-linejoin: round }}\n"
        "  .legend {{ font-size: 10.5px; fill: #6b7a89 }}\n"
        "  .line {{ fill: none; stroke: #8796a5; stroke-width: 1.5 }}\n"
        "  .holes {{ stroke-dasharray: 5 3 }}\n"
        "</style>\n");
    put("<defs>");
    paint_tip(Carrier::None);
    for (const Carrier carrier : used_carriers()) paint_tip(carrier);
    put("</defs>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
    if (!picture_.title.empty()) put("<text class=\"title\" x=\"24\" y=\"30\">{}</text>\n", escape(picture_.title));
  }

  void paint_tip(Carrier carrier) {
    put("<marker id=\"tip{}\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"10\" markerHeight=\"10\" "
        "markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0,0.5 L8,4 L0,7.5 z\" fill=\"{}\"/></marker>",
        static_cast<int>(carrier), carrier_colour(carrier));
  }

  std::vector<Carrier> used_carriers() const {
    std::vector<Carrier> used;
    for (const Carrier carrier : {Carrier::Ring, Carrier::SharedMemory, Carrier::Tcp}) {
      const auto& lines = grouping_.lines();
      if (std::any_of(lines.begin(), lines.end(), [&](const Line& line) { return line.carrier == carrier; })) {
        used.push_back(carrier);
      }
    }
    return used;
  }

  void make_rows() {
    for (const Operator& op : graph_.operators) {
      std::string text = describe_operator(op, picture_.program, picture_.sources);
      // The title of the box says it already.
      if (op.outputs.empty() && text.starts_with(op.equation + " ")) text.erase(0, op.equation.size() + 1);
      rows_.push_back(shortened(std::move(text), kRowCharacters));
    }
  }

  static std::string shortened(std::string text, std::size_t most) {
    if (count_characters(text) <= most) return text;
    std::size_t end = 0;
    for (std::size_t count = 0; end < text.size(); ++end) {
      if ((static_cast<unsigned char>(text[end]) & 0xc0) != 0x80 && count++ == most - 1) break;
    }
    return text.substr(0, end) + "…";
  }

  double row_centre(OperatorId id) const {
    const Group& group = grouping_.groups()[grouping_.group_of(id)];
    const auto row = std::find(group.rows.begin(), group.rows.end(), id) - group.rows.begin();
    return kTitleHeight + kRowHeight * (static_cast<double>(row) + 0.5);
  }

  void make_layout() {
    for (std::size_t i = 0; i < grouping_.groups().size(); ++i) {
      const Group& group = grouping_.groups()[i];
      double width = kTitleCharacter * static_cast<double>(count_characters(group.title));
      for (const OperatorId row : group.rows) {
        width = std::max(width, kCodeCharacter * static_cast<double>(count_characters(rows_[row.index()])) + 14);
      }
      layout_.boxes.push_back({.width = width + 2 * kPadding,
                               .height = kTitleHeight + kRowHeight * static_cast<double>(group.rows.size()) + 6,
                               .lane = frames_ == nullptr ? 0 : lane_of(*frames_, grouping_.thread_of(i))});
    }
    std::size_t widest_text = 0;
    for (const Line& line : grouping_.lines()) {
      if (grouping_.from(line) == grouping_.to(line)) continue;
      const OperatorId producer = graph_.port(line.port).producer;
      lines_.push_back(line);
      layout_.edges.push_back({.from = grouping_.from(line),
                               .to = grouping_.to(line),
                               .from_height = row_centre(producer),
                               .to_height = row_centre(line.reader),
                               .goes_back = producer.index() >= line.reader.index()});
      widest_text = std::max({widest_text, count_characters(type_text(line.port)),
                              count_characters(grouping_.carrier_label(line))});
    }
    LayoutGaps gaps{.between_layers =
                        std::clamp(kTypeCharacter * static_cast<double>(widest_text) + 36, 64.0, 220.0)};
    if (frames_ != nullptr) {
      layout_.lanes = lanes_for(*frames_);
      gaps.margin = frame_margin(*frames_);
      gaps.margin_above = 12;
    }
    place_boxes(layout_, gaps);
    // What stands at lines that turn back behind the last column needs room as well.
    for (std::size_t i = 0; i < layout_.edges.size(); ++i) {
      const std::size_t size =
          std::max(count_characters(type_text(lines_[i].port)), count_characters(grouping_.carrier_label(lines_[i])));
      const double end = layout_.edges[i].way.front().x + 6 + kTypeCharacter * static_cast<double>(size);
      layout_.width = std::max(layout_.width, end + gaps.margin);
    }
  }

  std::string type_text(PortId id) const {
    constexpr std::size_t kLimit = 30;
    std::string text = shortened(picture_.program.types.text(graph_.port(id).type_id), kLimit);
    return text += grouping_.lossy_mark(id);
  }

  // From the outermost to the threads, so that each lies on what is around it.
  void paint_frames() {
    static constexpr std::string_view kFills[] = {"#f2f4f7", "#ffffff", "#f1f6fc"};
    static constexpr std::string_view kStrokes[] = {"#b4c0cc", "#93a4b5", "#c4d6ea"};
    const std::vector<FrameShape> shapes = frame_shapes(*frames_, layout_);
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      const PictureFrame& frame = frames_->frames[i];
      const auto kind = static_cast<std::size_t>(frame.kind);
      put("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"9\" fill=\"{}\" "
          "stroke=\"{}\"/>\n",
          shapes[i].x, shapes[i].y, shapes[i].width, shapes[i].height, kFills[kind], kStrokes[kind]);
      put("<text class=\"legend\" x=\"{:.1f}\" y=\"{:.1f}\"><tspan class=\"name\">{}</tspan>", shapes[i].x + kPadding,
          shapes[i].y + 18, escape(frame_title(frame)));
      if (!frame.note.empty()) put("<tspan dx=\"10\">{}</tspan>", escape(frame.note));
      put("</text>\n");
    }
  }

  void paint_box(std::size_t index) {
    const LayoutBox& box = layout_.boxes[index];
    const Group& group = grouping_.groups()[index];
    const std::string_view colour = colour_of(family_of(graph_.op(group.rows.back()).kind));
    put("<g><title>{}</title>\n", escape(group.title));
    put("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"7\" fill=\"{}\" "
        "stroke=\"{}\" stroke-width=\"1.4\"/>\n",
        box.x, box.y, box.width, box.height, frames_ == nullptr ? "#f7f9fb" : "#ffffff", colour);
    put("<text class=\"name\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", box.x + kPadding, box.y + 17.5,
        escape(group.title));
    for (std::size_t row = 0; row < group.rows.size(); ++row) {
      const double y = box.y + kTitleHeight + kRowHeight * static_cast<double>(row);
      const std::string_view dot = colour_of(family_of(graph_.op(group.rows[row]).kind));
      if (row > 0) {
        put("<line x1=\"{0:.1f}\" y1=\"{1:.1f}\" x2=\"{0:.1f}\" y2=\"{2:.1f}\" stroke=\"#c3ced8\" "
            "stroke-width=\"1.5\"/>\n",
            box.x + kPadding + 4, y - kRowHeight / 2 + 5, y + kRowHeight / 2 - 5);
      }
      put("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"{}\"/>\n", box.x + kPadding + 4, y + kRowHeight / 2, dot);
      put("<text class=\"code\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", box.x + kPadding + 14,
          y + kRowHeight / 2 + 4, escape(rows_[group.rows[row].index()]));
    }
    put("</g>\n");
  }

  void paint_line(std::size_t index) {
    const LayoutEdge& edge = layout_.edges[index];
    const bool holes = graph_.port(lines_[index].port).may_hold_holes;
    const Carrier carrier = lines_[index].carrier;
    put("<path class=\"line{}\" ", holes ? " holes" : "");
    if (carrier != Carrier::None) put("style=\"stroke: {}; stroke-width: 2.4\" ", carrier_colour(carrier));
    put("marker-end=\"url(#tip{})\" d=\"M{:.1f},{:.1f}", static_cast<int>(carrier), edge.way.front().x,
        edge.way.front().y);
    if (edge.goes_back) {
      // Corners are cut by a curve.
      for (std::size_t i = 1; i + 1 < edge.way.size(); ++i) {
        const LayoutPoint before = towards(edge.way[i], edge.way[i - 1]);
        const LayoutPoint after = towards(edge.way[i], edge.way[i + 1]);
        put(" L{:.1f},{:.1f} Q{:.1f},{:.1f} {:.1f},{:.1f}", before.x, before.y, edge.way[i].x, edge.way[i].y,
            after.x, after.y);
      }
      put(" L{:.1f},{:.1f}", edge.way.back().x, edge.way.back().y);
    } else {
      for (std::size_t i = 1; i < edge.way.size(); ++i) {
        const LayoutPoint a = edge.way[i - 1];
        const LayoutPoint b = edge.way[i];
        const double middle = (a.x + b.x) / 2;
        if (std::abs(a.y - b.y) < 0.5) {
          put(" L{:.1f},{:.1f}", b.x, b.y);
        } else {
          put(" C{:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f}", middle, a.y, middle, b.y, b.x, b.y);
        }
      }
    }
    put("\"/>\n");
  }

  // A few pixels from a corner in the direction of another point, at most half of the way.
  static LayoutPoint towards(LayoutPoint corner, LayoutPoint other) {
    constexpr double kRadius = 8;
    const double dx = other.x - corner.x;
    const double dy = other.y - corner.y;
    const double length = std::sqrt(dx * dx + dy * dy);
    const double part = length > 0 ? std::min(kRadius / length, 0.5) : 0;
    return {corner.x + dx * part, corner.y + dy * part};
  }

  // One label for each port, where its lines begin; below it how items travel to other threads.
  void paint_types() {
    std::map<PortId, std::vector<std::string>> labels;
    for (std::size_t i = 0; i < layout_.edges.size(); ++i) {
      const PortId port = lines_[i].port;
      const LayoutPoint begin = layout_.edges[i].way.front();
      const auto [below, is_new] = labels.try_emplace(port);
      if (is_new) {
        put("<text class=\"type\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", begin.x + 6, begin.y - 5,
            escape(type_text(port)));
      }
      const std::string label = grouping_.carrier_label(lines_[i]);
      std::vector<std::string>& known = below->second;
      if (label.empty() || std::find(known.begin(), known.end(), label) != known.end()) continue;
      put("<text class=\"type\" style=\"fill: {}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n",
          carrier_colour(lines_[i].carrier), begin.x + 6, begin.y + 13 + 11 * static_cast<double>(known.size()),
          escape(label));
      known.push_back(label);
    }
  }

  void paint_legend() {
    static constexpr std::pair<Family, std::string_view> kEntries[] = {
        {Family::Source, "source"},   {Family::Item, "each item"},    {Family::Ticks, "more or fewer items"},
        {Family::Window, "window"},   {Family::State, "with memory"}, {Family::Meeting, "streams meet"},
        {Family::Sink, "sink"}};
    double x = 24;
    const double y = std::max(layout_.height, 40.0) + 10;
    for (const auto& [family, text] : kEntries) {
      put("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"{}\"/>", x + 4, y - 3.5, colour_of(family));
      put("<text class=\"legend\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", x + 12, y, text);
      x += 12 + 5.6 * static_cast<double>(text.size()) + 20;
    }
    put("\n");
    x = 24;
    for (const Carrier carrier : used_carriers()) {
      const std::string text = fmt::format("{} to another {}", carrier_text(carrier),
                                           carrier == Carrier::Ring           ? "thread"
                                           : carrier == Carrier::SharedMemory ? "process"
                                                                                : "node");
      put("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"{}\" stroke-width=\"2.4\"/>", x,
          y + 16, x + 18, y + 16, carrier_colour(carrier));
      put("<text class=\"legend\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", x + 24, y + 19.5, text);
      x += 24 + 5.6 * static_cast<double>(text.size()) + 20;
    }
  }

  const Picture& picture_;
  const Graph& graph_;
  const PictureFrames* frames_;
  const Grouping grouping_;
  std::vector<std::string> rows_;  // Text of each operator.
  std::vector<Line> lines_;        // What each edge of the layout stands for.
  Layout layout_;
  std::string out_;
};

std::string dot_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

// The inside of a Graphviz picture, line by line.
class DotPrinter {
 public:
  explicit DotPrinter(const Picture& picture) : picture_(picture), grouping_(picture) {}

  std::string print() {
    line("digraph \"{}\" {{", dot_text(picture_.title));
    line("  rankdir=LR;");
    line("  node [shape=box, style=\"rounded,filled\", fillcolor=\"#ffffff\", fontname=\"DejaVu Sans Mono\", "
         "fontsize=10];");
    line("  edge [fontname=\"DejaVu Sans Mono\", fontsize=9, color=\"#8796a5\", fontcolor=\"#6b7a89\"];");
    if (picture_.frames == nullptr) {
      for (std::size_t i = 0; i < grouping_.groups().size(); ++i) print_group(i);
    } else {
      for (std::size_t i = 0; i < picture_.frames->frames.size(); ++i) {
        if (!picture_.frames->frames[i].inside) print_frame(i);
      }
    }
    for (const Line& edge : grouping_.lines()) print_edge(edge);
    line("}}");
    return std::move(out_);
  }

 private:
  template <class... Arguments>
  void line(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Arguments>(arguments)...);
    out_ += '\n';
  }

  // Frames are nested three deep at the most.
  void print_frame(std::size_t index) {
    const PictureFrame& frame = picture_.frames->frames[index];
    line("  subgraph cluster_frame_{} {{", index);
    line("    label=\"{}\"; style=rounded; color=\"#93a4b5\"; fontname=\"DejaVu Sans\";", dot_text(frame_title(frame)));
    for (std::size_t i = index + 1; i < picture_.frames->frames.size(); ++i) {
      if (picture_.frames->frames[i].inside == index) print_frame(i);
    }
    for (std::size_t i = 0; i < grouping_.groups().size(); ++i) {
      if (grouping_.thread_of(i) == index) print_group(i);
    }
    line("  }}");
  }

  void print_group(std::size_t index) {
    const Group& group = grouping_.groups()[index];
    line("  subgraph cluster_{} {{", index);
    line("    label=\"{}\"; style=\"rounded,filled\"; fillcolor=\"#f7f9fb\"; color=\"#8796a5\"; "
         "fontname=\"DejaVu Sans\";",
         dot_text(group.title));
    for (const OperatorId row : group.rows) {
      const Operator& op = picture_.graph.op(row);
      line("    o{} [label=\"{}\", color=\"{}\"];", row,
           dot_text(describe_operator(op, picture_.program, picture_.sources)), colour_of(family_of(op.kind)));
    }
    line("  }}");
  }

  void print_edge(const Line& edge) {
    const Port& port = picture_.graph.port(edge.port);
    std::string label = dot_text(picture_.program.types.text(port.type_id));
    label += grouping_.lossy_mark(edge.port);
    std::string style = port.may_hold_holes ? ", style=dashed" : "";
    if (edge.carrier != Carrier::None) {
      label += "\\n" + dot_text(grouping_.carrier_label(edge));
      style += fmt::format(", penwidth=2, color=\"{}\"", carrier_colour(edge.carrier));
    }
    line("  o{} -> o{} [label=\"{}\"{}];", port.producer, edge.reader, label, style);
  }

  const Picture& picture_;
  const Grouping grouping_;
  std::string out_;
};

}  // namespace

std::string print_svg(const Picture& picture) { return SvgPainter(picture).paint(); }

std::string print_dot(const Picture& picture) { return DotPrinter(picture).print(); }

}  // namespace streamc
