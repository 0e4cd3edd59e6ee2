// Where a node meets the others: moves frames between the rings of its parts and the links to other
// nodes.
//
//   part ── ring ──▶ gateway ── link (TCP) ──▶ gateway ── ring ──▶ part
//
// Parts know rings only. The gateway is one thread in the first process of a node. Beside the
// frames of each queue that crosses, every pair of nodes that have such queues tells each other
// what a RunControl says, and which readers need nothing more; after a new connection all of it is
// told again.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/abi/stream_abi.h"
#include "runtime/agent/node_addresses.h"
#include "runtime/agent/rest_board.h"
#include "runtime/agent/run_control.h"
#include "runtime/base/result.h"
#include "runtime/buffer/frame_ring.h"
#include "runtime/transport/doorbell.h"
#include "runtime/transport/link_hub.h"

namespace streamrt {

struct GatewaySetup {
  std::int32_t node = 0;  // The one that it belongs to.
  RunControl* control = nullptr;
  std::int64_t ring_item_limit = 0;            // Items in a ring, at the most; 0: what fits.
  std::function<void(std::string_view)> post;  // Takes lines for the user.
  std::function<void()> tell_of_doubling;      // Says that streams waited for each other.
  std::function<void()> ring_all;              // Wakes all parts, after a change of `control`.
  std::function<bool()> parts_are_through;     // Nothing more will be written to any ring.
  std::vector<bool> reachable_nodes;  // Those that items can reach from this one, and this one.
};

class Gateway {
 public:
  // All must outlive the gateway. `bell` wakes it.
  Gateway(const StreamProgram& program, GatewaySetup setup, Doorbell bell);
  ~Gateway();
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // What a part writes for another node, and what another node writes for a part. Both nodes add
  // the queues in the same order.
  void add_outgoing(std::int32_t queue, std::int32_t to_node, FrameReader ring, Doorbell writer);
  void add_incoming(std::int32_t queue, std::int32_t from_node, FrameWriter ring, Doorbell reader);

  // Listens, and begins to connect.
  Result<void> open(NodeAddresses& addresses);
  // Until the parts are through, and what they wrote has arrived.
  void run();
  // Any thread: whether all parts wait for others or are through.
  void set_at_rest(bool is_at_rest);
  [[nodiscard]] std::uint32_t moves() const { return moves_.load(std::memory_order_relaxed); }

 private:
  struct ControlMessage;
  struct Outgoing;
  struct Incoming;
  struct Peer;

  Peer& peer_at(std::int32_t node);
  LinkOptions link_options(const Peer& peer, const std::string& address);
  bool look_after(Peer& peer);
  bool tell_control(Peer& peer);
  bool hear_control(Peer& peer);
  void hear(Peer& peer, const ControlMessage& message);
  void note_rest(bool is_through);
  [[nodiscard]] bool holds_messages_up() const;
  void double_limits(std::uint32_t doublings);
  bool forward(Peer& peer, Outgoing& outgoing);
  bool deliver(Peer& peer, Incoming& incoming);
  bool has_room(const Incoming& incoming, std::uint32_t items) const;
  void watch_state(Peer& peer);
  void give_up(const std::string& why);
  bool is_done();

  const StreamProgram& program_;
  GatewaySetup setup_;
  Doorbell bell_;
  std::vector<std::unique_ptr<Peer>> peers_;  // In the order of nodes.
  bool is_closing_ = false;
  std::atomic<bool> is_at_rest_{false};
  std::atomic<std::uint32_t> moves_{0};
  RestBoard rests_;
  std::int64_t all_wait_since_ns_ = 0;  // 0: not all nodes wait.
  std::uint64_t news_seen_ = 0;
  std::uint64_t sent_ = 0;  // Messages with items.
  std::uint64_t received_ = 0;
  std::int64_t deadline_ns_ =
      0;  // Once something has gone wrong: no longer than this for words of farewell.
  std::unique_ptr<LinkHub> hub_;  // Last: its threads end first.
};

}  // namespace streamrt
