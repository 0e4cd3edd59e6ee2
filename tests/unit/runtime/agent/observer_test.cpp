// What others see of a run: counters, snapshots as text, sockets, and clients that behave badly.

#include "runtime/agent/observer.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "runtime/agent/run_program.h"
#include "runtime/agent/snapshot_text.h"
#include "runtime/agent/socket_path.h"
#include "tests/unit/runtime/agent/program_builder.h"

namespace streamrt::test {

namespace {

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// Hands every second item on; the others fail at site 1.
std::int32_t halve(void*, StreamContext* context, const StreamBatch* inputs, std::int64_t count,
                   std::uint32_t) {
  StreamOutput out{};
  stream_queue_reserve(context, 1, count, &out);
  std::int64_t kept = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t value = static_cast<const std::int64_t*>(inputs[0].columns[0])[i];
    if (value % 2 != 0) {
      stream_report_failure(context, 1, STREAM_FAILURE_CONVERSION, inputs[0].first_position + i, 0,
                            nullptr);
      continue;
    }
    static_cast<std::int64_t*>(out.columns[0])[kept] = value;
    if (out.stamps != nullptr) out.stamps[kept] = inputs[0].first_position + i;
    ++kept;
  }
  stream_queue_commit(context, 1, kept);
  return STREAM_REGION_MORE;
}

Snapshot example() {
  Snapshot snapshot;
  snapshot.program = "say \"hi\"";
  snapshot.process_id = 7;
  snapshot.uptime_ns = 1'500'000'000;
  snapshot.threads = {{"main", "", 7, 7, PartState::Running, 250'000'000},
                      {"far", "p", 8, 9, PartState::Waiting, 0}};
  snapshot.streams = {{3, "x", "main", "far", 1000, 10, 100, false, false}};
  snapshot.sources = {{"x", "csv.read", "main", 1000, 2, 1}};
  snapshot.sinks = {{"y", "print", "far", 990}};
  snapshot.failures = {{4, "y", true, 5, 0}};
  return snapshot;
}

// For the time of a test sockets are in a folder of its own.
class OwnFolder {
 public:
  OwnFolder()
      : path_(std::filesystem::temp_directory_path() / fmt::format("observer_{}", ::getpid())) {
    std::filesystem::create_directory(path_);
    ::setenv("XDG_RUNTIME_DIR", path_.c_str(), 1);
  }
  ~OwnFolder() {
    ::unsetenv("XDG_RUNTIME_DIR");
    std::filesystem::remove_all(path_);
  }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A server of lines and pages on sockets in a folder, until it goes.
class RunningServer {
 public:
  RunningServer(const std::string& folder, const AnswerLimits& limits)
      : server_([](std::string_view line) { return "you said " + std::string(line); },
                [](std::string_view path) {
                  return path == "/metrics" ? std::optional<std::string>("numbers\n")
                                            : std::nullopt;
                },
                limits) {
    const Result<ListeningSocket> lines = listen_in(folder, "lines");
    REQUIRE(lines.has_value());
    lines_path = folder + "/lines.at";
    std::filesystem::rename((*lines).path, lines_path);
    const Result<ListeningSocket> http = listen_in(folder, "http");
    REQUIRE(http.has_value());
    http_path = (*http).path;
    server_.add_lines((*lines).fd);
    server_.add_http((*http).fd);
    thread_ = std::thread([this] { server_.run(stop_fd_); });
  }
  ~RunningServer() {
    const std::uint64_t one = 1;
    (void)!::write(stop_fd_, &one, sizeof one);
    thread_.join();
    ::close(stop_fd_);
  }

  std::string lines_path;
  std::string http_path;

 private:
  AnswerServer server_;
  int stop_fd_ = ::eventfd(0, EFD_CLOEXEC);
  std::thread thread_;
};

// A connection of a client.
class Client {
 public:
  explicit Client(const std::string& path) {
    const Result<int> fd = connect_to_socket(path);
    REQUIRE(fd.has_value());
    fd_ = *fd;
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void say(std::string_view text) const {
    (void)!::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
  }
  // All that comes until the other side closes, or until so many lines are there.
  [[nodiscard]] std::string hear(std::size_t lines = 1000) const {
    std::string heard;
    pollfd readable{fd_, POLLIN, 0};
    while (static_cast<std::size_t>(std::count(heard.begin(), heard.end(), '\n')) < lines &&
           ::poll(&readable, 1, 5000) > 0) {
      char bytes[1024];
      const ssize_t count = ::recv(fd_, bytes, sizeof bytes, 0);
      if (count <= 0) return heard;
      heard.append(bytes, static_cast<std::size_t>(count));
    }
    return heard;
  }

 private:
  int fd_ = -1;
};

}  // namespace

TEST_CASE("a snapshot says what a run has counted") {
  ProgramBuilder builder;
  const StreamType& number = scalar(STREAM_TYPE_INT);
  builder.queue(number, false, true, "x");
  builder.queue(number, false, true, "y");
  const ListItems<std::int64_t> items{{1, 2, 3, 4, 6}};
  builder.list(0, items);
  builder.site("y", true);
  builder.region(STREAM_HEAD_SOURCE, {0}, {1}, halve);
  builder.sink("capture", 1);
  const StreamProgram program = builder.program();

  RunCounters counters(program);
  RunOptions options;
  options.capture = [](const CapturedItems&) {};
  options.message = [](std::string_view) {};
  options.counters = &counters;
  CHECK(take_snapshot(program, counters).threads.at(0).state == PartState::Starting);
  CHECK(run_program(program, options) == kExitSuccess);

  const Snapshot snapshot = take_snapshot(program, counters);
  CHECK(snapshot.program == "test");
  REQUIRE(snapshot.threads.size() == 1);
  CHECK(snapshot.threads[0].thread == "main");
  CHECK(snapshot.threads[0].state == PartState::Finished);
  CHECK(snapshot.threads[0].process_id == ::getpid());
  REQUIRE(snapshot.streams.size() == 2);
  CHECK(snapshot.streams[0].items == 5);
  CHECK(snapshot.streams[0].has_ended);
  CHECK(snapshot.streams[0].capacity > 0);
  CHECK(snapshot.streams[1].items == 3);
  CHECK(snapshot.streams[1].waiting == 0);
  REQUIRE(snapshot.sources.size() == 1);
  CHECK(snapshot.sources[0].items == 5);
  REQUIRE(snapshot.sinks.size() == 1);
  CHECK(snapshot.sinks[0].items == 3);
  REQUIRE(snapshot.failures.size() == 1);
  CHECK(snapshot.failures[0].stream == "y");
  CHECK(snapshot.failures[0].failed == 2);
  CHECK(snapshot.failures[0].is_handled);
}

TEST_CASE("parts answer a question; who waits has answered") {
  StreamProgram program{};
  RunCounters counters(program);
  CounterWriter writer(&counters, 0);
  writer.start();
  const std::uint32_t question = counters.ask();
  CHECK_FALSE(counters.is_answered(question));
  CHECK(writer.is_due());
  writer.begin_answer();
  writer.end_answer();
  CHECK(counters.is_answered(question));
  const std::uint32_t next = counters.ask();
  CHECK_FALSE(counters.is_answered(next));
  writer.set_waiting(true);
  CHECK(counters.is_answered(next));
}

TEST_CASE("a part writes in its first passes, and now and then") {
  StreamProgram program{};
  RunCounters counters(program);
  CounterWriter writer(&counters, 0);
  int due = 0;
  for (int pass = 0; pass < 6400; ++pass) due += writer.is_due() ? 1 : 0;
  CHECK(due < 64 + 100);
  CounterWriter nobody(nullptr, 0);
  CHECK_FALSE(nobody.is_due());
}

TEST_CASE("a snapshot is one line of JSON") {
  const std::string text = json_text(example());
  CHECK(text.find('\n') == std::string::npos);
  CHECK(holds(text, R"({"version":1,"program":"say \"hi\"","process_id":7,"node":"")"));
  CHECK(holds(text, R"("uptime_seconds":1.500000)"));
  CHECK(holds(
      text,
      R"({"thread":"main","process":"","process_id":7,"thread_id":7,"state":"running","cpu_seconds":0.250000})"));
  CHECK(holds(
      text,
      R"("streams":[{"queue":3,"stream":"x","from":"main","to":"far","items":1000,"waiting":10,"capacity":100,"dropped":0,"state":"open"}])"));
  CHECK(holds(
      text,
      R"("sources":[{"stream":"x","connector":"csv.read","thread":"main","items":1000,"failed":2,"late":1}])"));
  CHECK(holds(text, R"("failures":[{"stream":"y","handled":true,"failed":5,"late":0}])"));
  CHECK(holds(text, R"("node_links":[])"));
  CHECK(json_error("no\tsuch") == R"({"error":"no\u0009such"})");
}

TEST_CASE("links to other nodes are rows of snapshots and metrics") {
  Snapshot snapshot = example();
  NodeLinkRow row{.node = "desk", .channels = {{.stream = "x", .is_sender = true}}};
  row.status.state = LinkState::Connected;
  row.status.connections = 2;
  row.channels[0].counters.messages = 12;
  snapshot.node_links = {row};
  CHECK(holds(json_text(snapshot),
              R"({"node":"desk","state":"connected","reason":"","connections":2,)"));
  CHECK(
      holds(json_text(snapshot), R"("channels":[{"stream":"x","direction":"out","messages":12,)"));
  const std::string metrics = prometheus_text(snapshot);
  CHECK(holds(metrics, "stream_link_connected{program=\"say \\\"hi\\\"\",peer=\"desk\"} 1\n"));
  CHECK(holds(metrics,
              "stream_channel_messages_total{program=\"say "
              "\\\"hi\\\"\",peer=\"desk\",stream=\"x\",direction=\"out\"} 12\n"));
}

TEST_CASE("metrics are in the text format of Prometheus") {
  Snapshot snapshot = example();
  snapshot.program = "two";
  snapshot.node = "pi";
  const std::string text = prometheus_text(snapshot);
  CHECK(holds(text,
              "# TYPE stream_items_total counter\n"
              "stream_items_total{program=\"two\",node=\"pi\",thread=\"main\",reader=\"far\","
              "stream=\"x\",queue=\"3\"} 1000\n"));
  CHECK(holds(text, "stream_uptime_seconds{program=\"two\",node=\"pi\"} 1.5\n"));
  CHECK(holds(text, "thread=\"main\"} 0.25\n"));
  CHECK(holds(text, "thread=\"far\",state=\"waiting\"} 1\n"));
  CHECK(holds(text,
              "stream_failed_items_total{program=\"two\",node=\"pi\",stream=\"y\",handled=\"true\","
              "site=\"4\"} 5\n"));
  // Each family once, and its samples together.
  std::vector<std::string> families;
  for (std::size_t at = 0; (at = text.find("# TYPE ", at)) != std::string::npos; ++at) {
    families.push_back(text.substr(at + 7, text.find(' ', at + 7) - at - 7));
  }
  std::sort(families.begin(), families.end());
  CHECK(std::adjacent_find(families.begin(), families.end()) == families.end());
}

TEST_CASE("only GET of a page that exists is answered") {
  const PageAnswer page = [](std::string_view path) {
    return path == "/metrics" ? std::optional<std::string>("numbers\n") : std::nullopt;
  };
  const std::string good = http_answer("GET /metrics?x=1 HTTP/1.1\r\nHost: here\r\n\r\n", page);
  CHECK(good.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(holds(good, "Content-Length: 8\r\n"));
  CHECK(good.ends_with("\r\n\r\nnumbers\n"));
  CHECK(http_answer("HEAD /metrics HTTP/1.0\r\n\r\n", page).ends_with("\r\n\r\n"));
  CHECK(http_answer("GET / HTTP/1.1\r\n\r\n", page).starts_with("HTTP/1.1 404 "));
  CHECK(http_answer("POST /metrics HTTP/1.1\r\n\r\n", page).starts_with("HTTP/1.1 405 "));
  for (const char* garbage :
       {"", " ", "GET", "GET /metrics", "GET /metrics \r\n\r\n", "\x16\x03\x01"}) {
    CHECK(http_answer(garbage, page).starts_with("HTTP/1.1 400 "));
  }
}

TEST_CASE("sockets of programs that run are found, those that were left are removed") {
  const OwnFolder own;
  const Result<std::string> folder = make_socket_folder();
  REQUIRE(folder.has_value());
  CHECK(*folder == own.path() / "streamc");
  struct stat status{};
  REQUIRE(::stat((*folder).c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);

  const Result<ListeningSocket> socket = listen_in(*folder, "a.b/c");
  REQUIRE(socket.has_value());
  CHECK((*socket).path == fmt::format("{}/a_b_c-{}.sock", *folder, ::getpid()));
  const auto here = [](const std::vector<ProgramSocket>& all) {
    return std::count_if(all.begin(), all.end(), [](const ProgramSocket& one) {
      return one.program == "a_b_c" && one.process_id == ::getpid();
    });
  };
  CHECK(here(find_program_sockets()) == 1);
  ::close((*socket).fd);
  CHECK(here(find_program_sockets()) == 0);
  CHECK_FALSE(std::filesystem::exists((*socket).path));
}

TEST_CASE("a folder that others may enter is not used") {
  const OwnFolder own;
  std::filesystem::create_directory(own.path() / "streamc");
  std::filesystem::permissions(own.path() / "streamc", std::filesystem::perms::all);
  const Result<std::string> folder = make_socket_folder();
  CHECK((!folder || *folder != own.path() / "streamc"));
}

TEST_CASE("lines are answered one by one, also those that come together") {
  const OwnFolder own;
  const RunningServer server(make_socket_folder().value(), {});
  const Client client(server.lines_path);
  client.say("one\ntwo\r\nthr");
  CHECK(client.hear(2) == "you said one\nyou said two\n");
  client.say("ee\n");
  CHECK(client.hear(1) == "you said three\n");
}

TEST_CASE("clients that say too much or too little are left, others are served meanwhile") {
  const OwnFolder own;
  const RunningServer server(
      make_socket_folder().value(),
      {.connections = 3, .line_bytes = 16, .request_bytes = 64, .request_ms = 100, .idle_ms = 300});
  const Client garbage(server.lines_path);
  garbage.say(std::string(400, 'x'));
  CHECK(garbage.hear() == "");
  const Client endless(server.http_path);
  endless.say("GET /metrics HTTP/1.1\r\n" + std::string(100, 'x'));
  CHECK(endless.hear().starts_with("HTTP/1.1 431 "));
  const Client slow(server.http_path);
  slow.say("GET /met");
  const Client silent(server.lines_path);
  const Client good(server.http_path);
  good.say("GET /metrics HTTP/1.1\r\n\r\n");
  CHECK(good.hear().ends_with("numbers\n"));
  CHECK(slow.hear() == "");
  CHECK(silent.hear() == "");
}

TEST_CASE("more clients than there is room for wait for their turn") {
  const OwnFolder own;
  const RunningServer server(make_socket_folder().value(), {.connections = 2, .request_ms = 200});
  std::vector<std::unique_ptr<Client>> silent;
  for (int i = 0; i < 4; ++i) silent.push_back(std::make_unique<Client>(server.http_path));
  const Client good(server.http_path);
  good.say("GET /metrics HTTP/1.1\r\n\r\n");
  CHECK(good.hear().ends_with("numbers\n"));
}

TEST_CASE("links that are shown are in every snapshot") {
  StreamProgram program{};
  program.name = "test";
  RunCounters counters(program);
  const ObserverOptions options;
  Observer observer(program, counters, options);
  observer.show_node_links(
      [] { return std::vector<NodeLinkRow>{{.node = "desk", .channels = {}}}; });
  const Snapshot snapshot = observer.look();
  REQUIRE(snapshot.node_links.size() == 1);
  CHECK(snapshot.node_links[0].node == "desk");
  CHECK(snapshot.uptime_ns >= 0);
}

TEST_CASE("a run that is over before the observer began leaves no socket") {
  const OwnFolder own;
  StreamProgram program{};
  program.name = "test";
  RunCounters counters(program);
  const ObserverOptions options{.has_socket = true, .socket_delay_ms = 60'000};
  Observer observer(program, counters, options);
  REQUIRE(observer.start_when_due().has_value());
  CHECK(*observer.start_when_due() > 50'000'000'000);
  observer.start();
  CHECK_FALSE(observer.start_when_due().has_value());
  observer.stop();
  CHECK_FALSE(std::filesystem::exists(own.path() / "streamc"));
}

TEST_CASE("an address for metrics that cannot be had is told, and nothing runs") {
  StreamProgram program{};
  RunCounters counters(program);
  for (const char* address : {"127.0.0.1:notaport", "no.such.host.anywhere:80", "8.8.8.8:9"}) {
    const ObserverOptions options{.metrics_address = address};
    CHECK_FALSE(Observer(program, counters, options).listen().has_value());
  }
}

}  // namespace streamrt::test
