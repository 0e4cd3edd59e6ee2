#include "runtime/transport/link_driver.h"

#include <poll.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace streamrt {

namespace {

constexpr std::int64_t kMillisecond = 1'000'000;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
// Read and written in one step, so that other links have their turn.
constexpr std::size_t kStepBytes = std::size_t{2} << 20;
// After both sides closed: how long to wait for the other to hang up.
constexpr std::int64_t kLingerNs = 1000 * kMillisecond;

}  // namespace

LinkDriver::LinkDriver(LinkCore& core, const LinkSurroundings& surroundings)
    : core_(&core),
      surroundings_(surroundings),
      protocol_(core, *surroundings.clock),
      random_(static_cast<std::minstd_rand::result_type>(surroundings.seed | 1)),
      backoff_ms_(core.options().timing.backoff_ms_min) {}

bool LinkDriver::is_over() const {
  const LinkState state = core_->state();
  return state == LinkState::Closed || state == LinkState::Refused;
}

void LinkDriver::step(std::int64_t now_ns) {
  if (core_->is_close_requested() && closing_since_ns_ == 0) closing_since_ns_ = now_ns;
  if (stream_ != nullptr) {
    protocol_.tick(now_ns);
    move_bytes(now_ns);
  } else if (connecting_.is_open()) {
    finish_connecting(now_ns);
  } else if (is_connector() && now_ns >= attempt_ns_ && !is_over()) {
    connect(now_ns);
  }
  if (stream_ == nullptr) close_if_done(now_ns);
}

int LinkDriver::fd() const {
  if (stream_ != nullptr) return stream_->fd();
  return connecting_.get();
}

short LinkDriver::events() const {
  if (stream_ != nullptr) return stream_->events(is_blocked_);
  return POLLOUT;
}

std::int64_t LinkDriver::deadline_ns() const {
  const LinkTiming& timing = core_->options().timing;
  if (stream_ != nullptr) {
    if (may_read_more_ || stream_->has_pending()) return 0;
    if (is_shut_) return shut_ns_ + kLingerNs;
    return protocol_.deadline_ns();
  }
  if (is_over()) return kNever;
  std::int64_t deadline = kNever;
  if (connecting_.is_open()) {
    deadline = attempt_ns_ + timing.handshake_timeout_ms * kMillisecond;
  } else if (is_connector()) {
    deadline = attempt_ns_;
  }
  // While messages wait for the other side there is nothing to do at that time.
  if (closing_since_ns_ != 0 && protocol_.is_drained()) {
    deadline = std::min(deadline, closing_since_ns_ + timing.close_timeout_ms * kMillisecond);
  }
  return deadline;
}

// ---- connecting ----

void LinkDriver::connect(std::int64_t now_ns) {
  attempt_ns_ = now_ns;
  const Result<std::vector<SocketAddress>> addresses = resolve_address(core_->options().address);
  if (!addresses) return retry_later(addresses.message(), now_ns);
  const SocketAddress& address = (*addresses)[address_index_++ % addresses->size()];
  if (surroundings_.secure == nullptr && !surroundings_.is_insecure_allowed &&
      !address.is_loopback()) {
    core_->set_state(LinkState::Refused,
                     fmt::format("{} is another machine, and the link has no TLS: give it a certificate, a key "
                                 "and an authority, or say `insecure: true`",
                                 address.text()));
    return;
  }
  connecting_to_ = address.text();
  Result<FileDescriptor> socket = start_connecting(address);
  if (!socket) return retry_later(socket.message(), now_ns);
  connecting_ = std::move(*socket);
  finish_connecting(now_ns);
}

void LinkDriver::finish_connecting(std::int64_t now_ns) {
  pollfd watched{connecting_.get(), POLLOUT, 0};
  if (::poll(&watched, 1, 0) <= 0) {
    if (now_ns < attempt_ns_ + core_->options().timing.handshake_timeout_ms * kMillisecond) return;
    connecting_.close();
    return retry_later(fmt::format("cannot connect to {}: no answer", connecting_to_), now_ns);
  }
  FileDescriptor socket = std::move(connecting_);
  connecting_ = FileDescriptor();
  if (const Result<void> connected = connect_result(socket.get()); !connected) {
    return retry_later(
        fmt::format("cannot connect to {}: {}", connecting_to_, connected.message()), now_ns);
  }
  std::unique_ptr<ByteStream> stream;
  if (surroundings_.secure != nullptr) {
    auto wrapped = surroundings_.secure->wrap(std::move(socket), true);
    if (!wrapped) return retry_later(wrapped.message(), now_ns);
    stream = std::move(*wrapped);
  } else {
    stream = plain_stream(std::move(socket));
  }
  begin(std::move(stream), false);
  protocol_.begin_as_connector(now_ns);
  move_bytes(now_ns);
}

void LinkDriver::retry_later(const std::string& reason, std::int64_t now_ns) {
  const LinkTiming& timing = core_->options().timing;
  if (!is_over()) core_->set_state(LinkState::Connecting, reason);
  const std::int64_t quarter = std::max<std::int64_t>(backoff_ms_ / 4, 1);
  const std::int64_t jitter = static_cast<std::int64_t>(random_() % (2 * quarter + 1)) - quarter;
  attempt_ns_ = now_ns + (backoff_ms_ + jitter) * kMillisecond;
  backoff_ms_ = std::min(backoff_ms_ * 2, timing.backoff_ms_max);
}

std::optional<Refusal> LinkDriver::adopt(std::unique_ptr<ByteStream>& stream, const Hello& hello,
                                         std::int64_t now_ns) {
  const auto refused = [&](Refusal refusal) {
    core_->update([&](LinkStatus& status) {
      ++status.refusals;
      status.reason = refusal.reason;
      if (refusal.is_state_lost) status.state = LinkState::Refused;
    });
    return refusal;
  };
  if (is_over()) {
    return Refusal{.is_final = true,
                   .reason = fmt::format("the link is closed: {}", core_->status().reason)};
  }
  if (const Result<void> proved = stream->prove(hello.node); !proved) {
    return refused({.is_final = true, .reason = proved.message()});
  }
  // A second process of that name, or a new one that came before the death of the old one was noticed.
  if (protocol_.is_open() && hello.session != protocol_.peer_session()) {
    return refused({.is_final = false,
                    .reason = fmt::format("another process is linked as `{}`", hello.node)});
  }
  if (std::optional<Refusal> objection = protocol_.objection_to(hello)) {
    return refused(std::move(*objection));
  }
  if (stream_ != nullptr) end_connection("it connected again", now_ns);
  begin(std::move(stream), true);
  protocol_.begin_as_acceptor(hello, now_ns);
  move_bytes(now_ns);
  return std::nullopt;
}

// ---- connected ----

void LinkDriver::begin(std::unique_ptr<ByteStream> stream, bool is_proved) {
  stream_ = std::move(stream);
  is_blocked_ = is_shut_ = may_read_more_ = false;
  is_proved_ = is_proved;
}

void LinkDriver::move_bytes(std::int64_t now_ns) {
  // Reading first: reports make room for messages.
  if (!read_some(now_ns) || !write_some(now_ns)) return;
  if (protocol_.is_open() && !is_connector()) backoff_ms_ = core_->options().timing.backoff_ms_min;
  if (is_shut_ && now_ns >= shut_ns_ + kLingerNs) end_connection("", now_ns);
}

// False: the connection is gone.
bool LinkDriver::read_some(std::int64_t now_ns) {
  may_read_more_ = false;
  for (std::size_t total = 0; !protocol_.cut_reason();) {
    if (total >= kStepBytes) {
      may_read_more_ = true;
      break;
    }
    iovec pieces[2];
    std::size_t count = 0;
    for (const std::span<std::byte> room : protocol_.room()) {
      if (!room.empty()) pieces[count++] = {room.data(), room.size()};
    }
    std::size_t wanted = 0;
    for (std::size_t i = 0; i < count; ++i) wanted += pieces[i].iov_len;
    const StreamResult result = stream_->read({pieces, count});
    if (result.progress == StreamProgress::Blocked) break;
    if (result.progress != StreamProgress::Moved) {
      const bool is_end = result.progress == StreamProgress::Ended;
      end_connection(is_end ? "the other side hung up" : result.reason, now_ns);
      return false;
    }
    if (!is_proved_ && !prove_peer()) break;
    protocol_.receive(result.bytes, now_ns);
    total += result.bytes;
    if (result.bytes < wanted && !stream_->has_pending()) break;  // There is no more for now.
  }
  return true;
}

// Whom we connected to must be who we meant, before a word of it counts. Else it is told so.
bool LinkDriver::prove_peer() {
  const Result<void> proved = stream_->prove(peer());
  is_proved_ = proved.has_value();
  if (is_proved_) return true;
  core_->set_state(LinkState::Refused, proved.message());
  protocol_.refuse({.is_final = true, .reason = proved.message()});
  return false;
}

bool LinkDriver::write_some(std::int64_t now_ns) {
  is_blocked_ = false;
  for (std::size_t total = 0; total < kStepBytes && !is_shut_;) {
    const std::span<const iovec> pieces = protocol_.outgoing(now_ns);
    if (pieces.empty()) {
      if (protocol_.cut_reason()) {
        stream_->finish_writing();
        end_connection(*protocol_.cut_reason(), now_ns);
        return false;
      }
      if (protocol_.is_finished()) {
        stream_->finish_writing();
        is_shut_ = true;
        shut_ns_ = now_ns;
      }
      return true;
    }
    const StreamResult result = stream_->write(pieces);
    if (result.progress == StreamProgress::Moved) {
      protocol_.wrote(result.bytes);
      total += result.bytes;
      continue;
    }
    if (result.progress != StreamProgress::Blocked) {
      end_connection(result.reason, now_ns);
      return false;
    }
    is_blocked_ = true;
    return true;
  }
  if (!is_shut_) is_blocked_ = true;  // More waits; poll() says at once that it may go.
  return true;
}

void LinkDriver::end_connection(const std::string& reason, std::int64_t now_ns) {
  const bool was_open = protocol_.is_open();
  const bool is_finished = protocol_.is_finished();
  protocol_.end_connection();
  stream_.reset();
  if (is_over()) return;
  if (is_finished) {
    core_->set_state(LinkState::Closed, "");
    return;
  }
  if (was_open) backoff_ms_ = core_->options().timing.backoff_ms_min;
  retry_later(reason, now_ns);
}

// The owner has closed, and the other side cannot be told.
void LinkDriver::close_if_done(std::int64_t now_ns) {
  const std::int64_t timeout_ns = core_->options().timing.close_timeout_ms * kMillisecond;
  if (closing_since_ns_ == 0 || now_ns < closing_since_ns_ + timeout_ns || is_over()) return;
  if (!protocol_.is_drained()) return;
  core_->set_state(LinkState::Closed,
                   fmt::format("`{}` could not be told of the end", core_->options().peer));
}

}  // namespace streamrt
