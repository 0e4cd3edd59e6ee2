// Dependencies point one way (docs/architecture.md): reads the #include graph and checks the order.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/structure/repository.h"

namespace streamtest {
namespace {

// A folder and those right before it; what those may include, it may include as well. runtime/abi
// is what compiler and runtime share: sema calls its functions so that constants come out the same.
// The driver runs programs in memory, and so starts the runtime itself.
const std::map<std::string, std::vector<std::string>> kBefore = {
    {"compiler/support", {}},
    {"compiler/source", {"compiler/support"}},
    {"compiler/diag", {"compiler/source"}},
    {"compiler/ast", {"compiler/diag"}},
    {"compiler/parse", {"compiler/ast"}},
    {"compiler/sema", {"compiler/ast", "runtime/abi"}},
    {"compiler/graph", {"compiler/parse", "compiler/sema"}},
    {"compiler/passes", {"compiler/graph"}},
    {"compiler/place", {"compiler/graph"}},
    {"compiler/codegen", {"compiler/passes", "compiler/place", "runtime/abi"}},
    {"compiler/link", {"compiler/codegen"}},
    {"compiler/deploy", {"compiler/support"}},
    {"compiler/driver", {"compiler/link", "compiler/deploy", "runtime/agent"}},
    {"runtime/abi", {}},
    {"runtime/base", {"runtime/abi"}},
    {"runtime/buffer", {"runtime/base"}},
    {"runtime/trace", {"runtime/base"}},
    {"runtime/transport", {"runtime/base"}},
    {"runtime/connector", {"runtime/base"}},
    {"runtime/agent",
     {"runtime/buffer", "runtime/trace", "runtime/transport", "runtime/connector"}},
    {"stdlib/native", {"runtime/base"}},
};

const std::set<std::string>& allowed_for(const std::string& folder) {
  static std::map<std::string, std::set<std::string>> known;
  const auto [entry, is_new] = known.try_emplace(folder);
  if (is_new) {
    entry->second.insert(folder);
    const auto before = kBefore.find(folder);
    if (before != kBefore.end()) {
      for (const std::string& earlier : before->second) {
        entry->second.merge(std::set<std::string>(allowed_for(earlier)));
      }
    }
  }
  return entry->second;
}

// compiler/codegen/targets/x.cpp belongs to compiler/codegen; runtime/main.cpp to runtime.
std::string layer_of(const std::string& path) {
  return std::count(path.begin(), path.end(), '/') < 2 ? folder_of(path, 1) : folder_of(path, 2);
}

TEST_CASE("includes follow the order of the layers") {
  for (const SourceFile* file : code_files({".h", ".cpp", ".c", ".def"})) {
    const std::string layer = layer_of(file->path);
    if (layer.starts_with("tests/") || layer == "tests") continue;
    CHECK_MESSAGE((kBefore.contains(layer)), file->path, " is in a folder without a layer");
    for (const Include& include : includes_of(*file)) {
      const std::string top = folder_of(include.path, 1);
      if (top != "compiler" && top != "runtime" && top != "stdlib" && top != "tests") continue;
      CHECK_MESSAGE((allowed_for(layer).contains(layer_of(include.path))),
                    fmt::format("{}:{}: {} may not include {}", file->path, include.line, layer,
                                include.path));
    }
  }
}

TEST_CASE("the reference interpreter shares nothing with code generation") {
  const std::set<std::string> forbidden = {"compiler/passes", "compiler/place", "compiler/codegen",
                                           "compiler/link"};
  for (const SourceFile* file : code_files({".h", ".cpp"})) {
    if (!file->path.starts_with("tests/support/")) continue;
    for (const Include& include : includes_of(*file)) {
      CHECK_MESSAGE((!forbidden.contains(layer_of(include.path))),
                    fmt::format("{}:{} includes {}", file->path, include.line, include.path));
    }
  }
}

TEST_CASE("ANTLR and LLVM are seen only where they belong") {
  const auto is_antlr = [](const std::string& path) {
    return path.starts_with("antlr4") || path.starts_with("StreamLexer") ||
           path.starts_with("StreamParser") || path.starts_with("StreamVisitor") ||
           path.starts_with("StreamBaseVisitor");
  };
  for (const SourceFile* file : code_files({".h", ".cpp"})) {
    const std::string layer = layer_of(file->path);
    for (const Include& include : includes_of(*file)) {
      const std::string where = fmt::format("{}:{}", file->path, include.line);
      if (is_antlr(include.path)) {
        CHECK_MESSAGE(layer == "compiler/parse", where, ": only compiler/parse sees ANTLR");
      }
      if (include.path.starts_with("llvm") || include.path.starts_with("lld/")) {
        CHECK_MESSAGE(
            (layer == "compiler/codegen" || layer == "compiler/link" || layer == "tests/bench"),
            where, ": only compiler/codegen and compiler/link see LLVM");
      }
    }
  }
}

TEST_CASE("quoted includes name a file from the root of the repository") {
  std::set<std::string> paths;
  for (const SourceFile& file : repository_files()) paths.insert(file.path);
  for (const SourceFile* file : code_files({".h", ".cpp", ".c"})) {
    for (const Include& include : includes_of(*file)) {
      // What the build generates lies in no folder of the repository and is named without one.
      const bool is_generated = include.path.find('/') == std::string::npos;
      if (!include.quoted || is_generated) continue;
      CHECK_MESSAGE((paths.contains(include.path)),
                    fmt::format("{}:{}: no file {}", file->path, include.line, include.path));
    }
  }
}

}  // namespace
}  // namespace streamtest
