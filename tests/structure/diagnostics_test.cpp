// Every diagnostic of compiler/diag/kinds.def is reported somewhere, has a golden test and a page.
#include <doctest/doctest.h>

#include <filesystem>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "tests/runner/files.h"
#include "tests/structure/repository.h"

namespace streamtest {
namespace {

struct Kind {
  std::string name;
  std::string code;
};

std::vector<Kind> declared_kinds() {
  static const std::regex kKind(R"re(^STREAM_DIAGNOSTIC\(\s*(\w+),\s*"([A-Z][0-9]{4})")re",
                                std::regex::multiline);
  const std::string text = read_file(repository_root() / "compiler/diag/kinds.def").value_or("");
  std::vector<Kind> kinds;
  for (std::sregex_iterator it(text.begin(), text.end(), kKind), end; it != end; ++it) {
    kinds.push_back({(*it)[1].str(), (*it)[2].str()});
  }
  return kinds;
}

// Codes in `error[E0203]` of CHECK lines and in `# CODES:` lines of golden files.
std::set<std::string> tested_codes() {
  static const std::regex kLine(R"(#\s*(?:CODES:|CHECK:STDERR:).*)");
  static const std::regex kCode(R"(\b[EW][0-9]{4}\b)");
  std::set<std::string> codes;
  for (const SourceFile& file : repository_files()) {
    if (!file.path.starts_with("tests/golden/") || !file.path.ends_with(".stream")) continue;
    for (std::sregex_iterator line(file.text.begin(), file.text.end(), kLine), end; line != end;
         ++line) {
      const std::string text = line->str();
      for (std::sregex_iterator code(text.begin(), text.end(), kCode); code != end; ++code) {
        codes.insert(code->str());
      }
    }
  }
  return codes;
}

TEST_CASE("a code names one diagnostic") {
  std::set<std::string> codes;
  std::set<std::string> names;
  const std::vector<Kind> kinds = declared_kinds();
  REQUIRE_FALSE(kinds.empty());
  for (const Kind& kind : kinds) {
    CHECK_MESSAGE(codes.insert(kind.code).second, kind.code, " is used twice");
    CHECK_MESSAGE(names.insert(kind.name).second, kind.name, " is declared twice");
  }
}

TEST_CASE("every diagnostic is reported somewhere") {
  std::string sources;
  for (const SourceFile* file : code_files({".h", ".cpp"})) {
    if (file->path.starts_with("compiler/")) sources += file->text;
  }
  for (const Kind& kind : declared_kinds()) {
    const std::regex use("\\bdiag::" + kind.name + "\\b");
    CHECK_MESSAGE(std::regex_search(sources, use), kind.code, " ", kind.name, " is never reported");
  }
}

TEST_CASE("every diagnostic has a golden test") {
  const std::set<std::string> tested = tested_codes();
  for (const Kind& kind : declared_kinds()) {
    CHECK_MESSAGE((tested.contains(kind.code)), kind.code, " ", kind.name,
                  " has no golden test below tests/golden/");
  }
}

TEST_CASE("every diagnostic has a page, and every page a diagnostic") {
  std::set<std::string> codes;
  for (const Kind& kind : declared_kinds()) {
    codes.insert(kind.code);
    const std::string page = "compiler/diag/explain/" + kind.code + ".md";
    CHECK_MESSAGE(std::filesystem::exists(repository_root() / page), "no page ", page);
  }
  for (const auto& page : files_below(repository_root() / "compiler/diag/explain")) {
    if (page.extension() != ".md" || page.stem() == "README") continue;
    CHECK_MESSAGE((codes.contains(page.stem().string())), page.string(), " explains no diagnostic");
  }
}

}  // namespace
}  // namespace streamtest
