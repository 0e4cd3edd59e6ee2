#include "tests/unit/runtime/transport/link_fixture.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <cstring>

#include "tests/runner/patience.h"

namespace streamrt::test {

void Activity::note() {
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

bool Activity::wait_until(const std::function<bool()>& is_so, int timeout_ms) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(streamtest::kPatience * timeout_ms);
  std::unique_lock lock(mutex_);
  while (!is_so()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    changed_.wait_for(lock,
                      std::chrono::milliseconds(5));  // What is asked may depend on others too.
  }
  return true;
}

Node::Node(NodeOptions options) {
  LinkHubOptions hub_options;
  hub_options.identity = options.identity;
  hub_options.identity.node = options.name;
  hub_options.clock = options.clock;
  hub_options.secure = std::move(options.secure);
  hub_options.seed = 1;
  if (options.address.empty()) hub_options.listen_address = "127.0.0.1:0";
  auto opened = LinkHub::open(std::move(hub_options));
  if (!opened) FAIL(opened.message());
  hub = std::move(*opened);
  link = &hub->add_link({.peer = options.peer,
                         .address = options.address,
                         .channels = std::move(options.channels),
                         .timing = options.timing,
                         .on_activity = activity.callback()});
  hub->start();
}

bool Node::wait_for(LinkState state, int timeout_ms) {
  return activity.wait_until([&] { return link->state() == state; }, timeout_ms);
}

LinkTiming quick_timing() {
  return {.keep_alive_ms = 100,
          .peer_timeout_ms = 1500,
          .handshake_timeout_ms = 1500,
          .backoff_ms_min = 5,
          .backoff_ms_max = 40,
          .report_delay_ms = 1,
          .close_timeout_ms = 1500};
}

ChannelOptions sender(const std::string& name, std::size_t buffer_bytes) {
  ChannelOptions options;
  options.name = name;
  options.schema = "schema of " + name;
  options.is_sender = true;
  options.buffer_bytes = buffer_bytes;
  options.message_bytes_max = 4096;
  return options;
}

ChannelOptions receiver(const std::string& name, std::size_t buffer_bytes) {
  ChannelOptions options = sender(name, buffer_bytes);
  options.is_sender = false;
  return options;
}

std::vector<std::byte> numbered_message(std::uint64_t number, std::size_t length_max) {
  std::vector<std::byte> bytes(8 + number * 7919 % (length_max - 7));
  std::memcpy(bytes.data(), &number, 8);
  for (std::size_t i = 8; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(number + i);
  return bytes;
}

std::uint64_t number_of(std::span<const std::byte> bytes, std::size_t length_max) {
  if (bytes.size() < 8) return 0;
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data(), 8);
  const std::vector<std::byte> expected = numbered_message(number, length_max);
  return std::equal(bytes.begin(), bytes.end(), expected.begin(), expected.end()) ? number : 0;
}

bool send(Link& link, std::size_t channel, std::span<const std::byte> bytes) {
  const std::span<const std::byte> parts[] = {bytes.first(bytes.size() / 3),
                                              bytes.subspan(bytes.size() / 3)};
  const Result<bool> sent = link.try_send(channel, parts);
  if (!sent) FAIL(sent.message());
  return *sent;
}

std::vector<ChannelOptions> only(ChannelOptions one) {
  std::vector<ChannelOptions> channels;
  channels.push_back(std::move(one));
  return channels;
}

std::vector<ChannelOptions> channels_of(ChannelOptions one, ChannelOptions two) {
  std::vector<ChannelOptions> channels = only(std::move(one));
  channels.push_back(std::move(two));
  return channels;
}

// ---- talking ----

void Talk::run(const TalkOptions& options) {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  const auto next_message = [&] { return numbered_message(sent + 1, options.length_max); };
  const bool ended = node_->activity.wait_until(
      [&] {
        while (sent < options.count && send(*node_->link, options.out, next_message())) ++sent;
        while (const std::optional<Message> message = node_->link->try_receive(options.in)) {
          ++received;
          const std::uint64_t number = number_of(message->bytes(), options.length_max);
          if (number != received || message->number != received) is_sound_ = false;
        }
        return (sent == options.count && received == options.count) ||
               node_->link->state() == LinkState::Refused;
      },
      60000);
  if (!ended || received != options.count) is_sound_ = false;
  is_over_ = true;
}

void check_talk(const Talk& one, const Talk& other) {
  while (!one.is_over() || !other.is_over()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  CHECK(one.is_sound());
  CHECK(other.is_sound());
}

void close_both(Node& one, Node& other) {
  one.link->close();
  other.link->close();
  CHECK(one.wait_for(LinkState::Closed));
  CHECK(other.wait_for(LinkState::Closed));
}

// ---- the proxy ----

Proxy::Proxy(const std::string& target, Misbehaviour misbehaviour)
    : target_(target),
      misbehaviour_(misbehaviour),
      random_(static_cast<unsigned>(misbehaviour.seed)) {
  listener_ = std::move(*listen_at(resolve_address("127.0.0.1:0")->front()));
  address_ = local_address(listener_.get()).text();
  thread_ = std::thread([this] { run(); });
}

Proxy::~Proxy() {
  is_stopping_ = true;
  thread_.join();
}

std::string Proxy::copy() {
  const std::lock_guard lock(copy_mutex_);
  return copy_;
}

void Proxy::run() {
  while (!is_stopping_) {
    pollfd watched{listener_.get(), POLLIN, 0};
    if (::poll(&watched, 1, 10) <= 0) continue;
    const FileDescriptor from = accept_one(listener_.get());
    if (!from.is_open()) continue;
    const auto to = start_connecting(resolve_address(target_)->front());
    if (!to) continue;
    pollfd connecting{to->get(), POLLOUT, 0};
    ::poll(&connecting, 1, 1000);
    forward(from.get(), to->get());
  }
}

// Until one side hangs up or the line is cut.
void Proxy::forward(int from, int to) {
  const auto about = [&](std::size_t bytes) {
    return bytes == 0 ? SIZE_MAX : bytes / 2 + random_() % bytes;
  };
  until_cut_ = about(misbehaviour_.cut_after_bytes);
  until_corruption_ = about(misbehaviour_.corrupt_after_bytes);
  for (;;) {
    if (is_stopping_) return;
    if (until_cut_ == 0 || is_to_cut_.exchange(false)) {
      ++cuts_;
      return;
    }
    if (is_silent_) {
      ::poll(nullptr, 0, 5);
      continue;
    }
    pollfd watched[2] = {{from, POLLIN, 0}, {to, POLLIN, 0}};
    if (::poll(watched, 2, 10) <= 0) continue;
    if (misbehaviour_.delay_us_max > 0 && random_() % 4 == 0) {
      const auto delay = random_() % static_cast<unsigned>(misbehaviour_.delay_us_max);
      std::this_thread::sleep_for(std::chrono::microseconds(delay));
    }
    if (watched[0].revents != 0 && !move_piece(from, to)) return;
    if (watched[1].revents != 0 && !move_piece(to, from)) return;
  }
}

bool Proxy::move_piece(int from, int to) {
  std::vector<std::byte> piece(1 + random_() % misbehaviour_.chunk_bytes_max);
  const ssize_t count = ::recv(from, piece.data(), piece.size(), 0);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  if (count == 0) return false;
  piece.resize(std::min(static_cast<std::size_t>(count), until_cut_));
  if (until_corruption_ != SIZE_MAX && until_corruption_ < piece.size()) {
    piece[until_corruption_] ^= static_cast<std::byte>(1U << (random_() % 8));
    until_corruption_ =
        misbehaviour_.corrupt_after_bytes / 2 + random_() % misbehaviour_.corrupt_after_bytes;
    ++corruptions_;
  } else if (until_corruption_ != SIZE_MAX) {
    until_corruption_ -= piece.size();
  }
  if (until_cut_ != SIZE_MAX) until_cut_ -= piece.size();
  if (misbehaviour_.keeps_copy) {
    const std::lock_guard lock(copy_mutex_);
    copy_.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  }
  for (std::size_t sent = 0; sent < piece.size();) {
    const ssize_t moved = ::send(to, &piece[sent], piece.size() - sent, MSG_NOSIGNAL);
    if (moved > 0) {
      sent += static_cast<std::size_t>(moved);
    } else if (errno == EAGAIN) {
      pollfd watched{to, POLLOUT, 0};
      if (is_stopping_) return false;
      ::poll(&watched, 1, 10);
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace streamrt::test
