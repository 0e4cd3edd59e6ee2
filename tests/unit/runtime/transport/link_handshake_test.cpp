// Who may link with whom, and that both sides learn why not.
#include <doctest/doctest.h>

#include <string>

#include "tests/unit/runtime/transport/link_fixture.h"

namespace streamrt {
namespace {

using namespace test;

NodeOptions acceptor_options() {
  return {.name = "a", .peer = "b", .channels = only(receiver("c")), .timing = quick_timing()};
}

NodeOptions connector_options(const Node& acceptor) {
  return {.name = "b",
          .peer = "a",
          .address = acceptor.hub->listen_address(),
          .channels = only(sender("c")),
          .timing = quick_timing()};
}

void expect_refusal(NodeOptions one, const std::function<void(NodeOptions&)>& change,
                    const std::string& reason) {
  Node acceptor(std::move(one));
  NodeOptions options = connector_options(acceptor);
  change(options);
  Node connector(std::move(options));
  CHECK(connector.wait_for(LinkState::Refused, 5000));
  CHECK(connector.link->status().reason == "`a` refused the link: " + reason);
  CHECK(acceptor.link->status().reason == reason);
  CHECK(acceptor.link->status().refusals == 1);
  CHECK(acceptor.link->state() == LinkState::Connecting);  // The right one may come still.
}

TEST_CASE("a refused peer is told why") {
  expect_refusal(
      acceptor_options(),
      [](NodeOptions& options) {
        options.identity.semantic_hash[3] = std::byte{1};
        options.identity.program_version = "2";
      },
      "`a` and `b` run different programs, or the same with other params: `a` has version , `b` version 2");
  expect_refusal(
      acceptor_options(), [](NodeOptions& options) { options.channels[0].schema = "int"; },
      "`a` and `b` see another type in channel `c`");
  expect_refusal(
      acceptor_options(), [](NodeOptions& options) { options.channels[0].name = "d"; },
      "channel 0 is `c` on `a` and `d` on `b`");
  expect_refusal(
      acceptor_options(), [](NodeOptions& options) { options.channels.push_back(sender("d")); },
      "`a` has 1 channels and `b` 2");
  expect_refusal(
      acceptor_options(), [](NodeOptions& options) { options.channels[0].is_sender = false; },
      "both `a` and `b` want to receive on channel `c`");
  expect_refusal(
      acceptor_options(),
      [](NodeOptions& options) { options.channels[0].is_best_effort = true; },
      "channel `c` is best effort on one side only");
  expect_refusal(
      acceptor_options(),
      [](NodeOptions& options) { options.channels[0].message_bytes_max = 1'000'000; },
      "messages of channel `c` have up to 1000000 bytes, but `a` takes only 4096");
}

TEST_CASE("nodes have to be who they say") {
  Node acceptor(acceptor_options());
  NodeOptions options = connector_options(acceptor);
  options.name = "stranger";
  Node stranger(std::move(options));
  CHECK(stranger.wait_for(LinkState::Refused, 5000));
  CHECK(stranger.link->status().reason ==
        "`a` refused the link: node `a` waits for no node `stranger`");
  options = connector_options(acceptor);
  options.peer = "elsewhere";
  Node lost(std::move(options));
  CHECK(lost.wait_for(LinkState::Refused, 5000));
  CHECK(lost.link->status().reason == "`elsewhere` refused the link: this is node `a`, not `elsewhere`");
}

TEST_CASE("clocks: beyond a second it is mentioned, beyond a minute refused unless one side follows") {
  ShiftedClock a_little(5'000'000'000);
  ShiftedClock much(-100'000'000'000);
  {
    Node acceptor(acceptor_options());
    NodeOptions options = connector_options(acceptor);
    options.clock = &a_little;
    Node connector(std::move(options));
    REQUIRE(connector.wait_for(LinkState::Connected));
    const auto notice = connector.link->next_notice();
    REQUIRE(notice);
    CHECK(notice->starts_with("the clocks of `b` and `a` differ by "));
    REQUIRE(connector.activity.wait_until(
        [&] { return connector.link->status().clock_offset_ns != 0; }));
    CHECK(connector.link->status().clock_offset_ns < -4'000'000'000);
  }
  {
    Node acceptor(acceptor_options());
    NodeOptions options = connector_options(acceptor);
    options.clock = &much;
    Node connector(std::move(options));
    REQUIRE(connector.activity.wait_until([&] {
      return connector.link->status().reason.find(
                 "set one of them, or say `clock: follow`") != std::string::npos;
    }));
    CHECK(connector.link->state() == LinkState::Connecting);  // The clock may be set meanwhile.
    CHECK(acceptor.link->status().reason.starts_with("the clocks of `a` and `b` differ by 1"));
  }
  {
    Node acceptor(acceptor_options());
    NodeOptions options = connector_options(acceptor);
    options.clock = &much;
    options.identity.follows_clock = true;
    Node connector(std::move(options));
    CHECK(connector.wait_for(LinkState::Connected));
    CHECK(acceptor.wait_for(LinkState::Connected));
    CHECK_FALSE(acceptor.link->next_notice());
  }
}

TEST_CASE("clocks: who follows tells of what is left, once it does") {
  struct : Clock {
    std::atomic<bool> follows = false;
    std::int64_t utc_ns() override { return system_clock().utc_ns() - 5'000'000'000; }
    bool is_set() override { return follows; }
    std::int64_t steady_ns() override { return system_clock().steady_ns(); }
    void wait(std::int64_t timeout_ns, std::span<const int> fds) override { system_clock().wait(timeout_ns, fds); }
  } clock;
  for (const bool follows : {false, true}) {
    clock.follows = follows;
    Node acceptor(acceptor_options());
    NodeOptions options = connector_options(acceptor);
    options.clock = &clock;
    options.identity.follows_clock = true;
    Node connector(std::move(options));
    REQUIRE(connector.wait_for(LinkState::Connected));
    REQUIRE(acceptor.wait_for(LinkState::Connected));
    CHECK(connector.link->next_notice().has_value() == follows);
    CHECK_FALSE(acceptor.link->next_notice());
  }
}

TEST_CASE("a process that was restarted has lost its state, and both sides say so") {
  const std::string reason =
      "`b` was restarted, and what was on its way in channel `c` is lost: restart both sides, or give the link a "
      "spool";
  Node acceptor(acceptor_options());
  {
    Node connector(connector_options(acceptor));
    REQUIRE(connector.wait_for(LinkState::Connected));
    REQUIRE(acceptor.wait_for(LinkState::Connected));
  }
  REQUIRE(acceptor.wait_for(LinkState::Connecting));
  Node connector(connector_options(acceptor));
  CHECK(connector.wait_for(LinkState::Refused, 5000));
  CHECK(connector.link->status().reason == "`a` refused the link: " + reason);
  CHECK(acceptor.wait_for(LinkState::Refused, 5000));
  CHECK(acceptor.link->status().reason == reason);
}

TEST_CASE("a best-effort link goes on with a process that was restarted") {
  NodeOptions one = acceptor_options();
  one.channels[0].is_best_effort = true;
  Node acceptor(std::move(one));
  for (int life = 0; life < 3; ++life) {
    NodeOptions options = connector_options(acceptor);
    options.channels[0].is_best_effort = true;
    Node connector(std::move(options));
    for (std::uint64_t i = 1; i <= 5; ++i) {
      REQUIRE(send(*connector.link, 0, numbered_message(i, 100)));
      std::optional<Message> message;
      REQUIRE(acceptor.activity.wait_until([&] {
        if (!message) message = acceptor.link->try_receive(0);
        return message.has_value();
      }));
      CHECK(message->number == i);
    }
  }
}

TEST_CASE("a second process of the same name does not push the first one out") {
  Node acceptor(acceptor_options());
  Node first(connector_options(acceptor));
  REQUIRE(first.wait_for(LinkState::Connected));
  REQUIRE(acceptor.wait_for(LinkState::Connected));
  Node second(connector_options(acceptor));
  CHECK(second.activity.wait_until([&] {
    return second.link->status().reason ==
           "`a` refused the link: another process is linked as `b`";
  }));
  CHECK(first.link->state() == LinkState::Connected);
  CHECK(acceptor.link->status().connections == 1);
}

TEST_CASE("noise at the door is shown out") {
  Node acceptor(acceptor_options());
  const auto address = resolve_address(acceptor.hub->listen_address())->front();
  for (int i = 0; i < 100; ++i) {
    const auto socket = start_connecting(address);
    REQUIRE(socket);
    const std::string text = "GET / HTTP/1.1\r\nHost: here\r\nAccept: text/html\r\n\r\n";
    (void)!::write(socket->get(), text.data(), text.size());
  }
  Node connector(connector_options(acceptor));
  CHECK(connector.wait_for(LinkState::Connected));
}

}  // namespace
}  // namespace streamrt
