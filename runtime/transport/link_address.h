// Where a node listens or is reached: `host:port`, `1.2.3.4:port`, `[2001:db8::1]:port`, and for listening `:port`.
//
// Compiled programs are linked statically and cannot use the C library's resolver, which loads its parts when running:
// a name is looked up in the file of hosts and nowhere else, and the message says so.
#pragma once

#include <sys/socket.h>

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace streamrt {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] int family() const { return storage.ss_family; }
  [[nodiscard]] bool is_loopback() const;
  [[nodiscard]] bool is_any() const;
  [[nodiscard]] std::string host() const;
  [[nodiscard]] std::string text() const;  // With its port.
};

inline constexpr const char* kHostsFile = "/etc/hosts";

// At least one address, in the order in which they should be tried.
[[nodiscard]] Result<std::vector<SocketAddress>> resolve_address(
    std::string_view address, const std::string& hosts_file = kHostsFile);

}  // namespace streamrt
