// What is known about a name of a program, in words: its type, clock and region; a constant's value;
// the header and the comment of a function.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/driver/front_end.h"

namespace streamc {

// Several lines; empty if the program has no such name. Needs a graph.
std::optional<std::string> explain_name(FrontEnd& front_end, std::string_view name);

// The names that the program itself gives, for "did you mean".
std::vector<std::string> explainable_names(FrontEnd& front_end);

}  // namespace streamc
