// Messages through TLS: as over a plain line, whatever happens to it.
#include "runtime/transport/link_tls.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <optional>
#include <string>

#include "tests/certificates/certificates.h"
#include "tests/unit/runtime/transport/link_fixture.h"

namespace streamrt {
namespace {

using namespace test;

// Two nodes whose certificates have the same authority.
struct Pair {
  Authority authority;
  Credentials of_a{authority, "a"};
  Credentials of_b{authority, "b"};

  NodeOptions acceptor(std::vector<ChannelOptions> channels) const {
    return {.name = "a",
            .peer = "b",
            .channels = std::move(channels),
            .timing = quick_timing(),
            .secure = of_a.transport()};
  }
  NodeOptions connector(const std::string& address, std::vector<ChannelOptions> channels) const {
    return {.name = "b",
            .peer = "a",
            .address = address,
            .channels = std::move(channels),
            .timing = quick_timing(),
            .secure = of_b.transport()};
  }
};

TEST_CASE("TLS: messages go both ways, in order, and the link ends in order") {
  const Pair pair;
  Node acceptor(pair.acceptor(channels_of(receiver("up"), sender("down"))));
  Node connector(
      pair.connector(acceptor.hub->listen_address(), channels_of(sender("up"), receiver("down"))));
  {
    const Talk one(acceptor, {.out = 1, .in = 0, .count = 10000});
    const Talk other(connector, {.out = 0, .in = 1, .count = 10000});
    check_talk(one, other);
  }
  CHECK(connector.link->status().connections == 1);
  CHECK(acceptor.link->counters(0).messages == 10000);
  close_both(acceptor, connector);
}

TEST_CASE("TLS: nothing is lost, doubled or out of order over a line that is cut and damaged") {
  constexpr std::size_t kLengthMax = 3000;
  for (const std::uint64_t seed : {1, 2}) {
    CAPTURE(seed);
    const Pair pair;
    Node acceptor(pair.acceptor(channels_of(receiver("up", 20000), sender("down", 30000))));
    Proxy proxy(acceptor.hub->listen_address(), {.seed = seed,
                                                 .cut_after_bytes = seed == 1 ? 150'000U : 400'000U,
                                                 .corrupt_after_bytes = seed == 1 ? 0U : 100'000U,
                                                 .delay_us_max = 300});
    Node connector(
        pair.connector(proxy.address(), channels_of(sender("up", 30000), receiver("down", 20000))));
    {
      const Talk one(acceptor, {.out = 1, .in = 0, .count = 2000, .length_max = kLengthMax});
      const Talk other(connector, {.out = 0, .in = 1, .count = 2000, .length_max = kLengthMax});
      check_talk(one, other);
    }
    CHECK(proxy.cuts() + proxy.corruptions() >= 20);
    CHECK(connector.link->status().connections >= 20);
    close_both(acceptor, connector);
  }
}

TEST_CASE("TLS: nobody on the line can read") {
  const Pair pair;
  Node acceptor(pair.acceptor(only(receiver("c"))));
  Proxy proxy(acceptor.hub->listen_address(), {.keeps_copy = true});
  Node connector(pair.connector(proxy.address(), only(sender("c"))));
  const std::string secret = "what only the two may know";
  REQUIRE(send(*connector.link, 0, std::as_bytes(std::span(secret))));
  std::optional<Message> message;
  REQUIRE(acceptor.activity.wait_until([&] {
    message = acceptor.link->try_receive(0);
    return message.has_value();
  }));
  CHECK(std::string(reinterpret_cast<const char*>(message->bytes().data()),
                    message->bytes().size()) == secret);
  const std::string line = proxy.copy();
  CHECK(line.size() > secret.size());
  CHECK(line.find(secret) == std::string::npos);
  CHECK(line.find("STLK") == std::string::npos);
}

TEST_CASE("TLS: a slow reader holds up its own writer only, and memory stays bounded") {
  const Pair pair;
  Node acceptor(pair.acceptor(channels_of(receiver("slow", 8000), receiver("quick", 8000))));
  Node connector(pair.connector(acceptor.hub->listen_address(),
                                channels_of(sender("slow", 8000), sender("quick", 8000))));
  const std::vector<std::byte> message(1000);
  std::size_t slow_sent = 0;
  std::size_t quick_sent = 0;
  std::size_t quick_received = 0;
  REQUIRE(acceptor.activity.wait_until([&] {
    while (send(*connector.link, 0, message)) ++slow_sent;
    if (quick_sent < 1000 && send(*connector.link, 1, message)) ++quick_sent;
    while (acceptor.link->try_receive(1)) ++quick_received;
    return quick_received == 1000;
  }));
  CHECK(slow_sent <= 14);  // Two buffers of 8,000 bytes.
  CHECK(acceptor.link->counters(0).queued_bytes <= 8000);
  std::size_t slow_received = 0;
  REQUIRE(acceptor.activity.wait_until([&] {
    while (acceptor.link->try_receive(0)) ++slow_received;
    return slow_received == slow_sent;
  }));
  close_both(acceptor, connector);
}

// Longer than the buffers of two sockets: both ways, so that each side is blocked while it reads.
TEST_CASE("TLS: long messages cross each other") {
  constexpr std::size_t kLengthMax = std::size_t{12} << 20;
  const auto long_ones = [](ChannelOptions options) {
    options.message_bytes_max = kLengthMax;
    return options;
  };
  const Pair pair;
  NodeOptions one =
      pair.acceptor(channels_of(long_ones(receiver("up")), long_ones(sender("down"))));
  one.timing = {};
  Node acceptor(std::move(one));
  NodeOptions other =
      pair.connector(acceptor.hub->listen_address(),
                     channels_of(long_ones(sender("up")), long_ones(receiver("down"))));
  other.timing = {};
  Node connector(std::move(other));
  {
    const Talk up(acceptor, {.out = 1, .in = 0, .count = 8, .length_max = kLengthMax});
    const Talk down(connector, {.out = 0, .in = 1, .count = 8, .length_max = kLengthMax});
    check_talk(up, down);
  }
  const std::vector<std::byte> message(kLengthMax, std::byte{7});
  for (const bool is_up : {true, false}) {
    Node& from = is_up ? connector : acceptor;
    Node& to = is_up ? acceptor : connector;
    const std::size_t channel = is_up ? 0 : 1;
    REQUIRE(from.activity.wait_until([&] { return send(*from.link, channel, message); }));
    std::optional<Message> received;
    REQUIRE(to.activity.wait_until([&] {
      received = to.link->try_receive(channel);
      return received.has_value();
    }));
    CHECK(std::equal(message.begin(), message.end(), received->bytes().begin(),
                     received->bytes().end()));
  }
  CHECK(connector.link->status().connections == 1);
  close_both(acceptor, connector);
}

// On this thread, for that of a hub blocks all signals.
TEST_CASE("TLS: writing to who has hung up fails, and raises no signal") {
  const Pair pair;
  int sockets[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, sockets) == 0);
  const auto transport = pair.of_a.transport();
  auto stream = transport->wrap(FileDescriptor(sockets[0]), true);
  REQUIRE(stream);
  ::close(sockets[1]);
  char byte = 0;
  const iovec piece{&byte, 1};
  const StreamResult result = (*stream)->write({&piece, 1});
  CHECK(result.progress == StreamProgress::Failed);
  CHECK(result.reason == "Broken pipe");
}

TEST_CASE("TLS: a link that is idle waits and does not spin") {
  const Pair pair;
  NodeOptions one = pair.acceptor(only(receiver("c")));
  one.timing = {};
  Node acceptor(std::move(one));
  NodeOptions other = pair.connector(acceptor.hub->listen_address(), only(sender("c")));
  other.timing = {};
  Node connector(std::move(other));
  REQUIRE(connector.wait_for(LinkState::Connected));
  REQUIRE(acceptor.wait_for(LinkState::Connected));
  const std::clock_t before = std::clock();
  std::this_thread::sleep_for(std::chrono::milliseconds(600));
  CHECK(static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC < 0.2);
}

}  // namespace
}  // namespace streamrt
