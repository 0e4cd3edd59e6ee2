// Whole files, read and written, with failures in words for the user.
#pragma once

#include <string>
#include <string_view>

#include "compiler/support/result.h"

namespace streamc {

// Replaces the file in one step: readers see the old text or the new one, never a part. `-` is
// standard output.
Result<void> write_file(const std::string& path, std::string_view text, bool executable = false);

// Creates a folder; fails if it exists.
Result<void> make_folder(const std::string& path);

// Whether standard error is a terminal that shows colours.
bool stderr_has_colours();

}  // namespace streamc
