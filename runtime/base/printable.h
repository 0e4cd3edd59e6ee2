// Text from outside, fit for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace streamrt {

// The text with `?` for each byte that is a control character (a tab and a newline stay) or no part of
// a character in UTF-8 (RFC 3629).
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace streamrt
