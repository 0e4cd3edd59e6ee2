// What running programs say of themselves, asked on their sockets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compiler/support/result.h"
#include "runtime/agent/snapshot.h"
#include "runtime/agent/socket_path.h"

namespace streamc {

// The answer to `snapshot` of the program at a socket, as it came: one line of JSON.
Result<std::string> ask_program(const std::string& socket_path);

// The snapshot in such a line.
Result<streamrt::Snapshot> parse_snapshot(std::string_view line);

// Of the programs that run, those that `wanted` means: a name, or the number of a process. Empty:
// all.
std::vector<streamrt::ProgramSocket> programs_like(std::string_view wanted);

}  // namespace streamc
