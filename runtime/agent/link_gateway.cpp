#include "runtime/agent/link_gateway.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <optional>
#include <utility>

#include "runtime/agent/exchange.h"
#include "runtime/agent/program_identity.h"
#include "runtime/base/clock.h"
#include "runtime/transport/secure_transport_maker.h"

namespace streamrt {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kOutageToMention = kSecond;
constexpr std::int64_t kFarewell = 2 * kSecond;
constexpr std::size_t kLongestFrame = std::size_t{256} << 10;
constexpr std::size_t kControlBytes = std::size_t{64} << 10;
constexpr int kMessagesAtATime = 256;  // From one channel, before others have their turn.

}  // namespace

LinkGateway::LinkGateway(const StreamProgram& program, NodeAddresses& addresses, GatewaySetup setup,
                         Doorbell bell)
    : program_(program),
      addresses_(addresses),
      setup_(std::move(setup)),
      bell_(bell),
      rests_(setup_.node, setup_.reachable_nodes) {}

LinkGateway::~LinkGateway() = default;

LinkGateway::Peer& LinkGateway::peer_at(std::int32_t node) {
  auto place = std::find_if(peers_.begin(), peers_.end(),
                            [&](const std::unique_ptr<Peer>& peer) { return peer->node >= node; });
  if (place == peers_.end() || (*place)->node != node) {
    place = peers_.insert(place, std::make_unique<Peer>());
    (*place)->node = node;
    (*place)->told_rest.assign(static_cast<std::size_t>(program_.node_count), 0);
  }
  return **place;
}

void LinkGateway::add_outgoing(std::int32_t queue, std::int32_t to_node, FrameReader ring,
                           Doorbell writer) {
  Peer& peer = peer_at(to_node);
  peer.outgoing.push_back({queue, peer.channel_count++, ring, writer});
}

void LinkGateway::add_incoming(std::int32_t queue, std::int32_t from_node, FrameWriter ring,
                           Doorbell reader) {
  Peer& peer = peer_at(from_node);
  peer.incoming.push_back({queue, peer.channel_count++, ring, reader, std::nullopt});
  peer.was_told_closed.push_back(false);
}

// ---- opening ----

LinkOptions LinkGateway::link_options(const Peer& peer, const std::string& address) {
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

Result<void> LinkGateway::open() {
  LinkHubOptions options;
  options.identity.node = program_.nodes[setup_.node].name;
  options.identity.semantic_hash = semantic_hash(program_);
  options.identity.program_version = version_text(options.identity.semantic_hash);
  options.is_insecure_allowed = program_.allows_insecure_links != 0;
  if (program_.tls[0] != '\0' && addresses_.may_be_elsewhere()) {
    auto secure = make_secure_transport(program_.tls, options.identity.node);
    if (!secure) return fail("node `{}`: {}", options.identity.node, secure.message());
    options.secure = std::move(*secure);
  }
  const bool is_reached =
      std::any_of(peers_.begin(), peers_.end(),
                  [&](const std::unique_ptr<Peer>& peer) { return peer->node < setup_.node; });
  if (is_reached) {
    options.listen_address = addresses_.listen_address(setup_.node);
    options.listener = addresses_.take_listener(setup_.node);
  }
  Result<std::unique_ptr<LinkHub>> hub = LinkHub::open(std::move(options));
  if (!hub) return fail("node `{}`: {}", program_.nodes[setup_.node].name, hub.message());
  hub_ = std::move(*hub);
  for (const std::unique_ptr<Peer>& peer : peers_) {
    Peer* const known = peer.get();
    LinkOptions link = link_options(
        *peer, peer->node > setup_.node ? addresses_.address(peer->node) : std::string());
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

std::vector<NodeLinkRow> LinkGateway::link_rows() {
  std::vector<NodeLinkRow> rows;
  for (const std::unique_ptr<Peer>& peer : peers_) {
    NodeLinkRow& row = rows.emplace_back();
    row.node = program_.nodes[peer->node].name;
    row.status = peer->link->status();
    const auto add = [&](std::int32_t queue, std::size_t channel, bool is_sender) {
      row.channels.push_back({.stream = program_.queues[queue].name,
                              .is_sender = is_sender,
                              .counters = peer->link->counters(channel)});
    };
    for (const Outgoing& outgoing : peer->outgoing) add(outgoing.queue, outgoing.channel, true);
    for (const Incoming& incoming : peer->incoming) add(incoming.queue, incoming.channel, false);
  }
  return rows;
}

// ---- running ----

void LinkGateway::run() {
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

bool LinkGateway::is_done() {
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
bool LinkGateway::look_after(Peer& peer) {
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

// From the ring of a part to the link.
bool LinkGateway::forward(Peer& peer, Outgoing& outgoing) {
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

bool LinkGateway::has_room(const Incoming& incoming, std::uint32_t items) const {
  const std::uint32_t on_the_way = incoming.ring.items_on_the_way();
  return setup_.ring_item_limit == 0 || on_the_way == 0 ||
         std::int64_t{on_the_way} + items <= setup_.ring_item_limit;
}

// From the link to the ring of a part.
bool LinkGateway::deliver(Peer& peer, Incoming& incoming) {
  bool moved = false;
  for (int i = 0; i < kMessagesAtATime; ++i) {
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

void LinkGateway::watch_state(Peer& peer) {
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

void LinkGateway::give_up(const std::string& why) {
  std::uint32_t before = kGoesOn;
  if (!setup_.control->gives_up.compare_exchange_strong(before, kTeamGaveUp)) return;
  setup_.post("error: " + why);
  setup_.ring_all();
}

}  // namespace streamrt
