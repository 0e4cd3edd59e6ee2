// Callees, headers with settled generics, and instances of fns.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "compiler/sema/body_checker.h"
#include "compiler/sema/builtin_table.h"
#include "compiler/support/match.h"

namespace streamc {

Callee SemaContext::find_callee(ModuleId from, std::span<const ast::Identifier> path) const {
  Callee callee{.declaration = modules.find_function(from, path)};
  const bool is_builtin = path.size() == 1 && is_builtin_name(path[0].text);
  if (!callee.declaration.valid()) {
    if (is_builtin) callee.kind = CalleeKind::Builtin;
    return callee;
  }
  callee.also_on_items = is_builtin && callee.declaration.module_id == modules.prelude_id();
  callee.kind = match(
      ast.decl(callee.declaration.decl_id), [](const ast::FnDecl&) { return CalleeKind::Function; },
      [](const ast::AggregateDecl&) { return CalleeKind::Aggregate; },
      [](const ast::AgentDecl&) { return CalleeKind::Agent; },
      [](const ast::GraphDecl&) { return CalleeKind::Graph; },
      [](const ast::TypeDecl& decl) {
        return std::holds_alternative<ast::RecordDefinition>(decl.definition) ? CalleeKind::Record
                                                                              : CalleeKind::Type;
      },
      [](const auto&) { return CalleeKind::Unknown; });
  return callee;
}

ResolvedHeader SemaContext::resolve_header(std::span<const ast::Generic> generics,
                                           std::span<const ast::Parameter> parameters,
                                           std::vector<InstanceParameter> given,
                                           ModuleId module_id, std::string_view callee,
                                           SourceSpan call_span) {
  ResolvedHeader header;
  const Environment& environment = module_environment(module_id);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    types.match(parameters[i].type_id, given[i].type_id, generics, environment, header.bindings);
  }
  const auto unbound = [&] {
    std::vector<ast::Generic> open;
    for (const ast::Generic& generic : generics) {
      if (!header.bindings.contains(generic.name.text)) open.push_back(generic);
    }
    return open;
  };
  // What a function argument gives may bind further generics: `(T) -> U`.
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const ast::FunctionType* function = types.function_type(parameters[i].type_id);
    if (function == nullptr || !given[i].closure_id.valid()) continue;
    const std::vector<ast::Generic> open = unbound();
    if (!types.mentions(function->result_id, open)) continue;
    std::vector<TypeId> arguments;
    for (const TypeSyntaxId parameter : function->parameter_ids) {
      if (types.mentions(parameter, open)) {
        types.check_bounds(open, header.bindings, callee, call_span);
        return header;
      }
      arguments.push_back(types.resolve(parameter, environment, header.bindings));
      if (program.types.kind(arguments.back()) == TypeKind::Error) return header;
    }
    const FunctionId instance =
        instantiate_closure(given[i].closure_id, arguments, TypeId(), callee, call_span);
    if (!instance.valid()) return header;
    types.match(function->result_id, program.function(instance).result_id, generics, environment,
                header.bindings);
  }
  if (!types.check_bounds(generics, header.bindings, callee, call_span)) return header;
  header.ok = true;
  header.parameters = std::move(given);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    TypeId type_id = types.resolve(parameters[i].type_id, environment, header.bindings);
    if (program.types.kind(type_id) == TypeKind::Stream) {
      sink.report(diag::StatementNotHere, span_of(ast, parameters[i].type_id), "a stream",
                  "the header of a function on items")
          .help("a `graph` takes streams");
      type_id = program.types.error();
    }
    header.parameters[i].type_id = type_id;
    header.ok = header.ok && program.types.kind(type_id) != TypeKind::Error;
  }
  return header;
}

std::string SemaContext::instance_key(DeclId decl_id, const ResolvedHeader& header) const {
  std::string key = fmt::format("{}", decl_id);
  for (const InstanceParameter& parameter : header.parameters) {
    key += fmt::format(",{}{}{}", parameter.type_id, parameter.is_element ? "" : "c",
                       parameter.closure_id.valid() ? fmt::format("/{}", parameter.closure_id) : "");
  }
  for (const auto& [name, value] : header.bindings) {
    key += ";" + name + "=";
    if (const std::int64_t* length = std::get_if<std::int64_t>(&value)) {
      key += fmt::format("#{}", *length);
    } else {
      key += fmt::format("{}", std::get<TypeId>(value));
    }
  }
  return key;
}

FunctionId SemaContext::instantiate_fn(const FoundDeclaration& found, const ResolvedHeader& header,
                                       SourceSpan call_span, const std::vector<DeclId>& chain) {
  const auto& fn = *ast.as<ast::FnDecl>(found.decl_id);
  if (found.extern_id.valid()) {
    sink.report(diag::NotAvailable, call_span, "a function in another language");
    return {};
  }
  const auto in_chain = std::find(chain.begin(), chain.end(), found.decl_id);
  if (in_chain != chain.end()) {
    std::string cycle;
    for (auto step = in_chain; step != chain.end(); ++step) {
      cycle += "`" + name_of(ast, *step)->text + "` calls ";
    }
    sink.report(diag::RecursiveFunction, call_span, fn.name.text, cycle + "`" + fn.name.text + "`")
        .note("a function that never ends would stop the program, so none may call itself")
        .help("`for i in range(n)` repeats, and an `agent` keeps values from item to item");
    return {};
  }
  const std::string key = instance_key(found.decl_id, header);
  if (const auto place = functions_.find(key); place != functions_.end()) return place->second;

  const Environment& environment =
      bind_generics(module_environment(found.module_id), header.bindings);
  std::vector<DeclId> inner = chain;
  inner.push_back(found.decl_id);
  BodyChecker body(*this, environment, std::move(inner), fn.name.text);
  for (std::size_t i = 0; i < fn.parameters.size(); ++i) {
    if (header.parameters[i].closure_id.valid()) continue;
    const LocalIndex index =
        body.declare(fn.parameters[i].name.text, header.parameters[i].type_id, true);
    body.mark_span(index, fn.parameters[i].name.span);
  }
  for (std::size_t i = 0; i < fn.parameters.size(); ++i) {
    const InstanceParameter& parameter = header.parameters[i];
    if (!parameter.closure_id.valid()) continue;
    FunctionValue function{parameter.closure_id, parameter.type_id, {}};
    function.captures = body.add_captures(closure(parameter.closure_id));
    body.bind_function(fn.parameters[i].name.text, std::move(function));
  }
  const auto parameter_count = static_cast<std::uint32_t>(body.locals().size());
  TypeId result;
  if (fn.result_id.valid()) {
    result = types.resolve(fn.result_id, environment);
    if (program.types.kind(result) == TypeKind::Stream) {
      sink.report(diag::StatementNotHere, span_of(ast, fn.result_id), "a stream",
                  "the header of a function on items")
          .help("a `graph` gives streams");
      result = program.types.error();
    }
  }
  FunctionId id;
  if (!result.valid() || program.types.kind(result) != TypeKind::Error) {
    id = body.check_body(fn.body, fn.name.span, parameter_count, result);
  }
  functions_[key] = id;
  return id;
}

}  // namespace streamc
