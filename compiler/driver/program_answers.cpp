#include "compiler/driver/program_answers.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "runtime/base/clock.h"

namespace streamc {
namespace {

using Json = nlohmann::json;

constexpr int kAnswerMs = 2000;  // A program that says nothing for so long is taken for dead.
constexpr std::size_t kMostBytes = std::size_t{16} << 20;

// A connection that closes itself.
class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {}
  ~Connection() { ::close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  bool say(std::string_view line) const {
    return ::send(fd_, line.data(), line.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(line.size());
  }

  // Without its line feed.
  std::optional<std::string> hear_line() const {
    std::string text;
    while (text.size() < kMostBytes) {
      pollfd readable{fd_, POLLIN, 0};
      char bytes[16384];
      if (::poll(&readable, 1, kAnswerMs) <= 0) return std::nullopt;
      const ssize_t count = ::recv(fd_, bytes, sizeof bytes, 0);
      if (count <= 0) return std::nullopt;
      text.append(bytes, static_cast<std::size_t>(count));
      if (text.ends_with('\n')) return text.substr(0, text.size() - 1);
    }
    return std::nullopt;
  }

 private:
  int fd_;
};

std::int64_t nanoseconds(const Json& json, const char* name) {
  return static_cast<std::int64_t>(json.at(name).get<double>() * 1e9);
}

streamrt::PartState part_state(const std::string& text) {
  using streamrt::PartState;
  for (const PartState state : {PartState::Running, PartState::Waiting, PartState::Finished}) {
    if (text == streamrt::part_state_text(state)) return state;
  }
  return PartState::Starting;
}

streamrt::LinkState link_state(const std::string& text) {
  using streamrt::LinkState;
  for (const LinkState state : {LinkState::Connected, LinkState::Closed, LinkState::Refused}) {
    if (text == streamrt::link_state_text(state)) return state;
  }
  return LinkState::Connecting;
}

streamrt::ThreadRow thread_row(const Json& json) {
  return {.thread = json.at("thread"),
          .process = json.at("process"),
          .process_id = json.at("process_id"),
          .thread_id = json.at("thread_id"),
          .state = part_state(json.at("state")),
          .cpu_ns = nanoseconds(json, "cpu_seconds")};
}

streamrt::StreamRow stream_row(const Json& json) {
  return {.queue = json.at("queue"),
          .stream = json.at("stream"),
          .from = json.at("from"),
          .to = json.at("to"),
          .items = json.at("items"),
          .waiting = json.at("waiting"),
          .capacity = json.at("capacity"),
          .dropped = json.at("dropped"),
          .has_ended = json.at("state") == "ended",
          .is_closed = json.at("state") == "closed"};
}

streamrt::SourceRow source_row(const Json& json) {
  return {.stream = json.at("stream"),
          .connector = json.at("connector"),
          .thread = json.at("thread"),
          .items = json.at("items"),
          .failed = json.at("failed"),
          .late = json.at("late")};
}

streamrt::SinkRow sink_row(const Json& json) {
  return {.stream = json.at("stream"),
          .connector = json.at("connector"),
          .thread = json.at("thread"),
          .items = json.at("items")};
}

streamrt::FailureRow failure_row(const Json& json) {
  return {.stream = json.at("stream"),
          .is_handled = json.at("handled"),
          .failed = json.at("failed"),
          .late = json.at("late")};
}

streamrt::ChannelRow channel_row(const Json& json) {
  return {.stream = json.at("stream"),
          .is_sender = json.at("direction") == "out",
          .counters = {.messages = json.at("messages"),
                       .bytes = json.at("bytes"),
                       .dropped = json.at("dropped"),
                       .queued_bytes = json.at("queued_bytes"),
                       .resent = json.at("resent"),
                       // Programs of before there were spools do not say it.
                       .spooled = json.value("spooled_messages", std::uint64_t{0})}};
}

template <class Row>
std::vector<Row> rows_of(const Json& array, Row (*row_of)(const Json&)) {
  std::vector<Row> rows;
  for (const Json& row : array) rows.push_back(row_of(row));
  return rows;
}

streamrt::NodeLinkRow node_link_row(const Json& json) {
  streamrt::NodeLinkRow row{.node = json.at("node"),
                            .channels = rows_of(json.at("channels"), channel_row)};
  row.status.state = link_state(json.at("state"));
  row.status.reason = json.at("reason");
  row.status.connections = json.at("connections");
  row.status.round_trip_ns = nanoseconds(json, "round_trip_seconds");
  row.status.bytes_sent = json.at("bytes_sent");
  row.status.bytes_received = json.at("bytes_received");
  return row;
}

streamrt::Snapshot snapshot_of(const Json& json) {
  return {.program = json.at("program"),
          .node = json.at("node"),
          .process_id = json.at("process_id"),
          .steady_ns = nanoseconds(json, "clock_seconds"),
          .uptime_ns = nanoseconds(json, "uptime_seconds"),
          .threads = rows_of(json.at("threads"), thread_row),
          .streams = rows_of(json.at("streams"), stream_row),
          .sources = rows_of(json.at("sources"), source_row),
          .sinks = rows_of(json.at("sinks"), sink_row),
          .failures = rows_of(json.at("failures"), failure_row),
          .node_links = rows_of(json.at("node_links"), node_link_row)};
}

}  // namespace

Result<std::string> ask_program(const std::string& socket_path) {
  const streamrt::Result<int> fd = streamrt::connect_to_socket(socket_path);
  if (!fd) return Failure{fd.message()};
  const Connection connection(*fd);
  if (connection.say("snapshot\n")) {
    if (std::optional<std::string> line = connection.hear_line()) return std::move(*line);
  }
  return Failure{fmt::format("nobody answers at `{}`", socket_path)};
}

Result<streamrt::Snapshot> parse_snapshot(std::string_view line) {
  try {
    const Json json = Json::parse(line);
    if (json.at("version") != 1)
      return Failure{"the program was built by another version of streamc"};
    return snapshot_of(json);
  } catch (const Json::exception& error) {
    return Failure{fmt::format("the program's answer cannot be read: {}", error.what())};
  }
}

std::vector<streamrt::ProgramSocket> programs_like(std::string_view wanted) {
  std::vector<streamrt::ProgramSocket> found = streamrt::find_program_sockets();
  std::erase_if(found, [wanted](const streamrt::ProgramSocket& program) {
    return !wanted.empty() && program.program != wanted &&
           fmt::to_string(program.process_id) != wanted;
  });
  return found;
}

}  // namespace streamc
