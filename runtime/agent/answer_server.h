// Answers questions that arrive on sockets: lines, or HTTP requests. One thread, everything
// bounded: the number of connections, the size of a request, the time that a client may take for
// its part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamrt {

// What is answered to `path`; nothing: there is no such page.
using PageAnswer = std::function<std::optional<std::string>(std::string_view path)>;
// What is answered to a line, without line feeds.
using LineAnswer = std::function<std::string(std::string_view line)>;

// The answer to an HTTP request of which at least the head is there.
std::string http_answer(std::string_view request, const PageAnswer& page);

struct AnswerLimits {
  std::size_t connections = 16;
  std::size_t line_bytes = 256;
  std::size_t request_bytes = 8192;
  std::int64_t request_ms =
      5000;                      // From the first byte of a request to the last one of its answer.
  std::int64_t idle_ms = 60000;  // Between the lines of a connection.
};

class AnswerServer {
 public:
  AnswerServer(LineAnswer line, PageAnswer page, const AnswerLimits& limits = {})
      : line_(std::move(line)), page_(std::move(page)), limits_(limits) {}
  // Closes the connections and the listening sockets.
  ~AnswerServer();
  AnswerServer(const AnswerServer&) = delete;
  AnswerServer& operator=(const AnswerServer&) = delete;

  // Listening sockets that do not block; the server owns them.
  void add_lines(int fd) { listeners_.push_back({fd, Protocol::Lines}); }
  void add_http(int fd) { listeners_.push_back({fd, Protocol::Http}); }

  // Until `stop_fd` can be read.
  void run(int stop_fd);

 private:
  enum class Protocol : std::uint8_t { Lines, Http };
  struct Listener {
    int fd = -1;
    Protocol protocol = Protocol::Lines;
  };
  struct Connection {
    int fd = -1;
    Protocol protocol = Protocol::Lines;
    std::string input;
    std::string output;
    std::size_t sent = 0;
    std::int64_t deadline_ms = 0;
    bool closes = false;  // Once the output has gone.
    [[nodiscard]] bool has_output() const { return sent < output.size(); }
    // There is something to do without anything more to read.
    [[nodiscard]] bool has_work() const {
      return has_output() || (protocol == Protocol::Lines && input.find('\n') != std::string::npos);
    }
  };

  void accept_from(const Listener& listener);
  void handle(Connection& connection);
  bool receive(Connection& connection);
  void answer(Connection& connection);
  void answer_lines(Connection& connection);
  void answer_http(Connection& connection);
  static bool send(Connection& connection);
  void drop_closed_and_late();
  [[nodiscard]] int timeout_ms() const;

  LineAnswer line_;
  PageAnswer page_;
  AnswerLimits limits_;
  std::vector<Listener> listeners_;
  std::vector<Connection> connections_;
  std::int64_t accepts_after_ms_ = 0;  // No descriptors were left: waits a moment.
};

}  // namespace streamrt
