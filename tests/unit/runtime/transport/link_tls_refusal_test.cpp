// Who may link through TLS with whom, and that both sides learn why not.
#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <poll.h>

#include <functional>
#include <regex>
#include <string>

#include "runtime/transport/link_tls.h"
#include "tests/certificates/certificates.h"
#include "tests/unit/runtime/transport/link_fixture.h"

namespace streamrt {
namespace {

using namespace test;

constexpr std::int64_t kHourNs = 3'600'000'000'000;
const char* const kUseless = "a connection from 127.0.0.1 was of no use: ";
const char* const kOneSided =
    "one side speaks TLS and the other does not: give both a certificate, or neither";

NodeOptions acceptor_options(std::unique_ptr<SecureTransport> secure) {
  return {.name = "a",
          .peer = "b",
          .channels = only(receiver("c")),
          .timing = quick_timing(),
          .secure = std::move(secure)};
}

NodeOptions connector_options(const Node& acceptor, std::unique_ptr<SecureTransport> secure) {
  return {.name = "b",
          .peer = "a",
          .address = acceptor.hub->listen_address(),
          .channels = only(sender("c")),
          .timing = quick_timing(),
          .secure = std::move(secure)};
}

// What each side says, without times: they are those of the test.
struct Reasons {
  std::string of_acceptor;
  std::string of_connector;
};

std::string without_times(const std::string& text) {
  static const std::regex time("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z");
  return std::regex_replace(text, time, "…");
}

bool says(Node& node, const std::string& reason) {
  const bool is_said = node.activity.wait_until(
      [&] { return without_times(node.link->status().reason) == reason; }, 5000);
  if (!is_said) MESSAGE(node.link->status().reason);
  return is_said;
}

// The two try to link, in vain.
void expect_reasons(std::unique_ptr<SecureTransport> of_acceptor,
                    std::unique_ptr<SecureTransport> of_connector, const Reasons& reasons) {
  Node acceptor(acceptor_options(std::move(of_acceptor)));
  Node connector(connector_options(acceptor, std::move(of_connector)));
  CHECK(says(connector, reasons.of_connector));
  CHECK(says(acceptor, reasons.of_acceptor));
  CHECK(connector.link->status().connections == 0);
  CHECK(acceptor.link->status().connections == 0);
}

TEST_CASE("TLS: a node whose certificate is that of another is refused, in words") {
  const Authority authority;
  const Credentials of_a(authority, "a");
  const Credentials of_b(authority, "b");
  const Credentials of_x(authority, "x");
  Node acceptor(acceptor_options(of_a.transport()));
  Node thief(connector_options(acceptor, of_x.transport()));
  CHECK(thief.wait_for(LinkState::Refused, 5000));
  CHECK(thief.link->status().reason ==
        "`a` refused the link: the certificate shown for node `b` is that of `x`");
  CHECK(acceptor.link->status().reason == "the certificate shown for node `b` is that of `x`");
  CHECK(acceptor.link->state() == LinkState::Connecting);  // The right one may come still,
  Node right(connector_options(acceptor, of_b.transport()));
  CHECK(right.wait_for(LinkState::Connected));  // and does.

  Node impostor(acceptor_options(of_x.transport()));
  Node connector(connector_options(impostor, of_b.transport()));
  CHECK(connector.wait_for(LinkState::Refused, 5000));
  CHECK(connector.link->status().reason == "the certificate shown for node `a` is that of `x`");
  CHECK(says(impostor, "`b` refused the link: the certificate shown for node `a` is that of `x`"));
}

TEST_CASE("TLS: names are compared as they are, the common name only where there is no other") {
  struct Case {
    CertificateWish wish;
    bool is_good;
  };
  const Case cases[] = {
      {{.common_name = "b"}, true},
      {{.common_name = "c", .dns_names = {"c", "b"}}, true},
      {{.common_name = "b", .dns_names = {"c"}}, false},
      {{.common_name = "B"}, false},
      {{.common_name = "*"}, false},
      {{.common_name = "x", .dns_names = {"*"}}, false},
      {{.common_name = "b.example.org"}, false},
  };
  const Authority authority;
  for (const Case& one : cases) {
    CAPTURE(one.wish.common_name);
    const Credentials credentials(authority, "b", one.wish);
    const auto made = make_tls_transport({.directory = credentials.folder.path(), .node = "b"});
    CHECK(made.has_value() == one.is_good);
  }
}

TEST_CASE("TLS: a certificate of another authority is refused, whichever side has it") {
  const std::string alert =
      "the other side does not accept this node's certificate: it was signed by another authority "
      "than that in the "
      "other side's `ca.pem`";
  const Authority ours;
  const Authority theirs;  // Of the same name, but with another key.
  const Credentials of_a(ours, "a");
  for (const bool names_key : {true, false}) {
    const CertificateWish wish{.common_name = "b", .names_key = names_key};
    // Each would refuse the other; who connects sees the other's certificate first.
    const Credentials of_b(theirs, "b", wish);
    expect_reasons(
        of_a.transport(), of_b.transport(),
        {.of_acceptor = kUseless + alert,
         .of_connector = "the certificate of `a` was signed by another authority than that in `" +
                         of_b.folder.path() + "/ca.pem`"});
    // One who trusts both, but is trusted by its own only.
    const Credentials trusting(theirs, "b", wish);
    trusting.folder.write("ca.pem", of_b.folder.read("ca.pem") + of_a.folder.read("ca.pem"));
    expect_reasons(
        of_a.transport(), trusting.transport(),
        {.of_acceptor = std::string(kUseless) +
                        "the certificate of `b` was signed by another authority than that in `" +
                        of_a.folder.path() + "/ca.pem`",
         .of_connector = alert});
  }
}

TEST_CASE("TLS: a certificate that expired while its node ran is refused, whichever side has it") {
  const Authority authority;
  const Credentials of_a(authority, "a", {.common_name = "a", .end_s = 3600});
  const Credentials of_b(authority, "b", {.common_name = "b", .end_s = 10 * 3600});
  const Credentials short_b(authority, "b", {.common_name = "b", .end_s = 3600});
  const Credentials long_a(authority, "a", {.common_name = "a", .end_s = 10 * 3600});
  ShiftedClock later(2 * kHourNs);
  const std::string alert =
      "the other side does not accept this node's certificate: it has expired by the other side's "
      "clock";
  expect_reasons(of_a.transport(), of_b.transport(&later),
                 {.of_acceptor = kUseless + alert,
                  .of_connector = "the certificate of `a` expired at …: it is … here"});
  expect_reasons(
      long_a.transport(&later), short_b.transport(),
      {.of_acceptor = std::string(kUseless) + "the certificate of `b` expired at …: it is … here",
       .of_connector = alert});
  const Authority old_authority("old authority", 3600);
  const Credentials old_a(old_authority, "a");
  const Credentials old_b(old_authority, "b");
  ShiftedClock moving(0);
  auto secure = old_b.transport(&moving);
  moving.shift_to(2 * kHourNs);
  expect_reasons(old_a.transport(), std::move(secure),
                 {.of_acceptor = kUseless + alert,
                  .of_connector = "the certificate of `old authority` expired at …: it is … here"});
}

TEST_CASE("TLS: a certificate that is not valid yet is refused") {
  const Authority authority;
  const Credentials of_a(authority, "a");
  const Credentials of_b(authority, "b", {.common_name = "b", .begin_s = -60});
  ShiftedClock earlier(-kHourNs / 4);
  expect_reasons(
      of_a.transport(&earlier), of_b.transport(),
      {.of_acceptor =
           std::string(kUseless) + "the certificate of `b` is valid from … on: it is … here",
       .of_connector =
           "the other side does not accept this node's certificate: it is damaged, or by the "
           "other side's clock not valid yet"});
}

TEST_CASE("TLS on one side only: both are told") {
  const Authority authority;
  const Credentials of_a(authority, "a");
  const Credentials of_b(authority, "b");
  expect_reasons(of_a.transport(), nullptr,
                 {.of_acceptor = std::string(kUseless) + kOneSided,
                  .of_connector = std::string("`a` refused the link: ") + kOneSided});
  expect_reasons(nullptr, of_b.transport(),
                 {.of_acceptor = std::string(kUseless) + kOneSided, .of_connector = kOneSided});
}

// ---- who is no node at all ----

// Says hello to a door in a way of its own, and hears whatever is said.
void knock(const std::string& address, const std::function<void(SSL_CTX*)>& change) {
  const auto socket = start_connecting(resolve_address(address)->front());
  REQUIRE(socket);
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  &SSL_CTX_free);
  change(context.get());
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), &SSL_free);
  SSL_set_fd(ssl.get(), socket->get());
  for (;;) {
    char byte = 0;
    const bool is_done = SSL_is_init_finished(ssl.get()) == 1;
    const int returned = is_done ? SSL_read(ssl.get(), &byte, 1) : SSL_connect(ssl.get());
    const int error = SSL_get_error(ssl.get(), returned);
    if (returned != 1 && error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return;
    pollfd watched{socket->get(), static_cast<short>(POLLIN | (is_done ? 0 : POLLOUT)), 0};
    REQUIRE(::poll(&watched, 1, 5000) == 1);
  }
}

TEST_CASE("TLS: strangers at the door are shown out, and the right one still comes in") {
  const Authority authority;
  const Credentials of_a(authority, "a");
  const Credentials of_b(authority, "b");
  Node acceptor(acceptor_options(of_a.transport()));
  const std::string address = acceptor.hub->listen_address();
  knock(address, [](SSL_CTX*) {});
  CHECK(says(acceptor, std::string(kUseless) + "the other side shows no certificate"));
  knock(address, [](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION); });
  CHECK(says(acceptor, std::string(kUseless) +
                           "the other side speaks an older version of TLS: it must be 1.3"));
  for (int i = 0; i < 100; ++i) {
    const auto socket = start_connecting(resolve_address(address)->front());
    REQUIRE(socket);
    const std::string text = "GET / HTTP/1.1\r\nHost: here\r\nAccept: text/html\r\n\r\n";
    (void)!::write(socket->get(), text.data(), text.size());
  }
  Node connector(connector_options(acceptor, of_b.transport()));
  CHECK(connector.wait_for(LinkState::Connected));
}

TEST_CASE("TLS: a door that hangs up, or says nothing, is named as what it is") {
  const Authority authority;
  const Credentials of_b(authority, "b");
  const auto listener = listen_at(resolve_address("127.0.0.1:0")->front());
  REQUIRE(listener);
  Node connector({.name = "b",
                  .peer = "a",
                  .address = local_address(listener->get()).text(),
                  .channels = only(sender("c")),
                  .timing = {.handshake_timeout_ms = 200, .backoff_ms_min = 50},
                  .secure = of_b.transport()});
  CHECK(says(connector, "`a` did not answer within 200 ms"));
  bool is_told = false;
  for (int i = 0; i < 200 && !is_told; ++i) {
    pollfd watched{listener->get(), POLLIN, 0};
    ::poll(&watched, 1, 20);
    FileDescriptor socket = accept_one(listener->get());
    char bytes[4096];
    if (socket.is_open()) (void)!::read(socket.get(), bytes, sizeof bytes);
    socket.close();
    is_told = connector.link->status().reason ==
              "the other side hung up in the middle of the TLS handshake";
  }
  CHECK(is_told);
}

}  // namespace
}  // namespace streamrt
