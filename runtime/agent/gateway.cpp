#include "runtime/agent/gateway.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <optional>
#include <utility>

#include "runtime/agent/exchange.h"
#include "runtime/agent/program_identity.h"
#include "runtime/base/clock.h"

namespace streamrt {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kOutageToMention = kSecond;
constexpr std::int64_t kFarewell = 2 * kSecond;
constexpr std::int64_t kTrustAfter = kSecond / 2;
constexpr std::size_t kLongestFrame = std::size_t{256} << 10;
constexpr std::size_t kControlBytes = std::size_t{64} << 10;

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
constexpr std::size_t kControlFromEarlier = 0;
constexpr std::size_t kControlFromLater = 1;
constexpr std::size_t kFirstQueueChannel = 2;

// Flags of kControlRest.
constexpr std::uint32_t kAtRest = 1;
constexpr std::uint32_t kThrough = 2;
constexpr std::uint32_t kHoldsUp = 4;

}  // namespace

struct Gateway::ControlMessage {
  std::uint32_t kind = 0;
  std::uint32_t value = 0;
  // kControlRest only.
  std::uint32_t flags = 0;
  std::uint32_t reserved = 0;
  std::uint64_t sequence = 0;
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
};

struct Gateway::Outgoing {
  std::int32_t queue = 0;
  std::size_t channel = 0;
  FrameReader ring;
  Doorbell writer;
  bool is_closed = false;  // The other node needs nothing more.
};

struct Gateway::Incoming {
  std::int32_t queue = 0;
  std::size_t channel = 0;
  FrameWriter ring;
  Doorbell reader;
  std::optional<Message> waiting;  // For room in the ring.
};

struct Gateway::Peer {
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
};

Gateway::Gateway(const StreamProgram& program, GatewaySetup setup, Doorbell bell)
    : program_(program),
      setup_(std::move(setup)),
      bell_(bell),
      rests_(setup_.node, setup_.reachable_nodes) {
  static_assert(sizeof(ControlMessage) == 40);
}

Gateway::~Gateway() = default;

Gateway::Peer& Gateway::peer_at(std::int32_t node) {
  auto place = std::find_if(peers_.begin(), peers_.end(),
                            [&](const std::unique_ptr<Peer>& peer) { return peer->node >= node; });
  if (place == peers_.end() || (*place)->node != node) {
    place = peers_.insert(place, std::make_unique<Peer>());
    (*place)->node = node;
    (*place)->told_rest.assign(static_cast<std::size_t>(program_.node_count), 0);
  }
  return **place;
}

void Gateway::add_outgoing(std::int32_t queue, std::int32_t to_node, FrameReader ring,
                           Doorbell writer) {
  Peer& peer = peer_at(to_node);
  peer.outgoing.push_back({queue, peer.channel_count++, ring, writer});
}

void Gateway::add_incoming(std::int32_t queue, std::int32_t from_node, FrameWriter ring,
                           Doorbell reader) {
  Peer& peer = peer_at(from_node);
  peer.incoming.push_back({queue, peer.channel_count++, ring, reader, std::nullopt});
  peer.was_told_closed.push_back(false);
}

// ---- opening ----

LinkOptions Gateway::link_options(const Peer& peer, const std::string& address) {
  LinkOptions options;
  options.peer = program_.nodes[peer.node].name;
  options.address = address;
  options.channels.resize(peer.channel_count);
  const bool is_earlier = setup_.node < peer.node;
  for (const std::size_t channel : {kControlFromEarlier, kControlFromLater}) {
    ChannelOptions& control = options.channels[channel];
    control.name = channel == kControlFromEarlier ? "control" : "control back";
    control.is_sender = is_earlier == (channel == kControlFromEarlier);
    control.buffer_bytes = kControlBytes;
    control.message_bytes_max = sizeof(ControlMessage);
    // Never full; but what a node says to one that was restarted is said anew.
    if (control.is_sender) {
      control.overflow = Overflow::DropOldest;
    } else {
      control.is_best_effort = true;
    }
  }
  const auto describe = [&](std::size_t channel, std::int32_t queue, bool is_sender) {
    ChannelOptions& own = options.channels[channel];
    own.name = program_.queues[queue].name;
    own.schema = queue_schema(program_.queues[queue]);
    own.is_sender = is_sender;
    own.message_bytes_max = kLongestFrame;
  };
  for (const Outgoing& outgoing : peer.outgoing) describe(outgoing.channel, outgoing.queue, true);
  for (const Incoming& incoming : peer.incoming) describe(incoming.channel, incoming.queue, false);
  return options;
}

Result<void> Gateway::open(NodeAddresses& addresses) {
  LinkHubOptions options;
  options.identity.node = program_.nodes[setup_.node].name;
  options.identity.semantic_hash = semantic_hash(program_);
  options.identity.program_version = version_text(options.identity.semantic_hash);
  options.is_insecure_allowed = program_.allows_insecure_links != 0;
  const bool is_reached =
      std::any_of(peers_.begin(), peers_.end(),
                  [&](const std::unique_ptr<Peer>& peer) { return peer->node < setup_.node; });
  if (is_reached) {
    options.listen_address = addresses.listen_address(setup_.node);
    options.listener = addresses.take_listener(setup_.node);
  }
  Result<std::unique_ptr<LinkHub>> hub = LinkHub::open(std::move(options));
  if (!hub) return fail("node `{}`: {}", program_.nodes[setup_.node].name, hub.message());
  hub_ = std::move(*hub);
  for (const std::unique_ptr<Peer>& peer : peers_) {
    Peer* const known = peer.get();
    LinkOptions link = link_options(
        *peer, peer->node > setup_.node ? addresses.address(peer->node) : std::string());
    link.on_activity = [this, known] {
      known->is_active.store(true, std::memory_order_release);
      bell_.ring();
    };
    peer->link = &hub_->add_link(std::move(link));
    peer->down_since_ns = system_clock().steady_ns();
  }
  hub_->start();
  return {};
}

// ---- running ----

void Gateway::run() {
  bool has_announced = false;
  for (;;) {
    const bool is_through = setup_.parts_are_through();
    bool moved = false;
    bool is_down = false;
    for (const std::unique_ptr<Peer>& peer : peers_) {
      moved |= look_after(*peer);
      is_down = is_down || peer->down_since_ns != 0;
    }
    note_rest(is_through && !moved);
    if (!moved && is_through && !is_closing_) {
      for (const std::unique_ptr<Peer>& peer : peers_) tell_control(*peer);
      for (const std::unique_ptr<Peer>& peer : peers_) peer->link->close();
      is_closing_ = moved = true;
    }
    if (is_done()) break;
    if (moved) {
      if (has_announced) bell_.cancel();
      has_announced = false;
    } else if (!has_announced) {
      bell_.announce(false);
      has_announced = true;
    } else {
      const bool has_dates = is_down || deadline_ns_ != 0 || all_wait_since_ns_ != 0;
      bell_.sleep(has_dates ? kSecond / 10 : -1, {});
      has_announced = false;
    }
  }
  if (has_announced) bell_.cancel();
}

bool Gateway::is_done() {
  if (setup_.control->gives_up.load() != kGoesOn) {
    const std::int64_t now_ns = system_clock().steady_ns();
    if (deadline_ns_ == 0) deadline_ns_ = now_ns + kFarewell;
    if (now_ns >= deadline_ns_) return true;
  }
  return std::all_of(peers_.begin(), peers_.end(), [](const std::unique_ptr<Peer>& peer) {
    return peer->state == LinkState::Closed || peer->state == LinkState::Refused;
  });
}

// All that can be done for one link without waiting. Returns whether anything moved.
bool Gateway::look_after(Peer& peer) {
  if (peer.is_active.exchange(false) || peer.down_since_ns != 0) watch_state(peer);
  bool moved = hear_control(peer);
  if (!is_closing_) moved |= tell_control(peer);
  bool items_moved = false;
  for (Outgoing& outgoing : peer.outgoing) items_moved |= forward(peer, outgoing);
  for (Incoming& incoming : peer.incoming) items_moved |= deliver(peer, incoming);
  if (items_moved)
    moves_.store(moves_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  return moved || items_moved;
}

// Everything that is so and was not yet said on this connection.
bool Gateway::tell_control(Peer& peer) {
  bool moved = false;
  const std::size_t channel = setup_.node < peer.node ? kControlFromEarlier : kControlFromLater;
  const auto say = [&](const ControlMessage& message) {
    const std::span<const std::byte> bytes = std::as_bytes(std::span(&message, 1));
    (void)peer.link->try_send(channel, std::span(&bytes, 1));  // Always taken.
    moved = true;
  };
  const auto tell = [&](std::uint32_t kind, std::uint32_t value) {
    say({.kind = kind, .value = value});
  };
  const auto tell_once = [&](std::uint32_t kind, std::uint32_t value, bool& was_told) {
    if (value == 0 || was_told) return;
    was_told = true;
    tell(kind, value);
  };
  const RunControl& control = *setup_.control;
  tell_once(kControlEndSignal, control.end_signal.load(std::memory_order_relaxed),
            peer.was_told_end_signal);
  tell_once(kControlStop, control.stops.load(std::memory_order_relaxed), peer.was_told_stop);
  tell_once(kControlGiveUp, control.gives_up.load(std::memory_order_relaxed),
            peer.was_told_give_up);
  for (std::size_t i = 0; i < peer.incoming.size(); ++i) {
    if (peer.was_told_closed[i] || !peer.incoming[i].ring.is_closed()) continue;
    peer.was_told_closed[i] = true;
    tell(kControlClosed, static_cast<std::uint32_t>(peer.incoming[i].queue));
  }
  for (std::size_t node = 0; node < peer.told_rest.size(); ++node) {
    const NodeRest& rest = rests_.of(static_cast<std::int32_t>(node));
    if (rest.sequence <= peer.told_rest[node]) continue;
    peer.told_rest[node] = rest.sequence;
    say({.kind = kControlRest,
         .value = static_cast<std::uint32_t>(node),
         .flags = (rest.is_at_rest ? kAtRest : 0) | (rest.is_through ? kThrough : 0) |
                  (rest.holds_up ? kHoldsUp : 0),
         .sequence = rest.sequence,
         .sent = rest.sent,
         .received = rest.received});
  }
  if (const std::uint32_t doublings = control.doublings.load(); doublings > peer.told_doublings) {
    peer.told_doublings = doublings;
    tell(kControlDouble, doublings);
  }
  return moved;
}

bool Gateway::hear_control(Peer& peer) {
  bool moved = false;
  const std::size_t channel = setup_.node < peer.node ? kControlFromLater : kControlFromEarlier;
  while (const std::optional<Message> received = peer.link->try_receive(channel)) {
    ControlMessage message;
    if (received->bytes().size() == sizeof message) {
      std::memcpy(&message, received->bytes().data(), sizeof message);
    }
    hear(peer, message);
    moved = true;
  }
  return moved;
}

void Gateway::hear(Peer& peer, const ControlMessage& message) {
  const std::uint32_t value = message.value;
  RunControl& control = *setup_.control;
  const char* const name = program_.nodes[peer.node].name;
  const auto raise = [&](std::atomic<std::uint32_t>& word, std::uint32_t to) {
    std::uint32_t before = 0;
    const bool is_new = word.compare_exchange_strong(before, to);
    if (is_new) setup_.ring_all();
    return is_new;
  };
  switch (message.kind) {
    case kControlEndSignal:
      if (value < 65) raise(control.end_signal, value);
      return;
    case kControlStop:
      raise(control.stops, 1);
      return;
    case kControlGiveUp:
      if (raise(control.gives_up, kTeamGaveUp)) {
        setup_.post(fmt::format("error: node `{}` cannot go on, so neither can node `{}`", name,
                                program_.nodes[setup_.node].name));
      }
      return;
    case kControlClosed:
      for (Outgoing& outgoing : peer.outgoing) {
        if (outgoing.queue != static_cast<std::int32_t>(value) || outgoing.is_closed) continue;
        outgoing.is_closed = true;
        outgoing.ring.close();
        outgoing.writer.ring();
      }
      return;
    case kControlRest: {
      const auto node = static_cast<std::int32_t>(value);
      const bool is_news = rests_.note(node, {.sequence = message.sequence,
                                              .is_at_rest = (message.flags & kAtRest) != 0,
                                              .is_through = (message.flags & kThrough) != 0,
                                              .holds_up = (message.flags & kHoldsUp) != 0,
                                              .sent = message.sent,
                                              .received = message.received});
      if (is_news) peer.told_rest[value] = message.sequence;
      return;
    }
    case kControlDouble:
      if (value <= kMostDoublings) double_limits(value);
      return;
    default:
      give_up(fmt::format("node `{}` sent what is no message", name));
  }
}

// ---- the net against deadlock ----

void Gateway::set_at_rest(bool is_at_rest) {
  if (is_at_rest_.exchange(is_at_rest) != is_at_rest) bell_.ring();
}

// What this node is at, where that has changed; and what is to be done if all nodes wait.
void Gateway::note_rest(bool is_through) {
  const NodeRest& known = rests_.of(setup_.node);
  const bool is_at_rest = is_through || is_at_rest_.load();
  if (known.is_through) return;
  if (is_at_rest != known.is_at_rest || is_through) {
    rests_.note(setup_.node, {.sequence = known.sequence + 1,
                              .is_at_rest = is_at_rest,
                              .is_through = is_through,
                              .holds_up = holds_messages_up(),
                              .sent = sent_,
                              .received = received_});
  }
  // What the others said may be old; a node that has moved since will have said so by then.
  const std::int64_t now_ns = system_clock().steady_ns();
  if (!rests_.has_to_act()) {
    all_wait_since_ns_ = 0;
  } else if (all_wait_since_ns_ == 0 || rests_.news_count() != news_seen_) {
    all_wait_since_ns_ = now_ns;
    news_seen_ = rests_.news_count();
  }
  if (all_wait_since_ns_ == 0 || now_ns - all_wait_since_ns_ < kTrustAfter) return;
  all_wait_since_ns_ = 0;
  const std::uint32_t doublings = setup_.control->doublings.load() + 1;
  is_at_rest_.store(false);
  if (doublings > kMostDoublings) {
    give_up("streams wait for each other, and more room for their items does not help");
  } else {
    if (doublings == 1) setup_.tell_of_doubling();
    double_limits(doublings);
  }
}

bool Gateway::holds_messages_up() const {
  return std::any_of(peers_.begin(), peers_.end(), [](const std::unique_ptr<Peer>& peer) {
    return std::any_of(peer->incoming.begin(), peer->incoming.end(),
                       [](const Incoming& incoming) { return incoming.waiting.has_value(); });
  });
}

void Gateway::double_limits(std::uint32_t doublings) {
  std::atomic<std::uint32_t>& word = setup_.control->doublings;
  std::uint32_t before = word.load();
  while (before < doublings && !word.compare_exchange_weak(before, doublings)) {
  }
  setup_.ring_all();
}

// From the ring of a part to the link.
bool Gateway::forward(Peer& peer, Outgoing& outgoing) {
  bool moved = false;
  for (;;) {
    const std::span<const std::byte> frame = outgoing.ring.front();
    if (frame.data() == nullptr) break;
    if (!outgoing.is_closed) {
      const Result<bool> sent = peer.link->try_send(outgoing.channel, std::span(&frame, 1));
      if (!sent) {
        give_up(fmt::format("`{}`: {}", program_.queues[outgoing.queue].name, sent.message()));
        break;
      }
      if (!*sent) break;
      ++sent_;
    }
    outgoing.ring.pop(items_in_frame(frame).value_or(0));
    moved = true;
  }
  if (moved) outgoing.writer.ring();
  return moved;
}

bool Gateway::has_room(const Incoming& incoming, std::uint32_t items) const {
  const std::uint32_t on_the_way = incoming.ring.items_on_the_way();
  return setup_.ring_item_limit == 0 || on_the_way == 0 ||
         std::int64_t{on_the_way} + items <= setup_.ring_item_limit;
}

// From the link to the ring of a part.
bool Gateway::deliver(Peer& peer, Incoming& incoming) {
  bool moved = false;
  for (;;) {
    if (!incoming.waiting) {
      incoming.waiting = peer.link->try_receive(incoming.channel);
      if (!incoming.waiting) break;
      ++received_;
    }
    if (!incoming.ring.is_closed()) {
      const std::span<const std::byte> frame = incoming.waiting->bytes();
      const std::optional<std::uint32_t> items = items_in_frame(frame);
      if (!items || frame.size() > incoming.ring.largest_frame()) {
        give_up(fmt::format("what node `{}` sent for `{}` are no items of it",
                            program_.nodes[peer.node].name, program_.queues[incoming.queue].name));
        break;
      }
      if (!has_room(incoming, *items)) break;
      std::byte* const out = incoming.ring.reserve(frame.size());
      if (out == nullptr) break;
      std::memcpy(out, frame.data(), frame.size());
      incoming.ring.publish(*items);
    }
    incoming.waiting.reset();
    moved = true;
  }
  if (moved) incoming.reader.ring();
  return moved;
}

// ---- what the user hears ----

void Gateway::watch_state(Peer& peer) {
  const LinkStatus status = peer.link->status();
  const char* const name = program_.nodes[peer.node].name;
  while (const std::optional<std::string> notice = peer.link->next_notice()) {
    setup_.post("warning: " + *notice);
  }
  if (status.connections != peer.connections) {
    peer.connections = status.connections;
    peer.was_told_end_signal = peer.was_told_stop = peer.was_told_give_up = false;
    std::fill(peer.was_told_closed.begin(), peer.was_told_closed.end(), false);
    std::fill(peer.told_rest.begin(), peer.told_rest.end(), 0);
    peer.told_doublings = 0;
  }
  const std::int64_t now_ns = system_clock().steady_ns();
  if (status.state == LinkState::Refused && peer.state != LinkState::Refused) {
    give_up(fmt::format("the link with node `{}` has ended: {}", name, status.reason));
  }
  peer.state = status.state;
  if (status.state != LinkState::Connecting) {
    if (peer.is_outage_told && status.state == LinkState::Connected) {
      setup_.post(fmt::format("note: linked with node `{}` after {} s", name,
                              (now_ns - peer.down_since_ns + kSecond / 2) / kSecond));
    }
    peer.down_since_ns = 0;
    peer.is_outage_told = false;
    return;
  }
  if (peer.down_since_ns == 0) peer.down_since_ns = now_ns;
  if (!peer.is_outage_told && now_ns - peer.down_since_ns >= kOutageToMention) {
    peer.is_outage_told = true;
    setup_.post(fmt::format(
        "warning: no link with node `{}`{}{}; its streams wait, and the link is tried again", name,
        status.reason.empty() ? "" : ": ", status.reason));
  }
}

void Gateway::give_up(const std::string& why) {
  std::uint32_t before = kGoesOn;
  if (!setup_.control->gives_up.compare_exchange_strong(before, kTeamGaveUp)) return;
  setup_.post("error: " + why);
  setup_.ring_all();
}

}  // namespace streamrt
