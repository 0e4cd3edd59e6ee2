// What tells one file from another wherever it is.
#pragma once

#include <string>

#include "compiler/support/result.h"

namespace streamc {

// SHA-256 of the file's bytes, 64 hexadecimal digits, as `sha256sum` prints it.
Result<std::string> sha256_of_file(const std::string& path);

}  // namespace streamc
