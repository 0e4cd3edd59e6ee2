#include "compiler/deploy/remote_shell.h"

#include <algorithm>
#include <cctype>

namespace streamc {
namespace {

// A machine that is off says nothing at all; TCP alone would wait for minutes.
constexpr const char* kPlainSsh = "ssh -T -o ConnectTimeout=15";

bool is_plain(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0 ||
         std::string_view("_-./:=,@%+").find(letter) != std::string_view::npos;
}

const std::string& ssh_or_plain(const std::string& ssh) {
  static const std::string plain = kPlainSsh;
  return ssh.empty() ? plain : ssh;
}

}  // namespace

std::string quote_word(std::string_view word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), is_plain)) return std::string(word);
  std::string quoted = "'";
  for (const char letter : word) {
    if (letter == '\'') {
      quoted += "'\\''";
    } else {
      quoted += letter;
    }
  }
  return quoted + "'";
}

std::string quote_words(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + quote_word(word);
  return text;
}

std::vector<std::string> shell_command(const std::string& ssh, const std::string& host,
                                       const std::string& script) {
  if (host.empty()) return {"sh", "-c", script};
  // The shell there may be any; that of POSIX is asked for.
  return {"sh",  "-c", "exec " + ssh_or_plain(ssh) + " \"$@\"",
          "ssh", host, "exec sh -c " + quote_word(script)};
}

std::string shell_command_text(const std::string& ssh, const std::string& host) {
  if (host.empty()) return "sh -c";
  return ssh_or_plain(ssh) + " " + quote_word(host) + " exec sh -c";
}

}  // namespace streamc
