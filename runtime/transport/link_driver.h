// Keeps one link on a socket: connects, reads, writes, and connects again. For the I/O thread of a hub.
#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/transport/link_core.h"
#include "runtime/transport/link_protocol.h"
#include "runtime/transport/link_stream.h"

namespace streamrt {

// What all links of a hub have in common.
struct LinkSurroundings {
  Clock* clock = nullptr;
  SecureTransport* secure = nullptr;  // Null: plain TCP.
  bool is_insecure_allowed = false;   // Plain TCP also beyond this machine.
  std::uint64_t seed = 0;             // Of the jitter.
};

class LinkDriver {
 public:
  LinkDriver(LinkCore& core, const LinkSurroundings& surroundings);

  // Does all that can be done without waiting.
  void step(std::int64_t now_ns);
  // What step() waits for, beside the time: -1, or a descriptor and the events of poll().
  [[nodiscard]] int fd() const;
  [[nodiscard]] short events() const;
  [[nodiscard]] std::int64_t deadline_ns() const;

  // For the side that is connected to: a connection that began with this hello. Nothing if it was taken.
  std::optional<Refusal> adopt(std::unique_ptr<ByteStream>& stream, const Hello& hello,
                               std::int64_t now_ns);
  [[nodiscard]] const std::string& peer() const { return core_->options().peer; }
  [[nodiscard]] bool is_connector() const { return !core_->options().address.empty(); }

 private:
  [[nodiscard]] bool is_over() const;
  void connect(std::int64_t now_ns);
  void finish_connecting(std::int64_t now_ns);
  void begin(std::unique_ptr<ByteStream> stream, bool is_proved);
  bool prove_peer();
  void move_bytes(std::int64_t now_ns);
  bool read_some(std::int64_t now_ns);
  bool write_some(std::int64_t now_ns);
  void end_connection(const std::string& reason, std::int64_t now_ns);
  void retry_later(const std::string& reason, std::int64_t now_ns);
  void close_if_done(std::int64_t now_ns);

  LinkCore* core_;
  LinkSurroundings surroundings_;
  LinkProtocol protocol_;
  std::minstd_rand random_;
  std::unique_ptr<ByteStream> stream_;
  bool is_blocked_ = false;       // Writing waits for the socket.
  bool is_proved_ = false;        // The other side is who it should be (TLS).
  bool is_shut_ = false;          // finish_writing() was called.
  bool may_read_more_ = false;    // Stopped by fairness, not for want of bytes.
  std::int64_t shut_ns_ = 0;

  FileDescriptor connecting_;
  std::string connecting_to_;
  std::size_t address_index_ = 0;  // Of several, each attempt takes the next.
  std::int64_t attempt_ns_ = 0;    // When the attempt under way began, or the next one is due.
  std::int64_t backoff_ms_ = 0;
  std::int64_t closing_since_ns_ = 0;  // 0: the owner has not closed.
};

}  // namespace streamrt
