// Values as text: the default form, and the forms that a format spec asks for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/support/values.h"

namespace streamref {

// The default form: what `print` writes for a bare item and `{x}` for a hole without a spec. Strings
// are bare at top level and quoted inside composites.
[[nodiscard]] std::string text_of(const streamc::TypeTable& types, const Value& value);

// `{x:spec}`: [[fill]align][sign][0][width][,][.precision][type], as in Python. An empty spec is the
// default form.
[[nodiscard]] std::string text_of(const streamc::TypeTable& types, const Value& value,
                                  std::string_view spec);

// The shortest text that reads back as the same float, with at least one decimal: 1.0, 1e+16, nan.
[[nodiscard]] std::string float_text(double value);
// ISO 8601 in UTC with as many decimals as needed: 2026-01-01T00:00:00.25Z.
[[nodiscard]] std::string time_text(std::int64_t nanoseconds);
// 1h30min, 250ms, 0s.
[[nodiscard]] std::string duration_text(std::int64_t nanoseconds);

}  // namespace streamref
