#include "compiler/sema/host_name.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

namespace streamc {
namespace {

constexpr std::size_t kLongestName = 253;
constexpr std::size_t kLongestLabel = 63;

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool consists_of(std::string_view text, std::string_view further) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return is_letter_or_digit(c) || further.find(c) != std::string_view::npos;
  });
}

bool is_label(std::string_view label) {
  return !label.empty() && label.size() <= kLongestLabel && label.front() != '-' && label.back() != '-' &&
         consists_of(label, "-_");
}

bool is_number(std::string_view label) {
  return std::all_of(label.begin(), label.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// What ends in a number is an address, or none.
bool is_name(std::string_view name) {
  if (name.size() > kLongestName) return false;
  if (name.ends_with('.')) name.remove_suffix(1);
  for (;;) {
    const std::size_t dot = name.find('.');
    if (!is_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return !is_number(name);
    name.remove_prefix(dot + 1);
  }
}

std::optional<std::uint32_t> parse_ipv4(std::string_view text) {
  in_addr address{};
  if (::inet_pton(AF_INET, std::string(text).c_str(), &address) != 1) return std::nullopt;
  return ntohl(address.s_addr);
}

// With the interface that a link-local address needs, as in `fe80::1%eth0`.
bool is_ipv6_address(std::string_view text) {
  const std::size_t percent = text.find('%');
  if (percent != std::string_view::npos && !is_label(text.substr(percent + 1))) return false;
  in6_addr address{};
  return ::inet_pton(AF_INET6, std::string(text.substr(0, percent)).c_str(), &address) == 1;
}

// Who is in front of the machine is for whoever installs the program there.
std::string_view without_user(std::string_view host) {
  const std::size_t at = host.find('@');
  return at == std::string_view::npos ? host : host.substr(at + 1);
}

}  // namespace

bool is_host_name(std::string_view host) {
  const std::size_t at = host.find('@');
  if (at != std::string_view::npos) {
    const std::string_view user = host.substr(0, at);
    if (user.empty() || user.front() == '-' || !consists_of(user, "-_.")) return false;
  }
  const std::string_view machine = without_user(host);
  return is_name(machine) || parse_ipv4(machine).has_value() || is_ipv6_address(machine);
}

bool is_this_machine(std::string_view host) {
  host = without_user(host);
  constexpr std::uint32_t kLoopback = 127;
  const std::optional<std::uint32_t> address = parse_ipv4(host);
  return host.empty() || host == "localhost" || host == "::1" || (address && *address >> 24 == kLoopback);
}

}  // namespace streamc
