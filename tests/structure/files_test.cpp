// What holds for every file: it belongs to a target, opens as style asks, and speaks of this
// project only.
#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/runner/files.h"
#include "tests/runner/text.h"
#include "tests/structure/repository.h"

namespace fs = std::filesystem;

namespace streamtest {
namespace {

// Absolute paths of all sources that some CMake target compiles, and from the root those of headers
// that need no source of their own because another includes them first. Written when configuring.
std::set<std::string> compiled_sources() {
  std::set<std::string> sources;
  const std::string listing = read_file(build_root() / "target_sources.txt").value_or("");
  for (const std::string& line : split_lines(listing)) {
    const std::size_t blank = line.find(' ');
    if (blank != std::string::npos) sources.insert(line.substr(blank + 1));
  }
  return sources;
}

TEST_CASE("every source file belongs to a target") {
  const std::set<std::string> compiled = compiled_sources();
  REQUIRE_FALSE(compiled.empty());
  for (const SourceFile* file : code_files({".cpp", ".c"})) {
    CHECK_MESSAGE((compiled.contains((repository_root() / file->path).string())), file->path,
                  " is in no CMakeLists.txt");
  }
}

// As style asks of a source file, which so shows that its header needs nothing before it.
bool includes_first(const std::string& source, const std::string& header) {
  for (const SourceFile* file : code_files({".cpp"})) {
    if (file->path != source) continue;
    const std::vector<Include> includes = includes_of(*file);
    return !includes.empty() && includes.front().path == header;
  }
  return false;
}

TEST_CASE("every header is compiled alone") {
  const std::set<std::string> compiled = compiled_sources();
  for (const SourceFile* file : code_files({".h"})) {
    const std::string stem = file->path.substr(0, file->path.size() - 2);
    const fs::path alone = build_root() / "headers_alone" / (stem + ".alone.cpp");
    const bool is_first =
        compiled.contains(file->path) && includes_first(stem + ".cpp", file->path);
    CHECK_MESSAGE((compiled.contains(alone.string()) || is_first), file->path,
                  " belongs to no stream_library or stream_executable");
  }
}

// `namespace::Name` of the types that a file defines outside of unnamed namespaces and other types.
std::set<std::string> types_of(const SourceFile& file) {
  static const std::regex named_namespace(R"(^namespace ([\w:]+) \{)");
  static const std::regex type(R"(^(?:struct|class|enum|enum class) (?:alignas\(\d+\) )?(\w+)(?: final)?(?: : [^;]*)? \{.*)");
  std::set<std::string> types;
  std::string around;
  bool is_unnamed = false;
  std::smatch match;
  for (const std::string& line : split_lines(file.text)) {
    if (line == "namespace {") is_unnamed = true;
    if (line == "}  // namespace") is_unnamed = false;
    if (std::regex_search(line, match, named_namespace)) around = match[1];
    if (!is_unnamed && std::regex_match(line, match, type)) types.insert(around + "::" + match[1].str());
  }
  return types;
}

// Else the linker takes the functions of either for both.
TEST_CASE("a type of the project is defined in one place") {
  std::map<std::string, std::string> defined;
  for (const SourceFile* file : code_files({".h", ".cpp"})) {
    for (const std::string& type : types_of(*file)) {
      const auto [known, is_new] = defined.try_emplace(type, file->path);
      CHECK_MESSAGE(is_new, type, " is defined in ", known->second, " and in ", file->path);
    }
  }
  CHECK(defined.size() > 500);
}

TEST_CASE("a header opens with a paragraph and guards itself") {
  for (const SourceFile* file : code_files({".h"})) {
    CHECK_MESSAGE((file->text.starts_with("//") || file->text.starts_with("/*")), file->path,
                  " does not open with a comment");
    const bool is_c = file->text.find("#ifndef STREAM_") != std::string::npos;
    CHECK_MESSAGE((file->text.find("#pragma once") != std::string::npos || is_c), file->path,
                  " has no #pragma once");
  }
}

TEST_CASE("every folder of code says what it owns") {
  std::set<std::string> folders;
  for (const SourceFile* file : code_files({".cpp", ".h", ".stream"})) {
    const std::string folder = folder_of(file->path, 2);
    if (!folder.starts_with("stdlib")) folders.insert(folder);
  }
  for (const std::string& folder : folders) {
    CHECK_MESSAGE(fs::exists(repository_root() / folder / "README.md"), folder,
                  " has no README.md");
  }
}

// Written in pieces, so that this file passes its own test.
TEST_CASE("no file speaks of the place it was written in") {
  const std::vector<std::string> words = {std::string("/wo") + "rk/",
                                          std::string("/tmp/") + "plan"};
  for (const SourceFile& file : repository_files()) {
    for (const std::string& word : words) {
      CHECK_MESSAGE(file.text.find(word) == std::string::npos, file.path, " contains ", word);
    }
  }
}

}  // namespace
}  // namespace streamtest
