// Guessing what was meant by a misspelt name.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace streamrt {

// ` (did you mean `x`?)`, or nothing: the name among `candidates` that is closest to `name`.
std::string closest_name_hint(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace streamrt
