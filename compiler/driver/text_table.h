// Rows of cells in columns of a fixed width.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace streamc {

struct TextColumn {
  std::string title;
  bool is_number =
      false;  // To the right, and never shortened; texts are shortened where there is no room.
};

// The titles, then each row: `width` characters at the most, without blanks at the end. A row has a
// cell for each column.
std::vector<std::string> lay_out_table(const std::vector<TextColumn>& columns,
                                       const std::vector<std::vector<std::string>>& rows,
                                       std::size_t width);

// The first `most` characters of a text, the last of them `…` if there are more.
std::string shortened(const std::string& text, std::size_t most);

}  // namespace streamc
