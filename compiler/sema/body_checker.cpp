#include "compiler/sema/body_checker.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace streamc {

std::string ItemCall::callee() const {
  std::string text;
  for (const ast::Identifier& part : path) {
    if (!text.empty()) text += ".";
    text += part.text;
  }
  return text;
}

BodyChecker::BodyChecker(SemaContext& context, const Environment& environment,
                         std::vector<DeclId> chain, std::string name)
    : context_(context),
      environment_(environment),
      chain_(std::move(chain)),
      name_(std::move(name)) {
  push_scope();
}

LocalIndex BodyChecker::add_local(std::string name, TypeId type_id) {
  locals_.push_back({std::move(name), type_id});
  local_spans_.emplace_back();
  return static_cast<LocalIndex>(locals_.size() - 1);
}

LocalIndex BodyChecker::declare(std::string name, TypeId type_id, bool has_value) {
  const LocalIndex index = add_local(name, type_id);
  if (has_value) flow_.assigned.insert(index);
  bind_local(std::move(name), index);
  return index;
}

void BodyChecker::bind_local(std::string name, LocalIndex local) {
  Binding binding;
  binding.local = local;
  scopes_.back()[std::move(name)] = std::move(binding);
}

void BodyChecker::bind_function(std::string name, FunctionValue function) {
  Binding binding;
  binding.kind = Binding::Kind::Function;
  binding.function = std::move(function);
  scopes_.back()[std::move(name)] = std::move(binding);
}

void BodyChecker::bind_other(std::string name, std::map<std::string, LocalIndex> fields) {
  Binding binding;
  binding.kind = Binding::Kind::Other;
  binding.other = std::move(fields);
  scopes_.back()[std::move(name)] = std::move(binding);
}

std::vector<LocalIndex> BodyChecker::add_captures(const Closure& closure) {
  std::vector<LocalIndex> indices;
  for (const Closure::Capture& capture : closure.captures) {
    const LocalIndex index = add_local(capture.name, capture.type_id);
    flow_.assigned.insert(index);
    if (capture.is_present) flow_.present.insert(NarrowKey{.root = index});
    indices.push_back(index);
  }
  return indices;
}

BodyChecker::Binding* BodyChecker::find_binding(std::string_view name) {
  const std::string key(name);
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    if (const auto place = scope->find(key); place != scope->end()) return &place->second;
  }
  return nullptr;
}

std::vector<std::string> BodyChecker::visible_names() {
  std::vector<std::string> names;
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    for (const auto& [name, binding] : *scope) names.push_back(name);
  }
  std::sort(names.begin(), names.end());  // The order of a hash table must not show.
  environment_.append_names(names);
  names.emplace_back("now");
  return names;
}

std::string BodyChecker::describe(TypeId id) const {
  const std::string text = context_.text(id);
  const TypeKind kind = context_.program.types.kind(id);
  if (kind == TypeKind::None) return "`none`";
  if (kind == TypeKind::Nothing) return "a failure";
  if (kind == TypeKind::Function) return "a function";
  const bool vowel = std::string_view("aeiouAEIO").find(text[0]) != std::string_view::npos;
  return fmt::format("{} `{}`", vowel ? "an" : "a", text);
}

CheckedExprId BodyChecker::not_available(SourceSpan span, std::string_view what) {
  context_.sink.report(diag::NotAvailable, span, what);
  return error(span);
}

CheckedExprId BodyChecker::int_literal(std::int64_t value, SourceSpan span) {
  return context_.literal(make_int(types(), value), span);
}

std::optional<std::int64_t> BodyChecker::literal_int(CheckedExprId id) const {
  const auto* literal = std::get_if<LiteralExpr>(&context_.program.expr(id).node);
  if (literal == nullptr || kind_of(id) != TypeKind::Int) return std::nullopt;
  return literal->value.integer;
}

bool BodyChecker::is_simple(CheckedExprId id) const {
  const auto& node = context_.program.expr(id).node;
  if (const auto* field = std::get_if<FieldExpr>(&node)) return is_simple(field->object);
  if (const auto* unwrap = std::get_if<UnwrapExpr>(&node)) return is_simple(unwrap->option);
  return std::holds_alternative<LocalExpr>(node) || std::holds_alternative<ConstantExpr>(node) ||
         std::holds_alternative<LiteralExpr>(node);
}

CheckedExprId BodyChecker::local(LocalIndex index, SourceSpan span) {
  return make(locals_[index].type_id, span, LocalExpr{index});
}

// ---- what is present ----------------------------------------------------------------------------

std::optional<NarrowKey> BodyChecker::narrow_key(CheckedExprId id) const {
  const auto& node = context_.program.expr(id).node;
  if (const auto* local_expr = std::get_if<LocalExpr>(&node)) {
    return NarrowKey{.root = local_expr->local};
  }
  if (const auto* constant = std::get_if<ConstantExpr>(&node)) {
    return NarrowKey{.is_constant = true, .root = constant->constant_id.value()};
  }
  if (const auto* unwrap = std::get_if<UnwrapExpr>(&node)) return narrow_key(unwrap->option);
  if (const auto* field = std::get_if<FieldExpr>(&node)) {
    std::optional<NarrowKey> key = narrow_key(field->object);
    if (key) key->fields.push_back(field->index);
    return key;
  }
  return std::nullopt;
}

CheckedExprId BodyChecker::narrowed(CheckedExprId id) {
  if (kind_of(id) != TypeKind::Option) return id;
  const std::optional<NarrowKey> key = narrow_key(id);
  if (!key || !flow_.present.contains(*key)) return id;
  return make(types().get(type_of(id)).element_id, span_of_checked(id), UnwrapExpr{id});
}

CheckedExprId BodyChecker::without_narrowing(CheckedExprId id) const {
  const auto* unwrap = std::get_if<UnwrapExpr>(&context_.program.expr(id).node);
  return unwrap != nullptr ? unwrap->option : id;
}

void BodyChecker::report_none(CheckedExprId id, TypeId needed, SourceSpan span) {
  const CheckedExprId option = id;
  auto report = context_.sink.report(diag::MayBeNone, span, describe(needed));
  if (kind_of(option) == TypeKind::None) return;
  const auto* local_expr = std::get_if<LocalExpr>(&context_.program.expr(option).node);
  const std::string name = local_expr != nullptr ? locals_[local_expr->local].name : "";
  if (!name.empty()) {
    report.help(fmt::format("ask first: `if {} != none {{ … }}`", name));
    report.help(fmt::format("or give a value to use instead: `{} else …`", name));
  } else {
    report.help("give a value to use instead: `… else 0`");
  }
}

bool BodyChecker::refuses_option(CheckedExprId id) {
  if (is_error(id)) return true;
  const TypeKind kind = kind_of(id);
  if (kind != TypeKind::Option && kind != TypeKind::None) return false;
  if (kind == TypeKind::None) {
    context_.sink.report(diag::MayBeNone, span_of_checked(id), "a value");
    return true;
  }
  report_none(id, types().get(type_of(id)).element_id, span_of_checked(id));
  return true;
}

void BodyChecker::help_conversion(DiagnosticBuilder& report, CheckedExprId value, TypeId needed) {
  const TypeKind from = kind_of(value);
  const TypeKind to = types().kind(needed);
  if (from == TypeKind::Float && to == TypeKind::Int) {
    report.help("`int(…)` cuts off what stands after the point; `//` divides without it");
  } else if (to == TypeKind::String) {
    report.help("put it into a text: `\"{…}\"`");
  } else if (from == TypeKind::String && (to == TypeKind::Int || to == TypeKind::Float)) {
    report.help(fmt::format("`parse_{}(…)` reads a number from a text",
                            to == TypeKind::Int ? "int" : "float"));
  } else if (to == TypeKind::Duration && context_.program.types.is_number(type_of(value))) {
    report.help("write the unit: `5s`, `10min`; or multiply: `… * 1s`");
  } else if (from == TypeKind::Duration && (to == TypeKind::Int || to == TypeKind::Float)) {
    report.help("divide by a unit: `… / 1s`");
  } else if (to == TypeKind::Bool && context_.program.types.is_number(type_of(value))) {
    report.help("compare it: `… != 0`");
  } else if ((from == TypeKind::Array || from == TypeKind::Window) &&
             types().get(type_of(value)).element_id == needed) {
    report.help("take one of its values, `…[0]`, or sum them up: `mean(…)`");
  } else if (to == TypeKind::Rate && context_.program.types.is_number(type_of(value))) {
    report.help("write the unit: `100Hz`");
  }
}

// ---- ends of bodies -------------------------------------------------------------------------------

FunctionId BodyChecker::finish_function(SourceSpan span, std::uint32_t parameter_count,
                                        CheckedBlock body, TypeId result) {
  CheckedFunction function;
  function.name = name_;
  function.span = span;
  function.locals = locals_;
  function.parameter_count = parameter_count;
  function.body = std::move(body);
  function.result_id = result;
  function.can_fail = can_fail(context_.program, function.body);
  function.uses_now = uses_now(context_.program, function.body);
  context_.program.functions.push_back(std::move(function));
  return FunctionId(context_.program.functions.size() - 1);
}

FunctionId BodyChecker::finish_expression(SourceSpan span, std::uint32_t parameter_count,
                                          CheckedExprId value) {
  CheckedBlock body;
  body.push_back({span, ReturnStmt{value}});
  return finish_function(span, parameter_count, std::move(body), type_of(value));
}

FunctionId BodyChecker::check_body(const ast::Body& body, SourceSpan span,
                                   std::uint32_t parameter_count, TypeId declared_result,
                                   CheckedBlock first) {
  CheckedBlock block = std::move(first);
  if (!body.block) {
    const CheckedExprId value =
        declared_result.valid() ? check(body.value_id, declared_result) : infer(body.value_id);
    if (is_error(value)) return {};
    block.push_back({span_of_checked(value), ReturnStmt{value}});
    return finish_function(span, parameter_count, std::move(block), type_of(value));
  }
  expect_result(declared_result);
  for (CheckedStmt& stmt : check_block(*body.block)) block.push_back(std::move(stmt));
  if (failed_) return {};
  const TypeId result = declared_result.valid() ? declared_result : inferred_;
  if (!flow_.ended) {
    auto report = context_.sink.report(diag::MissingReturn, span, name_);
    report.help("end every way through it with `return …`");
    return {};
  }
  if (!result.valid()) {  // It only fails.
    return finish_function(span, parameter_count, std::move(block), scalar(TypeKind::Nothing));
  }
  convert_returns(block, result);
  return finish_function(span, parameter_count, std::move(block), result);
}

CheckedBlock BodyChecker::check_result(const ast::Body& body, TypeId type_id, SourceSpan span) {
  if (body.block) {
    expect_result(type_id);
    CheckedBlock block = check_block(*body.block);
    if (!failed_ && !flow_.ended) {
      context_.sink.report(diag::MissingReturn, span, name_)
          .help("end every way through its `result` with `return …`");
      failed_ = true;
    }
    return block;
  }
  const CheckedExprId value = check(body.value_id, type_id);
  failed_ = failed_ || is_error(value);
  CheckedBlock block;
  block.push_back({span_of(context_.ast, body.value_id), ReturnStmt{value}});
  return block;
}

void BodyChecker::convert_returns(CheckedBlock& block, TypeId to) {
  for (CheckedStmt& stmt : block) {
    if (auto* result = std::get_if<ReturnStmt>(&stmt.node)) {
      result->value = convert(result->value, to);
    } else if (auto* branch = std::get_if<IfStmt>(&stmt.node)) {
      convert_returns(branch->then_block, to);
      convert_returns(branch->else_block, to);
    } else if (auto* range = std::get_if<ForRangeStmt>(&stmt.node)) {
      convert_returns(range->body, to);
    } else if (auto* array = std::get_if<ForArrayStmt>(&stmt.node)) {
      convert_returns(array->body, to);
    }
  }
}

}  // namespace streamc
