#include "runtime/transport/link_tls_stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "runtime/transport/link_tls_words.h"

namespace streamrt {

namespace {

constexpr std::size_t kRecordBytesMax = SSL3_RT_MAX_PLAIN_LENGTH;

}  // namespace

TlsStream::TlsStream(FileDescriptor socket, SSL_CTX* context, Verification verification,
                     bool is_connector)
    : socket_(std::move(socket)), ssl_(SSL_new(context)), verification_(std::move(verification)) {
  BIO* const bio = BIO_new(socket_method());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), this);
  if (is_connector) {
    SSL_set_connect_state(ssl_.get());
  } else {
    SSL_set_accept_state(ssl_.get());
  }
  staged_.reserve(kRecordBytesMax);
}

// ---- the socket, as OpenSSL sees it ----

// OpenSSL's own BIO for sockets writes without MSG_NOSIGNAL. The functions return 1, 0 at the end,
// and -1 when blocked or failed.
BIO_METHOD* TlsStream::socket_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "link");
    BIO_meth_set_read_ex(made, &TlsStream::read_socket);
    BIO_meth_set_write_ex(made, &TlsStream::write_socket);
    BIO_meth_set_ctrl(made, [](BIO*, int command, long, void*) -> long {
      return command == BIO_CTRL_FLUSH ? 1 : 0;
    });
    return made;
  }();
  return method;
}

int TlsStream::read_socket(BIO* bio, char* bytes, std::size_t size, std::size_t* count) {
  auto& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
  const ssize_t moved = ::recv(stream.socket_.get(), bytes, size, 0);
  if (moved == 0) stream.is_hung_up_ = true;
  if (moved > 0 && !std::exchange(stream.has_heard_, true)) {
    stream.hears_no_tls_ = !is_begin_of_tls(std::as_bytes(std::span(bytes, 1)));
  }
  const int returned = stream.note_moved(bio, moved, count);
  if (returned < 0 && stream.socket_error_ == 0) BIO_set_retry_read(bio);
  return returned;
}

int TlsStream::write_socket(BIO* bio, const char* bytes, std::size_t size, std::size_t* count) {
  auto& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
  const ssize_t moved = ::send(stream.socket_.get(), bytes, size, MSG_NOSIGNAL);
  const int returned = stream.note_moved(bio, moved, count);
  if (returned < 0 && stream.socket_error_ == 0) BIO_set_retry_write(bio);
  return returned;
}

int TlsStream::note_moved(BIO* bio, ssize_t moved, std::size_t* count) {
  const bool is_blocked = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
  if (moved < 0 && !is_blocked) socket_error_ = errno;
  BIO_clear_retry_flags(bio);
  *count = moved > 0 ? static_cast<std::size_t>(moved) : 0;
  if (moved > 0) return 1;
  return moved == 0 ? 0 : -1;
}

// ---- outcomes ----

TlsStream::Waits TlsStream::note_outcome(int returned) {
  if (returned == 1) return Waits::Nothing;
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ:
      return Waits::Readable;
    case SSL_ERROR_WANT_WRITE:
      return Waits::Writable;
    case SSL_ERROR_ZERO_RETURN:
      end_ = StreamResult{StreamProgress::Ended, 0, {}};
      return Waits::Nothing;
    default:
      end_ = failure();
      return Waits::Nothing;
  }
}

StreamResult TlsStream::failure() const {
  const std::string words = take_tls_error();
  const auto refused = [](std::string reason) {
    return StreamResult{StreamProgress::Refused, 0, std::move(reason)};
  };
  const auto failed = [](std::string reason) {
    return StreamResult{StreamProgress::Failed, 0, std::move(reason)};
  };
  if (hears_no_tls_) return refused(kTlsOnOneSide);
  if (!verification_.problem.empty()) return refused(verification_.problem);
  if (socket_error_ != 0) return failed(std::strerror(socket_error_));
  if (is_hung_up_) {
    // Its last words are the link's goodbyes, which say whether something is missing.
    if (is_shaken_) return {StreamProgress::Ended, 0, {}};
    return failed("the other side hung up in the middle of the TLS handshake");
  }
  return is_shaken_ ? failed(words) : refused(words);
}

// Writing failed since the other side has hung up. It may have said why, and that is still to be
// read.
void TlsStream::hear_reason() {
  const StreamResult before = *std::exchange(end_, std::nullopt);
  socket_error_ = 0;
  char byte = 0;
  std::size_t count = 0;
  ERR_clear_error();
  note_outcome(SSL_read_ex(ssl_.get(), &byte, 1, &count));
  const bool is_reason = end_ && end_->progress != StreamProgress::Ended && socket_error_ == 0;
  if (!is_reason) end_ = before;
}

// ---- the handshake ----

// False: not done, or never.
bool TlsStream::shake_hands() {
  if (is_shaken_) return true;
  if (end_) return false;
  ERR_clear_error();
  handshake_waits_ = note_outcome(SSL_do_handshake(ssl_.get()));
  is_shaken_ = handshake_waits_ == Waits::Nothing && !end_;
  return is_shaken_;
}

// ---- reading ----

StreamResult TlsStream::read(std::span<const iovec> pieces) {
  if (is_finishing_) say_close();
  if (!shake_hands() || end_) return end_.value_or(StreamResult{});
  std::size_t total = 0;
  const bool is_full = std::all_of(pieces.begin(), pieces.end(),
                                   [&](const iovec& piece) { return read_piece(piece, total); });
  has_more_ = is_full && SSL_has_pending(ssl_.get()) == 1;
  if (total > 0) return {StreamProgress::Moved, total, {}};  // An end is told the next time.
  return end_.value_or(StreamResult{});
}

// False: it could not be filled.
bool TlsStream::read_piece(const iovec& piece, std::size_t& total) {
  for (std::size_t filled = 0; filled < piece.iov_len;) {
    std::size_t count = 0;
    ERR_clear_error();
    read_waits_ = note_outcome(SSL_read_ex(ssl_.get(), static_cast<char*>(piece.iov_base) + filled,
                                           piece.iov_len - filled, &count));
    if (read_waits_ != Waits::Nothing || end_) return false;
    filled += count;
    total += count;
  }
  return true;
}

// ---- writing ----

StreamResult TlsStream::write(std::span<const iovec> pieces) {
  // Why it is refused can only be told in the clear.
  if (hears_no_tls_) return write_socket_pieces(socket_.get(), pieces);
  if (!shake_hands() || end_) return end_.value_or(StreamResult{});
  if (staged_.empty()) stage(pieces);
  std::size_t count = 0;
  ERR_clear_error();
  write_waits_ = note_outcome(SSL_write_ex(ssl_.get(), staged_.data(), staged_.size(), &count));
  if (end_ && socket_error_ != 0) hear_reason();
  if (write_waits_ != Waits::Nothing || end_) return end_.value_or(StreamResult{});
  staged_.clear();
  return {StreamProgress::Moved, count, {}};
}

// Small pieces share a record. OpenSSL wants a record that was blocked to be offered again as it
// was.
void TlsStream::stage(std::span<const iovec> pieces) {
  for (const iovec& piece : pieces) {
    const char* const bytes = static_cast<const char*>(piece.iov_base);
    const std::size_t count = std::min(piece.iov_len, kRecordBytesMax - staged_.size());
    staged_.insert(staged_.end(), bytes, bytes + count);
  }
}

void TlsStream::finish_writing() {
  is_finishing_ = true;
  say_close();
}

void TlsStream::say_close() {
  if (said_close_) return;
  if (is_shaken_ && !end_) {
    ERR_clear_error();
    const int returned = SSL_shutdown(ssl_.get());
    // 0: said, and not yet answered. Any error is found again by reading.
    if (returned < 0 && SSL_get_error(ssl_.get(), returned) == SSL_ERROR_WANT_WRITE) return;
  }
  said_close_ = true;
  ::shutdown(socket_.get(), SHUT_WR);
}

// ---- who it is, and what to wait for ----

short TlsStream::events(bool wants_write) const {
  const bool is_closing = is_finishing_ && !said_close_;
  if (hears_no_tls_) return static_cast<short>(wants_write ? POLLIN | POLLOUT : POLLIN);
  if (!is_shaken_) return handshake_waits_ == Waits::Writable ? POLLOUT : POLLIN;
  if (read_waits_ == Waits::Writable) return POLLOUT;
  const bool awaits_room = (wants_write && write_waits_ != Waits::Readable) || is_closing;
  return static_cast<short>(awaits_room ? POLLIN | POLLOUT : POLLIN);
}

Result<void> TlsStream::prove(const std::string& node) const {
  const CertificatePointer certificate(SSL_get1_peer_certificate(ssl_.get()));
  if (!is_shaken_ || certificate == nullptr || SSL_get_verify_result(ssl_.get()) != X509_V_OK) {
    return fail("node `{}` has shown no certificate", node);
  }
  if (belongs_to(certificate.get(), node)) return {};
  return fail("the certificate shown for node `{}` is that of {}", node,
              owner_text(certificate.get()));
}

}  // namespace streamrt
