// What `streamc top` shows: two snapshots of a program as lines of text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/agent/snapshot.h"
#include "runtime/agent/socket_path.h"

namespace streamc {

struct TableStyle {
  std::size_t width = 80;    // Characters of a line, at the most.
  bool has_colours = false;  // Escape sequences for a terminal, which take no room.
};

// Rates and processor shares are those between the two snapshots, of one program, the earlier one
// first.
std::vector<std::string> top_table(const streamrt::Snapshot& before, const streamrt::Snapshot& now,
                                   const TableStyle& style);

// The programs that run, one a line. A snapshot for each.
std::vector<std::string> program_table(const std::vector<streamrt::Snapshot>& programs,
                                       const TableStyle& style);

// At most five characters: `7`, `99999`, `1.23M`; a fraction only where there are few of them.
std::string count_text(double count);

// `3.2 s`, `12 min 5 s`, `1 d 3 h`.
std::string uptime_text(std::int64_t nanoseconds);

}  // namespace streamc
