// Machines to deploy to: ssh servers on this one, each with a home of its own.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace streamtest {

// An ssh server on a free port of the loopback, for the user who runs the test. Its programs find
// `bin` of its home before those of the system. Ends with the object.
class SshMachine {
 public:
  // `folder` is empty and becomes the machine's; `public_key` is that of the user.
  SshMachine(std::filesystem::path folder, const std::filesystem::path& public_key);
  SshMachine(const SshMachine&) = delete;
  SshMachine& operator=(const SshMachine&) = delete;
  ~SshMachine();

  // Why it does not answer, or nothing.
  [[nodiscard]] std::string problem() const { return problem_; }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::filesystem::path home() const { return folder_ / "home"; }
  // A program that is found before that of the system.
  void add_program(const std::string& name, const std::filesystem::path& file) const;
  void add_program_text(const std::string& name, const std::string& text) const;
  void remove_program(const std::string& name) const;

 private:
  void start();
  [[nodiscard]] bool wait_until_it_listens() const;

  std::filesystem::path folder_;
  std::string problem_;
  int port_ = 0;
  pid_t process_ = -1;
};

// Where the server of OpenSSH is; empty if it is not installed.
std::string ssh_server();

// Makes `folder/key` and `folder/key.pub`. False if it cannot.
bool make_user_key(const std::filesystem::path& folder);

}  // namespace streamtest
