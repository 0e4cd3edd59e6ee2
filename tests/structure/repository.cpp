#include "tests/structure/repository.h"

#include <algorithm>
#include <regex>
#include <system_error>

#include "tests/runner/files.h"
#include "tests/runner/text.h"

namespace fs = std::filesystem;

namespace streamtest {
namespace {

// Folders that hold what is built or kept by tools.
bool is_left_out(const fs::path& folder) {
  const std::string name = folder.filename().string();
  const bool at_top = folder.parent_path() == repository_root();
  return (name.starts_with('.') && name != ".ci") ||
         (at_top && (name == "build" || name.starts_with("build-")));
}

std::vector<SourceFile> read_files() {
  constexpr std::uintmax_t kBytesMax = 4 << 20;  // Larger ones are data.
  std::vector<SourceFile> files;
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(repository_root(), error);
       entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    if (entry->is_directory() && is_left_out(entry->path())) {
      entry.disable_recursion_pending();
    } else if (entry->is_regular_file() && entry->file_size() <= kBytesMax) {
      std::string text = read_file(entry->path()).value_or("");
      if (text.find('\0') != std::string::npos) continue;
      files.push_back(
          {entry->path().lexically_relative(repository_root()).generic_string(), std::move(text)});
    }
  }
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

}  // namespace

fs::path repository_root() {
  return STREAM_SOURCE_DIR;
}
fs::path build_root() {
  return STREAM_BINARY_DIR;
}

const std::vector<SourceFile>& repository_files() {
  static const std::vector<SourceFile> kFiles = read_files();
  return kFiles;
}

std::vector<const SourceFile*> code_files(const std::vector<std::string>& endings) {
  std::vector<const SourceFile*> files;
  for (const SourceFile& file : repository_files()) {
    const std::string top = folder_of(file.path, 1);
    if (top != "compiler" && top != "runtime" && top != "stdlib" && top != "tests") continue;
    if (std::any_of(endings.begin(), endings.end(),
                    [&](const std::string& ending) { return file.path.ends_with(ending); })) {
      files.push_back(&file);
    }
  }
  return files;
}

std::vector<Include> includes_of(const SourceFile& file) {
  static const std::regex kInclude(R"(^\s*#\s*include\s*(["<])([^">]+)[">])");
  std::vector<Include> includes;
  std::size_t number = 0;
  for (const std::string& line : split_lines(file.text)) {
    ++number;
    std::smatch match;
    if (line.find("include") != std::string::npos && std::regex_search(line, match, kInclude)) {
      includes.push_back({match[2].str(), match[1] == "\"", number});
    }
  }
  return includes;
}

std::string folder_of(const std::string& path, std::size_t count) {
  std::size_t end = 0;
  for (std::size_t i = 0; i < count; ++i) {
    end = path.find('/', i == 0 ? 0 : end + 1);
    if (end == std::string::npos) return path.substr(0, path.rfind('/'));
  }
  return path.substr(0, end);
}

}  // namespace streamtest
