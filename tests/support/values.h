// Values of the language as the reference interpreter computes with them: making, comparing and
// testing them, and the failure of an item.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/sema/checked.h"

namespace streamref {

using streamc::Value;

// For products of 64-bit integers. Tests run on machines where the compilers have it.
__extension__ typedef __int128 WideInt;

// Why an item failed. Thrown where an operation fails, caught where a tick becomes a hole.
struct ItemFailure {
  std::string reason;
};

// A value, or the hole of a failed item.
using Cell = std::optional<Value>;

[[nodiscard]] Value make_bool(const streamc::TypeTable& types, bool value);
[[nodiscard]] Value make_int(const streamc::TypeTable& types, std::int64_t value);
[[nodiscard]] Value make_float(const streamc::TypeTable& types, double value);
[[nodiscard]] Value make_string(const streamc::TypeTable& types, std::string value);
// bool, int, time, duration or enumeration of the given type.
[[nodiscard]] Value make_integral(streamc::TypeId type_id, std::int64_t value);
[[nodiscard]] Value make_composite(streamc::TypeId type_id, std::vector<Value> parts);
[[nodiscard]] Value make_present(streamc::TypeId option_id, Value value);
[[nodiscard]] Value make_none(streamc::TypeId option_id);

// `==` of the language: IEEE for floats, so NaN differs from itself and -0.0 equals 0.0; composites
// part by part.
[[nodiscard]] bool values_equal(const streamc::TypeTable& types, const Value& a, const Value& b);

// The order of `<` on numbers, times, durations, rates, enumerations and strings (by bytes). Empty
// if either is NaN.
[[nodiscard]] std::optional<int> compare_values(const streamc::TypeTable& types, const Value& a,
                                                const Value& b);

// True if both are the same bits, but for NaNs, which are all one: what tests compare with.
[[nodiscard]] bool values_identical(const streamc::TypeTable& types, const Value& a,
                                    const Value& b);

// Integer arithmetic of the language: 64-bit two's complement that wraps.
[[nodiscard]] std::int64_t wrapping_add(std::int64_t a, std::int64_t b);
[[nodiscard]] std::int64_t wrapping_subtract(std::int64_t a, std::int64_t b);
[[nodiscard]] std::int64_t wrapping_multiply(std::int64_t a, std::int64_t b);

// Quotient towards minus infinity, and the remainder that goes with it. Throws on a zero divisor.
[[nodiscard]] std::int64_t floor_divide(std::int64_t a, std::int64_t b);
[[nodiscard]] std::int64_t floor_modulo(std::int64_t a, std::int64_t b);
[[nodiscard]] double floor_divide(double a, double b);
[[nodiscard]] double floor_modulo(double a, double b);

}  // namespace streamref
