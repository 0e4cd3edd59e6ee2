#include "compiler/driver/text_table.h"

#include <algorithm>

#include "compiler/source/source.h"

namespace streamc {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowest = 6;  // Of a column of texts.

// Takes from the widest texts until everything fits, or all are narrow.
void narrow(const std::vector<TextColumn>& columns, std::vector<std::size_t>& widths,
            std::size_t width) {
  std::size_t total = kGap * (columns.size() - 1);
  for (const std::size_t one : widths) total += one;
  while (total > width) {
    std::size_t widest = columns.size();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].is_number || widths[i] <= kNarrowest) continue;
      if (widest == columns.size() || widths[i] > widths[widest]) widest = i;
    }
    if (widest == columns.size()) return;
    --widths[widest];
    --total;
  }
}

std::string line_of(const std::vector<TextColumn>& columns, const std::vector<std::string>& cells,
                    const std::vector<std::size_t>& widths, std::size_t width) {
  std::string line;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::string text = shortened(cells[i], widths[i]);
    const std::string blanks(widths[i] - count_characters(text), ' ');
    line += columns[i].is_number ? blanks + text : text + blanks;
    line += std::string(kGap, ' ');
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return shortened(line, width);
}

}  // namespace

std::string shortened(const std::string& text, std::size_t most) {
  if (count_characters(text) <= most) return text;
  if (most == 0) return "";
  std::size_t end = 0;
  for (std::size_t count = 0; end < text.size(); ++end) {
    const bool begins = (static_cast<unsigned char>(text[end]) & 0xc0) != 0x80;
    if (begins && count++ == most - 1) break;
  }
  return text.substr(0, end) + "…";
}

std::vector<std::string> lay_out_table(const std::vector<TextColumn>& columns,
                                       const std::vector<std::vector<std::string>>& rows,
                                       std::size_t width) {
  std::vector<std::size_t> widths;
  std::vector<std::string> titles;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::size_t widest = count_characters(columns[i].title);
    for (const std::vector<std::string>& row : rows)
      widest = std::max(widest, count_characters(row[i]));
    widths.push_back(widest);
    titles.push_back(columns[i].title);
  }
  narrow(columns, widths, width);
  std::vector<std::string> lines = {line_of(columns, titles, widths, width)};
  for (const std::vector<std::string>& row : rows)
    lines.push_back(line_of(columns, row, widths, width));
  return lines;
}

}  // namespace streamc
