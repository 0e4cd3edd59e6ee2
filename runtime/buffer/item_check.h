// Whether bytes that came from elsewhere are values of their type.
//
// Compiled code relies on more than the size of a leaf: a flag is 0 or 1, the index of an
// enumeration has a name, a rate is a positive fraction in lowest terms (to compare and to write it
// divides), and the leaves of one window have equally many elements (only the first is asked).
// Integers, floats, times and durations may be any, and so may the bytes of texts: files are read
// as they are, so no part of a program relies on their being UTF-8.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/abi/stream_abi.h"

namespace streamrt {

// Whether `ticks` items in `columns` are values. Texts and views point to memory that exists; the
// views of a leaf are neighbours in it. What is no value in a hole (`valid` 0; null: there are
// none) or below an absent option is nobody's concern: it becomes zero, and is accepted. O(bytes),
// and nothing for leaves that may be anything.
bool check_items(const StreamType& type, void* const* columns, std::int64_t ticks,
                 const std::uint8_t* valid);

// Whether all of them are values, also those in holes and below absent options. O(bytes), and nothing for leaves that
// may be anything. Changes nothing.
bool are_all_values(const StreamType& type, void* const* columns, std::int64_t ticks);

// Whether all of them are 0 or 1.
bool are_flags(const std::uint8_t* bytes, std::size_t count);

}  // namespace streamrt
