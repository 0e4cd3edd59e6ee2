// What one end of a link says and hears, without any I/O: bytes and the time come in, bytes go out.
//
// The I/O thread of a hub drives it over a socket (link_driver.h); a test drives two of them over anything. It outlives
// connections: channels keep their numbers, and a new connection begins with both sides saying what they have.
//
//    connector            acceptor
//    Hello        ───▶    checks it, or sends a Refusal
//    checks it    ◀───    Hello, Ready
//    Ready        ───▶
//    Data, Report, Ping, Pong in both directions
//    Goodbye      ───▶    when all was acknowledged and the owner has closed; and the same the other way
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/transport/link_core.h"
#include "runtime/transport/wire.h"

namespace streamrt {

class LinkProtocol final : private FrameReceiver {
 public:
  // Both must outlive it. Times passed below are those of `clock`, steady.
  LinkProtocol(LinkCore& core, Clock& clock);

  // ---- a connection's life ----

  // Why this hello must be refused, if it must; asks nothing of the connection.
  [[nodiscard]] std::optional<Refusal> objection_to(const Hello& hello);
  void begin_as_connector(std::int64_t now_ns);
  // `hello` came and there is no objection to it.
  void begin_as_acceptor(const Hello& hello, std::int64_t now_ns);
  // The other side is told why, and the connection is to be cut; nothing that comes is looked at.
  void refuse(const Refusal& refusal);
  // The connection is gone.
  void end_connection();
  // The connection is to be cut, for this reason; once outgoing() is empty.
  [[nodiscard]] const std::optional<std::string>& cut_reason() const { return cut_reason_; }
  // Both sides have closed; once outgoing() is empty the connection is to be shut down in order.
  [[nodiscard]] bool is_finished() const { return said_goodbye_ && heard_goodbye_; }
  // The other side knows that we have closed, or has nothing to lose by not knowing.
  [[nodiscard]] bool is_drained() const;
  [[nodiscard]] bool is_open() const { return phase_ == Phase::Open; }
  // The session of the other side that was last accepted.
  [[nodiscard]] std::uint64_t peer_session() const { return peer_session_; }

  // ---- bytes ----

  [[nodiscard]] std::array<std::span<std::byte>, 2> room() { return decoder_.room(); }
  void receive(std::size_t count, std::int64_t now_ns);
  // What is to be sent next, without regard to how much was returned before. Valid until any other call.
  [[nodiscard]] std::span<const iovec> outgoing(std::int64_t now_ns);
  void wrote(std::size_t count);

  // ---- time ----

  // When tick() has something to do.
  [[nodiscard]] std::int64_t deadline_ns() const;
  void tick(std::int64_t now_ns);

 private:
  enum class Phase : std::uint8_t { None, AwaitsHello, AwaitsReady, Open };

  // A frame, or the rest of it, on its way out.
  struct Segment {
    std::array<std::byte, kFrameHeaderBytes + kPingBytes> head;  // Header, and a short payload.
    std::size_t head_bytes = 0;
    std::span<const std::byte> payload;
    std::vector<std::byte> owned;  // What `payload` shows, if no channel has it.
    std::uint16_t channel = 0;
    std::uint64_t number = 0;  // Of a message; else 0.
  };

  // What was told and heard about one channel on this connection.
  struct ChannelState {
    std::uint64_t credit_bytes = 0;      // Outbound: may be sent in all,
    std::uint64_t sent_bytes = 0;        // and was.
    std::uint64_t report_step = 0;       // Inbound: news of as many bytes is reported at once.
    std::uint64_t told_acknowledged = 0;
    std::uint64_t reported_bytes = 0;    // Of what came on this connection, when the last report was made.
    std::uint64_t came_bytes = 0;
  };

  Result<std::span<std::byte>> payload_memory(const FrameHeader& header) override;
  Result<void> receive_frame(const FrameHeader& header) override;
  Result<void> receive_hello();
  Result<void> receive_ready();
  Result<void> receive_refusal();
  Result<void> receive_report(std::uint16_t channel);
  void receive_ping();
  void receive_pong();
  Result<void> receive_goodbye();

  [[nodiscard]] Hello make_hello() const;
  [[nodiscard]] std::optional<std::string> channel_objection(const Hello& hello) const;
  [[nodiscard]] std::optional<std::string> clock_objection(const Hello& hello) const;
  [[nodiscard]] std::optional<std::string> state_objection(const Hello& hello);
  [[nodiscard]] bool is_other_session(const Hello& hello) const;
  void accept(const Hello& hello);
  void accept_channel(std::size_t channel, const HelloChannel& theirs, bool restarts,
                      bool knows_us);
  void begin(std::int64_t now_ns);
  void cut(std::string reason);

  void queue_frame(FrameKind kind, std::uint16_t channel, std::span<const std::byte> payload);
  void queue_large_frame(FrameKind kind, std::vector<std::byte> payload);
  void queue_message(std::uint16_t channel, const OutboundChannel::Outgoing& message);
  void queue_messages();
  bool queue_message_of(std::size_t channel);
  void queue_reports(std::int64_t now_ns);
  bool queue_report_of(std::size_t channel, bool is_time);
  void queue_goodbye();
  void measure(const PingTimes& times);

  LinkCore* core_;
  Clock* clock_;
  FrameDecoder decoder_;
  std::vector<std::byte> control_payload_;  // Of a frame that carries no message, on its way in.
  std::uint64_t peer_session_ = 0;          // 0: never met.

  // This connection's.
  Phase phase_ = Phase::None;
  std::vector<ChannelState> states_;  // One entry for each channel.
  std::deque<Segment> segments_;
  std::size_t queued_bytes_ = 0;
  std::size_t front_written_ = 0;
  std::vector<iovec> pieces_;
  std::size_t next_channel_ = 0;  // Channels take turns.
  std::optional<std::string> cut_reason_;
  bool is_cutting_ = false;  // Nothing more that comes is looked at.
  bool said_goodbye_ = false;
  bool heard_goodbye_ = false;
  std::int64_t heard_ns_ = 0;
  std::int64_t pinged_ns_ = 0;
  std::int64_t report_at_ns_ = 0;  // 0: there is nothing to report.
};

}  // namespace streamrt
