// Snapshots as metrics, in the text format of Prometheus (version 0.0.4).
#include <fmt/format.h>

#include <initializer_list>
#include <utility>

#include "runtime/agent/snapshot_text.h"

namespace streamrt {

namespace {

using Label = std::pair<std::string_view, std::string_view>;

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

class MetricsWriter {
 public:
  explicit MetricsWriter(const Snapshot& snapshot) {
    common_ = fmt::format("program=\"{}\"", escaped(snapshot.program));
    if (!snapshot.node.empty()) common_ += fmt::format(",node=\"{}\"", escaped(snapshot.node));
  }

  // All samples of a family follow its begin().
  void begin(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    fmt::format_to(std::back_inserter(out_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name,
                   type);
  }

  template <class Value>
  void sample(std::initializer_list<Label> labels, Value value) {
    fmt::format_to(std::back_inserter(out_), "{}{{{}", name_, common_);
    for (const auto& [label, text] : labels) {
      fmt::format_to(std::back_inserter(out_), ",{}=\"{}\"", label, escaped(text));
    }
    fmt::format_to(std::back_inserter(out_), "}} {}\n", value);
  }

  std::string take() { return std::move(out_); }

 private:
  std::string common_;
  std::string name_;
  std::string out_;
};

double seconds(std::int64_t ns) {
  return static_cast<double>(ns) / 1e9;
}

void write_threads(MetricsWriter& out, const Snapshot& snapshot) {
  out.begin("stream_thread_cpu_seconds_total", "counter", "Processor time of a thread.");
  for (const ThreadRow& row : snapshot.threads) {
    out.sample({{"process", row.process}, {"thread", row.thread}}, seconds(row.cpu_ns));
  }
  out.begin("stream_thread_state", "gauge", "1 for the state that a thread is in.");
  for (const ThreadRow& row : snapshot.threads) {
    for (const PartState state :
         {PartState::Starting, PartState::Running, PartState::Waiting, PartState::Finished}) {
      out.sample(
          {{"process", row.process}, {"thread", row.thread}, {"state", part_state_text(state)}},
          row.state == state ? 1 : 0);
    }
  }
}

// One family about streams; `queue` tells those apart that carry the same one.
template <class Value>
void write_streams(MetricsWriter& out, const Snapshot& snapshot, Value value) {
  for (const StreamRow& row : snapshot.streams) {
    out.sample({{"thread", row.from},
                {"reader", row.to},
                {"stream", row.stream},
                {"queue", fmt::to_string(row.queue)}},
               value(row));
  }
}

void write_all_streams(MetricsWriter& out, const Snapshot& snapshot) {
  out.begin("stream_items_total", "counter", "Items that a thread wrote for a reader.");
  write_streams(out, snapshot, [](const StreamRow& row) { return row.items; });
  out.begin("stream_waiting_items", "gauge", "Items that wait for a reader.");
  write_streams(out, snapshot, [](const StreamRow& row) { return row.waiting; });
  out.begin("stream_capacity_items", "gauge", "Waiting items that stop the writer.");
  write_streams(out, snapshot, [](const StreamRow& row) { return row.capacity; });
  out.begin("stream_dropped_items_total", "counter", "Items that a full link gave up.");
  write_streams(out, snapshot, [](const StreamRow& row) { return row.dropped; });
  out.begin("stream_open", "gauge", "0 once a stream has ended or nobody reads it.");
  write_streams(out, snapshot,
                [](const StreamRow& row) { return row.has_ended || row.is_closed ? 0 : 1; });
}

// One family about sources or sinks, numbered as in the program.
template <class Row, class Value>
void write_ends(MetricsWriter& out, const std::vector<Row>& rows, std::string_view kind,
                Value value) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    out.sample({{"thread", rows[i].thread},
                {"stream", rows[i].stream},
                {"connector", rows[i].connector},
                {kind, fmt::to_string(i)}},
               value(rows[i]));
  }
}

void write_sources_and_sinks(MetricsWriter& out, const Snapshot& snapshot) {
  out.begin("stream_source_items_total", "counter", "Items that a source gave.");
  write_ends(out, snapshot.sources, "source", [](const SourceRow& row) { return row.items; });
  out.begin("stream_source_failed_total", "counter", "Records of a source that could not be read.");
  write_ends(out, snapshot.sources, "source", [](const SourceRow& row) { return row.failed; });
  out.begin("stream_source_late_total", "counter", "Records of a source that came too late.");
  write_ends(out, snapshot.sources, "source", [](const SourceRow& row) { return row.late; });
  out.begin("stream_sink_items_total", "counter", "Items that a sink took.");
  write_ends(out, snapshot.sinks, "sink", [](const SinkRow& row) { return row.items; });
  out.begin("stream_failed_items_total", "counter", "Items of an equation that failed.");
  for (std::size_t i = 0; i < snapshot.failures.size(); ++i) {
    const FailureRow& row = snapshot.failures[i];
    out.sample({{"stream", row.stream},
                {"handled", row.is_handled ? "true" : "false"},
                {"site", fmt::to_string(row.site)}},
               row.failed);
  }
}

// One family about links to other nodes.
template <class Value>
void write_node_links(MetricsWriter& out, const Snapshot& snapshot, Value value) {
  for (const NodeLinkRow& row : snapshot.node_links)
    out.sample({{"peer", row.node}}, value(row.status));
}

template <class Value>
void write_channels(MetricsWriter& out, const Snapshot& snapshot, Value value) {
  for (const NodeLinkRow& row : snapshot.node_links) {
    for (const ChannelRow& channel : row.channels) {
      out.sample({{"peer", row.node},
                  {"stream", channel.stream},
                  {"direction", channel.is_sender ? "out" : "in"}},
                 value(channel.counters));
    }
  }
}

void write_all_node_links(MetricsWriter& out, const Snapshot& snapshot) {
  if (snapshot.node_links.empty()) return;
  out.begin("stream_link_connected", "gauge", "1 while another node is connected.");
  write_node_links(out, snapshot, [](const LinkStatus& link) {
    return link.state == LinkState::Connected ? 1 : 0;
  });
  out.begin("stream_link_connections_total", "counter",
            "Connections made; all but the first are reconnects.");
  write_node_links(out, snapshot, [](const LinkStatus& link) { return link.connections; });
  out.begin("stream_link_round_trip_seconds", "gauge", "Of the last ping.");
  write_node_links(out, snapshot,
                   [](const LinkStatus& link) { return seconds(link.round_trip_ns); });
  out.begin("stream_link_sent_bytes_total", "counter", "Bytes sent on the line.");
  write_node_links(out, snapshot, [](const LinkStatus& link) { return link.bytes_sent; });
  out.begin("stream_link_received_bytes_total", "counter", "Bytes received on the line.");
  write_node_links(out, snapshot, [](const LinkStatus& link) { return link.bytes_received; });
  out.begin("stream_channel_messages_total", "counter", "Messages of a stream between nodes.");
  write_channels(out, snapshot, [](const ChannelCounters& channel) { return channel.messages; });
  out.begin("stream_channel_dropped_total", "counter",
            "Messages of a stream between nodes that were dropped.");
  write_channels(out, snapshot, [](const ChannelCounters& channel) { return channel.dropped; });
  out.begin("stream_channel_queued_bytes", "gauge", "Bytes that wait.");
  write_channels(out, snapshot,
                 [](const ChannelCounters& channel) { return channel.queued_bytes; });
  out.begin("stream_channel_spooled_messages", "gauge",
            "Messages in the sender's spool that were not acknowledged.");
  write_channels(out, snapshot, [](const ChannelCounters& channel) { return channel.spooled; });
}

}  // namespace

std::string prometheus_text(const Snapshot& snapshot) {
  MetricsWriter out(snapshot);
  out.begin("stream_uptime_seconds", "gauge", "Since the program started.");
  out.sample({}, seconds(snapshot.uptime_ns));
  write_threads(out, snapshot);
  write_all_streams(out, snapshot);
  write_sources_and_sinks(out, snapshot);
  write_all_node_links(out, snapshot);
  return out.take();
}

}  // namespace streamrt
