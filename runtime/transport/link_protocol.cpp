#include "runtime/transport/link_protocol.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "runtime/transport/crc32c.h"

namespace streamrt {

namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kQueuedBytesMax = std::size_t{512} << 10;  // On the way out; messages stay where they are.
constexpr std::size_t kPiecesMax = 64;

}  // namespace

LinkProtocol::LinkProtocol(LinkCore& core, Clock& clock)
    : core_(&core), clock_(&clock), states_(core.channel_count()) {}

// ---- a connection's life ----

void LinkProtocol::begin(std::int64_t now_ns) {
  decoder_.reset();
  cut_reason_.reset();
  is_cutting_ = false;
  heard_goodbye_ = said_goodbye_ = false;
  heard_ns_ = pinged_ns_ = now_ns;
  report_at_ns_ = 0;
  for (std::size_t channel = 0; channel < states_.size(); ++channel) {
    states_[channel] = {};
    if (InboundChannel* const inbound = core_->inbound(channel)) inbound->begin_connection();
  }
}

void LinkProtocol::begin_as_connector(std::int64_t now_ns) {
  begin(now_ns);
  phase_ = Phase::AwaitsHello;
  queue_large_frame(FrameKind::Hello, encode_hello(make_hello()));
}

void LinkProtocol::begin_as_acceptor(const Hello& hello, std::int64_t now_ns) {
  begin(now_ns);
  phase_ = Phase::AwaitsReady;
  accept(hello);
  queue_large_frame(FrameKind::Hello, encode_hello(make_hello()));
  queue_frame(FrameKind::Ready, 0, {});
}

void LinkProtocol::end_connection() {
  phase_ = Phase::None;
  segments_.clear();
  queued_bytes_ = 0;
  front_written_ = 0;
}

bool LinkProtocol::is_drained() const {
  for (std::size_t channel = 0; channel < states_.size(); ++channel) {
    const OutboundChannel* const outbound = core_->outbound(channel);
    if (outbound != nullptr && !outbound->is_drained()) return false;
  }
  return true;
}

void LinkProtocol::cut(std::string reason) {
  if (is_cutting_) return;
  is_cutting_ = true;
  segments_.clear();
  queued_bytes_ = 0;
  front_written_ = 0;
  cut_reason_ = std::move(reason);
}

void LinkProtocol::refuse(const Refusal& refusal) {
  queue_large_frame(FrameKind::Refusal, encode_refusal(refusal));
  is_cutting_ = true;
  cut_reason_ = refusal.reason;
  core_->update([](LinkStatus& status) { ++status.refusals; });
}

// ---- bytes in ----

void LinkProtocol::receive(std::size_t count, std::int64_t now_ns) {
  core_->bytes_received.fetch_add(count, std::memory_order_relaxed);
  if (count > 0) heard_ns_ = now_ns;
  if (is_cutting_) {
    decoder_.reset();
    return;
  }
  const Result<void> received = decoder_.receive(count, *this);
  if (!received) cut(received.message());
}

Result<std::span<std::byte>> LinkProtocol::payload_memory(const FrameHeader& header) {
  const bool is_open = phase_ == Phase::Open;
  const auto payload_of = [&](bool is_expected,
                              std::size_t bytes) -> Result<std::span<std::byte>> {
    if (!is_expected || is_cutting_) {
      return fail("a frame of kind {} came out of turn", static_cast<int>(header.kind));
    }
    if (header.length > bytes) {
      return fail("a frame of kind {} came with {} bytes", static_cast<int>(header.kind),
                  header.length);
    }
    control_payload_.resize(header.length);
    return std::span(control_payload_);
  };
  switch (header.kind) {
    case FrameKind::Hello:
      return payload_of(phase_ == Phase::AwaitsHello, kHelloBytesMax);
    case FrameKind::Ready:
      return payload_of(phase_ == Phase::AwaitsReady, 0);
    case FrameKind::Refusal:
      return payload_of(phase_ != Phase::None, kRefusalBytesMax);
    case FrameKind::Data:
      break;
    case FrameKind::Report:
      return payload_of(is_open && header.length == kReportBytes, kReportBytes);
    case FrameKind::Ping:
    case FrameKind::Pong:
      return payload_of(is_open && header.length == kPingBytes, kPingBytes);
    case FrameKind::Goodbye:
      return payload_of(is_open && !heard_goodbye_, 0);
  }
  InboundChannel* const inbound =
      header.channel < states_.size() ? core_->inbound(header.channel) : nullptr;
  if (!is_open || inbound == nullptr || heard_goodbye_ || is_cutting_) {
    return fail("a message came out of turn, for channel {}", header.channel);
  }
  return inbound->memory_for(header.sequence, header.length);
}

Result<void> LinkProtocol::receive_frame(const FrameHeader& header) {
  switch (header.kind) {
    case FrameKind::Hello:
      return receive_hello();
    case FrameKind::Ready:
      return receive_ready();
    case FrameKind::Refusal:
      return receive_refusal();
    case FrameKind::Data:
      states_[header.channel].came_bytes += message_cost(header.length);
      if (core_->inbound(header.channel)->deliver(header.sequence)) core_->note_activity();
      return {};
    case FrameKind::Report:
      return receive_report(header.channel);
    case FrameKind::Ping:
      receive_ping();
      return {};
    case FrameKind::Pong:
      receive_pong();
      return {};
    case FrameKind::Goodbye:
      return receive_goodbye();
  }
  return {};
}

Result<void> LinkProtocol::receive_hello() {
  const Result<Hello> hello = decode_hello(control_payload_);
  if (!hello) {
    refuse({.is_final = true, .reason = hello.message()});
    return {};
  }
  if (const std::optional<Refusal> objection = objection_to(*hello)) {
    refuse(*objection);
    if (objection->is_final) core_->set_state(LinkState::Refused, objection->reason);
    return {};
  }
  accept(*hello);
  queue_frame(FrameKind::Ready, 0, {});
  phase_ = Phase::AwaitsReady;
  return {};
}

Result<void> LinkProtocol::receive_ready() {
  phase_ = Phase::Open;
  pinged_ns_ = 0;  // The first ping goes at once.
  core_->update([](LinkStatus& status) {
    status.state = LinkState::Connected;
    ++status.connections;
  });
  return {};
}

Result<void> LinkProtocol::receive_refusal() {
  const Result<Refusal> refusal = decode_refusal(control_payload_);
  if (!refusal) return refusal.failure();
  const std::string reason =
      fmt::format("`{}` refused the link: {}", core_->options().peer, refusal->reason);
  if (refusal->is_final) core_->set_state(LinkState::Refused, reason);
  return fail("{}", reason);
}

Result<void> LinkProtocol::receive_report(std::uint16_t channel) {
  OutboundChannel* const outbound =
      channel < states_.size() ? core_->outbound(channel) : nullptr;
  if (outbound == nullptr) return fail("a report came about channel {}, which is none", channel);
  ByteReader reader(control_payload_);
  Report report;
  report.acknowledged_through = reader.number<std::uint64_t>();
  report.credit_bytes = reader.number<std::uint64_t>();
  ChannelState& state = states_[channel];
  if (report.acknowledged_through > outbound->written_through() ||
      report.credit_bytes < state.credit_bytes) {
    return fail("a report came about channel {} that makes no sense", channel);
  }
  state.credit_bytes = report.credit_bytes;
  if (outbound->acknowledge(report.acknowledged_through)) core_->note_activity();
  return {};
}

// One that does not read its answers gets no more of them.
void LinkProtocol::receive_ping() {
  if (queued_bytes_ >= kQueuedBytesMax) return;
  ByteReader reader(control_payload_);
  std::vector<std::byte> answer;
  ByteWriter writer(answer);
  writer.number(reader.number<std::int64_t>());
  writer.number(reader.number<std::int64_t>());
  writer.number(clock_->utc_ns());
  queue_frame(FrameKind::Pong, 0, answer);
}

void LinkProtocol::receive_pong() {
  ByteReader reader(control_payload_);
  PingTimes times;
  times.asked_steady_ns = reader.number<std::int64_t>();
  times.asked_utc_ns = reader.number<std::int64_t>();
  times.answered_utc_ns = reader.number<std::int64_t>();
  measure(times);
}

// As in NTP (RFC 5905, 8), with the answer taken to be made in the middle of the round trip.
void LinkProtocol::measure(const PingTimes& times) {
  // The other side may say anything.
  const auto less = [](std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
  };
  const std::int64_t round_trip_ns = less(clock_->steady_ns(), times.asked_steady_ns);
  core_->update_quietly([&](LinkStatus& status) {
    status.round_trip_ns = round_trip_ns;
    status.clock_offset_ns = less(less(times.answered_utc_ns, times.asked_utc_ns), round_trip_ns / 2);
  });
}

Result<void> LinkProtocol::receive_goodbye() {
  heard_goodbye_ = true;
  core_->update([](LinkStatus& status) { status.is_peer_closed = true; });
  return {};
}

// ---- bytes out ----

void LinkProtocol::queue_frame(FrameKind kind, std::uint16_t channel,
                               std::span<const std::byte> payload) {
  if (is_cutting_) return;
  Segment& segment = segments_.emplace_back();
  const HeaderBytes header = encode_header({.kind = kind,
                                            .channel = channel,
                                            .length = static_cast<std::uint32_t>(payload.size()),
                                            .payload_crc = crc32c(payload)});
  std::copy(header.begin(), header.end(), segment.head.begin());
  std::copy(payload.begin(), payload.end(), segment.head.begin() + kFrameHeaderBytes);
  segment.head_bytes = kFrameHeaderBytes + payload.size();
  queued_bytes_ += segment.head_bytes;
}

void LinkProtocol::queue_large_frame(FrameKind kind, std::vector<std::byte> payload) {
  const std::uint32_t crc = crc32c(payload);
  Segment& segment = segments_.emplace_back();
  segment.owned = std::move(payload);
  segment.payload = segment.owned;
  const HeaderBytes header =
      encode_header({.kind = kind,
                     .length = static_cast<std::uint32_t>(segment.payload.size()),
                     .payload_crc = crc});
  std::copy(header.begin(), header.end(), segment.head.begin());
  segment.head_bytes = kFrameHeaderBytes;
  queued_bytes_ += segment.head_bytes + segment.payload.size();
}

void LinkProtocol::queue_message(std::uint16_t channel, const OutboundChannel::Outgoing& message) {
  Segment& segment = segments_.emplace_back();
  segment.payload = message.bytes;
  segment.channel = channel;
  segment.number = message.number;
  const HeaderBytes header =
      encode_header({.kind = FrameKind::Data,
                     .channel = channel,
                     .length = static_cast<std::uint32_t>(message.bytes.size()),
                     .payload_crc = message.crc,
                     .sequence = message.number});
  std::copy(header.begin(), header.end(), segment.head.begin());
  segment.head_bytes = kFrameHeaderBytes;
  queued_bytes_ += segment.head_bytes + segment.payload.size();
}

// One message of each channel in turn, while there is room on the way out.
void LinkProtocol::queue_messages() {
  std::size_t idle_channels = 0;
  while (idle_channels < states_.size() && queued_bytes_ < kQueuedBytesMax && !is_cutting_) {
    idle_channels = queue_message_of(next_channel_) ? 0 : idle_channels + 1;
    next_channel_ = (next_channel_ + 1) % states_.size();
  }
}

bool LinkProtocol::queue_message_of(std::size_t channel) {
  OutboundChannel* const outbound = core_->outbound(channel);
  if (outbound == nullptr) return false;
  const Result<std::optional<OutboundChannel::Outgoing>> message = outbound->next();
  if (!message) {
    core_->set_state(LinkState::Refused, message.message());
    cut(message.message());
    return false;
  }
  if (!message->has_value()) return false;
  ChannelState& state = states_[channel];
  const std::size_t cost = message_cost((*message)->bytes.size());
  if (state.sent_bytes + cost > state.credit_bytes) return false;
  state.sent_bytes += cost;
  queue_message(static_cast<std::uint16_t>(channel), **message);
  outbound->advance();
  return true;
}

// Tells what was received and taken: soon if much of it is new, else after a moment.
void LinkProtocol::queue_reports(std::int64_t now_ns) {
  const bool is_time = report_at_ns_ != 0 && now_ns >= report_at_ns_;
  bool is_something_left = false;
  for (std::size_t channel = 0; channel < states_.size(); ++channel) {
    if (core_->inbound(channel) != nullptr && queue_report_of(channel, is_time)) {
      is_something_left = true;
    }
  }
  if (!is_something_left) {
    report_at_ns_ = 0;
  } else if (report_at_ns_ == 0) {
    report_at_ns_ = now_ns + core_->options().timing.report_delay_ms * kMillisecond;
  }
}

// True: there is something to tell, which can wait.
bool LinkProtocol::queue_report_of(std::size_t channel, bool is_time) {
  InboundChannel& inbound = *core_->inbound(channel);
  ChannelState& state = states_[channel];
  const std::uint64_t longest = message_cost(core_->options().channels[channel].message_bytes_max);
  const std::uint64_t taken = inbound.taken_bytes();
  const std::uint64_t credit = inbound.credit_bytes(taken);
  const std::uint64_t acknowledged = inbound.acknowledged_through();
  const std::uint64_t credit_news = credit - inbound.told_credit();
  const bool is_news = credit_news > 0 || acknowledged != state.told_acknowledged;
  // Who has less credit than the longest message takes may be waiting for more.
  const bool is_urgent = credit_news >= state.report_step ||
                         (credit_news > 0 && inbound.unused_credit() < longest) ||
                         state.came_bytes - state.reported_bytes >= state.report_step;
  const bool reports = is_news && (is_urgent || is_time);
  if (reports) {
    std::vector<std::byte> payload;
    ByteWriter writer(payload);
    writer.number(acknowledged);
    writer.number(credit);
    queue_frame(FrameKind::Report, static_cast<std::uint16_t>(channel), payload);
    state.told_acknowledged = acknowledged;
    state.reported_bytes = state.came_bytes;
    inbound.set_told_credit(credit);
  }
  const std::uint64_t step = inbound.unused_credit() < longest ? 1 : state.report_step;
  if (inbound.set_speak_up_at(taken + step)) core_->wake_io();
  return is_news && !reports;
}

void LinkProtocol::queue_goodbye() {
  if (said_goodbye_ || !core_->is_close_requested() || !is_drained()) return;
  queue_frame(FrameKind::Goodbye, 0, {});
  said_goodbye_ = true;
}

std::span<const iovec> LinkProtocol::outgoing(std::int64_t now_ns) {
  if (phase_ == Phase::Open && !is_cutting_ && !is_finished()) {
    if (queued_bytes_ < kQueuedBytesMax) {
      queue_reports(now_ns);
      queue_messages();
    }
    queue_goodbye();
  }
  pieces_.clear();
  std::size_t skip = front_written_;
  const auto add = [&](std::span<const std::byte> bytes) {
    const std::size_t skipped = std::min(skip, bytes.size());
    skip -= skipped;
    bytes = bytes.subspan(skipped);
    // iovec serves for reading too, hence its pointer to what could be changed.
    if (!bytes.empty()) pieces_.push_back({const_cast<std::byte*>(bytes.data()), bytes.size()});
  };
  for (const Segment& segment : segments_) {
    if (pieces_.size() + 2 > kPiecesMax) break;
    add(std::span(segment.head).first(segment.head_bytes));
    add(segment.payload);
  }
  return pieces_;
}

void LinkProtocol::wrote(std::size_t count) {
  core_->bytes_sent.fetch_add(count, std::memory_order_relaxed);
  queued_bytes_ -= count;
  front_written_ += count;
  while (!segments_.empty()) {
    const Segment& segment = segments_.front();
    const std::size_t size = segment.head_bytes + segment.payload.size();
    if (front_written_ < size) break;
    front_written_ -= size;
    if (segment.number != 0) core_->outbound(segment.channel)->wrote(segment.number);
    segments_.pop_front();
  }
}

// ---- time ----

std::int64_t LinkProtocol::deadline_ns() const {
  const LinkTiming& timing = core_->options().timing;
  if (phase_ == Phase::None || is_cutting_) return kNever;
  if (phase_ != Phase::Open) return heard_ns_ + timing.handshake_timeout_ms * kMillisecond;
  std::int64_t deadline = heard_ns_ + timing.peer_timeout_ms * kMillisecond;
  if (!is_finished()) {
    deadline = std::min(deadline, pinged_ns_ + timing.keep_alive_ms * kMillisecond);
  }
  if (report_at_ns_ != 0 && queued_bytes_ < kQueuedBytesMax) deadline = std::min(deadline, report_at_ns_);
  return deadline;
}

void LinkProtocol::tick(std::int64_t now_ns) {
  const LinkTiming& timing = core_->options().timing;
  if (phase_ == Phase::None || is_cutting_) return;
  const std::string& peer = core_->options().peer;
  if (phase_ != Phase::Open) {
    if (now_ns < heard_ns_ + timing.handshake_timeout_ms * kMillisecond) return;
    cut(fmt::format("`{}` did not answer within {} ms", peer, timing.handshake_timeout_ms));
    return;
  }
  if (now_ns >= heard_ns_ + timing.peer_timeout_ms * kMillisecond) {
    cut(fmt::format("nothing was heard of `{}` for {} ms", peer, timing.peer_timeout_ms));
    return;
  }
  if (now_ns < pinged_ns_ + timing.keep_alive_ms * kMillisecond || is_finished()) return;
  pinged_ns_ = now_ns;
  std::vector<std::byte> payload;
  ByteWriter writer(payload);
  writer.number(clock_->steady_ns());
  writer.number(clock_->utc_ns());
  writer.number(std::int64_t{0});
  queue_frame(FrameKind::Ping, 0, payload);
}

}  // namespace streamrt
