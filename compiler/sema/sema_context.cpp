#include "compiler/sema/sema_context.h"

namespace streamc {

Meaning ModuleEnvironment::lookup(std::string_view name) const {
  const FoundValue found = context_.modules.find_value(id_, name);
  return found.valid() ? context_.module_meaning(found) : Meaning();
}

std::optional<Meaning> ModuleEnvironment::lookup_function(std::string_view) const {
  return std::nullopt;  // Declared functions are the ModuleTable's.
}

std::optional<GenericValue> ModuleEnvironment::lookup_generic(std::string_view) const {
  return std::nullopt;
}

void ModuleEnvironment::append_names(std::vector<std::string>& names) const {
  for (std::string& name : context_.modules.value_names(id_)) names.push_back(std::move(name));
}

Meaning InstanceEnvironment::lookup(std::string_view name) const {
  const auto place = bindings_.find(name);
  if (place != bindings_.end()) {
    if (const std::int64_t* length = std::get_if<std::int64_t>(&place->second)) {
      return Meaning::of_constant(
          context_.literal(make_int(context_.program.types, *length), SourceSpan()));
    }
  }
  return outer_.lookup(name);
}

std::optional<Meaning> InstanceEnvironment::lookup_function(std::string_view name) const {
  return outer_.lookup_function(name);
}

std::optional<GenericValue> InstanceEnvironment::lookup_generic(std::string_view name) const {
  const auto place = bindings_.find(name);
  return place != bindings_.end() ? std::optional(place->second) : outer_.lookup_generic(name);
}

void InstanceEnvironment::append_names(std::vector<std::string>& names) const {
  for (const auto& [name, value] : bindings_) {
    if (std::holds_alternative<std::int64_t>(value)) names.push_back(name);
  }
  outer_.append_names(names);
}

SemaContext::SemaContext(const Ast& ast_in, const ModuleTable& modules_in,
                         CheckedProgram& program_in, DiagnosticSink& sink_in)
    : ast(ast_in),
      modules(modules_in),
      program(program_in),
      sink(sink_in),
      types(ast_in, modules_in, program_in, sink_in) {
  types.connect(
      [this](ExprId id, const Environment& environment, const GenericBindings& bindings) {
        return evaluate_length(id, environment, bindings);
      },
      [this](ModuleId id) -> const Environment& { return module_environment(id); });
}

CheckedExprId SemaContext::add(TypeId type_id, SourceSpan span, decltype(CheckedExpr::node) node) {
  program.exprs.push_back({type_id, span, std::move(node)});
  return CheckedExprId(program.exprs.size() - 1);
}

CheckedExprId SemaContext::literal(Value value, SourceSpan span) {
  const TypeId type_id = value.type_id;
  return add(type_id, span, LiteralExpr{std::move(value)});
}

CheckedExprId SemaContext::error_expr(SourceSpan span) {
  return literal(Value{.type_id = program.types.error()}, span);
}

bool SemaContext::is_error(CheckedExprId id) const {
  return !id.valid() || program.types.kind(type_of(id)) == TypeKind::Error;
}

const Environment& SemaContext::module_environment(ModuleId id) {
  std::unique_ptr<ModuleEnvironment>& environment = module_environments_[id];
  if (environment == nullptr) environment = std::make_unique<ModuleEnvironment>(*this, id);
  return *environment;
}

const Environment& SemaContext::bind_generics(const Environment& outer,
                                              const GenericBindings& bindings) {
  if (bindings.empty()) return outer;
  return instance_environments_.emplace_back(*this, outer, bindings);
}

ClosureId SemaContext::add_closure(Closure closure) {
  closures_.push_back(std::move(closure));
  return ClosureId(closures_.size() - 1);
}

ClosureId SemaContext::environment_closure(ExprId expr_id, const Environment& environment) {
  return add_closure({.expr_id = expr_id, .environment = &environment});
}

}  // namespace streamc
