// A chart as an SVG picture: series as lines, marks in red, axes, a legend.
#pragma once

#include <string>
#include <vector>

#include "runtime/connector/chart_series.h"

namespace streamrt {

struct ChartLayer {
  std::string label;
  bool is_mark = false;     // Alarms: red dots where items are numbers, else vertical lines.
  bool is_numeric = true;
  ChartSeries series;
};

struct ChartPicture {
  std::string title;
  std::string unit;         // Of the value axis; may be empty.
  bool has_times = false;   // Stamps are times; else item numbers.
  const std::vector<const ChartLayer*>& layers;
};

// Deterministic: the same points give the same bytes.
std::string chart_svg(const ChartPicture& picture);

}  // namespace streamrt
