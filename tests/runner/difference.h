// The body of difference(), declared in tests/runner/text.h.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace streamtest {

template <class Same>
std::string difference(const std::vector<std::string>& expected,
                       const std::vector<std::string>& actual, Same same) {
  // Equal ends need no table, which keeps a long output with one change cheap.
  std::size_t head = 0;
  while (head < expected.size() && head < actual.size() && same(head, head)) ++head;
  std::size_t rows = expected.size() - head;
  std::size_t columns = actual.size() - head;
  while (rows > 0 && columns > 0 && same(head + rows - 1, head + columns - 1)) {
    --rows;
    --columns;
  }
  if (rows == 0 && columns == 0) return {};

  // Beyond this a table would be larger than anybody reads: show the first lines of both.
  constexpr std::size_t kCellsMax = 16'000'000;
  constexpr std::size_t kLinesShown = 40;
  std::string shown;
  const auto line = [&](char mark, const std::string& text) {
    shown += mark;
    shown += text;
    shown += '\n';
  };
  for (std::size_t i = head > 3 ? head - 3 : 0; i < head; ++i) line(' ', actual[i]);
  if (rows * columns > kCellsMax) {
    for (std::size_t i = 0; i < std::min(rows, kLinesShown); ++i) line('-', expected[head + i]);
    for (std::size_t j = 0; j < std::min(columns, kLinesShown); ++j) line('+', actual[head + j]);
    return shown + "… and more\n";
  }

  // common(i, j): length of the longest common subsequence of the rests from i and from j.
  std::vector<std::uint32_t> table((rows + 1) * (columns + 1), 0);
  const auto common = [&](std::size_t i, std::size_t j) -> std::uint32_t& {
    return table[i * (columns + 1) + j];
  };
  for (std::size_t i = rows; i-- > 0;) {
    for (std::size_t j = columns; j-- > 0;) {
      common(i, j) = same(head + i, head + j) ? common(i + 1, j + 1) + 1
                                              : std::max(common(i + 1, j), common(i, j + 1));
    }
  }
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < rows || j < columns) {
    if (i < rows && j < columns && same(head + i, head + j)) {
      line(' ', actual[head + j]);
      ++i;
      ++j;
    } else if (i < rows && (j == columns || common(i + 1, j) >= common(i, j + 1))) {
      line('-', expected[head + i++]);
    } else {
      line('+', actual[head + j++]);
    }
  }
  for (std::size_t k = head + columns; k < std::min(actual.size(), head + columns + 3); ++k) {
    line(' ', actual[k]);
  }
  return shown;
}

}  // namespace streamtest
