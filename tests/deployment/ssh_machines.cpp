#include "tests/deployment/ssh_machines.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "tests/runner/files.h"
#include "tests/runner/ports.h"
#include "tests/runner/subprocess.h"

namespace fs = std::filesystem;

namespace streamtest {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

bool make_key(const fs::path& file) {
  return run_command({.arguments = {"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file}})
             .exit_code == 0;
}

}  // namespace

std::string ssh_server() {
  for (const char* path : {"/usr/sbin/sshd", "/usr/local/sbin/sshd"}) {
    if (fs::exists(path)) return path;
  }
  return "";
}

bool make_user_key(const fs::path& folder) {
  return make_key(folder / "key");
}

SshMachine::SshMachine(fs::path folder, const fs::path& public_key)
    : folder_(std::move(folder)), port_(free_port()) {
  fs::create_directories(home() / "bin");
  std::error_code error;
  fs::create_directory("/run/sshd",
                       error);  // Where the server locks itself in, if it runs as root.
  const std::string config = fmt::format(
      "ListenAddress 127.0.0.1\n"
      "Port {0}\n"
      "HostKey {1}/host_key\n"
      "AuthorizedKeysFile {2}\n"
      "PidFile none\n"
      "StrictModes no\n"
      "UsePAM no\n"
      "PasswordAuthentication no\n"
      "PermitRootLogin yes\n"
      "MaxStartups 100\n"
      "SetEnv HOME={1}/home PATH={1}/home/bin:/usr/local/bin:/usr/bin:/bin\n",
      port_, folder_.string(), public_key.string());
  if (!make_key(folder_ / "host_key") || !write_file(folder_ / "sshd_config", config)) {
    problem_ = "cannot write the configuration of an ssh server\n";
    return;
  }
  start();
  if (!wait_until_it_listens()) {
    problem_ = "the ssh server does not start: " + read_file(folder_ / "sshd.log").value_or("");
  }
}

SshMachine::~SshMachine() {
  if (process_ <= 0) return;
  ::kill(process_, SIGTERM);
  ::waitpid(process_, nullptr, 0);
}

void SshMachine::start() {
  const std::string server = ssh_server();
  const std::string config = (folder_ / "sshd_config").string();
  const std::string log = (folder_ / "sshd.log").string();
  process_ = ::fork();
  if (process_ != 0) return;
  ::execl(server.c_str(), server.c_str(), "-D", "-f", config.c_str(), "-E", log.c_str(), nullptr);
  ::_exit(127);
}

bool SshMachine::wait_until_it_listens() const {
  for (int tries = 0; tries < 100; ++tries) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = loopback(port_);
    const bool listens =
        ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(fd);
    if (listens) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return false;
}

void SshMachine::add_program(const std::string& name, const fs::path& file) const {
  fs::copy_file(file, home() / "bin" / name, fs::copy_options::overwrite_existing);
}

void SshMachine::add_program_text(const std::string& name, const std::string& text) const {
  if (write_file(home() / "bin" / name, text)) {
    fs::permissions(home() / "bin" / name, fs::perms::owner_all);
  }
}

void SshMachine::remove_program(const std::string& name) const {
  fs::remove(home() / "bin" / name);
}

}  // namespace streamtest
