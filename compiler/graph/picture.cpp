#include "compiler/graph/picture.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>

#include "compiler/graph/describe.h"
#include "compiler/graph/layout.h"
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

// An equation is one box, unless parts of it are apart: two sinks `print` are two boxes.
std::vector<Group> make_groups(const Graph& graph, std::vector<std::size_t>& group_of) {
  std::vector<Group> groups;
  std::map<std::string, std::vector<std::size_t>> by_name;
  group_of.assign(graph.operators.size(), 0);
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    const Operator& op = graph.operators[i];
    std::vector<std::size_t>& candidates = by_name[op.equation];
    std::size_t group = groups.size();
    const bool is_sink = op.outputs.empty();
    for (const std::size_t candidate : candidates) {
      const bool feeds = std::any_of(op.inputs.begin(), op.inputs.end(), [&](PortId input) {
        return group_of[graph.port(input).producer.index()] == candidate &&
               graph.op(graph.port(input).producer).equation == op.equation;
      });
      if (feeds || (!is_sink && !graph.op(groups[candidate].rows.back()).outputs.empty())) group = candidate;
    }
    if (group == groups.size()) {
      groups.push_back({.title = op.equation, .rows = {}});
      candidates.push_back(group);
    }
    groups[group].rows.push_back(OperatorId(i));
    group_of[i] = group;
  }
  return groups;
}

constexpr double kRowHeight = 22;
constexpr double kTitleHeight = 26;
constexpr double kPadding = 12;
constexpr double kTitleCharacter = 7.6;
constexpr double kCodeCharacter = 6.65;
constexpr double kTypeCharacter = 5.9;
constexpr std::size_t kRowCharacters = 46;

class SvgPainter {
 public:
  SvgPainter(const Graph& graph, const CheckedProgram& program, const SourceManager* sources)
      : graph_(graph), program_(program), sources_(sources) {}

  std::string paint(std::string_view title) {
    groups_ = make_groups(graph_, group_of_);
    make_rows();
    make_layout();
    const double top = title.empty() ? 0 : 34;
    const double width = std::max(layout_.width, 160.0);
    const double height = std::max(layout_.height, 40.0) + top + (graph_.operators.empty() ? 0 : kLegendHeight);
    put("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{:.0f}\" height=\"{:.0f}\" "
        "viewBox=\"0 0 {:.0f} {:.0f}\" font-family=\"Inter, 'DejaVu Sans', Helvetica, Arial, sans-serif\">\n",
        std::max(width, kLegendWidth), height, std::max(width, kLegendWidth), height);
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
    put("<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" "
        "orient=\"auto\"><path d=\"M0,0.5 L8,4 L0,7.5 z\" fill=\"#8796a5\"/></marker></defs>\n");
    put("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
    if (!title.empty()) put("<text class=\"title\" x=\"24\" y=\"30\">{}</text>\n", escape(title));
    put("<g transform=\"translate(0,{:.0f})\">\n", top);
    for (std::size_t i = 0; i < layout_.edges.size(); ++i) paint_line(i);
    for (std::size_t i = 0; i < groups_.size(); ++i) paint_box(i);
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

  void make_rows() {
    for (const Operator& op : graph_.operators) {
      std::string text = describe_operator(op, program_, sources_);
      // The title of the box says it already.
      if (op.outputs.empty() && text.starts_with(op.equation + " ")) text.erase(0, op.equation.size() + 1);
      if (count_characters(text) > kRowCharacters) {
        std::size_t end = 0;
        for (std::size_t count = 0; end < text.size(); ++end) {
          if ((static_cast<unsigned char>(text[end]) & 0xc0) != 0x80 && count++ == kRowCharacters - 1) break;
        }
        text = text.substr(0, end) + "…";
      }
      rows_.push_back(std::move(text));
    }
  }

  double row_centre(OperatorId id) const {
    const Group& group = groups_[group_of_[id.index()]];
    const auto row = std::find(group.rows.begin(), group.rows.end(), id) - group.rows.begin();
    return kTitleHeight + kRowHeight * (static_cast<double>(row) + 0.5);
  }

  void make_layout() {
    for (const Group& group : groups_) {
      double width = kTitleCharacter * static_cast<double>(count_characters(group.title));
      for (const OperatorId row : group.rows) {
        width = std::max(width, kCodeCharacter * static_cast<double>(count_characters(rows_[row.index()])) + 14);
      }
      layout_.boxes.push_back({.width = width + 2 * kPadding,
                               .height = kTitleHeight + kRowHeight * static_cast<double>(group.rows.size()) + 6});
    }
    double widest_type = 0;
    for (std::size_t i = 0; i < graph_.operators.size(); ++i) {
      const Operator& op = graph_.operators[i];
      for (const PortId input : op.inputs) {
        const Port& port = graph_.port(input);
        const std::size_t from = group_of_[port.producer.index()];
        const std::size_t to = group_of_[i];
        if (from == to) continue;
        const bool known = std::any_of(edge_ports_.begin(), edge_ports_.end(), [&](const auto& edge) {
          return edge.first == input && edge.second == OperatorId(i);
        });
        if (known) continue;
        edge_ports_.emplace_back(input, OperatorId(i));
        layout_.edges.push_back({.from = from,
                                 .to = to,
                                 .from_height = row_centre(port.producer),
                                 .to_height = row_centre(OperatorId(i)),
                                 .goes_back = port.producer.index() >= i});
        widest_type = std::max(widest_type, kTypeCharacter * static_cast<double>(count_characters(type_text(input))));
      }
    }
    place_boxes(layout_, {.between_layers = std::clamp(widest_type + 36, 64.0, 220.0)});
  }

  std::string type_text(PortId id) const {
    const std::string text = program_.types.text(graph_.port(id).type_id);
    constexpr std::size_t kLimit = 30;
    return count_characters(text) <= kLimit ? text : text.substr(0, kLimit - 1) + "…";
  }

  void paint_box(std::size_t index) {
    const LayoutBox& box = layout_.boxes[index];
    const Group& group = groups_[index];
    const std::string_view colour = colour_of(family_of(graph_.op(group.rows.back()).kind));
    put("<g><title>{}</title>\n", escape(group.title));
    put("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"7\" fill=\"#f7f9fb\" "
        "stroke=\"{}\" stroke-width=\"1.4\"/>\n",
        box.x, box.y, box.width, box.height, colour);
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
    const bool holes = graph_.port(edge_ports_[index].first).may_hold_holes;
    put("<path class=\"line{}\" marker-end=\"url(#tip)\" d=\"M{:.1f},{:.1f}", holes ? " holes" : "",
        edge.way.front().x, edge.way.front().y);
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

  // One label for each port, where its lines begin.
  void paint_types() {
    std::vector<PortId> seen;
    for (std::size_t i = 0; i < layout_.edges.size(); ++i) {
      const PortId port = edge_ports_[i].first;
      if (std::find(seen.begin(), seen.end(), port) != seen.end()) continue;
      seen.push_back(port);
      const LayoutPoint begin = layout_.edges[i].way.front();
      put("<text class=\"type\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>\n", begin.x + 6, begin.y - 5,
          escape(type_text(port)));
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
  }

  const Graph& graph_;
  const CheckedProgram& program_;
  const SourceManager* sources_;
  std::vector<Group> groups_;
  std::vector<std::size_t> group_of_;  // One for each operator.
  std::vector<std::string> rows_;      // Text of each operator.
  std::vector<std::pair<PortId, OperatorId>> edge_ports_;  // Of each line: what it carries, to whom.
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

}  // namespace

std::string print_svg(const Graph& graph, const CheckedProgram& program, const SourceManager* sources,
                      std::string_view title) {
  return SvgPainter(graph, program, sources).paint(title);
}

std::string print_dot(const Graph& graph, const CheckedProgram& program, const SourceManager* sources,
                      std::string_view title) {
  std::vector<std::size_t> group_of;
  const std::vector<Group> groups = make_groups(graph, group_of);
  std::string out;
  const auto line = [&]<class... Arguments>(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(out), format, std::forward<Arguments>(arguments)...);
    out += '\n';
  };
  line("digraph \"{}\" {{", dot_text(title));
  line("  rankdir=LR;");
  line("  node [shape=box, style=\"rounded,filled\", fillcolor=\"#ffffff\", fontname=\"DejaVu Sans Mono\", fontsize=10];");
  line("  edge [fontname=\"DejaVu Sans Mono\", fontsize=9, color=\"#8796a5\", fontcolor=\"#6b7a89\"];");
  for (std::size_t i = 0; i < groups.size(); ++i) {
    line("  subgraph cluster_{} {{", i);
    line("    label=\"{}\"; style=\"rounded,filled\"; fillcolor=\"#f7f9fb\"; color=\"#8796a5\"; fontname=\"DejaVu Sans\";",
         dot_text(groups[i].title));
    for (const OperatorId row : groups[i].rows) {
      line("    o{} [label=\"{}\", color=\"{}\"];", row,
           dot_text(describe_operator(graph.op(row), program, sources)), colour_of(family_of(graph.op(row).kind)));
    }
    line("  }}");
  }
  for (std::size_t i = 0; i < graph.operators.size(); ++i) {
    for (const PortId input : graph.operators[i].inputs) {
      const Port& port = graph.port(input);
      line("  o{} -> o{} [label=\"{}\"{}];", port.producer, i, dot_text(program.types.text(port.type_id)),
           port.may_hold_holes ? ", style=dashed" : "");
    }
  }
  line("}}");
  return out;
}

}  // namespace streamc
