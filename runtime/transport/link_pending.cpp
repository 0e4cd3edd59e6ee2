#include "runtime/transport/link_pending.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "runtime/transport/crc32c.h"

namespace streamrt {

namespace {

constexpr std::int64_t kLingerNs = 1'000'000'000;

}  // namespace

PendingConnection::Progress PendingConnection::step(std::int64_t now_ns) {
  if (now_ns >= deadline_ns_) return Progress::Gone;
  if (is_lingering_) return linger();
  if (farewell_.empty()) {
    const Progress progress = read_hello();
    if (progress != Progress::Waits || farewell_.empty()) return progress;
  }
  return say_farewell(now_ns);
}

short PendingConnection::events() const {
  return is_lingering_ ? POLLIN : stream_->events(!farewell_.empty());
}

PendingConnection::Progress PendingConnection::read_hello() {
  for (;;) {
    iovec pieces[2];
    std::size_t count = 0;
    for (const std::span<std::byte> room : decoder_.room()) {
      if (!room.empty()) pieces[count++] = {room.data(), room.size()};
    }
    const StreamResult result = stream_->read({pieces, count});
    if (result.progress == StreamProgress::Blocked) return Progress::Waits;
    if (result.progress == StreamProgress::Refused) {
      objection_ = result.reason;
      refuse({.is_final = true, .reason = result.reason});
      return Progress::Waits;
    }
    if (result.progress != StreamProgress::Moved) return Progress::Gone;
    if (!decoder_.receive(result.bytes, *this)) return Progress::Gone;
    if (hello_) return Progress::SaidHello;
    if (!farewell_.empty()) return Progress::Waits;
  }
}

PendingConnection::Progress PendingConnection::say_farewell(std::int64_t now_ns) {
  while (farewell_written_ < farewell_.size()) {
    const iovec piece{farewell_.data() + farewell_written_, farewell_.size() - farewell_written_};
    const StreamResult result = stream_->write({&piece, 1});
    if (result.progress == StreamProgress::Blocked) return Progress::Waits;
    if (result.progress != StreamProgress::Moved) break;  // TLS has said it in its own way.
    farewell_written_ += result.bytes;
  }
  stream_->finish_writing();
  is_lingering_ = true;
  deadline_ns_ = std::min(deadline_ns_, now_ns + kLingerNs);
  return linger();
}

// Closing a socket with unread bytes resets the connection, and what was said last may never be
// read.
PendingConnection::Progress PendingConnection::linger() {
  constexpr int kReadsAtATime = 16;  // Whoever sends without end must not hold up the others.
  for (int i = 0; i < kReadsAtATime; ++i) {
    std::byte ignored[4096];
    const ssize_t count = ::recv(stream_->fd(), ignored, sizeof ignored, 0);
    if (count > 0) continue;
    const bool is_blocked = count < 0 && (errno == EAGAIN || errno == EINTR);
    return is_blocked ? Progress::Waits : Progress::Gone;
  }
  return Progress::Waits;
}

void PendingConnection::refuse(const Refusal& refusal) {
  hello_.reset();
  const std::vector<std::byte> payload = encode_refusal(refusal);
  const HeaderBytes header = encode_header({.kind = FrameKind::Refusal,
                                            .length = static_cast<std::uint32_t>(payload.size()),
                                            .payload_crc = crc32c(payload)});
  farewell_.assign(header.begin(), header.end());
  farewell_.insert(farewell_.end(), payload.begin(), payload.end());
}

Result<std::span<std::byte>> PendingConnection::payload_memory(const FrameHeader& header) {
  if (header.kind != FrameKind::Hello || hello_ || header.length > kHelloBytesMax) {
    return fail("a connection began with something else than a hello");
  }
  payload_.resize(header.length);
  return std::span(payload_);
}

Result<void> PendingConnection::receive_frame(const FrameHeader& /*header*/) {
  Result<Hello> hello = decode_hello(payload_);
  if (hello) {
    hello_ = std::move(*hello);
  } else {
    refuse({.is_final = true, .reason = hello.message()});
  }
  return {};
}

}  // namespace streamrt
