// Snapshots as JSON.
#include <fmt/format.h>

#include <cmath>

#include "runtime/agent/snapshot_text.h"

namespace streamrt {

namespace {

constexpr int kVersion = 1;  // Rises when a member changes its meaning or goes away.

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

// One object, member by member.
class JsonObject {
 public:
  JsonObject& member(std::string_view name, std::string_view text) {
    return raw(name, quoted(text));
  }
  JsonObject& member(std::string_view name, const char* text) { return raw(name, quoted(text)); }
  JsonObject& member(std::string_view name, bool value) {
    return raw(name, value ? "true" : "false");
  }
  JsonObject& member(std::string_view name, std::int64_t value) {
    return raw(name, fmt::to_string(value));
  }
  JsonObject& member(std::string_view name, std::int32_t value) {
    return raw(name, fmt::to_string(value));
  }
  JsonObject& member(std::string_view name, std::uint64_t value) {
    return raw(name, fmt::to_string(value));
  }
  JsonObject& seconds(std::string_view name, std::int64_t ns) {
    return raw(name, fmt::format("{:.6f}", static_cast<double>(ns) / 1e9));
  }
  JsonObject& raw(std::string_view name, std::string_view value) {
    text_ += text_.empty() ? "{" : ",";
    text_ += quoted(name);
    text_ += ':';
    text_ += value;
    return *this;
  }
  [[nodiscard]] std::string text() const { return text_.empty() ? "{}" : text_ + "}"; }

 private:
  std::string text_;
};

template <class Row, class Describe>
std::string array_of(const std::vector<Row>& rows, Describe describe) {
  std::string out = "[";
  for (const Row& row : rows) {
    if (out.size() > 1) out += ',';
    JsonObject object;
    describe(object, row);
    out += object.text();
  }
  return out + "]";
}

void describe_thread(JsonObject& out, const ThreadRow& row) {
  out.member("thread", row.thread)
      .member("process", row.process)
      .member("process_id", row.process_id)
      .member("thread_id", row.thread_id)
      .member("state", part_state_text(row.state))
      .seconds("cpu_seconds", row.cpu_ns);
}

void describe_stream(JsonObject& out, const StreamRow& row) {
  out.member("queue", row.queue)
      .member("stream", row.stream)
      .member("from", row.from)
      .member("to", row.to)
      .member("items", row.items)
      .member("waiting", row.waiting)
      .member("capacity", row.capacity)
      .member("dropped", row.dropped)
      .member("state", row.is_closed   ? "closed"
                       : row.has_ended ? "ended"
                                       : "open");
}

void describe_source(JsonObject& out, const SourceRow& row) {
  out.member("stream", row.stream)
      .member("connector", row.connector)
      .member("thread", row.thread)
      .member("items", row.items)
      .member("failed", row.failed)
      .member("late", row.late);
}

void describe_sink(JsonObject& out, const SinkRow& row) {
  out.member("stream", row.stream)
      .member("connector", row.connector)
      .member("thread", row.thread)
      .member("items", row.items);
}

void describe_failures(JsonObject& out, const FailureRow& row) {
  out.member("stream", row.stream)
      .member("handled", row.is_handled)
      .member("failed", row.failed)
      .member("late", row.late);
}

void describe_channel(JsonObject& out, const ChannelRow& row) {
  out.member("stream", row.stream)
      .member("direction", row.is_sender ? "out" : "in")
      .member("messages", row.counters.messages)
      .member("bytes", row.counters.bytes)
      .member("dropped", row.counters.dropped)
      .member("queued_bytes", row.counters.queued_bytes)
      .member("resent", row.counters.resent)
      .member("spooled_messages", row.counters.spooled);
}

void describe_node_link(JsonObject& out, const NodeLinkRow& row) {
  out.member("node", row.node)
      .member("state", link_state_text(row.status.state))
      .member("reason", row.status.reason)
      .member("connections", row.status.connections)
      .seconds("round_trip_seconds", row.status.round_trip_ns)
      .member("bytes_sent", row.status.bytes_sent)
      .member("bytes_received", row.status.bytes_received)
      .raw("channels", array_of(row.channels, describe_channel));
}

}  // namespace

std::string json_text(const Snapshot& snapshot) {
  JsonObject out;
  out.member("version", kVersion)
      .member("program", snapshot.program)
      .member("process_id", snapshot.process_id)
      .member("node", snapshot.node)
      .seconds("clock_seconds", snapshot.steady_ns)
      .seconds("uptime_seconds", snapshot.uptime_ns)
      .raw("threads", array_of(snapshot.threads, describe_thread))
      .raw("streams", array_of(snapshot.streams, describe_stream))
      .raw("sources", array_of(snapshot.sources, describe_source))
      .raw("sinks", array_of(snapshot.sinks, describe_sink))
      .raw("failures", array_of(snapshot.failures, describe_failures))
      .raw("node_links", array_of(snapshot.node_links, describe_node_link));
  return out.text();
}

std::string json_error(std::string_view message) {
  return JsonObject().member("error", message).text();
}

}  // namespace streamrt
