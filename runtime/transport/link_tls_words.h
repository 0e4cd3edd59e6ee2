// What OpenSSL says about a connection, in the words of a message. For the TLS sources only.
#pragma once

#include <string>

namespace streamrt {

// The first of this thread's errors, which are all taken off OpenSSL's list.
[[nodiscard]] std::string take_tls_error();

}  // namespace streamrt
