// Messages over a link: order, exactly once, flow control, the end.
#include "runtime/transport/link.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include "runtime/transport/wire.h"
#include "tests/unit/runtime/transport/link_fixture.h"

namespace streamrt {
namespace {

using namespace test;

TEST_CASE("messages go both ways, in order, and the link ends in order") {
  Node acceptor({.name = "a", .peer = "b", .channels = channels_of(receiver("up"), sender("down"))});
  Node connector({.name = "b",
                  .peer = "a",
                  .address = acceptor.hub->listen_address(),
                  .channels = channels_of(sender("up"), receiver("down"))});
  {
    const Talk one(acceptor, {.out = 1, .in = 0, .count = 20000});
    const Talk other(connector, {.out = 0, .in = 1, .count = 20000});
    check_talk(one, other);
  }
  const LinkStatus status = connector.link->status();
  CHECK(status.connections == 1);
  CHECK(status.round_trip_ns > 0);
  CHECK(std::abs(status.clock_offset_ns) < 1'000'000'000);
  CHECK(connector.link->counters(0).messages == 20000);
  CHECK(acceptor.link->counters(0).messages == 20000);
  CHECK(acceptor.link->counters(0).bytes == connector.link->counters(0).bytes);
  close_both(acceptor, connector);
  CHECK(connector.link->counters(0).queued_bytes == 0);
}

TEST_CASE("nothing is lost, doubled or out of order over a line that is cut a hundred times") {
  constexpr std::size_t kLengthMax = 3000;
  for (const std::uint64_t seed : {1, 2}) {
    CAPTURE(seed);
    Node acceptor({.name = "a",
                   .peer = "b",
                   .channels = channels_of(receiver("up", 20000), sender("down", 30000)),
                   .timing = quick_timing()});
    // The second line also damages what it carries.
    Proxy proxy(acceptor.hub->listen_address(),
                {.seed = seed,
                 .cut_after_bytes = seed == 1 ? 150'000U : 400'000U,
                 .corrupt_after_bytes = seed == 1 ? 0U : 100'000U,
                 .delay_us_max = 300});
    Node connector({.name = "b",
                    .peer = "a",
                    .address = proxy.address(),
                    .channels = channels_of(sender("up", 30000), receiver("down", 20000)),
                    .timing = quick_timing()});
    {
      const Talk one(acceptor, {.out = 1, .in = 0, .count = 6000, .length_max = kLengthMax});
      const Talk other(connector, {.out = 0, .in = 1, .count = 6000, .length_max = kLengthMax});
      check_talk(one, other);
    }
    CHECK(proxy.cuts() + proxy.corruptions() >= 90);
    CHECK(connector.link->status().connections >= 90);
    CHECK(connector.link->counters(0).resent > 0);
    MESSAGE("cuts ", proxy.cuts(), ", damaged bits ", proxy.corruptions(), ", connections ",
            connector.link->status().connections, ", resent ",
            connector.link->counters(0).resent);
    close_both(acceptor, connector);
  }
}

TEST_CASE("a slow reader holds up its own writer only, and memory stays bounded") {
  Node acceptor({.name = "a",
                 .peer = "b",
                 .channels = channels_of(receiver("slow", 8000), receiver("quick", 8000)),
                 .timing = quick_timing()});
  Node connector({.name = "b",
                  .peer = "a",
                  .address = acceptor.hub->listen_address(),
                  .channels = channels_of(sender("slow", 8000), sender("quick", 8000)),
                  .timing = quick_timing()});
  const std::vector<std::byte> message(1000);
  std::size_t slow_sent = 0;
  std::size_t quick_sent = 0;
  std::size_t quick_received = 0;
  REQUIRE(acceptor.activity.wait_until([&] {
    while (send(*connector.link, 0, message)) ++slow_sent;
    if (quick_sent < 2000 && send(*connector.link, 1, message)) ++quick_sent;
    while (acceptor.link->try_receive(1)) ++quick_received;
    return quick_received == 2000;
  }));
  CHECK(slow_sent <= 14);  // Two buffers of 8,000 bytes.
  CHECK(slow_sent >= 13);
  CHECK(acceptor.link->counters(0).queued_bytes <= 8000);
  CHECK(connector.link->counters(0).queued_bytes <= 8000);
  std::size_t slow_received = 0;
  while (acceptor.link->try_receive(0)) ++slow_received;
  CHECK(slow_received >= 6);
  REQUIRE(connector.activity.wait_until([&] { return send(*connector.link, 0, message); }));
  REQUIRE(acceptor.activity.wait_until([&] {
    while (acceptor.link->try_receive(0)) ++slow_received;
    return slow_received == slow_sent + 1;
  }));
  close_both(acceptor, connector);
}

TEST_CASE("one longest message passes through the smallest buffers, and empty ones too") {
  ChannelOptions out = sender("c", 100);
  ChannelOptions in = receiver("c", 100);
  out.message_bytes_max = in.message_bytes_max = 200'000;
  Node acceptor({.name = "a", .peer = "b", .channels = only(std::move(in))});
  Node connector({.name = "b",
                  .peer = "a",
                  .address = acceptor.hub->listen_address(),
                  .channels = only(std::move(out))});
  for (std::uint64_t i = 1; i <= 20; ++i) {
    const std::vector<std::byte> message = i % 3 == 0 ? std::vector<std::byte>() : std::vector<std::byte>(200'000, std::byte{7});
    REQUIRE(connector.activity.wait_until([&] { return send(*connector.link, 0, message); }));
    std::optional<Message> received;
    REQUIRE(acceptor.activity.wait_until([&] {
      if (!received) received = acceptor.link->try_receive(0);
      return received.has_value();
    }));
    CHECK(received->bytes().size() == message.size());
    CHECK(received->number == i);
  }
  close_both(acceptor, connector);
}

TEST_CASE("a full channel of best effort drops its oldest messages") {
  ChannelOptions out = sender("c", 20 * message_cost(100));
  ChannelOptions in = receiver("c", 10 * message_cost(100));
  in.message_bytes_max = out.message_bytes_max = 100;
  in.is_best_effort = out.is_best_effort = true;
  Node acceptor({.name = "a", .peer = "b", .channels = only(std::move(in))});
  std::vector<std::byte> message(100);
  // Nobody reads, and at first nobody is connected.
  Node connector({.name = "b",
                  .peer = "a",
                  .address = acceptor.hub->listen_address(),
                  .channels = only(std::move(out))});
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    std::memcpy(message.data(), &i, sizeof i);
    REQUIRE(send(*connector.link, 0, message));
    if (i == 15) connector.wait_for(LinkState::Connected);
  }
  std::vector<std::uint64_t> numbers;
  const auto take_all = [&] {
    while (const auto received = acceptor.link->try_receive(0)) {
      std::uint64_t number = 0;
      std::memcpy(&number, received->bytes().data(), sizeof number);
      CHECK(received->number == number);
      numbers.push_back(number);
    }
    return connector.link->counters(0).queued_bytes == 0;
  };
  REQUIRE(acceptor.activity.wait_until(take_all));
  take_all();
  CHECK(std::is_sorted(numbers.begin(), numbers.end()));
  const std::uint64_t dropped = connector.link->counters(0).dropped;
  CHECK(numbers.size() + dropped == 1000);
  CHECK(numbers.size() >= 20);
  CHECK(numbers.size() <= 130);
  CHECK(acceptor.link->counters(0).dropped == numbers.back() - numbers.size());
  CHECK(numbers.back() == 1000);
  close_both(acceptor, connector);
}

TEST_CASE("a peer that falls silent is noticed, and the link goes on when it is back") {
  LinkTiming timing = quick_timing();
  timing.peer_timeout_ms = 300;
  Node acceptor({.name = "a", .peer = "b", .channels = only(receiver("c")), .timing = timing});
  Proxy proxy(acceptor.hub->listen_address(), {});
  Node connector({.name = "b",
                  .peer = "a",
                  .address = proxy.address(),
                  .channels = only(sender("c")),
                  .timing = timing});
  REQUIRE(connector.wait_for(LinkState::Connected));
  REQUIRE(acceptor.wait_for(LinkState::Connected));
  proxy.set_silent(true);
  CHECK(connector.wait_for(LinkState::Connecting, 3000));
  CHECK(acceptor.wait_for(LinkState::Connecting, 3000));
  CHECK(acceptor.link->status().reason == "nothing was heard of `b` for 300 ms");
  REQUIRE(send(*connector.link, 0, numbered_message(1, 100)));
  proxy.cut_now();
  proxy.set_silent(false);
  CHECK(connector.wait_for(LinkState::Connected));
  CHECK(acceptor.activity.wait_until([&] { return acceptor.link->try_receive(0).has_value(); }));
  close_both(acceptor, connector);
}

TEST_CASE("close without a peer ends after its time, and not before what was sent is delivered") {
  LinkTiming timing = quick_timing();
  timing.close_timeout_ms = 200;
  Node lonely({.name = "b",
               .peer = "a",
               .address = "127.0.0.1:1",
               .channels = only(sender("c")),
               .timing = timing});
  lonely.link->close();
  CHECK(lonely.wait_for(LinkState::Closed, 5000));
  CHECK(lonely.link->status().reason == "`a` could not be told of the end");
  Node burdened({.name = "b",
                 .peer = "a",
                 .address = "127.0.0.1:1",
                 .channels = only(sender("c")),
                 .timing = timing});
  REQUIRE(send(*burdened.link, 0, numbered_message(1, 100)));
  burdened.link->close();
  CHECK_FALSE(burdened.wait_for(LinkState::Closed, 600));
  CHECK(burdened.link->status().reason == "cannot connect to 127.0.0.1:1: Connection refused");
}

TEST_CASE("other machines need TLS, or a word that they do not") {
  LinkHubOptions options;
  options.listen_address = ":0";
  const auto refused = LinkHub::open(std::move(options));
  REQUIRE_FALSE(refused);
  CHECK(refused.message() ==
        "[::]:0 can be reached by other machines, and the link has no TLS: give it a certificate, a key and an "
        "authority, or say `insecure: true`");
  LinkHubOptions insecure;
  insecure.listen_address = ":0";
  insecure.is_insecure_allowed = true;
  CHECK(LinkHub::open(std::move(insecure)));
  Node connector({.name = "b", .peer = "a", .address = "10.255.255.1:9", .channels = {}});
  CHECK(connector.wait_for(LinkState::Refused, 5000));
}

}  // namespace
}  // namespace streamrt
