// `table.show`: a row for each operator: label, latest value, how many items, and the course of the
// latest ones as a small line. Redrawn in place in a terminal; elsewhere only the final table is
// printed.

#include <algorithm>
#include <array>
#include <deque>

#include "runtime/base/format_spec.h"
#include "runtime/base/value_text.h"
#include "runtime/connector/item_pointers.h"
#include "runtime/connector/numeric_item.h"
#include "runtime/connector/registry.h"
#include "runtime/connector/text_output.h"

namespace streamrt {

namespace {

constexpr std::size_t kSparkPoints = 32;
constexpr std::int64_t kRedrawInterval_ns = 100'000'000;
constexpr std::int64_t kWidestValue = 40;  // Code points.

struct TableRow {
  std::string label;
  std::string latest;
  std::int64_t count = 0;
  bool is_numeric = false;
  std::deque<double> recent;  // The last kSparkPoints numbers.
};

// ▁▂▃▄▅▆▇█ between the least and the greatest of the points.
std::string spark_line(const std::deque<double>& points) {
  constexpr std::array<const char*, 8> kBars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (points.empty()) return "";
  const auto [low, high] = std::minmax_element(points.begin(), points.end());
  const double range = *high - *low;
  std::string line;
  for (const double point : points) {
    const double height = range > 0 ? (point - *low) / range : 0.0;
    line += kBars[std::min(static_cast<std::size_t>(height * 8), kBars.size() - 1)];
  }
  return line;
}

std::string padded(std::string_view text, std::int64_t width, char align) {
  std::string out;
  FormatSpec spec;
  spec.width = static_cast<int>(width);
  spec.align = align;
  append_formatted(out, text, spec);
  return out;
}

class Table final : public Destination {
 public:
  Table(TextOutput& console, std::string title) : console_(console), title_(std::move(title)) {}

  TableRow& add_row(std::string label) {
    rows_.push_back({std::move(label), "-", 0, false, {}});
    return rows_.back();
  }
  void note_change() { has_changed_ = true; }

  void refresh(std::int64_t steady_ns) override {
    if (!console_.is_terminal()) return;
    const bool is_shown = console_.shows_footer();
    if (is_shown && !has_changed_) return;
    if (is_shown && steady_ns - drawn_ns_ < kRedrawInterval_ns) return;
    draw();
    drawn_ns_ = steady_ns;
  }
  [[nodiscard]] std::int64_t refresh_interval_ns() const override {
    return console_.is_terminal() ? kRedrawInterval_ns : 0;
  }

  Result<void> finish() override {
    if (console_.is_terminal()) {
      draw();
      console_.leave_footer();
      return {};
    }
    console_.buffer() += text(false);
    return console_.flush();
  }

 private:
  void draw() {
    // Without wrapping: a line is a line, however narrow the terminal.
    console_.show_footer("\x1b[?7l" + text(true) + "\x1b[?7h");
    has_changed_ = false;
  }

  std::string text(bool is_styled) const {
    std::int64_t label_width = 0;
    std::int64_t value_width = 6;
    std::int64_t count_width = 5;
    for (const TableRow& row : rows_) {
      label_width = std::max(label_width, count_code_points(row.label));
      value_width = std::max(value_width, count_code_points(row.latest));
      count_width =
          std::max(count_width, static_cast<std::int64_t>(fmt::format("{}", row.count).size()));
    }
    const char* const bold = is_styled ? "\x1b[1m" : "";
    const char* const dim = is_styled ? "\x1b[2m" : "";
    const char* const plain = is_styled ? "\x1b[0m" : "";
    std::string out;
    if (!title_.empty()) out += fmt::format("{}{}{}\n", bold, title_, plain);
    out +=
        fmt::format("{}{}  {}  {}{}\n", dim, padded("", label_width, '<'),
                    padded("latest", value_width, '>'), padded("items", count_width, '>'), plain);
    for (const TableRow& row : rows_) {
      std::string line =
          fmt::format("{}  {}{}{}  {}{}{}", padded(row.label, label_width, '<'), bold,
                      padded(row.latest, value_width, row.is_numeric ? '>' : '<'), plain, dim,
                      padded(fmt::format("{}", row.count), count_width, '>'), plain);
      if (!row.recent.empty()) line += "  " + spark_line(row.recent);
      out += line + '\n';
    }
    return out;
  }

  TextOutput& console_;
  std::string title_;
  std::deque<TableRow> rows_;
  bool has_changed_ = true;
  std::int64_t drawn_ns_ = 0;
};

class TableSink final : public Sink {
 public:
  TableSink(const StreamType& type, Table& table, TableRow& row)
      : type_(type), item_(type), table_(table), row_(row) {
    row_.is_numeric = is_numeric(type);
  }

  Result<void> write(const StreamBatch& items) override {
    std::int64_t last = -1;
    for (std::int64_t i = 0; i < items.count; ++i) {
      if (items.valid != nullptr && items.valid[i] == 0) continue;
      last = i;
      ++row_.count;
      if (!row_.is_numeric) continue;
      const double value = number_at(type_, items.columns, i);
      if (!std::isfinite(value)) continue;
      row_.recent.push_back(value);
      if (row_.recent.size() > kSparkPoints) row_.recent.pop_front();
    }
    if (last < 0) return {};
    row_.latest.clear();
    const bool is_float =
        type_.kind == STREAM_TYPE_FLOAT ||
        (type_.kind == STREAM_TYPE_OPTION && type_.element->kind == STREAM_TYPE_FLOAT);
    append_formatted_value(row_.latest, type_, item_.at(items, last), is_float ? ".6g" : "");
    if (count_code_points(row_.latest) > kWidestValue) {
      FormatSpec spec;
      spec.precision = kWidestValue - 1;
      std::string cut;
      append_formatted(cut, std::string_view(row_.latest), spec);
      row_.latest = cut + "…";
    }
    std::replace(row_.latest.begin(), row_.latest.end(), '\n', ' ');
    table_.note_change();
    return {};
  }

 private:
  const StreamType& type_;
  ItemPointers item_;
  Table& table_;
  TableRow& row_;
};

}  // namespace

Result<std::unique_ptr<Sink>> open_table_sink(const SinkOpening& opening) {
  Result<TextOutput*> console = console_of(opening);
  if (!console) return console.failure();
  const std::string title(opening.arguments.text("title").value_or(""));
  Result<Table*> table =
      opening.destinations.find_or_make<Table>("table:", [&]() -> Result<std::unique_ptr<Table>> {
        return std::make_unique<Table>(**console, title);
      });
  if (!table) return table.failure();
  TableRow& row = (*table)->add_row(label_of(opening));
  return std::make_unique<TableSink>(opening.type, **table, row);
}

}  // namespace streamrt
