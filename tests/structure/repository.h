// The source tree as the structure tests see it: its files, their texts, and what they include.
//
// Read from disk rather than from git, which a machine that only tests does not have. Build
// directories and hidden folders other than .ci are left out.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace streamtest {

struct SourceFile {
  std::string path;  // From the root of the repository.
  std::string text;
};

struct Include {
  std::string path;  // As written between the quotes or brackets.
  bool quoted;
  std::size_t line;  // From 1.
};

// Of the repository, and of the build directory that these tests were built in.
[[nodiscard]] std::filesystem::path repository_root();
[[nodiscard]] std::filesystem::path build_root();

// Every text file of the repository, sorted by path. Read once.
[[nodiscard]] const std::vector<SourceFile>& repository_files();

// Those below one of the folders `compiler`, `runtime`, `stdlib` and `tests` with one of the
// endings.
[[nodiscard]] std::vector<const SourceFile*> code_files(const std::vector<std::string>& endings);

[[nodiscard]] std::vector<Include> includes_of(const SourceFile& file);

// The first `count` folders of a path: folder_of("compiler/ast/nodes.h", 2) is "compiler/ast".
[[nodiscard]] std::string folder_of(const std::string& path, std::size_t count);

}  // namespace streamtest
