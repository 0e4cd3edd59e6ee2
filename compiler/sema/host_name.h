// What deploy blocks say of where a node runs: `pi.local`, `10.0.0.7`, `fe80::1`, `pi@pi.local`.
#pragma once

#include <string_view>

namespace streamc {

// A name as DNS has it (RFC 1123, and `_`), or an IPv4 or IPv6 address; `user@` may stand in front.
bool is_host_name(std::string_view host);

// Whether it means the machine itself, as an empty one does.
bool is_this_machine(std::string_view host);

}  // namespace streamc
