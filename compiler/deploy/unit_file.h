// The systemd unit that keeps a node running.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace streamc {

// One node of a program as a service. The names are of letters, digits, `_`, `-` and `.`
// (check_service_name), so that they stand in paths and scripts as they are.
struct Service {
  std::string program;
  std::string node;
  bool is_system = false;  // A unit of the system instead of one of the user.
};

// `streamc-PROGRAM-NODE.service`. The node is part of it: two of them may be on one machine.
std::string unit_name(const Service& service);

// Of what belongs to the node, below the home of the user there.
std::string service_folder(const Service& service);

// Whether a name can be part of a unit's.
bool is_service_name(std::string_view name);

// A word of `ExecStart=`, so that systemd hands it on as it is.
std::string systemd_word(std::string_view word);

// The file. `%h` stands for the home of the user, also in a unit of the system: there the script
// that installs it replaces `%h` and `%u` in the lines that begin with a key.
std::string unit_text(const Service& service, const std::vector<std::string>& arguments);

}  // namespace streamc
