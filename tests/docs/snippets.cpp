#include "tests/docs/snippets.h"

#include <algorithm>

#include "tests/runner/text.h"

namespace streamtest {
namespace {

// The documents' lines: of a program only its comments count, without their `#`; what is no comment
// becomes a line that ends any block.
std::vector<std::string> document_lines(std::string_view path, std::string_view text) {
  std::vector<std::string> lines = split_lines(text);
  if (!path.ends_with(".stream")) return lines;
  for (std::string& line : lines) {
    const std::string_view trimmed = trim(line);
    if (!trimmed.starts_with('#')) {
      line = "";
    } else {
      std::string_view inner = trimmed.substr(1);
      if (inner.starts_with(' ')) inner.remove_prefix(1);
      line = std::string(inner);
    }
  }
  return lines;
}

}  // namespace

std::vector<Snippet> snippets_of(std::string path, std::string_view text) {
  std::vector<Snippet> snippets;
  const std::vector<std::string> lines = document_lines(path, text);
  bool output_may_follow = false;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view opening = trim(lines[i]);
    if (!opening.starts_with("```")) {
      if (!opening.empty()) output_may_follow = false;
      continue;
    }
    const std::string language(trim(opening.substr(3)));
    const std::size_t first = i + 1;
    // A block in a list is indented as far as its fence.
    const std::size_t indent = lines[i].find("```");
    std::string body;
    for (++i; i < lines.size() && trim(lines[i]) != "```"; ++i) {
      const std::size_t blanks = lines[i].find_first_not_of(' ');
      body += lines[i].substr(std::min(indent, std::min(blanks, lines[i].size()))) + "\n";
    }
    if (language == "stream" || language == "stream fail") {
      snippets.push_back({path, first + 1, body, language != "stream", std::nullopt});
      output_may_follow = language == "stream";
    } else {
      if (language == "output" && output_may_follow) snippets.back().output = body;
      output_may_follow = false;
    }
  }
  return snippets;
}

}  // namespace streamtest
