// Several commands at once, their lines one below the other as they come.
#pragma once

#include <string>
#include <vector>

namespace streamc {

struct FollowedCommand {
  std::vector<std::string> words;
  std::string prefix;  // Before each line.
};

// Prints whole lines until all commands have ended; what they write on standard error goes there.
// False if one could not be started or ended with a status other than 0.
bool follow_lines(const std::vector<FollowedCommand>& commands);

}  // namespace streamc
