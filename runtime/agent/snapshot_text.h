// Snapshots as text, for programs that read them.
#pragma once

#include <string>

#include "runtime/agent/snapshot.h"

namespace streamrt {

// One line without its line feed. docs/watching.md says what the members are.
std::string json_text(const Snapshot& snapshot);

// `{"error": "…"}`, in one line.
std::string json_error(std::string_view message);

// The text format of Prometheus, version 0.0.4.
std::string prometheus_text(const Snapshot& snapshot);

}  // namespace streamrt
