// Numbers as text and back, the same on every machine: shortest round trip one way, correctly
// rounded the other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace streamrt {

void append_int(std::string& out, std::int64_t value);

// The shortest text that reads back as the same float, laid out as Python does: `1.0`, `0.1`,
// `1e+16`, `1e-05`, `inf`, `nan` (whatever the sign of a NaN).
void append_float(std::string& out, double value);

// A decimal integer with an optional sign, spaces around it allowed. Nothing if it is anything else
// or does not fit.
std::optional<std::int64_t> parse_int(std::string_view text);

// A decimal float as C and Python read it: `1`, `.5`, `-2e3`, `inf`, `nan`; spaces around it
// allowed.
std::optional<double> parse_float(std::string_view text);

// The longest prefix of `text` that is a plain decimal float (digits, a point, an exponent) with an
// optional minus sign. Returns its length in bytes, 0 if there is none. For readers that know what
// may follow; `parse_float` reads the rest of what floats may look like.
std::size_t parse_float_prefix(std::string_view text, double& value);

// `text` without the ASCII spaces, tabs and line ends around it.
std::string_view trimmed(std::string_view text);

}  // namespace streamrt
