// `chart.line`, `chart.mark` and `chart.shade`: all operators that name one path draw one SVG file, which is
// written whole when the last item has come.

#include <deque>

#include "runtime/base/value_text.h"
#include "runtime/connector/chart_svg.h"
#include "runtime/connector/item_pointers.h"
#include "runtime/connector/numeric_item.h"
#include "runtime/connector/registry.h"
#include "runtime/connector/text_output.h"

namespace streamrt {

namespace {

class Chart final : public Destination {
 public:
  Chart(std::string path, bool has_times) : path_(std::move(path)), has_times_(has_times) {}

  // The reference stays good: the sink adds its points there.
  ChartLayer& add_layer(ChartLayer layer) { return layers_.emplace_back(std::move(layer)); }
  void set_title(std::string_view title) {
    if (title_.empty()) title_ = title;
  }
  void set_unit(std::string_view unit) {
    if (unit_.empty()) unit_ = unit;
  }
  [[nodiscard]] bool has_times() const { return has_times_; }

  Result<void> finish() override {
    std::vector<const ChartLayer*> layers;
    for (const ChartLayer& layer : layers_) layers.push_back(&layer);
    return write_file_atomically(path_, chart_svg({title_, unit_, has_times_, layers}));
  }

 private:
  std::string path_;
  std::string title_;
  std::string unit_;
  bool has_times_;
  std::deque<ChartLayer> layers_;
};

class ChartSink final : public Sink {
 public:
  ChartSink(const StreamType& type, ChartLayer& layer) : type_(type), item_(type), layer_(layer) {}

  Result<void> write(const StreamBatch& items) override {
    for (std::int64_t i = 0; i < items.count; ++i) {
      if (items.valid != nullptr && items.valid[i] == 0) continue;
      const std::int64_t stamp =
          items.stamps == nullptr ? items.first_position + i : items.stamps[i];
      if (layer_.kind == ChartLayerKind::Line) {
        layer_.series.add(stamp, number_at(type_, items.columns, i));
        continue;
      }
      if (layer_.kind == ChartLayerKind::Shade) {
        layer_.shade.add(stamp, number_at(type_, items.columns, i) == 1.0);
        continue;
      }
      text_.clear();
      append_value(text_, type_, item_.at(items, i));
      layer_.series.add(stamp, layer_.is_numeric ? number_at(type_, items.columns, i) : 0.0, text_);
    }
    return {};
  }

 private:
  const StreamType& type_;
  ItemPointers item_;
  ChartLayer& layer_;
  std::string text_;
};

Result<std::unique_ptr<Sink>> open_chart(const SinkOpening& opening, ChartLayerKind kind) {
  const std::string path(opening.arguments.text("path").value_or("chart.svg"));
  Result<Chart*> chart = opening.destinations.find_or_make<Chart>(
      "chart:" + path, [&]() -> Result<std::unique_ptr<Chart>> {
        return std::make_unique<Chart>(path, opening.has_times);
      });
  if (!chart) return chart.failure();
  if ((*chart)->has_times() != opening.has_times) {
    return fail("the chart `{}` cannot show streams with times and streams without on one axis",
                path);
  }
  if (kind == ChartLayerKind::Line && !is_numeric(opening.type)) {
    return fail("`chart.line` draws numbers, not {}", type_text(opening.type));
  }
  if (kind == ChartLayerKind::Shade && opening.type.kind != STREAM_TYPE_BOOL) {
    return fail("`chart.shade` draws where a bool is true, not {}", type_text(opening.type));
  }
  (*chart)->set_title(opening.arguments.text("title").value_or(""));
  (*chart)->set_unit(opening.arguments.text("unit").value_or(""));
  ChartLayer layer;
  layer.label = label_of(opening);
  layer.kind = kind;
  layer.is_numeric = is_numeric(opening.type) && opening.type.kind != STREAM_TYPE_BOOL;
  return std::make_unique<ChartSink>(opening.type, (*chart)->add_layer(std::move(layer)));
}

}  // namespace

Result<std::unique_ptr<Sink>> open_chart_line_sink(const SinkOpening& opening) {
  return open_chart(opening, ChartLayerKind::Line);
}

Result<std::unique_ptr<Sink>> open_chart_shade_sink(const SinkOpening& opening) {
  return open_chart(opening, ChartLayerKind::Shade);
}

Result<std::unique_ptr<Sink>> open_chart_mark_sink(const SinkOpening& opening) {
  return open_chart(opening, ChartLayerKind::Mark);
}

}  // namespace streamrt
