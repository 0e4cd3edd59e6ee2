// One connection through TLS. For the TLS sources only.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/transport/link_stream.h"
#include "runtime/transport/link_tls_certificate.h"

namespace streamrt {

class TlsStream final : public ByteStream {
 public:
  // `context` and the clock in `verification` must outlive it.
  TlsStream(FileDescriptor socket, SSL_CTX* context, Verification verification, bool is_connector);
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;
  ~TlsStream() override = default;

  StreamResult read(std::span<const iovec> pieces) override;
  StreamResult write(std::span<const iovec> pieces) override;
  void finish_writing() override;
  [[nodiscard]] int fd() const override { return socket_.get(); }
  [[nodiscard]] short events(bool wants_write) const override;
  [[nodiscard]] bool has_pending() const override { return has_more_ || end_.has_value(); }
  [[nodiscard]] Result<void> prove(const std::string& node) const override;

  // What a certificate was found to lack; for the callback in the context.
  Verification& verification() { return verification_; }

 private:
  // What the next call of an operation waits for.
  enum class Waits : std::uint8_t { Nothing, Readable, Writable };

  static BIO_METHOD* socket_method();
  static int read_socket(BIO* bio, char* bytes, std::size_t size, std::size_t* count);
  static int write_socket(BIO* bio, const char* bytes, std::size_t size, std::size_t* count);
  int note_moved(BIO* bio, ssize_t moved, std::size_t* count);  // Of recv() or send().

  bool shake_hands();
  bool read_piece(const iovec& piece, std::size_t& total);
  void stage(std::span<const iovec> pieces);
  Waits note_outcome(int returned);
  [[nodiscard]] StreamResult failure() const;
  void hear_reason();
  void say_close();

  FileDescriptor socket_;
  SslPointer ssl_;
  Verification verification_;
  bool is_shaken_ = false;     // The handshake is done.
  bool is_finishing_ = false;  // finish_writing() was called,
  bool said_close_ = false;    // and the other side told.
  bool has_more_ = false;      // The last read may have left bytes that are here already.
  bool has_heard_ = false;     // A byte has come,
  bool hears_no_tls_ = false;  // and it was none that TLS begins with.
  bool is_hung_up_ = false;    // The socket has ended,
  int socket_error_ = 0;       // or failed.
  Waits handshake_waits_ = Waits::Readable;
  Waits read_waits_ = Waits::Nothing;
  Waits write_waits_ = Waits::Nothing;
  std::optional<StreamResult> end_;  // Ended, Refused or Failed, once and for all.
  std::vector<char> staged_;         // What is being written; after Blocked it is offered again.
};

}  // namespace streamrt
