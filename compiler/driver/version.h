// The version of streamc, of the language, and of what it was built with.
#pragma once

#include <string_view>

namespace streamc {

// `streamc 0.1.0`
std::string_view version_text();

}  // namespace streamc
