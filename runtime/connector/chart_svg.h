// A chart as an SVG picture: series as lines, marks in red, shaded stretches behind them, axes, a legend.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/connector/chart_series.h"
#include "runtime/connector/chart_stretches.h"

namespace streamrt {

enum class ChartLayerKind : std::uint8_t {
  Line,
  Mark,   // Alarms: red dots where items are numbers, else vertical lines.
  Shade,  // Stretches of the axis.
};

struct ChartLayer {
  std::string label;
  ChartLayerKind kind = ChartLayerKind::Line;
  bool is_numeric = true;
  ChartSeries series;    // Line, Mark.
  ChartStretches shade;  // Shade.
};

struct ChartPicture {
  std::string title;
  std::string unit;        // Of the value axis; may be empty.
  bool has_times = false;  // Stamps are times; else item numbers.
  const std::vector<const ChartLayer*>& layers;
};

// Deterministic: the same points give the same bytes.
std::string chart_svg(const ChartPicture& picture);

}  // namespace streamrt
