#include "runtime/agent/link_gateway.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "runtime/agent/exchange.h"
#include "runtime/agent/program_identity.h"
#include "runtime/base/assert.h"
#include "runtime/base/clock.h"
#include "runtime/transport/secure_transport_maker.h"

namespace streamrt {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kOutageToMention = kSecond;
constexpr std::int64_t kDelayToMention = 2 * kSecond;  // Of the end, for a node that is not there.
// Once something has gone wrong: for words of farewell to nodes that are away, or slow to hear them.
constexpr std::int64_t kFarewell = 2 * kSecond;
constexpr std::int64_t kLongestFarewell = 20 * kSecond;
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

// Messages must not outlive their link, which ends with the hub.
LinkGateway::~LinkGateway() {
  for (const std::unique_ptr<Peer>& peer : peers_) {
    for (Incoming& incoming : peer->incoming) incoming.waiting.reset();
  }
}

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
  peer.outgoing.push_back({.queue = queue, .channel = peer.channel_count++, .ring = ring, .writer = writer});
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
    control.is_best_effort = true;
  }
  const auto describe = [&](std::size_t channel, std::int32_t queue, bool is_sender) {
    ChannelOptions& own = options.channels[channel];
    own.name = program_.queues[queue].name;
    own.schema = queue_schema(program_.queues[queue]);
    own.is_sender = is_sender;
    own.message_bytes_max = kLongestFrame;
    if (program_.queues[queue].spool_bytes == 0) return;
    own.schema += " with a spool";
    own.message_bytes_max += kSentNoteBytes;
  };
  for (const Outgoing& outgoing : peer.outgoing) {
    describe(outgoing.channel, outgoing.queue, true);
    if (const auto spool = spools_.find(outgoing.queue); spool != spools_.end()) {
      options.channels[outgoing.channel].spool = std::move(spool->second);
    }
  }
  for (const Incoming& incoming : peer.incoming) describe(incoming.channel, incoming.queue, false);
  return options;
}

// Where earlier lives of the node stopped, its queues go on.
Result<void> LinkGateway::open_spools() {
  for (const SpoolPlace& place : spool_places(program_, setup_.node, setup_.spool_folder)) {
    for (const std::unique_ptr<Peer>& peer : peers_) {
      for (Outgoing& outgoing : peer->outgoing) {
        if (outgoing.queue != place.queue) continue;
        Result<NodeSpool> opened = open_node_spool(program_, place);
        if (!opened) return opened.failure();
        outgoing.spool_folder = place.folder;
        outgoing.sent = opened->sent;
        outgoing.owes_break = opened->sent.is_in_pieces;
        outgoing.is_closed = opened->sent.has_ended;
        if (outgoing.is_closed) outgoing.ring.close();
        sent_ += opened->spool->last_number();
        first_sequence_ = std::max(first_sequence_, opened->starts << 40);
        spools_[outgoing.queue] = std::move(opened->spool);
      }
    }
  }
  // The others may still know what an earlier life was at.
  if (first_sequence_ != 0) rests_.note(setup_.node, {.sequence = first_sequence_ + 1, .sent = sent_});
  return {};
}

Result<void> LinkGateway::open() {
  if (Result<void> opened = open_spools(); !opened) return opened;
  LinkHubOptions options;
  options.identity.node = program_.nodes[setup_.node].name;
  options.identity.semantic_hash = semantic_hash(program_);
  options.identity.program_version = version_text(options.identity.semantic_hash);
  options.identity.follows_clock = setup_.following != nullptr;
  options.clock = setup_.clock;
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
  // A disk that takes nothing for seconds must not silence the line.
  moves_bytes_ = std::none_of(program_.queues, program_.queues + program_.queue_count,
                              [](const StreamQueue& queue) { return queue.spool_bytes != 0; });
  if (!moves_bytes_) hub_->start();
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
    waits_for_disk_ = false;
    for (const std::unique_ptr<Peer>& peer : peers_) {
      moved |= look_after(*peer);
    }
    follow_clock();
    moved |= move_bytes();
    note_rest(is_through && !moved);
    if (!moved && is_through && !is_closing_ && has_sent_all()) {
      for (const std::unique_ptr<Peer>& peer : peers_) tell_control(*peer);
      for (const std::unique_ptr<Peer>& peer : peers_) peer->link->close();
      is_closing_ = moved = true;
      tell_of_waiting_spools();
    }
    if (is_done()) break;
    if (moved) {
      if (has_announced) bell_.cancel();
      has_announced = false;
    } else if (!has_announced) {
      bell_.announce(moves_bytes_);
      has_announced = true;
    } else {
      const bool has_dates = is_any(LinkState::Connecting) || waits_for_disk_ || gave_up_ns_ != 0 || all_wait_since_ns_ != 0 ||
                             (setup_.following != nullptr && !setup_.following->is_set());
      sleep(has_dates ? kSecond / 10 : kNever);
      has_announced = false;
    }
  }
  if (has_announced) bell_.cancel();
  remove_spools();
}

// Once the node that this one follows has answered, live sources begin.
void LinkGateway::follow_clock() {
  if (setup_.following == nullptr || setup_.following->is_set()) return;
  const StreamNode& own = program_.nodes[setup_.node];
  const auto peer = std::find_if(peers_.begin(), peers_.end(), [&](const std::unique_ptr<Peer>& linked) {
    return linked->node == own.follows - 1;
  });
  STREAM_CHECK(peer != peers_.end(), "a node follows one that it has no link with");
  const LinkStatus status = (*peer)->link->status();
  const std::int64_t offset_ns = status.clock_offset_ns;
  if (status.round_trip_ns == 0 || !setup_.following->follow(offset_ns)) return;
  const std::int64_t seconds = (std::abs(offset_ns) + kSecond / 2) / kSecond;
  if (seconds > 0) {
    setup_.post(fmt::format("note: the clock of `{}` is {} s {} that of `{}`; the stamps of its live sources are shifted",
                            own.name, seconds, offset_ns > 0 ? "behind" : "ahead of",
                            program_.nodes[own.follows - 1].name));
  }
  std::int64_t stamp_floor = std::numeric_limits<std::int64_t>::min();
  for (const std::unique_ptr<Peer>& linked : peers_) {
    for (const Outgoing& outgoing : linked->outgoing) stamp_floor = std::max(stamp_floor, outgoing.sent.stamp_floor);
  }
  if (const auto note = note_of_clock(own, stamp_floor, setup_.following->utc_ns())) setup_.post(*note);
  setup_.ring_all();
}

// True: something happened to a link.
bool LinkGateway::move_bytes() {
  if (!moves_bytes_) return false;
  hub_->step();
  return std::any_of(peers_.begin(), peers_.end(),
                     [](const std::unique_ptr<Peer>& peer) { return peer->is_active.load(); });
}

// Until somebody rings, or a link has something to do.
void LinkGateway::sleep(std::int64_t timeout_ns) {
  watched_.clear();
  if (moves_bytes_) {
    const std::int64_t until_ns = hub_->add_waits(watched_);
    if (until_ns != kNever) {
      timeout_ns = std::min(timeout_ns, std::max<std::int64_t>(until_ns - system_clock().steady_ns(), 0));
    }
  }
  bell_.sleep(timeout_ns == kNever ? -1 : timeout_ns, watched_);
}

// Nothing waits in the rings for a link or a disk that takes nothing now.
bool LinkGateway::has_sent_all() {
  if (setup_.control->gives_up.load() != kGoesOn) return true;
  return std::all_of(peers_.begin(), peers_.end(), [](const std::unique_ptr<Peer>& peer) {
    return std::all_of(peer->outgoing.begin(), peer->outgoing.end(),
                       [](Outgoing& outgoing) { return outgoing.ring.is_empty(); });
  });
}

// What was delivered to a node that heard the end of it is needed no more.
void LinkGateway::remove_spools() {
  for (const std::unique_ptr<Peer>& peer : peers_) {
    if (peer->state != LinkState::Closed) continue;
    for (const Outgoing& outgoing : peer->outgoing) {
      if (!outgoing.spool_folder.empty() && peer->link->is_delivered(outgoing.channel)) {
        remove_spool(outgoing.spool_folder);
      }
    }
  }
}

// Whoever ended the node may wonder why it is still there.
void LinkGateway::tell_of_waiting_spools() {
  for (const std::unique_ptr<Peer>& peer : peers_) {
    if (peer->state != LinkState::Connecting) continue;
    for (const Outgoing& outgoing : peer->outgoing) {
      const std::uint64_t messages = peer->link->counters(outgoing.channel).spooled;
      if (outgoing.spool_folder.empty() || messages == 0) continue;
      setup_.post(fmt::format("note: `{}` has ended, and {} messages wait in its spool for node `{}`; if this is ended "
                              "before they have arrived, the next start delivers them",
                              program_.queues[outgoing.queue].name, messages, program_.nodes[peer->node].name));
    }
  }
}

// What to say of spools behind a refusal.
std::string LinkGateway::spools_of(const Peer& peer) const {
  std::string text;
  for (const Outgoing& outgoing : peer.outgoing) {
    if (outgoing.spool_folder.empty() || peer.link->is_delivered(outgoing.channel)) continue;
    text += fmt::format("; what it has not taken stays in `{}`", outgoing.spool_folder);
  }
  return text;
}

bool LinkGateway::is_any(LinkState state) const {
  return std::any_of(peers_.begin(), peers_.end(),
                     [state](const std::unique_ptr<Peer>& peer) { return peer->state == state; });
}

bool LinkGateway::is_done() {
  if (setup_.control->gives_up.load() != kGoesOn) {
    const std::int64_t now_ns = system_clock().steady_ns();
    if (gave_up_ns_ == 0) gave_up_ns_ = now_ns;
    if (now_ns - gave_up_ns_ >= (is_any(LinkState::Connected) ? kLongestFarewell : kFarewell)) return true;
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
  if (outgoing.owes_break && !outgoing.is_closed && send_frame(peer, outgoing, broken_off_frame())) {
    outgoing.owes_break = false;
  }
  while (!outgoing.owes_break || outgoing.is_closed) {
    const std::span<const std::byte> frame = outgoing.ring.front();
    if (frame.data() == nullptr) break;
    if (!outgoing.is_closed && !send_frame(peer, outgoing, frame)) break;
    outgoing.ring.pop(items_in_frame(frame).value_or(0));
    moved = true;
  }
  if (moved) outgoing.writer.ring();
  return moved;
}

// False: it has to be tried again.
bool LinkGateway::send_frame(Peer& peer, Outgoing& outgoing, std::span<const std::byte> frame) {
  const bool has_spool = !outgoing.spool_folder.empty();
  SentState state = outgoing.sent;
  if (has_spool) note_sent(frame, state);
  const SentNote note(state);
  const std::span<const std::byte> parts[] = {frame, note.bytes()};
  const Result<bool> sent = peer.link->try_send(outgoing.channel, std::span(parts, has_spool ? 2 : 1));
  const char* const name = program_.queues[outgoing.queue].name;
  if (!sent && !has_spool) {
    give_up(fmt::format("`{}`: {}", name, sent.message()));
  } else if (!sent) {
    waits_for_disk_ = true;
    tell_of_failure(outgoing, sent.message());
  } else if (!*sent && has_spool) {
    tell_of_full(outgoing);
  }
  if (!sent || !*sent) return false;
  if (outgoing.is_failure_told) {
    outgoing.is_failure_told = false;
    setup_.post(fmt::format("note: `{}` goes on: its spool can be written again", name));
  }
  outgoing.sent = state;
  ++sent_;
  return true;
}

void LinkGateway::tell_of_failure(Outgoing& outgoing, const std::string& why) {
  if (outgoing.is_failure_told) return;
  outgoing.is_failure_told = true;
  setup_.post(fmt::format("warning: `{}` waits, since its spool takes nothing: {}",
                          program_.queues[outgoing.queue].name, why));
}

void LinkGateway::tell_of_full(Outgoing& outgoing) {
  if (outgoing.is_full_told) return;
  outgoing.is_full_told = true;
  const StreamQueue& queue = program_.queues[outgoing.queue];
  setup_.post(fmt::format("warning: `{}` waits, since its spool is full: it has room for {} bytes", queue.name,
                          queue.spool_bytes));
}

bool LinkGateway::has_room(const Incoming& incoming, std::uint32_t items) const {
  const std::uint32_t on_the_way = incoming.ring.items_on_the_way();
  return setup_.ring_item_limit == 0 || on_the_way == 0 ||
         std::int64_t{on_the_way} + items <= setup_.ring_item_limit;
}

// Without what a spool puts behind it.
std::span<const std::byte> LinkGateway::frame_of(const Incoming& incoming) const {
  const std::span<const std::byte> message = incoming.waiting->bytes();
  if (program_.queues[incoming.queue].spool_bytes == 0) return message;
  return message.first(message.size() - std::min(message.size(), kSentNoteBytes));
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
      const std::span<const std::byte> frame = frame_of(incoming);
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
    give_up(fmt::format("the link with node `{}` has ended: {}{}", name, status.reason, spools_of(peer)));
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
  tell_of_delay(peer);
  if (!peer.is_outage_told && now_ns - peer.down_since_ns >= kOutageToMention) {
    peer.is_outage_told = true;
    setup_.post(fmt::format(
        "warning: no link with node `{}`{}{}; its streams wait, and the link is tried again", name,
        status.reason.empty() ? "" : ": ", status.reason));
  }
}

// Whoever asked for the end of the node may wonder why it is still there; of spools they hear by themselves.
void LinkGateway::tell_of_delay(Peer& peer) {
  const bool is_spooled = !peer.outgoing.empty() &&
                          std::all_of(peer.outgoing.begin(), peer.outgoing.end(),
                                      [](const Outgoing& outgoing) { return !outgoing.spool_folder.empty(); });
  if (is_spooled || peer.is_delay_told || setup_.control->end_signal.load() == 0) return;
  const std::int64_t now_ns = system_clock().steady_ns();
  if (end_asked_ns_ == 0) end_asked_ns_ = now_ns;
  if (now_ns - end_asked_ns_ < kDelayToMention) return;
  peer.is_delay_told = true;
  setup_.post(fmt::format("note: the end waits for node `{}`, with which there is no link; a second signal ends at once, "
                          "and what has not been written or sent by then is lost",
                          program_.nodes[peer.node].name));
}

void LinkGateway::give_up(const std::string& why) {
  std::uint32_t before = kGoesOn;
  if (!setup_.control->gives_up.compare_exchange_strong(before, kTeamGaveUp)) return;
  setup_.post("error: " + why);
  setup_.ring_all();
}

}  // namespace streamrt
