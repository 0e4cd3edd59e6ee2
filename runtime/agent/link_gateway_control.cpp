// What nodes tell each other beside items.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "runtime/agent/link_gateway.h"
#include "runtime/base/clock.h"

namespace streamrt {

namespace {

constexpr std::int64_t kTrustAfter = 500'000'000;
constexpr std::uint32_t kLargestSignal = 64;
// Heard before others have their turn: a node that never stops talking holds nobody up.
constexpr int kMessagesAtATime = 256;

// Flags of kControlRest.
constexpr std::uint32_t kAtRest = 1;
constexpr std::uint32_t kThrough = 2;
constexpr std::uint32_t kHoldsUp = 4;

}  // namespace

// Everything that is so and was not yet said on this connection.
bool LinkGateway::tell_control(Peer& peer) {
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

bool LinkGateway::hear_control(Peer& peer) {
  bool moved = false;
  const std::size_t channel = setup_.node < peer.node ? kControlFromLater : kControlFromEarlier;
  for (int i = 0; i < kMessagesAtATime; ++i) {
    const std::optional<Message> received = peer.link->try_receive(channel);
    if (!received) break;
    ControlMessage message;
    if (received->bytes().size() == sizeof message) {
      std::memcpy(&message, received->bytes().data(), sizeof message);
    }
    hear(peer, message);
    moved = true;
  }
  return moved;
}

void LinkGateway::hear(Peer& peer, const ControlMessage& message) {
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
      if (value > 0 && value <= kLargestSignal) raise(control.end_signal, value);
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
      if (!may_tell_of(peer, node)) return;
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

// Of itself, and of nodes that this one has no link with. Others pass on what everybody said, but
// nobody else knows what this node or one that it hears itself is at.
bool LinkGateway::may_tell_of(const Peer& peer, std::int32_t node) const {
  if (node == peer.node) return true;
  return node != setup_.node &&
         std::none_of(peers_.begin(), peers_.end(), [&](const std::unique_ptr<Peer>& other) {
           return other->node == node;
         });
}

// ---- the net against deadlock ----

void LinkGateway::set_at_rest(bool is_at_rest) {
  if (is_at_rest_.exchange(is_at_rest) != is_at_rest) bell_.ring();
}

// What this node is at, where that has changed; and what is to be done if all nodes wait.
void LinkGateway::note_rest(bool is_through) {
  const NodeRest& known = rests_.of(setup_.node);
  // A disk may have room again at any time, whatever the others do.
  is_through = is_through && !waits_for_disk_;
  const bool is_at_rest = is_through || (is_at_rest_.load() && !waits_for_disk_);
  if (known.is_through) return;
  if (is_at_rest != known.is_at_rest || is_through) {
    rests_.note(setup_.node, {.sequence = std::max(known.sequence, first_sequence_) + 1,
                              .is_at_rest = is_at_rest,
                              .is_through = is_through,
                              .holds_up = holds_messages_up(),
                              .sent = sent_,
                              .received = received_});
  }
  // What the others said may be old; a node that has moved since will have said so by then.
  const std::int64_t now_ns = system_clock().steady_ns();
  if (!rests_.has_to_act() || is_any(LinkState::Connecting)) {
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

bool LinkGateway::holds_messages_up() const {
  return std::any_of(peers_.begin(), peers_.end(), [](const std::unique_ptr<Peer>& peer) {
    return std::any_of(peer->incoming.begin(), peer->incoming.end(),
                       [](const Incoming& incoming) { return incoming.waiting.has_value(); });
  });
}

void LinkGateway::double_limits(std::uint32_t doublings) {
  std::atomic<std::uint32_t>& word = setup_.control->doublings;
  std::uint32_t before = word.load();
  while (before < doublings && !word.compare_exchange_weak(before, doublings)) {
  }
  setup_.ring_all();
}

}  // namespace streamrt
