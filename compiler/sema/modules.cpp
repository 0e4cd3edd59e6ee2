#include "compiler/sema/modules.h"

#include <utility>

#include "compiler/diag/closest_name.h"
#include "compiler/support/match.h"

namespace streamc {

void ModuleTable::load(ast::Module main, const ModuleLoader& loader) {
  main_id_ = add("", std::move(main));
  if (std::optional<ast::Module> prelude = loader(kPreludeName)) {
    prelude_id_ = add(std::string(kPreludeName), std::move(*prelude));
  }
  by_name_[std::string(kPreludeName)] = prelude_id_;
  // Grows while it is walked: each import may bring a module with imports of its own.
  for (std::size_t i = 0; i < modules_.size(); ++i) resolve_imports(ModuleId(i), loader);
  for (std::size_t i = 0; i < modules_.size(); ++i) register_declarations(ModuleId(i));
}

ModuleId ModuleTable::add(std::string name, ast::Module syntax) {
  modules_.push_back(Module{.name = std::move(name), .syntax = std::move(syntax)});
  return ModuleId(modules_.size() - 1);
}

const ModuleTable::Module& ModuleTable::module(ModuleId id) const {
  STREAM_ASSERT(id.valid() && id.index() < modules_.size(), "no module with id {}", id.value());
  return modules_[id.index()];
}

void ModuleTable::resolve_imports(ModuleId id, const ModuleLoader& loader) {
  const std::vector<ast::ModuleItem> items = modules_[id.index()].syntax.items;
  for (const ast::ModuleItem& item : items) {
    const DeclId* decl_id = std::get_if<DeclId>(&item);
    if (decl_id == nullptr) continue;
    const auto* found = ast_.as<ast::ImportDecl>(*decl_id);
    if (found == nullptr) continue;
    const ast::ImportDecl import = *found;  // A copy: loading makes the Ast grow.
    const std::string name = import.path.text();
    if (!by_name_.contains(name)) {
      std::optional<ast::Module> syntax = loader(name);
      by_name_[name] = syntax ? add(name, std::move(*syntax)) : ModuleId();
    }
    const ModuleId imported = by_name_[name];
    if (!imported.valid()) {
      sink_.report(diag::UnknownModule, import.path.span, name)
          .help("`streamc` comes with the modules that `stdlib/` lists, such as `csv`");
      continue;
    }
    const std::string& alias =
        import.alias.present() ? import.alias.text : import.path.parts.back().text;
    modules_[id.index()].imports[alias] = imported;
  }
}

void ModuleTable::register_function(Module& module, const ast::Identifier& name,
                                    FoundDeclaration found) {
  if (!name.present()) return;
  const auto [place, is_new] = module.functions.try_emplace(name.text, found);
  if (is_new) {
    module.function_order.push_back(name.text);
    return;
  }
  const ast::Identifier* first = name_of(ast_, place->second.decl_id);
  sink_.report(diag::DeclaredTwice, name.span, name.text).label(first->span, "declared here first");
}

void ModuleTable::register_value(Module& module, const ast::Identifier& name, FoundValue found) {
  if (!name.present()) return;
  const auto [place, is_new] = module.values.try_emplace(name.text, found);
  if (is_new) {
    module.value_order.push_back(name.text);
    return;
  }
  const FoundValue& other = place->second;
  SourceSpan first;
  if (other.param_id.valid()) {
    first = name_of(ast_, other.param_id)->span;
  } else {
    first = ast_.as<ast::AssignStmt>(other.equation_id)->targets[other.target].name.span;
  }
  sink_.report(diag::DeclaredTwice, name.span, name.text)
      .label(first, "declared here first")
      .help("each name has one equation; give the second one a name of its own");
}

void ModuleTable::register_declarations(ModuleId id) {
  Module& module = modules_[id.index()];
  for (const ast::ModuleItem& item : module.syntax.items) {
    if (const StmtId* stmt_id = std::get_if<StmtId>(&item)) {
      const auto* assign = ast_.as<ast::AssignStmt>(*stmt_id);
      if (assign == nullptr) continue;
      for (std::size_t i = 0; i < assign->targets.size(); ++i) {
        const ast::Target& target = assign->targets[i];
        if (!target.steps.empty()) continue;  // The graph builder says what is wrong with it.
        register_value(module, target.name,
                       {.equation_id = *stmt_id, .target = i, .module_id = id});
      }
      continue;
    }
    const DeclId decl_id = std::get<DeclId>(item);
    match(
        ast_.decl(decl_id), [](const ast::ErrorDecl&) {}, [](const ast::ImportDecl&) {},
        [](const ast::DeployDecl&) {}, [](const ast::TestDecl&) {},
        [&](const ast::ParamDecl& param) {
          register_value(module, param.name, {.param_id = decl_id, .module_id = id});
        },
        [&](const ast::ExternDecl& decl) {
          if (!decl.head_id.valid()) return;
          if (const ast::Identifier* name = name_of(ast_, decl.head_id)) {
            register_function(module, *name,
                              {.decl_id = decl.head_id, .extern_id = decl_id, .module_id = id});
          }
        },
        [&](const auto& decl) {
          register_function(module, decl.name, {.decl_id = decl_id, .module_id = id});
        });
  }
}

FoundDeclaration ModuleTable::find_local(ModuleId id, std::string_view name) const {
  const auto& functions = module(id).functions;
  const auto place = functions.find(std::string(name));
  return place == functions.end() ? FoundDeclaration() : place->second;
}

FoundDeclaration ModuleTable::find_function(ModuleId from, std::string_view name) const {
  FoundDeclaration found = find_local(from, name);
  if (!found.valid() && prelude_id_.valid()) found = find_local(prelude_id_, name);
  return found;
}

FoundDeclaration ModuleTable::find_function(ModuleId from,
                                            std::span<const ast::Identifier> path) const {
  if (path.size() == 1) return find_function(from, path[0].text);
  if (path.size() != 2) return {};
  const ModuleId imported = find_import(from, path[0].text);
  return imported.valid() ? find_local(imported, path[1].text) : FoundDeclaration();
}

FoundDeclaration ModuleTable::find_type(ModuleId from,
                                        std::span<const ast::Identifier> path) const {
  const FoundDeclaration found = find_function(from, path);
  return ast_.as<ast::TypeDecl>(found.decl_id) != nullptr ? found : FoundDeclaration();
}

FoundValue ModuleTable::find_value(ModuleId from, std::string_view name) const {
  const std::string key(name);
  for (const ModuleId id : {from, prelude_id_}) {
    if (!id.valid()) continue;
    const auto place = module(id).values.find(key);
    if (place != module(id).values.end()) return place->second;
  }
  return {};
}

FoundValue ModuleTable::find_value(ModuleId from, std::string_view alias,
                                   std::string_view name) const {
  const ModuleId imported = find_import(from, alias);
  if (!imported.valid()) return {};
  const auto place = module(imported).values.find(std::string(name));
  return place == module(imported).values.end() ? FoundValue() : place->second;
}

ModuleId ModuleTable::find_import(ModuleId from, std::string_view alias) const {
  const auto& imports = module(from).imports;
  const auto place = imports.find(std::string(alias));
  return place == imports.end() ? ModuleId() : place->second;
}

std::vector<std::string> ModuleTable::function_names(ModuleId from) const {
  std::vector<std::string> names = module(from).function_order;
  if (prelude_id_.valid() && prelude_id_ != from) {
    const std::vector<std::string>& more = module(prelude_id_).function_order;
    names.insert(names.end(), more.begin(), more.end());
  }
  return names;
}

std::vector<std::string> ModuleTable::value_names(ModuleId from) const {
  return module(from).value_order;
}

std::vector<std::string> ModuleTable::type_names(ModuleId from) const {
  std::vector<std::string> names;
  for (const std::string& name : function_names(from)) {
    if (ast_.as<ast::TypeDecl>(find_function(from, name).decl_id) != nullptr) names.push_back(name);
  }
  return names;
}

}  // namespace streamc
