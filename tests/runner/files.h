// Reading, writing and temporary folders for the test runners.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamtest {

// The whole file, or nothing where it cannot be read.
[[nodiscard]] std::optional<std::string> read_file(const std::filesystem::path& path);

// Creates the folders above it. False when it cannot be written.
[[nodiscard]] bool write_file(const std::filesystem::path& path, std::string_view text);

// Regular files below `folder`, as paths relative to it, sorted; none where there is no folder.
[[nodiscard]] std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder);

// A fresh folder that goes away, with all that is in it, at the end of its life.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace streamtest
