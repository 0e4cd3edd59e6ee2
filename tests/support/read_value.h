// Values from text: cells of files, lines, params on the command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/support/values.h"

namespace streamref {

// Without ASCII space around it.
[[nodiscard]] std::string trim_space(const std::string& text);

// Decimal, with an optional sign; spaces around it allowed. Empty for anything else.
[[nodiscard]] std::optional<std::int64_t> parse_int(const std::string& text);

// As C and Python read floats, `inf` and `nan` included; spaces around it allowed.
[[nodiscard]] std::optional<double> parse_float(const std::string& text);

// A value of a scalar type, or of an option of one, which is `none` where the text is blank.
// Empty if the text is no such value.
[[nodiscard]] std::optional<Value> parse_value(const streamc::TypeTable& types,
                                               streamc::TypeId type_id, const std::string& text);

}  // namespace streamref
