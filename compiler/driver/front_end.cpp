#include "compiler/driver/front_end.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "compiler/ast/dump.h"
#include "compiler/driver/embedded.h"
#include "compiler/parse/parse.h"
#include "compiler/support/match.h"

namespace streamc {
namespace {

bool is_word(std::string_view text) {
  return !text.empty() && (std::isdigit(static_cast<unsigned char>(text[0])) == 0) &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

std::string string_literal(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    if (c == '{' || c == '}') result += c;
    result += c;
  }
  return result + "\"";
}

const ast::ParamDecl* find_param(const Ast& ast, const ast::Module& module, std::string_view name) {
  for (const ast::ModuleItem& item : module.items) {
    const DeclId* id = std::get_if<DeclId>(&item);
    const auto* param = id == nullptr ? nullptr : ast.as<ast::ParamDecl>(*id);
    if (param != nullptr && param->name.text == name) return param;
  }
  return nullptr;
}

// A value of `--set` as an expression of the language: what a shell user need not write is added.
std::string expression_text(const Ast& ast, const ast::ParamDecl& param, const std::string& value) {
  const auto* named = ast.as<ast::NamedType>(param.type_id);
  const std::string type = named == nullptr ? "" : named->path.text();
  if (type == "string" && !value.starts_with('"')) return string_literal(value);
  if (type == "time" && !value.starts_with("t\"")) return "t\"" + value + "\"";
  static const std::vector<std::string> kPlain = {"bool", "int", "float", "duration", "rate", "time", "string"};
  const bool may_be_enumeration = named != nullptr && std::ranges::find(kPlain, type) == kPlain.end();
  if (may_be_enumeration && is_word(value)) return type + "." + value;
  return value;
}

}  // namespace

Result<void> FrontEnd::read(const std::string& path) {
  Result<FileId> id = sources_.add_file(path);
  if (!id) return id.failure();
  main_file_id_ = *id;
  return {};
}

bool FrontEnd::parse() {
  const auto timing = times_.measure("parse");
  ParseResult parsed = parse_file(main_file(), ast_, sink_);
  main_module_ = std::move(parsed.module);
  return parsed.ok;
}

std::optional<ast::Module> FrontEnd::load_module(std::string_view name) {
  FileId id;
  if (const auto text = library_text(name)) {
    id = sources_.add_buffer(fmt::format("<{}>", name), std::string(*text));
  } else {
    std::string file(name);
    std::ranges::replace(file, '.', '/');
    const std::filesystem::path path =
        std::filesystem::path(main_file().name()).replace_filename(file + ".stream");
    if (Result<FileId> found = sources_.add_file(path.string())) {
      id = *found;
    } else {
      return std::nullopt;
    }
  }
  return parse_file(sources_.file(id), ast_, sink_).module;
}

bool FrontEnd::check_declarations(const Settings& settings) {
  struct ParsedSetting {
    std::string name;
    ExprId value_id;
  };
  std::vector<ParsedSetting> parsed_settings;
  {
    const auto timing = times_.measure("parse the library");
    // Settings are parsed first: afterwards the tree does not grow any more.
    for (const auto& [name, value] : settings) {
      const ast::ParamDecl* param = find_param(ast_, main_module_, name);
      if (param == nullptr) {
        sink_.report(diag::UnknownSetting, {}, name);
        return false;
      }
      const FileId id = sources_.add_buffer(fmt::format("<--set {}>", name),
                                            fmt::format("{} = {}\n", name, expression_text(ast_, *param, value)));
      const ParseResult parsed = parse_file(sources_.file(id), ast_, sink_);
      if (!parsed.ok) return false;
      for (const ast::ModuleItem& item : parsed.module.items) {
        const StmtId* stmt_id = std::get_if<StmtId>(&item);
        const auto* assign = stmt_id == nullptr ? nullptr : ast_.as<ast::AssignStmt>(*stmt_id);
        if (assign != nullptr) parsed_settings.push_back({name, assign->value_id});
      }
    }
    modules_ = std::make_unique<ModuleTable>(ast_, sink_);
    modules_->load(main_module_, [this](std::string_view name) { return load_module(name); });
  }
  if (sink_.has_errors()) return false;

  const auto timing = times_.measure("check");
  checker_ = std::make_unique<ItemChecker>(ast_, *modules_, program_, sink_);
  for (std::size_t i = 0; i < modules_->module_count(); ++i) checker_->check_module(ModuleId(i));
  if (sink_.has_errors()) return false;

  for (const ParsedSetting& setting : parsed_settings) {
    const ConstantId id = checker_->module_constant(modules_->find_value(modules_->main_id(), setting.name));
    const CheckedExprId value = checker_->check_constant(
        setting.value_id, checker_->module_environment(modules_->main_id()), program_.constant(id).type_id);
    if (!value.valid()) return false;
    const Evaluated evaluated = checker_->evaluate(value);
    if (!evaluated.value) {
      sink_.report(diag::SettingFails, span_of(ast_, setting.value_id), setting.name, evaluated.failure);
      return false;
    }
    CheckedConstant& constant = program_.constants[id.index()];
    constant.value = value;
    constant.is_fixed = true;
    constant.is_required = false;
    checker_->overrides()[id] = *evaluated.value;
  }
  return true;
}

bool FrontEnd::build_graph() {
  const auto timing = times_.measure("build the graph");
  graph_ = streamc::build_graph(ast_, *modules_, *checker_, program_, sink_, {.sources = &sources_});
  if (!sink_.has_errors()) deployments_ = check_deployments(ast_, *modules_, *checker_, program_, sink_);
  return !sink_.has_errors();
}

std::vector<DeclId> FrontEnd::tests() const {
  std::vector<DeclId> tests;
  for (const ast::ModuleItem& item : main_module_.items) {
    const DeclId* id = std::get_if<DeclId>(&item);
    if (id != nullptr && ast_.as<ast::TestDecl>(*id) != nullptr) tests.push_back(*id);
  }
  return tests;
}

std::optional<TestGraph> FrontEnd::build_test(DeclId test) {
  const auto timing = times_.measure("build the graphs of tests");
  return build_test_graph(test, ast_, *modules_, *checker_, program_, sink_, {.sources = &sources_});
}

bool FrontEnd::check_tests() {
  for (const DeclId test : tests()) (void)build_test(test);
  return !sink_.has_errors();
}

std::string FrontEnd::meaning() const {
  std::string text;
  for (std::size_t i = 0; i < modules_->module_count(); ++i) {
    ast::Module module;
    for (const ast::ModuleItem& item : modules_->syntax(ModuleId(i)).items) {
      const DeclId* id = std::get_if<DeclId>(&item);
      const bool is_apart = id != nullptr && (ast_.as<ast::TestDecl>(*id) != nullptr ||
                                              ast_.as<ast::DeployDecl>(*id) != nullptr);
      if (!is_apart) module.items.push_back(item);
    }
    text += fmt::format("\n{}\n{}", modules_->name(ModuleId(i)), dump_module(ast_, module));
  }
  return text;
}

std::string FrontEnd::program_name() const {
  const std::filesystem::path path(main_file().name());
  return path.has_stem() && path.stem() != "-" ? path.stem().string() : "program";
}

}  // namespace streamc
