// The Stream programs that stand in documents, as fenced blocks.
//
//   ```stream          must pass `streamc check`
//   ```stream fail     must be rejected
//   ```output          right after a stream block: what `streamc run` prints
//
// In a `.stream` file the fences stand in `#` comments, where a declaration is documented.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamtest {

struct Snippet {
  std::string document;  // From the root of the repository.
  std::size_t line;      // Of its first line, from 1.
  std::string program;
  bool must_fail = false;
  std::optional<std::string> output;
};

// In order of appearance. `path` tells by its ending whether fences stand in comments.
[[nodiscard]] std::vector<Snippet> snippets_of(std::string path, std::string_view text);

}  // namespace streamtest
