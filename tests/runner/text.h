// Lines, replacement and differences: what the test runners need to compare and show texts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace streamtest {

// Without their newlines; a last line without one counts. The empty text has no lines.
[[nodiscard]] std::vector<std::string> split_lines(std::string_view text);

[[nodiscard]] std::string join_lines(const std::vector<std::string>& lines);

// Every occurrence of `from`, which must not be empty, left to right.
[[nodiscard]] std::string replace_all(std::string text, std::string_view from, std::string_view to);

// Without blanks and newlines at the end, or at both ends.
[[nodiscard]] std::string_view trim_end(std::string_view text);
[[nodiscard]] std::string_view trim(std::string_view text);

// A line of a difference: kept (' '), only expected ('-') or only found ('+').
// `same(i, j)` says whether expected line i fits actual line j, so that expectations may be
// patterns. The longest common subsequence; O(expected × actual) after equal ends are set aside.
template <class Same>
[[nodiscard]] std::string difference(const std::vector<std::string>& expected,
                                     const std::vector<std::string>& actual, Same same);

// The same for plain texts, line by line; empty when they are equal.
[[nodiscard]] std::string text_difference(std::string_view expected, std::string_view actual);

}  // namespace streamtest

#include "tests/runner/difference.h"  // The template's body.
