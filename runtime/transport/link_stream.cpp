#include "runtime/transport/link_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace streamrt {

namespace {

StreamResult result_of(ssize_t count) {
  if (count > 0) return {StreamProgress::Moved, static_cast<std::size_t>(count), {}};
  if (count == 0) return {StreamProgress::Ended, 0, {}};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) return {};
  return {StreamProgress::Failed, 0, std::strerror(errno)};
}

class PlainStream final : public ByteStream {
 public:
  explicit PlainStream(FileDescriptor socket) : socket_(std::move(socket)) {}

  StreamResult read(std::span<const iovec> pieces) override {
    StreamResult result =
        result_of(::readv(socket_.get(), pieces.data(), static_cast<int>(pieces.size())));
    if (result.progress != StreamProgress::Moved || std::exchange(has_heard_, true)) return result;
    const auto* const first = static_cast<const std::byte*>(pieces.front().iov_base);
    if (!is_begin_of_tls({first, 1})) return result;
    return {StreamProgress::Refused, 0, kTlsOnOneSide};
  }
  StreamResult write(std::span<const iovec> pieces) override {
    return write_socket_pieces(socket_.get(), pieces);
  }
  void finish_writing() override { ::shutdown(socket_.get(), SHUT_WR); }
  [[nodiscard]] int fd() const override { return socket_.get(); }
  [[nodiscard]] short events(bool wants_write) const override {
    return static_cast<short>(wants_write ? POLLIN | POLLOUT : POLLIN);
  }

 private:
  FileDescriptor socket_;
  bool has_heard_ = false;
};

constexpr int kSocketFlags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

// Frames are gathered before they are sent, so nothing is won by waiting for more.
void send_at_once(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

std::unique_ptr<ByteStream> plain_stream(FileDescriptor socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

bool is_begin_of_tls(std::span<const std::byte> bytes) {
  constexpr std::byte kChangeCipherSpec{20};
  constexpr std::byte kApplicationData{23};
  return bytes.front() >= kChangeCipherSpec && bytes.front() <= kApplicationData;
}

StreamResult write_socket_pieces(int socket, std::span<const iovec> pieces) {
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces.data());  // sendmsg only reads.
  message.msg_iovlen = pieces.size();
  return result_of(::sendmsg(socket, &message, MSG_NOSIGNAL));
}

Result<FileDescriptor> start_connecting(const SocketAddress& address) {
  FileDescriptor socket(::socket(address.family(), kSocketFlags, 0));
  if (!socket.is_open()) return fail("cannot open a socket: {}", std::strerror(errno));
  send_at_once(socket.get());
  if (::connect(socket.get(), address.get(), address.size) != 0 && errno != EINPROGRESS) {
    return fail("cannot connect to {}: {}", address.text(), std::strerror(errno));
  }
  return socket;
}

Result<void> connect_result(int socket) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return fail("{}", std::strerror(error));
  return {};
}

Result<FileDescriptor> listen_at(const SocketAddress& address) {
  FileDescriptor socket(::socket(address.family(), kSocketFlags, 0));
  const auto failure = [&] {
    return fail("cannot listen at {}: {}", address.text(), std::strerror(errno));
  };
  if (!socket.is_open()) return failure();
  const int on = 1;
  const int off = 0;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.family() == AF_INET6) {
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  if (::bind(socket.get(), address.get(), address.size) != 0) return failure();
  if (::listen(socket.get(), 16) != 0) return failure();
  return socket;
}

FileDescriptor accept_one(int listener) {
  FileDescriptor socket(::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket.is_open()) send_at_once(socket.get());
  return socket;
}

SocketAddress local_address(int socket) {
  SocketAddress address;
  address.size = sizeof address.storage;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address.storage), &address.size);
  return address;
}

SocketAddress remote_address(int socket) {
  SocketAddress address;
  address.size = sizeof address.storage;
  ::getpeername(socket, reinterpret_cast<sockaddr*>(&address.storage), &address.size);
  return address;
}

}  // namespace streamrt
