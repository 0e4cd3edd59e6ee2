#include "runtime/transport/link.h"

#include "runtime/transport/link_core.h"

namespace streamrt {

Result<bool> Link::try_send(std::size_t channel, MessageParts parts) {
  OutboundChannel* const outbound = core_->outbound(channel);
  STREAM_CHECK(outbound != nullptr, "a message for a channel that comes the other way");
  Result<bool> taken = outbound->offer(parts);
  if (taken && *taken) core_->wake_io();
  return taken;
}

std::optional<Message> Link::try_receive(std::size_t channel) {
  InboundChannel* const inbound = core_->inbound(channel);
  STREAM_CHECK(inbound != nullptr, "a message from a channel that goes the other way");
  bool wants_io = false;
  std::optional<Message> message = inbound->take(wants_io);
  if (wants_io) core_->wake_io();
  return message;
}

void Link::acknowledge(std::size_t channel, std::uint64_t number) {
  core_->inbound(channel)->acknowledge(number);
  core_->wake_io();
}

std::uint64_t Link::last_number(std::size_t channel) const {
  return core_->outbound(channel)->last_number();
}

void Link::close() { core_->request_close(); }

LinkState Link::state() const { return core_->state(); }

LinkStatus Link::status() const { return core_->status(); }

bool Link::is_delivered(std::size_t channel) const {
  const OutboundChannel* const outbound = core_->outbound(channel);
  return outbound != nullptr && outbound->is_drained();
}

ChannelCounters Link::counters(std::size_t channel) const {
  const OutboundChannel* const outbound = core_->outbound(channel);
  return outbound != nullptr ? outbound->counters() : core_->inbound(channel)->counters();
}

std::optional<std::string> Link::next_notice() { return core_->next_notice(); }

}  // namespace streamrt
