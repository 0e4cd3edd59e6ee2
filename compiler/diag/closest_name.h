// "did you mean …?": the candidate that a misspelt name most likely stood for.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace streamc {

// The number of insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`
// (optimal string alignment). O(a.size() * b.size()).
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate nearest to `name`, if one is near enough to be meant: a third of the longer
// length, at most 3. Equally near ones: the first. Differences of case count half as much as others.
std::optional<std::string> closest_name(std::string_view name,
                                        std::span<const std::string_view> candidates);
std::optional<std::string> closest_name(std::string_view name,
                                        std::span<const std::string> candidates);

}  // namespace streamc
