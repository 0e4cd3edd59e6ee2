#include "runtime/transport/link_core.h"

#include <algorithm>
#include <utility>

namespace streamrt {

namespace {

constexpr std::size_t kNoticesMax = 16;
constexpr std::size_t kIdleBytesMax = std::size_t{4} << 20;

// Memory that may lie idle: what the channels hold when they are full, but not much of it.
std::size_t idle_bytes_max(const std::vector<ChannelOptions>& channels) {
  std::size_t bytes = 0;
  for (const ChannelOptions& channel : channels) bytes += channel.buffer_bytes;
  return std::min(bytes, kIdleBytesMax);
}

}  // namespace

LinkCore::LinkCore(LinkIdentity identity, LinkOptions options, std::function<void()> wake_io)
    : identity_(std::move(identity)),
      options_(std::move(options)),
      wake_io_(std::move(wake_io)),
      pool_(std::make_unique<BufferPool>(idle_bytes_max(options_.channels))) {
  STREAM_CHECK(options_.channels.size() <= kChannelsMax, "a link with too many channels");
  for (ChannelOptions& channel : options_.channels) {
    STREAM_CHECK(channel.message_bytes_max <= (std::size_t{1} << 30), "messages beyond one GiB");
    auto outbound =
        channel.is_sender ? std::make_unique<OutboundChannel>(channel, *pool_) : nullptr;
    auto inbound = channel.is_sender ? nullptr : std::make_unique<InboundChannel>(channel, *pool_);
    outbound_.push_back(std::move(outbound));
    inbound_.push_back(std::move(inbound));
  }
}

void LinkCore::request_close() {
  is_close_requested_ = true;
  wake_io();
}

void LinkCore::set_state(LinkState state, const std::string& reason) {
  update([&](LinkStatus& status) {
    status.state = state;
    if (!reason.empty()) status.reason = reason;
  });
}

void LinkCore::add_notice(std::string text) {
  const std::lock_guard lock(mutex_);
  if (notices_.size() == kNoticesMax) notices_.pop_front();
  notices_.push_back(std::move(text));
  is_owner_to_know_ = true;
}

void LinkCore::tell_owner() {
  if (is_owner_to_know_.exchange(false) && options_.on_activity) options_.on_activity();
}

LinkStatus LinkCore::status() const {
  const std::lock_guard lock(mutex_);
  LinkStatus status = status_;
  status.bytes_sent = bytes_sent.load();
  status.bytes_received = bytes_received.load();
  return status;
}

std::optional<std::string> LinkCore::next_notice() {
  const std::lock_guard lock(mutex_);
  if (notices_.empty()) return std::nullopt;
  std::string text = std::move(notices_.front());
  notices_.pop_front();
  return text;
}

}  // namespace streamrt
