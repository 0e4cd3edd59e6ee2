#include "runtime/transport/link_address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

namespace streamrt {

namespace {

struct HostAndPort {
  std::string host;  // Empty: any address of this machine.
  std::uint16_t port = 0;
};

Result<HostAndPort> split(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  const auto malformed = [&] {
    return fail("`{}` is no address: write `host:port`, `1.2.3.4:port` or `[2001:db8::1]:port`", address);
  };
  if (colon == std::string_view::npos) return malformed();
  std::string_view host = address.substr(0, colon);
  const std::string_view port = address.substr(colon + 1);
  HostAndPort result;
  const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), result.port);
  if (problem != std::errc() || end != port.data() + port.size()) return malformed();
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return malformed();
  }
  result.host = host == "*" ? "" : host;
  return result;
}

SocketAddress make_ipv4(in_addr address, std::uint16_t port) {
  SocketAddress result;
  sockaddr_in socket_address{};
  socket_address.sin_family = AF_INET;
  socket_address.sin_port = htons(port);
  socket_address.sin_addr = address;
  std::memcpy(&result.storage, &socket_address, sizeof socket_address);
  result.size = sizeof socket_address;
  return result;
}

SocketAddress make_ipv6(const in6_addr& address, std::uint32_t scope, std::uint16_t port) {
  SocketAddress result;
  sockaddr_in6 socket_address{};
  socket_address.sin6_family = AF_INET6;
  socket_address.sin6_port = htons(port);
  socket_address.sin6_addr = address;
  socket_address.sin6_scope_id = scope;
  std::memcpy(&result.storage, &socket_address, sizeof socket_address);
  result.size = sizeof socket_address;
  return result;
}

// `fe80::1%eth0` names the interface that a link-local address belongs to.
std::optional<SocketAddress> parse_numeric(const std::string& host, std::uint16_t port) {
  in_addr ipv4{};
  if (::inet_pton(AF_INET, host.c_str(), &ipv4) == 1) return make_ipv4(ipv4, port);
  const std::size_t percent = host.find('%');
  in6_addr ipv6{};
  if (::inet_pton(AF_INET6, host.substr(0, percent).c_str(), &ipv6) != 1) return std::nullopt;
  std::uint32_t scope = 0;
  if (percent != std::string::npos) {
    scope = ::if_nametoindex(host.c_str() + percent + 1);
    if (scope == 0) return std::nullopt;
  }
  return make_ipv6(ipv6, scope, port);
}

bool names_equal(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

// Lines are `address name alias…`, with comments behind `#` (hosts(5)).
std::vector<SocketAddress> look_up(const HostAndPort& wanted, const std::string& hosts_file) {
  std::vector<SocketAddress> found;
  std::ifstream file(hosts_file);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string address;
    words >> address;
    for (std::string name; words >> name;) {
      if (!names_equal(name, wanted.host)) continue;
      if (auto numeric = parse_numeric(address, wanted.port)) found.push_back(*numeric);
      break;
    }
  }
  return found;
}

}  // namespace

bool SocketAddress::is_loopback() const {
  if (family() == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, &storage, sizeof address);
    return (ntohl(address.sin_addr.s_addr) >> 24) == 127;
  }
  sockaddr_in6 address{};
  std::memcpy(&address, &storage, sizeof address);
  if (IN6_IS_ADDR_V4MAPPED(&address.sin6_addr)) return address.sin6_addr.s6_addr[12] == 127;
  return IN6_IS_ADDR_LOOPBACK(&address.sin6_addr);
}

bool SocketAddress::is_any() const {
  if (family() == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, &storage, sizeof address);
    return address.sin_addr.s_addr == INADDR_ANY;
  }
  sockaddr_in6 address{};
  std::memcpy(&address, &storage, sizeof address);
  return IN6_IS_ADDR_UNSPECIFIED(&address.sin6_addr);
}

std::string SocketAddress::host() const {
  char buffer[INET6_ADDRSTRLEN] = "?";
  if (family() == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, &storage, sizeof address);
    ::inet_ntop(AF_INET, &address.sin_addr, buffer, sizeof buffer);
    return buffer;
  }
  sockaddr_in6 address{};
  std::memcpy(&address, &storage, sizeof address);
  ::inet_ntop(AF_INET6, &address.sin6_addr, buffer, sizeof buffer);
  return fmt::format("[{}]", static_cast<const char*>(buffer));
}

std::string SocketAddress::text() const {
  // Both kinds of address have their port in the same place.
  sockaddr_in address{};
  std::memcpy(&address, &storage, sizeof address);
  return fmt::format("{}:{}", host(), ntohs(address.sin_port));
}

Result<std::vector<SocketAddress>> resolve_address(std::string_view address,
                                                   const std::string& hosts_file) {
  const Result<HostAndPort> wanted = split(address);
  if (!wanted) return wanted.failure();
  const std::uint16_t port = wanted->port;
  if (wanted->host.empty()) {
    return std::vector{make_ipv6(in6addr_any, 0, port), make_ipv4({INADDR_ANY}, port)};
  }
  if (auto numeric = parse_numeric(wanted->host, port)) return std::vector{*numeric};
  std::vector<SocketAddress> found = look_up(*wanted, hosts_file);
  if (!found.empty()) return found;
  if (names_equal(wanted->host, "localhost")) {  // Always this machine (RFC 6761, 6.3).
    return std::vector{make_ipv4({htonl(INADDR_LOOPBACK)}, port),
                       make_ipv6(in6addr_loopback, 0, port)};
  }
  return fail("cannot find the host `{}`: it is no numeric address, and {} does not name it (no name server is "
              "asked); write its address, or add it to that file",
              wanted->host, hosts_file);
}

}  // namespace streamrt
