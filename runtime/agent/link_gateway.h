// Where a node meets the others: moves frames between the rings of its parts and the links to other
// nodes.
//
//   part ── ring ──▶ gateway ── link (TCP) ──▶ gateway ── ring ──▶ part
//
// Parts know rings only. The gateway is one thread in the first process of a node, which also moves the bytes of the links,
// unless the program has spools (see link_hub.h). Beside the
// frames of each queue that crosses, every pair of nodes that have such queues tells each other
// what a RunControl says, and which readers need nothing more; after a new connection all of it is
// told again.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/abi/stream_abi.h"
#include "runtime/agent/gateway.h"
#include "runtime/agent/node_addresses.h"
#include "runtime/agent/node_spools.h"
#include "runtime/agent/rest_board.h"
#include "runtime/base/result.h"
#include "runtime/transport/link_hub.h"

namespace streamrt {

class LinkGateway final : public Gateway {
 public:
  // All must outlive the gateway. `bell` wakes it.
  LinkGateway(const StreamProgram& program, NodeAddresses& addresses, GatewaySetup setup,
              Doorbell bell);
  ~LinkGateway() override;
  LinkGateway(const LinkGateway&) = delete;
  LinkGateway& operator=(const LinkGateway&) = delete;

  void add_outgoing(std::int32_t queue, std::int32_t to_node, FrameReader ring,
                    Doorbell writer) override;
  void add_incoming(std::int32_t queue, std::int32_t from_node, FrameWriter ring,
                    Doorbell reader) override;
  Result<void> open() override;
  void run() override;
  void set_at_rest(bool is_at_rest) override;
  [[nodiscard]] std::vector<NodeLinkRow> link_rows() override;
  [[nodiscard]] std::uint32_t moves() const override { return moves_.load(std::memory_order_relaxed); }

 private:
  // Messages of a control channel: what, and a number that belongs to it.
  enum ControlKind : std::uint32_t {
    kControlEndSignal = 1,  // A signal ends the logs of all sources.
    kControlStop = 2,       // An `else stop` was met.
    kControlGiveUp = 3,     // The node cannot go on.
    kControlClosed = 4,     // Nothing more is needed of the queue.
    kControlRest = 5,       // What the node is at; passed on from node to node.
    kControlDouble = 6,     // All limits have been doubled so many times.
  };

  // Each pair of nodes has one control channel for each direction, in front of those of the queues.
  static constexpr std::size_t kControlFromEarlier = 0;
  static constexpr std::size_t kControlFromLater = 1;
  static constexpr std::size_t kFirstQueueChannel = 2;

  struct ControlMessage {
    std::uint32_t kind = 0;
    std::uint32_t value = 0;
    // kControlRest only.
    std::uint32_t flags = 0;
    std::uint32_t reserved = 0;
    std::uint64_t sequence = 0;
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
  };

  static_assert(sizeof(ControlMessage) == 40);

  struct Outgoing {
    std::int32_t queue = 0;
    std::size_t channel = 0;
    FrameReader ring;
    Doorbell writer;
    bool is_closed = false;  // The other node needs nothing more.
    std::string spool_folder = {};  // Empty: it has no spool.
    SentState sent = {};       // With a spool: what it has come to.
    bool owes_break = false;   // An earlier life stopped amid an item, and the reader has to know.
    bool is_failure_told = false;  // The user knows that the disk takes nothing,
    bool is_full_told = false;     // or that the spool was full, which is told once.
  };

  struct Incoming {
    std::int32_t queue = 0;
    std::size_t channel = 0;
    FrameWriter ring;
    Doorbell reader;
    std::optional<Message> waiting;  // For room in the ring.
  };

  struct Peer {
    std::int32_t node = 0;
    std::vector<Outgoing> outgoing;
    std::vector<Incoming> incoming;
    std::size_t channel_count = kFirstQueueChannel;
    Link* link = nullptr;
    std::atomic<bool> is_active{true};  // Something happened to the link.

    // What the other node has been told on this connection.
    std::uint64_t connections = 0;
    bool was_told_end_signal = false;
    bool was_told_stop = false;
    bool was_told_give_up = false;
    std::vector<bool> was_told_closed;     // One entry for each of `incoming`.
    std::vector<std::uint64_t> told_rest;  // The sequence, one entry for each node.
    std::uint32_t told_doublings = 0;

    LinkState state = LinkState::Connecting;
    std::int64_t down_since_ns = 0;  // 0: connected.
    bool is_outage_told = false;
    bool is_delay_told = false;  // The user asked for the end, which waits for this node.
  };

  Peer& peer_at(std::int32_t node);
  LinkOptions link_options(const Peer& peer, const std::string& address);
  void follow_clock();
  bool look_after(Peer& peer);
  bool move_bytes();
  void sleep(std::int64_t timeout_ns);
  bool tell_control(Peer& peer);
  bool hear_control(Peer& peer);
  void hear(Peer& peer, const ControlMessage& message);
  [[nodiscard]] bool may_tell_of(const Peer& peer, std::int32_t node) const;
  void note_rest(bool is_through);
  [[nodiscard]] bool holds_messages_up() const;
  void double_limits(std::uint32_t doublings);
  Result<void> open_spools();
  bool forward(Peer& peer, Outgoing& outgoing);
  bool send_frame(Peer& peer, Outgoing& outgoing, std::span<const std::byte> frame);
  void tell_of_failure(Outgoing& outgoing, const std::string& why);
  void tell_of_full(Outgoing& outgoing);
  void remove_spools();
  void tell_of_waiting_spools();
  [[nodiscard]] std::string spools_of(const Peer& peer) const;
  [[nodiscard]] std::span<const std::byte> frame_of(const Incoming& incoming) const;
  bool deliver(Peer& peer, Incoming& incoming);
  bool has_room(const Incoming& incoming, std::uint32_t items) const;
  void watch_state(Peer& peer);
  void tell_of_delay(Peer& peer);
  void give_up(const std::string& why);
  bool has_sent_all();
  [[nodiscard]] bool is_any(LinkState state) const;
  bool is_done();

  const StreamProgram& program_;
  NodeAddresses& addresses_;
  GatewaySetup setup_;
  Doorbell bell_;
  std::vector<std::unique_ptr<Peer>> peers_;  // In the order of nodes.
  bool is_closing_ = false;
  std::atomic<bool> is_at_rest_{false};
  std::atomic<std::uint32_t> moves_{0};
  RestBoard rests_;
  std::int64_t all_wait_since_ns_ = 0;  // 0: not all nodes wait.
  std::uint64_t news_seen_ = 0;
  std::uint64_t sent_ = 0;  // Messages with items; of spooled queues also those of earlier lives.
  std::uint64_t received_ = 0;
  std::int64_t gave_up_ns_ = 0;   // When the gateway saw that something had gone wrong.
  std::int64_t end_asked_ns_ = 0;  // When the gateway saw that the user asked for the end.
  std::uint64_t first_sequence_ = 0;  // Above all that earlier lives of this node said of its rest.
  bool waits_for_disk_ = false;
  bool moves_bytes_ = false;  // Of the links; else the hub does, with a thread of its own.
  std::vector<pollfd> watched_;
  std::map<std::int32_t, std::unique_ptr<Spool>> spools_;  // By queue, on their way to the links.
  std::unique_ptr<LinkHub> hub_;  // Last: its threads end first.
};

}  // namespace streamrt
