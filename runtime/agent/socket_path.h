// Where running programs of this user answer: one socket each, `PROGRAM-PID.sock`, in a folder that
// nobody else may look into.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace streamrt {

// Folders that may hold sockets, the best one first: $XDG_RUNTIME_DIR/streamc,
// /run/user/UID/streamc, /tmp/streamc-UID.
std::vector<std::string> socket_folders();

// The first of them that is, or can be made, this user's alone.
Result<std::string> make_socket_folder();

// Listens at `PROGRAM-PID.sock` in a folder; removes what is left there of programs that are gone.
struct ListeningSocket {
  int fd = -1;
  std::string path;
};
Result<ListeningSocket> listen_in(const std::string& folder, std::string_view program);

// A program that runs and can be asked.
struct ProgramSocket {
  std::string path;
  std::string program;
  std::int32_t process_id = 0;
};
// By program, then by process. Removes sockets of programs that are gone.
std::vector<ProgramSocket> find_program_sockets();

// A connection to a socket; fails if nobody answers there.
Result<int> connect_to_socket(const std::string& path);

}  // namespace streamrt
