#include "runtime/connector/chart_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "runtime/base/format_spec.h"
#include "runtime/connector/chart_axis.h"

namespace streamrt {

namespace {

constexpr double kWidth = 1100;
constexpr double kHeight = 440;
constexpr double kLeft = 68;
constexpr double kRight = 28;
constexpr double kTop = 70;
constexpr double kBottom = 50;
constexpr double kPlotWidth = kWidth - kLeft - kRight;
constexpr double kPlotHeight = kHeight - kTop - kBottom;
constexpr const char* kColours[] = {"#2563eb", "#d97706", "#059669", "#7c3aed",
                                    "#0891b2", "#be185d", "#4d7c0f", "#475569"};
constexpr const char* kAlarmColour = "#dc2626";
constexpr const char* kShadeColours[] = {"#fde68a", "#bfdbfe", "#bbf7d0", "#e9d5ff"};
constexpr double kLabelWidth = 7.2;  // Of a character, about.

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

class SvgWriter {
 public:
  explicit SvgWriter(const ChartPicture& picture) : picture_(picture) {}

  std::string write() {
    find_ranges();
    begin();
    write_title_and_legend();
    // Shades lie below everything, marks on top of every line.
    std::size_t colour = 0;
    for (const ChartLayer* const layer : layers_of(ChartLayerKind::Shade)) {
      write_shade(*layer, kShadeColours[colour++ % std::size(kShadeColours)]);
    }
    write_value_axis();
    write_stamp_axis();
    out_ += "<g clip-path=\"url(#plot)\">\n";
    colour = 0;
    for (const ChartLayer* const layer : layers_of(ChartLayerKind::Line)) {
      write_line(*layer, kColours[colour++ % std::size(kColours)]);
    }
    for (const ChartLayer* const layer : layers_of(ChartLayerKind::Mark)) write_marks(*layer);
    out_ += "</g>\n</svg>\n";
    return std::move(out_);
  }

 private:
  template <class... Values>
  void add(fmt::format_string<Values...> format, Values&&... values) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Values>(values)...);
  }

  std::vector<const ChartLayer*> layers_of(ChartLayerKind kind) const {
    std::vector<const ChartLayer*> layers;
    for (const ChartLayer* const layer : picture_.layers) {
      if (layer->kind == kind) layers.push_back(layer);
    }
    return layers;
  }

  void find_ranges() {
    first_ = std::numeric_limits<std::int64_t>::max();
    last_ = std::numeric_limits<std::int64_t>::min();
    low_ = std::numeric_limits<double>::infinity();
    high_ = -low_;
    for (const ChartLayer* const layer : picture_.layers) {
      for (const ChartSeries::Bucket& bucket : layer->series.buckets()) {
        first_ = std::min(first_, bucket.first_stamp);
        last_ = std::max(last_, bucket.last_stamp);
        if (!layer->is_numeric) continue;
        low_ = std::min(low_, bucket.min);
        high_ = std::max(high_, bucket.max);
      }
      for (const ChartStretches::Stretch& stretch : layer->shade.stretches()) {
        first_ = std::min(first_, stretch.first_stamp);
        last_ = std::max(last_, stretch.last_stamp);
      }
    }
    is_empty_ = first_ > last_;
    if (is_empty_) first_ = last_ = 0;
    if (!(low_ <= high_)) low_ = 0, high_ = 1;
    const double range = high_ - low_;
    const double margin = range > 0 ? range * 0.06 : std::max(std::fabs(high_) * 0.1, 1.0);
    // Zero is a floor where everything is above it and it is near anyway.
    const bool floor_is_zero = low_ >= 0 && low_ < range * 0.35;
    low_ = floor_is_zero ? 0 : low_ - margin;
    high_ += margin;
  }

  double x_of(std::int64_t stamp) const { return x_of(static_cast<double>(stamp - first_), 0); }
  double x_of(double offset, int) const {
    if (last_ == first_) return kLeft + kPlotWidth / 2;
    return kLeft + kPlotWidth * offset / static_cast<double>(last_ - first_);
  }
  double y_of(double value) const { return kTop + kPlotHeight * (high_ - value) / (high_ - low_); }

  void begin() {
    add("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
        "height=\"{1}\" "
        "role=\"img\" font-family=\"Inter, 'Segoe UI', 'DejaVu Sans', sans-serif\" "
        "font-size=\"12\">\n",
        kWidth, kHeight);
    add("<title>{}</title>\n", escaped(picture_.title));
    add("<rect width=\"{}\" height=\"{}\" fill=\"#ffffff\"/>\n", kWidth, kHeight);
    add("<clipPath id=\"plot\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>\n",
        kLeft - 6, kTop - 6, kPlotWidth + 12, kPlotHeight + 12);
  }

  void write_title_and_legend() {
    add("<text x=\"{}\" y=\"28\" font-size=\"17\" font-weight=\"600\" fill=\"#111827\">{}</text>\n",
        kLeft, escaped(picture_.title));
    double x = kLeft;
    std::size_t line = 0;
    std::size_t shade = 0;
    for (const ChartLayer* const layer : picture_.layers) {
      std::string label = layer->label;
      switch (layer->kind) {
        case ChartLayerKind::Line:
          add("<path d=\"M{:.1f} 46h18\" stroke=\"{}\" stroke-width=\"3\" "
              "stroke-linecap=\"round\"/>\n",
              x, kColours[line++ % std::size(kColours)]);
          break;
        case ChartLayerKind::Shade:
          add("<rect x=\"{:.1f}\" y=\"40\" width=\"18\" height=\"12\" rx=\"2\" fill=\"{}\"/>\n", x,
              kShadeColours[shade++ % std::size(kShadeColours)]);
          break;
        case ChartLayerKind::Mark:
          label += fmt::format(" ({})", layer->series.count());
          if (layer->is_numeric) {
            add("<circle cx=\"{:.1f}\" cy=\"46\" r=\"4\" fill=\"{}\"/>\n", x + 9, kAlarmColour);
          } else {
            add("<path d=\"M{0:.1f} 40V52\" stroke=\"{1}\" stroke-width=\"2\"/>\n", x + 9,
                kAlarmColour);
          }
          break;
      }
      add("<text x=\"{:.1f}\" y=\"50\" fill=\"#374151\">{}</text>\n", x + 25, escaped(label));
      x += 25 + kLabelWidth * static_cast<double>(count_code_points(label)) + 22;
    }
  }

  void write_value_axis() {
    if (!picture_.unit.empty()) {
      add("<text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"#6b7280\">{}</text>\n", kLeft - 10,
          kTop - 8, escaped(picture_.unit));
    }
    for (const AxisTick& tick : value_ticks(low_, high_, 6)) {
      const double y = y_of(tick.place);
      add("<path d=\"M{} {:.1f}H{}\" stroke=\"#e5e7eb\"/>\n", kLeft, y, kWidth - kRight);
      add("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\" fill=\"#6b7280\">{}</text>\n",
          kLeft - 10, y + 4, tick.label);
    }
  }

  // As many ticks as have room for their labels.
  std::vector<AxisTick> stamp_ticks() const {
    std::vector<AxisTick> ticks;
    for (const int about : {9, 6, 4, 3, 2}) {
      ticks = picture_.has_times ? time_ticks(first_, last_, about) : position_ticks(first_, last_, about);
      bool fits = true;
      for (std::size_t i = 1; i < ticks.size(); ++i) {
        const double distance = x_of(ticks[i].place - ticks[i - 1].place, 0) - kLeft;
        const auto characters = static_cast<double>(ticks[i].label.size() + ticks[i - 1].label.size()) / 2;
        fits = fits && distance >= kLabelWidth * (characters + 2);
      }
      if (fits) break;
    }
    return ticks;
  }

  void write_stamp_axis() {
    const double base = kTop + kPlotHeight;
    add("<path d=\"M{} {}H{}\" stroke=\"#9ca3af\"/>\n", kLeft, base, kWidth - kRight);
    if (is_empty_) {
      add("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" fill=\"#6b7280\">no items</text>\n",
          kLeft + kPlotWidth / 2, kTop + kPlotHeight / 2);
      return;
    }
    const std::vector<AxisTick> ticks = stamp_ticks();
    for (const AxisTick& tick : ticks) {
      const double x = x_of(tick.place - static_cast<double>(first_), 0);
      add("<path d=\"M{0:.1f} {1}v5\" stroke=\"#9ca3af\"/>\n", x, base);
      // A label at the edge of the picture stays inside.
      const double room = kWidth - 6 - kLabelWidth / 2 * static_cast<double>(tick.label.size());
      add("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\" fill=\"#6b7280\">{}</text>\n",
          std::min(x, room), base + 19, tick.label);
      if (!tick.second_line.empty()) {
        add("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\" fill=\"#9ca3af\">{}</text>\n", x,
            base + 35, tick.second_line);
      }
    }
    const bool is_date = picture_.has_times && !is_elapsed_time(last_);
    const char* const name = is_date ? "UTC" : (picture_.has_times ? "" : "item");
    add("<text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"#9ca3af\">{}</text>\n", kWidth - kRight,
        base + 35, name);
  }

  void write_line(const ChartLayer& layer, const char* colour) {
    const std::vector<ChartSeries::Bucket>& buckets = layer.series.buckets();
    if (buckets.empty()) return;
    if (buckets.size() == 1 && buckets[0].count == 1) {  // A line of one point is invisible.
      add("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"/>\n",
          x_of(buckets[0].first_stamp), y_of(buckets[0].min), colour);
      return;
    }
    const bool is_dense = buckets.size() > 600;
    add("<path fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\" "
        "stroke-linecap=\"round\" d=\"",
        colour, is_dense ? "1.2" : "1.8");
    bool starts = true;
    for (const ChartSeries::Bucket& bucket : buckets) {
      if (bucket.gap_before) starts = true;
      const double before = y_of(bucket.min_is_first ? bucket.min : bucket.max);
      const double after = y_of(bucket.min_is_first ? bucket.max : bucket.min);
      const double x = (x_of(bucket.first_stamp) + x_of(bucket.last_stamp)) / 2;
      add("{}{:.1f} {:.1f}", starts ? "M" : "L", x, before);
      if (bucket.count > 1) add("V{:.1f}", after);
      starts = false;
    }
    out_ += "\"/>\n";
  }

  void write_shade(const ChartLayer& layer, const char* colour) {
    for (const ChartStretches::Stretch& stretch : layer.shade.stretches()) {
      const double x = x_of(stretch.first_stamp);
      add("<rect x=\"{:.1f}\" y=\"{}\" width=\"{:.1f}\" height=\"{}\" fill=\"{}\" "
          "fill-opacity=\"0.55\"/>\n",
          x, kTop, std::max(x_of(stretch.last_stamp) - x, 1.0), kPlotHeight, colour);
    }
  }

  void write_marks(const ChartLayer& layer) {
    for (const ChartSeries::Bucket& bucket : layer.series.buckets()) {
      const double x = (x_of(bucket.first_stamp) + x_of(bucket.last_stamp)) / 2;
      std::string tip = bucket.text;
      if (bucket.count > 1)
        tip += fmt::format("{}({} in all)", tip.empty() ? "" : " ", bucket.count);
      const std::string title = tip.empty() ? "" : fmt::format("<title>{}</title>", escaped(tip));
      if (!layer.is_numeric) {
        add("<g stroke=\"{0}\"><path d=\"M{1:.1f} {2}V{3}\" stroke-opacity=\"0.55\" "
            "stroke-width=\"1.4\"/>"
            "<circle cx=\"{1:.1f}\" cy=\"{2}\" r=\"3\" fill=\"{0}\"/>{4}</g>\n",
            kAlarmColour, x, kTop, kTop + kPlotHeight, title);
        continue;
      }
      write_dot(x, bucket.max, title);
      if (y_of(bucket.min) - y_of(bucket.max) > 2) write_dot(x, bucket.min, title);
    }
  }

  void write_dot(double x, double value, const std::string& title) {
    add("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.6\" fill=\"{}\" stroke=\"#ffffff\" "
        "stroke-width=\"0.5\">{}</circle>\n",
        x, y_of(value), kAlarmColour, title);
  }

  const ChartPicture& picture_;
  std::string out_;
  std::int64_t first_ = 0;
  std::int64_t last_ = 0;
  double low_ = 0;
  double high_ = 1;
  bool is_empty_ = false;
};

}  // namespace

std::string chart_svg(const ChartPicture& picture) {
  return SvgWriter(picture).write();
}

}  // namespace streamrt
