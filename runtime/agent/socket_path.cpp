#include "runtime/agent/socket_path.h"

#include <dirent.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <tuple>

namespace streamrt {

namespace {

constexpr std::string_view kSuffix = ".sock";
constexpr std::size_t kMostSockets = 256;  // That one look into a folder tries.

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return fail("the path `{}` is too long for a socket", path);
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

// A folder of this user that nobody else may enter; no link to one.
bool is_private(const std::string& folder) {
  struct stat status{};
  return ::lstat(folder.c_str(), &status) == 0 && S_ISDIR(status.st_mode) &&
         status.st_uid == ::geteuid() && (status.st_mode & 077) == 0;
}

// What a program is called in the name of its socket.
std::string file_name_of(std::string_view program) {
  constexpr std::size_t kMost = 40;
  std::string name(program.substr(0, kMost));
  for (char& c : name) {
    const bool is_plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!is_plain) c = '_';
  }
  return name;
}

std::optional<ProgramSocket> parse_socket_name(const std::string& folder, std::string_view name) {
  if (!name.ends_with(kSuffix)) return std::nullopt;
  const std::string_view stem = name.substr(0, name.size() - kSuffix.size());
  const std::size_t dash = stem.rfind('-');
  if (dash == std::string_view::npos) return std::nullopt;
  ProgramSocket found{.path = folder + "/" + std::string(name),
                      .program = std::string(stem.substr(0, dash))};
  const std::string_view number = stem.substr(dash + 1);
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), found.process_id);
  if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  return found;
}

// The sockets of a folder where somebody listens.
std::vector<ProgramSocket> live_sockets(const std::string& folder) {
  std::vector<ProgramSocket> found;
  if (!is_private(folder)) return found;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(folder.c_str()), ::closedir);
  if (!entries) return found;
  for (std::size_t tried = 0; tried < kMostSockets;) {
    const dirent* const entry = ::readdir(entries.get());
    if (entry == nullptr) break;
    std::optional<ProgramSocket> socket = parse_socket_name(folder, entry->d_name);
    if (!socket) continue;
    ++tried;
    if (const Result<int> connection = connect_to_socket(socket->path); connection) {
      ::close(*connection);
      found.push_back(std::move(*socket));
    } else if (errno == ECONNREFUSED) {
      ::unlink(socket->path.c_str());
    }
  }
  return found;
}

}  // namespace

std::vector<std::string> socket_folders() {
  std::vector<std::string> folders;
  const std::string user = std::to_string(::geteuid());
  if (const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
      runtime != nullptr && runtime[0] == '/') {
    folders.push_back(std::string(runtime) + "/streamc");
  }
  folders.push_back("/run/user/" + user + "/streamc");
  folders.push_back("/tmp/streamc-" + user);
  return folders;
}

Result<std::string> make_socket_folder() {
  for (const std::string& folder : socket_folders()) {
    (void)::mkdir(folder.c_str(), 0700);
    if (is_private(folder)) return folder;
  }
  return fail("no folder for a socket");
}

Result<int> connect_to_socket(const std::string& path) {
  const Result<sockaddr_un> address = address_of(path);
  if (!address) return address.failure();
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fail("no descriptors left");
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0) return fd;
  const int error = errno;
  ::close(fd);
  errno = error;
  return fail("nobody answers at `{}`: {}", path, std::strerror(error));
}

// Under another name until it listens: a socket where nobody does is taken for one that was left.
Result<ListeningSocket> listen_in(const std::string& folder, std::string_view program) {
  (void)live_sockets(folder);
  const std::string path =
      fmt::format("{}/{}-{}{}", folder, file_name_of(program), ::getpid(), kSuffix);
  const std::string first_path = fmt::format("{}/.{}", folder, ::getpid());
  const Result<sockaddr_un> address = address_of(first_path);
  if (!address) return address.failure();
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return fail("no descriptors left");
  (void)::unlink(first_path.c_str());
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0 ||
      ::listen(fd, 8) != 0 || ::rename(first_path.c_str(), path.c_str()) != 0) {
    const int error = errno;
    (void)::unlink(first_path.c_str());
    ::close(fd);
    return fail("cannot listen at `{}`: {}", path, std::strerror(error));
  }
  return ListeningSocket{fd, path};
}

std::vector<ProgramSocket> find_program_sockets() {
  std::vector<ProgramSocket> found;
  for (const std::string& folder : socket_folders()) {
    for (ProgramSocket& socket : live_sockets(folder)) found.push_back(std::move(socket));
  }
  std::sort(found.begin(), found.end(), [](const ProgramSocket& a, const ProgramSocket& b) {
    return std::tie(a.program, a.process_id) < std::tie(b.program, b.process_id);
  });
  return found;
}

}  // namespace streamrt
