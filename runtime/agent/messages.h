// What a run tells its user, on standard error: one line each, never in the way of the items.
#pragma once

#include <functional>
#include <string_view>

namespace streamrt {

// Takes one line without its line feed. Tests collect; programs write to standard error.
using MessageWriter = std::function<void(std::string_view line)>;

// Writes to descriptor 2 at once.
void write_message_to_stderr(std::string_view line);

}  // namespace streamrt
