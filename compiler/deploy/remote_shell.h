// How a shell script gets to the machine that it is for: by ssh, or by the shell of this machine.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace streamc {

// `word` as one word of a POSIX shell, whatever is in it. Plain words stay as they are.
std::string quote_word(std::string_view word);

// Words in a row, each quoted.
std::string quote_words(const std::vector<std::string>& words);

// The words that start `script` on `host`; an empty host is this machine. `ssh` is the command
// given by `--ssh`, which a shell splits into words; empty: `ssh` with the user's own
// configuration.
std::vector<std::string> shell_command(const std::string& ssh, const std::string& host,
                                       const std::string& script);

// The same as a user would type it, up to the script.
std::string shell_command_text(const std::string& ssh, const std::string& host);

}  // namespace streamc
