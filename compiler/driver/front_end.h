// From text to graph: everything about a program that is known without LLVM.
//
// One FrontEnd is one compilation of one main file. Its steps are to be called in order; each says
// whether the next one makes sense, and mistakes are in `sink()`. `check` and `graph`, the reference
// interpreter and the compiler's back end all start here.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/diag/diagnostics.h"
#include "compiler/driver/phase_times.h"
#include "compiler/graph/builder.h"
#include "compiler/graph/graph.h"
#include "compiler/sema/item_checker.h"
#include "compiler/sema/deployment.h"
#include "compiler/sema/modules.h"
#include "compiler/source/source.h"
#include "compiler/support/result.h"

namespace streamc {

// Values for params that are fixed when building: `--set NAME=VALUE`.
using Settings = std::vector<std::pair<std::string, std::string>>;

class FrontEnd {
 public:
  FrontEnd() = default;
  FrontEnd(const FrontEnd&) = delete;
  FrontEnd& operator=(const FrontEnd&) = delete;

  // Reads the main file; `-` is standard input. Fails if it cannot be read.
  Result<void> read(const std::string& path);

  // Text → syntax tree of the main file.
  bool parse();
  // The library and the modules that the program imports; names, types, declarations.
  bool check_declarations(const Settings& settings = {});
  // Equations → graph. Checks every equation, also those that no sink uses, and the deploy blocks.
  bool build_graph();

  // All of it after read(). False if there are mistakes.
  bool run(const Settings& settings = {}) {
    return parse() && check_declarations(settings) && build_graph();
  }

  // The test blocks of the main file, in order.
  [[nodiscard]] std::vector<DeclId> tests() const;
  // The graph of one of them; needs build_graph() before. Empty after a mistake.
  std::optional<TestGraph> build_test(DeclId test);
  // Looks for mistakes in all of them.
  bool check_tests();

  [[nodiscard]] const SourceManager& sources() const { return sources_; }
  [[nodiscard]] DiagnosticSink& sink() { return sink_; }
  [[nodiscard]] PhaseTimes& times() { return times_; }
  [[nodiscard]] const Ast& ast() const { return ast_; }
  [[nodiscard]] const SourceFile& main_file() const { return sources_.file(main_file_id_); }
  [[nodiscard]] const ast::Module& main_module() const { return main_module_; }
  [[nodiscard]] const ModuleTable& modules() const { return *modules_; }
  [[nodiscard]] ItemChecker& checker() { return *checker_; }
  [[nodiscard]] CheckedProgram& program() { return program_; }
  [[nodiscard]] Graph& graph() { return graph_; }
  [[nodiscard]] const std::vector<Deployment>& deployments() const { return deployments_; }

  // All that decides about results but the values of params, as text: what every module declares.
  // Neither layout nor comments, tests or placement.
  [[nodiscard]] std::string meaning() const;

  // The name of the program: that of its file, without folder and extension.
  [[nodiscard]] std::string program_name() const;

 private:
  std::optional<ast::Module> load_module(std::string_view name);

  SourceManager sources_;
  DiagnosticSink sink_;
  PhaseTimes times_;
  Ast ast_;
  FileId main_file_id_;
  ast::Module main_module_;
  std::unique_ptr<ModuleTable> modules_;
  CheckedProgram program_;
  std::unique_ptr<ItemChecker> checker_;
  Graph graph_;
  std::vector<Deployment> deployments_;
};

}  // namespace streamc
