#include "runtime/transport/link_address.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace streamrt {
namespace {

std::string texts(std::string_view address, const std::string& hosts_file) {
  const auto addresses = resolve_address(address, hosts_file);
  if (!addresses) return addresses.message();
  std::string result;
  for (const SocketAddress& found : *addresses) result += found.text() + " ";
  return result;
}

TEST_CASE("addresses") {
  const std::string hosts = "/tmp/link_address_test_" + std::to_string(::getpid());
  std::ofstream(hosts) << "127.0.1.1 here\n10.1.2.3\tboard Pi.local # 10.9.9.9 hub\nfd00::7 board\n";
  CHECK(texts("1.2.3.4:80", hosts) == "1.2.3.4:80 ");
  CHECK(texts("[::1]:80", hosts) == "[::1]:80 ");
  CHECK(texts(":80", hosts) == "[::]:80 0.0.0.0:80 ");
  CHECK(texts("*:80", hosts) == "[::]:80 0.0.0.0:80 ");
  CHECK(texts("board:7", hosts) == "10.1.2.3:7 [fd00::7]:7 ");
  CHECK(texts("pi.LOCAL:7", hosts) == "10.1.2.3:7 ");
  CHECK(texts("localhost:7", hosts) == "127.0.0.1:7 [::1]:7 ");
  CHECK(texts("hub:7", hosts) ==
        "cannot find the host `hub`: it is no numeric address, and " + hosts +
            " does not name it (no name server is asked); write its address, or add it to that file");
  for (const char* wrong : {"", "host", "host:", "host:x", "host:70000", "::1:80", "1.2.3.4:80x"}) {
    CHECK_MESSAGE(texts(wrong, hosts).find("is no address") != std::string::npos, wrong);
  }
  CHECK(resolve_address("here:1", hosts)->front().is_loopback());
  CHECK(resolve_address("[::1]:1")->front().is_loopback());
  CHECK(resolve_address("[::ffff:127.0.0.1]:1")->front().is_loopback());
  CHECK_FALSE(resolve_address("board:1", hosts)->front().is_loopback());
  CHECK_FALSE(resolve_address(":1")->front().is_loopback());
  CHECK(resolve_address(":1")->front().is_any());
  std::remove(hosts.c_str());
}

}  // namespace
}  // namespace streamrt
