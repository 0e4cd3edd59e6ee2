// A link joins two nodes by one TCP connection at a time and carries messages on channels, in both directions.
//
// Messages of a channel arrive in order and exactly once while both processes live, whatever happens to the
// connection: it is made again, and goes on where the other one stopped. A channel whose reader is slow holds up its own
// writer and no other channel. Everything is bounded (ChannelOptions::buffer_bytes); a full channel makes its writer
// wait, or drops if the program says that it may. If the other *process* was restarted, what was on its way is lost:
// that is refused, unless every channel is best effort or has a spool (spool.h).
//
// A Link belongs to a LinkHub (link_hub.h), whose I/O thread moves the bytes: one of its own, or the owner of the links, when it
// steps the hub. One thread, the owner, calls try_send(),
// try_receive() and acknowledge(); everything else may be called by any thread. No call waits for the network.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/transport/link_channel.h"

namespace streamrt {

class LinkCore;

struct LinkTiming {
  std::int64_t keep_alive_ms = 1000;       // A ping as often as this; it also measures the round trip.
  std::int64_t peer_timeout_ms = 4000;     // Silence after which the connection is given up.
  std::int64_t handshake_timeout_ms = 5000;
  std::int64_t backoff_ms_min = 100;       // Before connecting again; doubles up to
  std::int64_t backoff_ms_max = 5000;      // this, and varies by a quarter.
  std::int64_t report_delay_ms = 2;        // An acknowledgement waits as long for others to join it.
  std::int64_t close_timeout_ms = 5000;    // After close(): for a line that is down, with nothing left to send.
};

struct LinkOptions {
  std::string peer;     // Name of the other node.
  std::string address;  // `host:port` to connect to; empty: the other node connects.
  std::vector<ChannelOptions> channels;  // The same on both sides, in the same order, but for the direction.
  LinkTiming timing;
  // Called by the I/O thread: something arrived, there is room again, or the state changed. Must be quick.
  std::function<void()> on_activity;
};

enum class LinkState : std::uint8_t {
  Connecting,  // Not (or no longer) connected; trying, or waiting for the other side.
  Connected,
  Closed,      // Both sides closed, or the owner did and the other cannot be reached.
  Refused,     // For good, by one side or the other: `reason` says why.
};

struct LinkStatus {
  LinkState state = LinkState::Connecting;
  std::string reason;               // Of the last cut, failed attempt or refusal.
  std::string peer_version;         // Program version of the other side.
  bool is_peer_closed = false;      // The other side has sent all that it ever will.
  std::uint64_t connections = 0;    // Made so far: all but the first are reconnects.
  std::uint64_t refusals = 0;       // Of the other side by this one.
  std::int64_t round_trip_ns = 0;   // Of the last ping; 0: none yet.
  std::int64_t clock_offset_ns = 0; // The other side's clock less ours.
  std::uint64_t bytes_sent = 0;     // On the line, all frames and resends.
  std::uint64_t bytes_received = 0;
};

class Link {
 public:
  explicit Link(LinkCore& core) : core_(&core) {}
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // ---- the owner ----

  // One message of all parts, one behind the other, at most the channel's message_bytes_max; they are copied. False:
  // the channel is full, so try again after `on_activity`. A channel of best effort always takes it. Only a spool can
  // fail; the message was not taken then.
  [[nodiscard]] Result<bool> try_send(std::size_t channel, MessageParts parts);

  // The next message, if there is one.
  [[nodiscard]] std::optional<Message> try_receive(std::size_t channel);

  // For channels with Acknowledge::Explicit: the sender's spool need not keep messages up to `number`.
  void acknowledge(std::size_t channel, std::uint64_t number);

  // Number of the last message that try_send() took; with a spool also of an earlier process.
  [[nodiscard]] std::uint64_t last_number(std::size_t channel) const;

  // ---- any thread ----

  // No more will be sent. What was is delivered first, and what the other side sends still arrives; the state becomes
  // Closed when both sides have closed.
  void close();
  [[nodiscard]] LinkState state() const;
  [[nodiscard]] LinkStatus status() const;
  [[nodiscard]] ChannelCounters counters(std::size_t channel) const;
  // Of a channel that this side sends on: the other side has acknowledged all that was ever taken.
  [[nodiscard]] bool is_delivered(std::size_t channel) const;
  // The oldest line for the user that was not yet asked for (a clock that differs, for example).
  [[nodiscard]] std::optional<std::string> next_notice();

 private:
  LinkCore* core_;
};

}  // namespace streamrt
