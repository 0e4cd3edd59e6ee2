#include "runtime/agent/observer.h"

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include "runtime/agent/snapshot_text.h"
#include "runtime/agent/socket_path.h"
#include "runtime/base/clock.h"
#include "runtime/transport/link_address.h"

namespace streamrt {

namespace {

// An address without a host is one of this machine that others cannot reach.
std::string with_host(const std::string& address) {
  if (address.find(':') == std::string::npos) return "127.0.0.1:" + address;
  return address.starts_with(':') ? "127.0.0.1" + address : address;
}

Result<int> listen_at(const SocketAddress& address) {
  const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fail("{}", std::strerror(errno));
  const int yes = 1;
  (void)::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(fd, address.get(), address.size) == 0 && ::listen(fd, 8) == 0) return fd;
  const int error = errno;
  ::close(fd);
  return fail("{}", std::strerror(error));
}

// While one lives, the threads that are started block all signals: those are for the program's own.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace

Observer::Observer(const StreamProgram& program, RunCounters& counters,
                   const ObserverOptions& options)
    : program_(program),
      counters_(counters),
      options_(options),
      started_steady_ns_(system_clock().steady_ns()) {}

Observer::~Observer() {
  stop();
}

void Observer::stop() {
  if (thread_.joinable() && !has_begun_->exchange(true)) {
    thread_.detach();
  } else if (thread_.joinable()) {
    const std::uint64_t one = 1;
    (void)!::write(stop_fd_, &one, sizeof one);
    thread_.join();
  }
  leave();
  if (stop_fd_ >= 0) ::close(stop_fd_);
  stop_fd_ = -1;
}

void Observer::leave() {
  if (metrics_fd_ >= 0) ::close(metrics_fd_);
  metrics_fd_ = -1;
}

Result<void> Observer::listen() {
  if (options_.metrics_address.empty()) return {};
  const auto addresses = resolve_address(with_host(options_.metrics_address));
  if (!addresses) return addresses.failure();
  const Result<int> fd = listen_at(addresses->front());
  if (!fd) return fail("cannot serve metrics at `{}`: {}", options_.metrics_address, fd.message());
  metrics_fd_ = *fd;
  return {};
}

// Until the socket is to be there; metrics are there at once.
std::int64_t Observer::left_ns() const {
  if (metrics_fd_ >= 0) return 0;
  const std::int64_t passed_ns = system_clock().steady_ns() - started_steady_ns_;
  return std::max<std::int64_t>(options_.socket_delay_ms * 1'000'000 - passed_ns, 0);
}

std::optional<std::int64_t> Observer::start_when_due() {
  if (has_started_) return std::nullopt;
  if (const std::int64_t left = left_ns(); left > 0) return left;
  start();
  return std::nullopt;
}

// A machine that cannot give one more thread runs the program all the same.
void Observer::start() {
  has_started_ = true;
  stop_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (stop_fd_ < 0) return;
  const SignalsBlocked blocked;
  try {
    const std::int64_t delay_ms = left_ns() / 1'000'000;
    thread_ = std::thread([this, delay_ms, has_begun = has_begun_] {
      (void)::pthread_setname_np(::pthread_self(), "observer");
      (void)::poll(nullptr, 0, static_cast<int>(delay_ms));
      if (!has_begun->exchange(true)) work();
    });
  } catch (const std::system_error&) {
    leave();
  }
}

void Observer::work() {
  AnswerServer server([this](std::string_view line) { return answer_line(line); },
                      [this](std::string_view path) { return answer_page(path); });
  if (metrics_fd_ >= 0) server.add_http(metrics_fd_);
  metrics_fd_ = -1;
  std::string path;
  if (options_.has_socket) {
    const Result<std::string> folder = make_socket_folder();
    const Result<ListeningSocket> socket =
        folder ? listen_in(*folder, program_.name) : Result<ListeningSocket>(folder.failure());
    // Without one nobody can look, and the program runs all the same.
    if (socket) {
      server.add_lines(socket->fd);
      path = socket->path;
    }
  }
  server.run(stop_fd_);
  if (!path.empty()) (void)::unlink(path.c_str());
}

Snapshot Observer::look() {
  constexpr int kLooks = 100;
  constexpr int kPauseMicroseconds = 200;
  const std::uint32_t question = counters_.ask();
  for (int i = 0; i < kLooks && !counters_.is_answered(question); ++i) ::usleep(kPauseMicroseconds);
  Snapshot snapshot = take_snapshot(program_, counters_, node_);
  snapshot.steady_ns = system_clock().steady_ns();
  snapshot.uptime_ns = snapshot.steady_ns - started_steady_ns_;
  if (node_links_) snapshot.node_links = node_links_();
  return snapshot;
}

std::string Observer::answer_line(std::string_view line) {
  if (line == "snapshot") return json_text(look());
  return json_error("ask for `snapshot`");
}

std::optional<std::string> Observer::answer_page(std::string_view path) {
  if (path != "/metrics") return std::nullopt;
  return prometheus_text(look());
}

}  // namespace streamrt
