// Who may link with whom, and where a new connection goes on.
#include <algorithm>
#include <cstdlib>

#include "runtime/transport/link_protocol.h"

namespace streamrt {

namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kOffsetToMention = kSecond;
constexpr std::int64_t kOffsetToRefuse = 60 * kSecond;
constexpr std::uint64_t kReportShare = 4;  // Of the smaller buffer: news of as much is reported at once.

std::string seconds_text(std::int64_t ns) {
  const std::int64_t tenths = ns / (kSecond / 10);
  return fmt::format("{}.{} s", tenths / 10, tenths % 10);
}

// |a - b| without overflow, whatever a stranger says.
std::int64_t distance(std::int64_t a, std::int64_t b) {
  const auto from = static_cast<std::uint64_t>(std::min(a, b));
  const auto to = static_cast<std::uint64_t>(std::max(a, b));
  return static_cast<std::int64_t>(std::min<std::uint64_t>(to - from, INT64_MAX));
}

}  // namespace

Hello LinkProtocol::make_hello() const {
  const LinkIdentity& identity = core_->identity();
  Hello hello;
  hello.semantic_hash = identity.semantic_hash;
  hello.program_version = identity.program_version;
  hello.node = identity.node;
  hello.peer = core_->options().peer;
  hello.session = identity.session;
  hello.known_session = peer_session_;
  hello.utc_ns = clock_->utc_ns();
  hello.follows_clock = identity.follows_clock;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const ChannelOptions& options = core_->options().channels[i];
    HelloChannel channel;
    channel.name = options.name;
    channel.schema = options.schema;
    channel.is_sender = options.is_sender;
    channel.is_best_effort = options.is_best_effort;
    channel.is_spooled = options.spool != nullptr;
    channel.message_bytes_max = options.message_bytes_max;
    channel.buffer_bytes = options.buffer_bytes;
    if (const InboundChannel* const inbound = core_->inbound(i)) {
      channel.buffer_bytes = inbound->told_credit();
      channel.has_history = inbound->has_history();
      channel.received_through = inbound->received_through();
      channel.acknowledged_through = inbound->acknowledged_through();
    }
    hello.channels.push_back(std::move(channel));
  }
  return hello;
}

std::optional<Refusal> LinkProtocol::objection_to(const Hello& hello) {
  const LinkIdentity& identity = core_->identity();
  const auto finally = [](std::string reason) {
    return Refusal{.is_final = true, .reason = std::move(reason)};
  };
  if (hello.node != core_->options().peer) {
    return finally(fmt::format("`{}` is linked with `{}`, not with `{}`", identity.node,
                               core_->options().peer, hello.node));
  }
  if (hello.peer != identity.node) {
    return finally(fmt::format("this is node `{}`, not `{}`", identity.node, hello.peer));
  }
  if (hello.semantic_hash != identity.semantic_hash) {
    return finally(fmt::format("`{}` and `{}` run different programs, or the same with other params: `{}` has "
                               "version {}, `{}` version {}",
                               identity.node, hello.node, identity.node, identity.program_version,
                               hello.node, hello.program_version));
  }
  if (auto objection = channel_objection(hello)) return finally(std::move(*objection));
  // A clock may be set right, so the other side tries again.
  if (auto objection = clock_objection(hello)) {
    return Refusal{.is_final = false, .reason = std::move(*objection)};
  }
  if (auto objection = state_objection(hello)) {
    return Refusal{.is_final = true, .is_state_lost = true, .reason = std::move(*objection)};
  }
  return std::nullopt;
}

std::optional<std::string> LinkProtocol::channel_objection(const Hello& hello) const {
  const std::vector<ChannelOptions>& channels = core_->options().channels;
  const std::string& node = core_->identity().node;
  if (hello.channels.size() != channels.size()) {
    return fmt::format("`{}` has {} channels and `{}` {}", node, channels.size(), hello.node,
                       hello.channels.size());
  }
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const ChannelOptions& ours = channels[i];
    const HelloChannel& theirs = hello.channels[i];
    if (theirs.name != ours.name) {
      return fmt::format("channel {} is `{}` on `{}` and `{}` on `{}`", i, ours.name, node,
                         theirs.name, hello.node);
    }
    if (theirs.schema != ours.schema) {
      return fmt::format("`{}` and `{}` see another type in channel `{}`", node, hello.node,
                         ours.name);
    }
    if (theirs.is_sender == ours.is_sender) {
      return fmt::format("both `{}` and `{}` want to {} on channel `{}`", node, hello.node,
                         ours.is_sender ? "send" : "receive", ours.name);
    }
    if (theirs.is_best_effort != ours.is_best_effort) {
      return fmt::format("channel `{}` is best effort on one side only", ours.name);
    }
    const std::uint64_t longest_sent =
        ours.is_sender ? ours.message_bytes_max : theirs.message_bytes_max;
    const std::uint64_t longest_taken =
        ours.is_sender ? theirs.message_bytes_max : ours.message_bytes_max;
    if (longest_sent > longest_taken) {
      return fmt::format("messages of channel `{}` have up to {} bytes, but `{}` takes only {}",
                         ours.name, longest_sent, ours.is_sender ? hello.node : node,
                         longest_taken);
    }
  }
  return std::nullopt;
}

std::optional<std::string> LinkProtocol::clock_objection(const Hello& hello) const {
  const std::int64_t offset = distance(hello.utc_ns, clock_->utc_ns());
  if (offset <= kOffsetToRefuse || hello.follows_clock || core_->identity().follows_clock) {
    return std::nullopt;
  }
  return fmt::format("the clocks of `{}` and `{}` differ by {}: set one of them, or say `clock: follow`",
                     core_->identity().node, hello.node, seconds_text(offset));
}

// One of the two is not the process that the other one spoke to before.
bool LinkProtocol::is_other_session(const Hello& hello) const {
  return (peer_session_ != 0 && peer_session_ != hello.session) ||
         (hello.known_session != 0 && hello.known_session != core_->identity().session);
}

std::optional<std::string> LinkProtocol::state_objection(const Hello& hello) {
  const bool is_other = is_other_session(hello);
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const ChannelOptions& ours = core_->options().channels[i];
    const HelloChannel& theirs = hello.channels[i];
    const bool is_spooled = ours.spool != nullptr || theirs.is_spooled;
    if (is_other && !is_spooled && !ours.is_best_effort) {
      const bool is_theirs = peer_session_ != 0 && peer_session_ != hello.session;
      return fmt::format("`{}` was restarted, and what was on its way in channel `{}` is lost: restart both "
                         "sides, or give the link a spool",
                         is_theirs ? hello.node : core_->identity().node, ours.name);
    }
    if (!ours.is_sender) continue;
    if (!theirs.has_history) {
      const std::uint64_t gone = ours.spool == nullptr ? 0 : ours.spool->acknowledged_through();
      if (gone == 0 || ours.is_best_effort) continue;
      return fmt::format("`{}` was restarted, and has lost the {} messages of channel `{}` that it had taken out of "
                         "the spool: restart both sides, with an empty spool",
                         hello.node, gone, ours.name);
    }
    if (ours.spool == nullptr) {
      const OutboundChannel& outbound = *core_->outbound(i);
      const bool is_ours = hello.known_session == core_->identity().session;
      if (!is_ours || (theirs.received_through <= outbound.put_through() &&
                       theirs.received_through >= outbound.acknowledged_through())) {
        continue;
      }
      return fmt::format("`{}` claims to have {} messages of channel `{}`, which cannot be", hello.node,
                         theirs.received_through, ours.name);
    }
    const std::uint64_t first = ours.spool->acknowledged_through() + 1;
    const std::uint64_t last = ours.spool->last_number();
    if (theirs.received_through > last) {
      return fmt::format("`{}` has {} messages of channel `{}`, but the spool ends at {}: it was deleted or "
                         "replaced",
                         hello.node, theirs.received_through, ours.name, last);
    }
    if (theirs.received_through + 1 < first && !ours.is_best_effort) {
      return fmt::format("`{}` wants to go on behind message {} of channel `{}`, but those before {} are no "
                         "longer in the spool",
                         hello.node, theirs.received_through, ours.name, first);
    }
  }
  return std::nullopt;
}

void LinkProtocol::accept(const Hello& hello) {
  const bool restarts = is_other_session(hello);
  const bool knows_us = hello.known_session == core_->identity().session;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    accept_channel(i, hello.channels[i], restarts, knows_us);
  }
  peer_session_ = hello.session;
  const std::int64_t offset = distance(hello.utc_ns, clock_->utc_ns());
  core_->update([&](LinkStatus& status) {
    status.peer_version = hello.program_version;
    status.is_peer_closed = false;
  });
  // Who follows tells of it itself, once it does.
  const bool is_meant = hello.follows_clock || (core_->identity().follows_clock && !clock_->is_set());
  if (offset > kOffsetToMention && !is_meant) {
    core_->add_notice(fmt::format("the clocks of `{}` and `{}` differ by {}",
                                  core_->identity().node, hello.node, seconds_text(offset)));
  }
}

void LinkProtocol::accept_channel(std::size_t channel, const HelloChannel& theirs, bool restarts,
                                  bool knows_us) {
  ChannelState& state = states_[channel];
  const std::uint64_t buffer = core_->options().channels[channel].buffer_bytes;
  state.report_step = std::max<std::uint64_t>(std::min(buffer, theirs.buffer_bytes) / kReportShare, 1);
  if (InboundChannel* const inbound = core_->inbound(channel)) {
    inbound->set_spooled(theirs.is_spooled);
    if (restarts && !theirs.is_spooled) inbound->restart();
    state.told_acknowledged = inbound->acknowledged_through();
    return;
  }
  OutboundChannel& outbound = *core_->outbound(channel);
  // Numbers mean something to both sides if the other one heard them of this process, or of its spool.
  const bool is_known = theirs.has_history && (knows_us || outbound.spool() != nullptr);
  outbound.resume(is_known ? std::optional(theirs.received_through) : std::nullopt);
  state.credit_bytes = theirs.buffer_bytes;
}

}  // namespace streamrt
