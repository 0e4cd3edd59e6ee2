// A connection as a stream of bytes that never blocks: a plain socket, or one with TLS around it.
//
// TLS lives behind an interface (link_tls.h implements it) so that programs without it need no
// OpenSSL.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "runtime/base/result.h"
#include "runtime/transport/link_address.h"
#include "runtime/transport/link_descriptor.h"

namespace streamrt {

enum class StreamProgress : std::uint8_t {
  Moved,    // `bytes` of them, more than 0.
  Blocked,  // Not now: poll for events().
  Ended,    // The other side has sent its last byte.
  Failed,   // `reason` says why.
  Refused,  // One side does not want to speak with the other, before a word was said: `reason` says
            // why.
};

struct StreamResult {
  StreamProgress progress = StreamProgress::Blocked;
  std::size_t bytes = 0;
  std::string reason;
};

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // Fills a prefix of the pieces, in order.
  virtual StreamResult read(std::span<const iovec> pieces) = 0;
  // After Blocked it wants to be called with the same bytes again, and perhaps more behind them.
  virtual StreamResult write(std::span<const iovec> pieces) = 0;
  // No more will be written; what was is still delivered.
  virtual void finish_writing() = 0;
  [[nodiscard]] virtual int fd() const = 0;
  // What to poll for, given that reading, and if so writing, is wanted.
  [[nodiscard]] virtual short events(bool wants_write) const = 0;
  // read() may give bytes though poll() sees none.
  [[nodiscard]] virtual bool has_pending() const { return false; }
  // Nothing if the other side may call itself `node`; else why not.
  [[nodiscard]] virtual Result<void> prove(const std::string& node) const { return {}; }
};

// Wraps connected sockets.
class SecureTransport {
 public:
  virtual ~SecureTransport() = default;
  virtual Result<std::unique_ptr<ByteStream>> wrap(FileDescriptor socket, bool is_connector) = 0;
};

[[nodiscard]] std::unique_ptr<ByteStream> plain_stream(FileDescriptor socket);

// Both sides say it, each of which may be the one that has none.
inline constexpr const char* kTlsOnOneSide =
    "one side speaks TLS and the other does not: give both a certificate, or neither";
// Whether what came first, at least one byte, is a record of TLS (RFC 8446, 5.1); a frame never is.
[[nodiscard]] bool is_begin_of_tls(std::span<const std::byte> bytes);

// ---- sockets: non-blocking, closed on exec ----

// Moved, Blocked or Failed. No signal comes if the other side has hung up.
[[nodiscard]] StreamResult write_socket_pieces(int socket, std::span<const iovec> pieces);

// Under way when it returns: writable when done, then connect_result().
[[nodiscard]] Result<FileDescriptor> start_connecting(const SocketAddress& address);
[[nodiscard]] Result<void> connect_result(int socket);
[[nodiscard]] Result<FileDescriptor> listen_at(const SocketAddress& address);
// Not open if none waits.
[[nodiscard]] FileDescriptor accept_one(int listener);
[[nodiscard]] SocketAddress local_address(int socket);
[[nodiscard]] SocketAddress remote_address(int socket);

}  // namespace streamrt
