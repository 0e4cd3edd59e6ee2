#include "compiler/driver/top_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "compiler/driver/text_table.h"

namespace streamc {
namespace {

using streamrt::Snapshot;

constexpr std::string_view kBold = "\033[1m";
constexpr std::string_view kDim = "\033[2m";
constexpr std::string_view kPlain = "\033[0m";

class TopTable {
 public:
  TopTable(const Snapshot& before, const Snapshot& now, const TableStyle& style)
      : before_(before), now_(now), style_(style) {}

  std::vector<std::string> lay_out() {
    add_heading();
    add_threads();
    add_streams();
    add_sources();
    add_sinks();
    add_node_links();
    add_failures();
    return std::move(lines_);
  }

 private:
  [[nodiscard]] double seconds() const {
    return static_cast<double>(now_.steady_ns - before_.steady_ns) / 1e9;
  }

  // How fast a counter rises; `-` where that is not known.
  [[nodiscard]] std::string rate(std::int64_t before, std::int64_t now) const {
    if (seconds() <= 0 || now < before) return "-";
    return count_text(static_cast<double>(now - before) / seconds());
  }

  // Of a row that also the earlier snapshot has, at the same place: a run never changes its rows.
  template <class Row, class Value>
  [[nodiscard]] std::string rate_of(const std::vector<Row>& before, const std::vector<Row>& now,
                                    std::size_t index, Value value) const {
    return index < before.size() ? rate(value(before[index]), value(now[index])) : "-";
  }

  [[nodiscard]] double cpu_percent(std::size_t thread) const {
    if (seconds() <= 0 || thread >= before_.threads.size()) return 0;
    const auto used =
        static_cast<double>(now_.threads[thread].cpu_ns - before_.threads[thread].cpu_ns);
    return std::max(used / 1e9 / seconds() * 100, 0.0);
  }

  void add_heading() {
    double cpu = 0;
    for (std::size_t i = 0; i < now_.threads.size(); ++i) cpu += cpu_percent(i);
    std::string line = fmt::format("{}, process {}", now_.program, now_.process_id);
    if (!now_.node.empty()) line += fmt::format(", node {}", now_.node);
    line += fmt::format(", up {}, processor {:.1f} %", uptime_text(now_.uptime_ns), cpu);
    lines_.push_back(styled(shortened(line, style_.width), kBold));
  }

  void add_table(const std::vector<TextColumn>& columns,
                 const std::vector<std::vector<std::string>>& rows) {
    if (rows.empty()) return;
    lines_.emplace_back();
    const std::vector<std::string> table = lay_out_table(columns, rows, style_.width);
    lines_.push_back(styled(table.front(), kDim));
    lines_.insert(lines_.end(), table.begin() + 1, table.end());
  }

  void add_threads() {
    std::vector<std::vector<std::string>> rows;
    for (std::size_t i = 0; i < now_.threads.size(); ++i) {
      const streamrt::ThreadRow& row = now_.threads[i];
      rows.push_back({row.thread, row.process.empty() ? "-" : row.process,
                      fmt::to_string(row.process_id), streamrt::part_state_text(row.state),
                      fmt::format("{:.1f}", cpu_percent(i))});
    }
    add_table({{"THREAD"}, {"PROCESS"}, {"PID", true}, {"STATE"}, {"CPU %", true}}, rows);
  }

  static std::string state_of(const streamrt::StreamRow& row) {
    const std::string state = progress_of(row);
    return row.dropped == 0 ? state : fmt::format("{}, {} dropped", state, count_text(static_cast<double>(row.dropped)));
  }

  static std::string progress_of(const streamrt::StreamRow& row) {
    if (row.is_closed) return "closed";
    if (row.has_ended) return "ended";
    return row.capacity > 0 && row.waiting >= row.capacity ? "full" : "open";
  }

  void add_streams() {
    std::vector<std::vector<std::string>> rows;
    for (std::size_t i = 0; i < now_.streams.size(); ++i) {
      const streamrt::StreamRow& row = now_.streams[i];
      rows.push_back(
          {row.stream, row.from == row.to ? row.from : row.from + " → " + row.to,
           count_text(static_cast<double>(row.items)),
           rate_of(before_.streams, now_.streams, i, [](const auto& one) { return one.items; }),
           count_text(static_cast<double>(row.waiting)),
           count_text(static_cast<double>(row.capacity)), state_of(row)});
    }
    add_table({{"STREAM"},
               {"THREAD"},
               {"ITEMS", true},
               {"ITEMS/S", true},
               {"WAITING", true},
               {"ROOM", true},
               {"STATE"}},
              rows);
  }

  void add_sources() {
    std::vector<std::vector<std::string>> rows;
    for (std::size_t i = 0; i < now_.sources.size(); ++i) {
      const streamrt::SourceRow& row = now_.sources[i];
      rows.push_back(
          {row.stream, row.connector, row.thread, count_text(static_cast<double>(row.items)),
           rate_of(before_.sources, now_.sources, i, [](const auto& one) { return one.items; }),
           count_text(static_cast<double>(row.failed)), count_text(static_cast<double>(row.late))});
    }
    add_table({{"SOURCE"},
               {"KIND"},
               {"THREAD"},
               {"ITEMS", true},
               {"ITEMS/S", true},
               {"FAILED", true},
               {"LATE", true}},
              rows);
  }

  void add_sinks() {
    std::vector<std::vector<std::string>> rows;
    for (std::size_t i = 0; i < now_.sinks.size(); ++i) {
      const streamrt::SinkRow& row = now_.sinks[i];
      rows.push_back(
          {row.stream, row.connector, row.thread, count_text(static_cast<double>(row.items)),
           rate_of(before_.sinks, now_.sinks, i, [](const auto& one) { return one.items; })});
    }
    add_table({{"SINK"}, {"KIND"}, {"THREAD"}, {"ITEMS", true}, {"ITEMS/S", true}}, rows);
  }

  void add_node_links() {
    std::vector<std::vector<std::string>> rows;
    for (std::size_t i = 0; i < now_.node_links.size(); ++i) {
      const streamrt::NodeLinkRow& row = now_.node_links[i];
      const auto bytes = [&](std::uint64_t streamrt::LinkStatus::* member) {
        return rate_of(before_.node_links, now_.node_links, i, [member](const auto& one) {
          return static_cast<std::int64_t>(one.status.*member);
        });
      };
      rows.push_back({row.node, streamrt::link_state_text(row.status.state),
                      fmt::format("{:.1f}", static_cast<double>(row.status.round_trip_ns) / 1e6),
                      fmt::to_string(row.status.connections),
                      bytes(&streamrt::LinkStatus::bytes_sent),
                      bytes(&streamrt::LinkStatus::bytes_received), spooled_text(row), row.status.reason});
    }
    add_table({{"NODE"},
               {"LINK"},
               {"MS", true},
               {"MADE", true},
               {"OUT B/S", true},
               {"IN B/S", true},
               {"SPOOLED", true},
               {"REASON"}},
              rows);
  }

  // Messages that wait on disk for the other node.
  static std::string spooled_text(const streamrt::NodeLinkRow& row) {
    std::uint64_t messages = 0;
    for (const streamrt::ChannelRow& channel : row.channels) messages += channel.counters.spooled;
    return count_text(static_cast<double>(messages));
  }

  void add_failures() {
    std::vector<std::vector<std::string>> rows;
    for (const streamrt::FailureRow& row : now_.failures) {
      rows.push_back({row.stream, count_text(static_cast<double>(row.failed)),
                      count_text(static_cast<double>(row.late)),
                      row.is_handled ? "by else" : "no"});
    }
    add_table({{"FAILURES OF"}, {"FAILED", true}, {"LATE", true}, {"HANDLED"}}, rows);
  }

  [[nodiscard]] std::string styled(const std::string& text, std::string_view style) const {
    return style_.has_colours ? fmt::format("{}{}{}", style, text, kPlain) : text;
  }

  const Snapshot& before_;
  const Snapshot& now_;
  const TableStyle& style_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> top_table(const Snapshot& before, const Snapshot& now,
                                   const TableStyle& style) {
  return TopTable(before, now, style).lay_out();
}

std::vector<std::string> program_table(const std::vector<Snapshot>& programs,
                                       const TableStyle& style) {
  std::vector<std::vector<std::string>> rows;
  for (const Snapshot& program : programs) {
    rows.push_back({program.program, fmt::to_string(program.process_id),
                    uptime_text(program.uptime_ns), fmt::to_string(program.threads.size())});
  }
  return lay_out_table({{"PROGRAM"}, {"PID", true}, {"UP", true}, {"THREADS", true}}, rows,
                       style.width);
}

std::string count_text(double count) {
  if (count < 99.95 && count != static_cast<double>(static_cast<std::int64_t>(count)))
    return fmt::format("{:.1f}", count);
  if (count < 99999.5) return fmt::format("{:.0f}", count);
  static constexpr std::string_view kUnits = "kMGTPE";
  std::size_t unit = 0;
  count /= 1000;
  while (count >= 999.5 && unit + 1 < kUnits.size()) {
    count /= 1000;
    ++unit;
  }
  return fmt::format("{:.{}f}{}", count, count < 9.995 ? 2 : count < 99.95 ? 1 : 0, kUnits[unit]);
}

std::string uptime_text(std::int64_t nanoseconds) {
  const std::int64_t seconds = nanoseconds / 1'000'000'000;
  if (seconds < 60)
    return fmt::format("{:.1f} s", static_cast<double>(nanoseconds / 100'000'000) / 10);
  if (seconds < 3600) return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  if (seconds < 86400) return fmt::format("{} h {} min", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{} d {} h", seconds / 86400, seconds / 3600 % 24);
}

}  // namespace streamc
