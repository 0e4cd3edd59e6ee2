// Values of any type as text, and scalars back from it.
//
// A value is given by one pointer for each leaf of its type, to the leaf's first element. Text of
// values: floats shortest round trip, times ISO 8601, strings bare at the top level and quoted
// inside composites, `Reading(at: …, celsius: 1.0)`, `(1, 2.0)`, `[1, 2]`, `none`.
#pragma once

#include <string>
#include <string_view>

#include "runtime/abi/stream_abi.h"

namespace streamrt {

void append_value(std::string& out, const StreamType& type, const void* const* leaves);

// With a format spec as in an interpolated string; an empty one is append_value.
void append_formatted_value(std::string& out, const StreamType& type, const void* const* leaves,
                            std::string_view spec);

// `text` in quotes, with escapes for quotes, backslashes and control characters.
void append_quoted(std::string& out, std::string_view text);

// Whether parse_value can read values of `type`: scalars, enumerations, and options of them.
bool is_parsable(const StreamType& type);

// Reads `text` into `leaves`, which may be unaligned to anything but their own type. A string
// borrows `text`; for an option, empty text is `none`. False, with `leaves` set to zeros, if it is
// no such value.
bool parse_value(std::string_view text, const StreamType& type, void* const* leaves);

// The type as users write it: `float`, `Reading`, `(int, float)`, `float[16]`.
std::string type_text(const StreamType& type);

}  // namespace streamrt
