#include "tests/unit/compiler/sema/fixture.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "compiler/parse/parse.h"
#include "compiler/sema/value_text.h"

namespace streamtest {

using namespace streamc;

Meaning WiringEnvironment::lookup(std::string_view name) const {
  for (const auto& [stream, type] : streams_) {
    if (stream == name) return Meaning::of_stream(type);
  }
  return outer_.lookup(name);
}

std::optional<GenericValue> WiringEnvironment::lookup_generic(std::string_view name) const {
  return outer_.lookup_generic(name);
}

void WiringEnvironment::append_names(std::vector<std::string>& names) const {
  for (const auto& [stream, type] : streams_) names.push_back(stream);
  outer_.append_names(names);
}

namespace {

std::string read(const std::string& path) {
  std::ifstream file(path);
  REQUIRE_MESSAGE(file.good(), "cannot read ", path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

Program::Program(std::string_view text, std::vector<std::pair<std::string, std::string>> more) {
  const auto parse = [&](const std::string& name, std::string content) {
    const FileId id = sources.add_buffer(name, std::move(content));
    return parse_file(sources.file(id), ast, sink).module;
  };
  ast::Module main = parse("main.stream", std::string(text));
  modules.load(std::move(main), [&](std::string_view name) -> std::optional<ast::Module> {
    if (name == ModuleTable::kPreludeName) return parse("<prelude>", read("stdlib/prelude.stream"));
    for (const auto& [module, content] : more) {
      if (module == name) return parse("<" + module + ">", content);
    }
    return std::nullopt;
  });
  checker = std::make_unique<ItemChecker>(ast, modules, checked, sink);
}

Program& Program::check() {
  checker->check_module(modules.main_id());
  return *this;
}

std::string Program::codes() const {
  std::string text;
  for (const Diagnostic& diagnostic : sink.diagnostics()) {
    text += (text.empty() ? "" : " ") + std::string(diagnostic.code);
  }
  return text;
}

std::string Program::messages() const {
  std::string text;
  for (const Diagnostic& diagnostic : sink.diagnostics()) {
    text += sources.describe(diagnostic.span) + ": " + diagnostic.message + "\n";
    for (const std::string& note : diagnostic.notes) text += "  note: " + note + "\n";
    for (const std::string& help : diagnostic.helps) text += "  help: " + help + "\n";
  }
  return text;
}

const Environment& Program::environment() {
  return checker->module_environment(modules.main_id());
}

ExprId Program::equation(std::string_view name) const {
  const FoundValue found = modules.find_value(modules.main_id(), name);
  REQUIRE(found.equation_id.valid());
  return ast.as<ast::AssignStmt>(found.equation_id)->value_id;
}

TypeId Program::type(std::string_view name) {
  if (name == "int") return checked.types.scalar(TypeKind::Int);
  if (name == "float") return checked.types.scalar(TypeKind::Float);
  if (name == "bool") return checked.types.scalar(TypeKind::Bool);
  if (name == "string") return checked.types.scalar(TypeKind::String);
  if (name == "time") return checked.types.scalar(TypeKind::Time);
  const ast::Identifier identifier{std::string(name), SourceSpan()};
  const FoundDeclaration found =
      modules.find_type(modules.main_id(), std::span(&identifier, 1));
  REQUIRE(found.valid());
  return checker->types().declared_type(found);
}

std::string Program::value(std::string_view name) {
  const CheckedExprId id = checker->check_constant(equation(name), environment());
  if (!id.valid()) return "error: " + codes();
  const Evaluated result = checker->evaluate(id);
  return result.value ? text_of(*result.value, checked.types) : "failure: " + result.failure;
}

std::string Program::call(std::string_view fn, std::vector<Value> arguments) {
  const FoundDeclaration found = modules.find_function(modules.main_id(), fn);
  REQUIRE(found.valid());
  std::vector<InstanceArgument> types;
  for (const Value& argument : arguments) types.push_back({.type_id = argument.type_id});
  const FunctionId id = checker->instantiate_fn(found, types, SourceSpan());
  if (!id.valid()) return "error: " + codes();
  const Evaluated result = Evaluator(checked).call(id, std::move(arguments));
  return result.value ? text_of(*result.value, checked.types) : "failure: " + result.failure;
}

}  // namespace streamtest
