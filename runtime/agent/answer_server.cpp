#include "runtime/agent/answer_server.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/base/clock.h"

namespace streamrt {

namespace {

std::int64_t now_ms() {
  return system_clock().steady_ns() / 1'000'000;
}

std::string http_response(std::string_view status, std::string_view body, bool has_body,
                          std::string_view extra = "") {
  return fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: "
      "{}\r\n"
      "{}Connection: close\r\n\r\n{}",
      status, body.size(), extra, has_body ? body : "");
}

}  // namespace

std::string http_answer(std::string_view request, const PageAnswer& page) {
  const std::string_view line = request.substr(0, request.find("\r\n"));
  const std::size_t first = line.find(' ');
  const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  const bool is_http =
      second != std::string_view::npos && line.substr(second + 1).starts_with("HTTP/1.");
  if (!is_http) return http_response("400 Bad Request", "no HTTP request\n", true);
  const std::string_view method = line.substr(0, first);
  if (method != "GET" && method != "HEAD") {
    return http_response("405 Method Not Allowed", "only GET\n", true, "Allow: GET, HEAD\r\n");
  }
  std::string_view path = line.substr(first + 1, second - first - 1);
  path = path.substr(0, path.find('?'));
  const std::optional<std::string> body = page(path);
  if (!body) return http_response("404 Not Found", "there is /metrics\n", method == "GET");
  return http_response("200 OK", *body, method == "GET");
}

AnswerServer::~AnswerServer() {
  for (const Connection& connection : connections_) ::close(connection.fd);
  for (const Listener& listener : listeners_) ::close(listener.fd);
}

void AnswerServer::run(int stop_fd) {
  for (;;) {
    std::vector<pollfd> polled = {{stop_fd, POLLIN, 0}};
    const bool accepts = connections_.size() < limits_.connections && now_ms() >= accepts_after_ms_;
    for (const Listener& listener : listeners_) {
      polled.push_back({listener.fd, static_cast<short>(accepts ? POLLIN : 0), 0});
    }
    for (const Connection& connection : connections_) {
      polled.push_back(
          {connection.fd, static_cast<short>(connection.has_work() ? POLLOUT : POLLIN), 0});
    }
    (void)::poll(polled.data(), static_cast<nfds_t>(polled.size()), timeout_ms());
    if (polled[0].revents != 0) return;
    const std::size_t first = 1 + listeners_.size();
    for (std::size_t i = first; i < polled.size(); ++i) {
      if (polled[i].revents != 0) handle(connections_[i - first]);
    }
    drop_closed_and_late();
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
      if ((polled[1 + i].revents & POLLIN) != 0) accept_from(listeners_[i]);
    }
  }
}

// When the next client has taken too long; -1 if there is none.
int AnswerServer::timeout_ms() const {
  std::int64_t first = connections_.empty() ? -1 : connections_.front().deadline_ms;
  for (const Connection& connection : connections_) first = std::min(first, connection.deadline_ms);
  const std::int64_t now = now_ms();
  if (accepts_after_ms_ > now)
    first = first < 0 ? accepts_after_ms_ : std::min(first, accepts_after_ms_);
  return first < 0 ? -1 : static_cast<int>(std::clamp<std::int64_t>(first - now, 0, 60000));
}

void AnswerServer::accept_from(const Listener& listener) {
  constexpr std::int64_t kPauseMs = 1000;
  if (connections_.size() >= limits_.connections) return;
  const int fd = ::accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) {
    const bool is_passing = errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
    if (!is_passing) accepts_after_ms_ = now_ms() + kPauseMs;
    return;
  }
  const bool is_http = listener.protocol == Protocol::Http;
  connections_.push_back(
      {.fd = fd,
       .protocol = listener.protocol,
       .deadline_ms = now_ms() + (is_http ? limits_.request_ms : limits_.idle_ms)});
}

// Something can be read or written; answers one question at the most, so that nobody waits for
// long. A connection that is done with has the descriptor -1 afterwards.
void AnswerServer::handle(Connection& connection) {
  bool is_good = connection.has_work() || receive(connection);
  if (is_good && !connection.has_output()) answer(connection);
  is_good = is_good && send(connection);
  if (is_good && (!connection.closes || connection.has_output())) return;
  ::close(connection.fd);
  connection.fd = -1;
}

// False: the other side has gone.
bool AnswerServer::receive(Connection& connection) {
  char bytes[4096];
  const ssize_t count = ::recv(connection.fd, bytes, sizeof bytes, 0);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  if (count == 0) return false;
  if (connection.protocol == Protocol::Lines && connection.input.empty()) {
    connection.deadline_ms = now_ms() + limits_.request_ms;
  }
  connection.input.append(bytes, static_cast<std::size_t>(count));
  return true;
}

void AnswerServer::answer(Connection& connection) {
  connection.output.clear();
  connection.sent = 0;
  if (connection.protocol == Protocol::Http) {
    answer_http(connection);
  } else {
    answer_lines(connection);
  }
}

// One line at a time: the next one once its answer has gone.
void AnswerServer::answer_lines(Connection& connection) {
  const std::size_t end = connection.input.find('\n');
  if (std::min(end, connection.input.size()) > limits_.line_bytes) {
    connection.closes = true;
    return;
  }
  if (end == std::string::npos) return;
  std::string_view line = std::string_view(connection.input).substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  connection.output = line_(line) + "\n";
  connection.input.erase(0, end + 1);
  connection.deadline_ms =
      now_ms() + (connection.input.empty() ? limits_.idle_ms : limits_.request_ms);
}

void AnswerServer::answer_http(Connection& connection) {
  if (connection.input.find("\r\n\r\n") != std::string::npos) {
    connection.output = http_answer(connection.input, page_);
  } else if (connection.input.size() > limits_.request_bytes) {
    connection.output = http_response("431 Request Header Fields Too Large", "too long\n", true);
  }
  connection.closes = !connection.output.empty();
}

// As much as the other side takes. False: it has gone.
bool AnswerServer::send(Connection& connection) {
  while (connection.has_output()) {
    const ssize_t count = ::send(connection.fd, connection.output.data() + connection.sent,
                                 connection.output.size() - connection.sent, MSG_NOSIGNAL);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    connection.sent += static_cast<std::size_t>(count);
  }
  return true;
}

void AnswerServer::drop_closed_and_late() {
  const std::int64_t now = now_ms();
  std::erase_if(connections_, [now](const Connection& connection) {
    if (connection.fd >= 0 && now < connection.deadline_ms) return false;
    if (connection.fd >= 0) ::close(connection.fd);
    return true;
  });
}

}  // namespace streamrt
