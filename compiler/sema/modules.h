// The modules of one compilation: the main file, what it imports, and the prelude that every file
// sees without an import. Answers what a name or a path of names was declared as.
//
// Functions (fn, aggregate, agent, graph, extern and type names, which are called to build records)
// and values (params and equations) have separate namespaces. A name is looked for in its own file,
// then in the prelude, so what the user declares wins over the library.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/diag/diagnostics.h"
#include "compiler/support/ids.h"

namespace streamc {

using ModuleId = Id<struct ModuleTag>;

// Parses the library module of that name (`csv`, `prelude`) into the Ast, or says that there is
// none. Mistakes in it are its own to report.
using ModuleLoader = std::function<std::optional<ast::Module>(std::string_view name)>;

// A declaration and the module it stands in. For an `extern`, `decl_id` is the head (a FnDecl,
// AgentDecl or GraphDecl without body) and `extern_id` the ExternDecl around it.
struct FoundDeclaration {
  DeclId decl_id;
  DeclId extern_id;
  ModuleId module_id;

  bool valid() const { return decl_id.valid(); }
};

// A value of a module: a param, or the equation that names it. `target` is the index among the
// equation's targets (`a, b = split(x)`).
struct FoundValue {
  DeclId param_id;
  StmtId equation_id;
  std::size_t target = 0;
  ModuleId module_id;

  bool valid() const { return param_id.valid() || equation_id.valid(); }
};

class ModuleTable {
 public:
  static constexpr std::string_view kPreludeName = "prelude";

  // Both are kept by reference.
  ModuleTable(const Ast& ast, DiagnosticSink& sink) : ast_(ast), sink_(sink) {}

  // Registers the main file, the prelude and everything imported from either, each module once.
  // Reports imports that do not exist and names that are declared twice. To be called once, before
  // anything is checked: it makes the Ast grow.
  void load(ast::Module main, const ModuleLoader& loader);

  ModuleId main_id() const { return main_id_; }
  ModuleId prelude_id() const { return prelude_id_; }  // Invalid if the loader has none.
  std::size_t module_count() const { return modules_.size(); }
  const ast::Module& syntax(ModuleId id) const { return module(id).syntax; }
  // The name it is imported by; the main file has none.
  const std::string& name(ModuleId id) const { return module(id).name; }

  // What `path` names in the function namespace, seen from module `from`: `describe`, `csv.read`.
  // Invalid if nothing. Types are found, too.
  FoundDeclaration find_function(ModuleId from, std::span<const ast::Identifier> path) const;
  FoundDeclaration find_function(ModuleId from, std::string_view name) const;

  // The same for types only.
  FoundDeclaration find_type(ModuleId from, std::span<const ast::Identifier> path) const;

  // A param or a top-level equation, seen from `from`; not those of imported modules.
  FoundValue find_value(ModuleId from, std::string_view name) const;
  // A value of the module that `alias` imports: `seismic.default_ratio`.
  FoundValue find_value(ModuleId from, std::string_view alias, std::string_view name) const;

  // The module imported under that name, or invalid.
  ModuleId find_import(ModuleId from, std::string_view alias) const;

  // For "did you mean": the names in the function (or value) namespace that `from` sees.
  std::vector<std::string> function_names(ModuleId from) const;
  std::vector<std::string> value_names(ModuleId from) const;
  std::vector<std::string> type_names(ModuleId from) const;

 private:
  struct Module {
    std::string name;
    ast::Module syntax;
    std::unordered_map<std::string, FoundDeclaration> functions;
    std::unordered_map<std::string, FoundValue> values;
    std::unordered_map<std::string, ModuleId> imports;
    std::vector<std::string> function_order;  // Keys of `functions`, in textual order.
    std::vector<std::string> value_order;
  };

  const Module& module(ModuleId id) const;
  ModuleId add(std::string name, ast::Module syntax);
  void register_declarations(ModuleId id);
  void register_function(Module& module, const ast::Identifier& name, FoundDeclaration found);
  void register_value(Module& module, const ast::Identifier& name, FoundValue found);
  void resolve_imports(ModuleId id, const ModuleLoader& loader);
  FoundDeclaration find_local(ModuleId id, std::string_view name) const;

  const Ast& ast_;
  DiagnosticSink& sink_;
  std::vector<Module> modules_;
  std::unordered_map<std::string, ModuleId> by_name_;  // Loaded so far; invalid: does not exist.
  ModuleId main_id_;
  ModuleId prelude_id_;
};

}  // namespace streamc
