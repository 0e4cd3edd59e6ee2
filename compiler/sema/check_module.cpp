// Whole modules: every declaration is checked once, used or not, so that mistakes in unused ones are
// found. Generic ones, and those that take functions, wait for their first use.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "compiler/sema/body_checker.h"
#include "compiler/support/match.h"

namespace streamc {

void SemaContext::check_header(std::span<const ast::Generic> generics,
                               std::span<const ast::Parameter> parameters, ModuleId module_id) {
  std::set<std::string> names;
  for (const ast::Parameter& parameter : parameters) {
    if (!names.insert(parameter.name.text).second) {
      sink.report(diag::DeclaredTwice, parameter.name.span, parameter.name.text);
    }
  }
}

// The parameters as declared; ok is false if the header is generic, takes functions, or is wrong.
ResolvedHeader SemaContext::declared_header(std::span<const ast::Generic> generics,
                                            std::span<const ast::Parameter> parameters,
                                            ModuleId module_id) {
  ResolvedHeader header;
  const std::size_t before = sink.error_count();
  check_header(generics, parameters, module_id);
  const bool takes_functions =
      std::any_of(parameters.begin(), parameters.end(), [&](const ast::Parameter& parameter) {
        return types.function_type(parameter.type_id) != nullptr;
      });
  if (!generics.empty() || takes_functions) return header;
  for (const ast::Parameter& parameter : parameters) {
    InstanceParameter one{.type_id = types.resolve(parameter.type_id, module_environment(module_id))};
    if (program.types.kind(one.type_id) == TypeKind::Stream) {
      sink.report(diag::StatementNotHere, span_of(ast, parameter.type_id), "a stream",
                  "the header of a function on items")
          .help("a `graph` takes streams; an `agent` and a `fn` take their items");
    }
    header.parameters.push_back(one);
  }
  header.ok = sink.error_count() == before;
  if (!header.ok) return header;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!parameters[i].default_id.valid()) continue;
    check_constant(parameters[i].default_id, module_environment(module_id),
                   header.parameters[i].type_id);
  }
  return header;
}

void SemaContext::check_type_declaration(const FoundDeclaration& found, const ast::TypeDecl& decl) {
  const TypeId type_id = types.declared_type(found);
  const auto* record = std::get_if<ast::RecordDefinition>(&decl.definition);
  const Type type = program.types.get(type_id);
  if (record == nullptr || type.kind != TypeKind::Record) return;
  for (const ast::Field& field : record->fields) {
    if (!field.default_id.valid()) continue;
    const auto place = std::find_if(
        type.fields.begin(), type.fields.end(),
        [&](const TypeField& other) { return other.name == field.name.text; });
    if (place == type.fields.end() || program.types.kind(place->type_id) == TypeKind::Error) continue;
    check_constant(field.default_id, module_environment(found.module_id), place->type_id);
  }
}

void SemaContext::check_module(ModuleId id) {
  const std::vector<ast::ModuleItem>& items = modules.syntax(id).items;
  const auto each = [&](const auto& visit) {
    for (const ast::ModuleItem& item : items) {
      if (const DeclId* decl_id = std::get_if<DeclId>(&item)) visit(*decl_id);
    }
  };
  // Types before what uses them, params in the order in which `--help` lists them.
  each([&](DeclId decl_id) {
    if (const auto* decl = ast.as<ast::TypeDecl>(decl_id)) {
      check_type_declaration({.decl_id = decl_id, .module_id = id}, *decl);
    }
  });
  each([&](DeclId decl_id) {
    if (ast.as<ast::ParamDecl>(decl_id) != nullptr) {
      module_constant({.param_id = decl_id, .module_id = id});
    }
  });
  each([&](DeclId decl_id) {
    const FoundDeclaration found{.decl_id = decl_id, .module_id = id};
    match(
        ast.decl(decl_id),
        [&](const ast::FnDecl& fn) {
          const ResolvedHeader header = declared_header(fn.generics, fn.parameters, id);
          if (header.ok) instantiate_fn(found, header, fn.name.span, {});
        },
        [&](const ast::AggregateDecl& aggregate) {
          ResolvedHeader header = declared_header(aggregate.generics, aggregate.parameters, id);
          if (!header.ok) return;
          // Which parameters are constants shows at a call; a first one alone is fed by items.
          if (header.parameters.size() == 1) {
            instantiate_aggregate(found, header, aggregate.name.span);
          }
        },
        [&](const ast::AgentDecl& agent) {
          const ResolvedHeader header = declared_header(agent.generics, agent.parameters, id);
          if (header.ok) instantiate_agent(found, header, agent.name.span);
        },
        [&](const auto&) {});
  });
}

}  // namespace streamc
