#include "tests/runner/text.h"

namespace streamtest {

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::string join_lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) {
    text += line;
    text += '\n';
  }
  return text;
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

std::string_view trim_end(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view{} : trim_end(text.substr(first));
}

std::string text_difference(std::string_view expected, std::string_view actual) {
  const std::vector<std::string> left = split_lines(expected);
  const std::vector<std::string> right = split_lines(actual);
  std::string shown =
      difference(left, right, [&](std::size_t i, std::size_t j) { return left[i] == right[j]; });
  if (shown.empty() && expected != actual) shown = "(the last newline differs)\n";
  return shown;
}

}  // namespace streamtest
