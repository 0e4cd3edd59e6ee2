#include "compiler/diag/closest_name.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

namespace streamc {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = lower(c);
  return result;
}

template <class Candidates>
std::optional<std::string> closest(std::string_view name, const Candidates& candidates) {
  std::optional<std::string> best;
  std::size_t best_cost = std::numeric_limits<std::size_t>::max();
  for (const auto& candidate : candidates) {
    const std::string_view text(candidate);
    if (text == name || text.empty()) continue;
    const std::size_t limit =
        std::min<std::size_t>(3, std::max<std::size_t>(1, std::max(name.size(), text.size()) / 3));
    if (std::max(name.size(), text.size()) - std::min(name.size(), text.size()) > limit) continue;
    const std::size_t folded = edit_distance(lower(name), lower(text));
    const std::size_t exact = edit_distance(name, text);
    if (folded > limit || folded >= std::max(name.size(), text.size())) continue;
    const std::size_t cost = folded + exact;
    if (cost < best_cost) {
      best = std::string(text);
      best_cost = cost;
    }
  }
  return best;
}

}  // namespace

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Three rows of the table suffice: a swap looks two rows back.
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replace, above[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::optional<std::string> closest_name(std::string_view name,
                                        std::span<const std::string_view> candidates) {
  return closest(name, candidates);
}

std::optional<std::string> closest_name(std::string_view name,
                                        std::span<const std::string> candidates) {
  return closest(name, candidates);
}

}  // namespace streamc
