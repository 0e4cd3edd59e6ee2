// Records: `Reading(at: t, value: 1.0)`, and copies with changes, `Alarm(..r, level: 2)`.
#include <fmt/format.h>

#include <utility>

#include "compiler/diag/closest_name.h"
#include "compiler/sema/arguments.h"
#include "compiler/sema/body_checker.h"

namespace streamc {

namespace {

std::optional<std::size_t> field_index(const Type& record, std::string_view name) {
  for (std::size_t i = 0; i < record.fields.size(); ++i) {
    if (record.fields[i].name == name) return i;
  }
  return std::nullopt;
}

}  // namespace

CheckedExprId BodyChecker::build_record(const ItemCall& call, const FoundDeclaration& found) {
  const TypeId type_id = context_.types.declared_type(found);
  const Type record = types().get(type_id);
  if (record.kind != TypeKind::Record) return error(call.span);
  std::vector<CallArgument> given(record.fields.size());
  std::optional<ExprId> spread;
  if (!place_fields(call, type_id, given, spread)) {
    infer_ignored(call);
    return error(call.span);
  }

  CheckedExprId source;
  Type source_type;
  if (spread) {
    source = infer(*spread);
    if (refuses_option(source)) return error(call.span);
    source_type = types().get(type_of(source));
    if (source_type.kind != TypeKind::Record) {
      context_.sink.report(diag::TypeMismatch, span_of(context_.ast, *spread), "a record",
                           describe(type_of(source)));
      return error(call.span);
    }
    if (!is_simple(source)) return build_with_helper(call, found, source);
  }

  const auto& definition = std::get<ast::RecordDefinition>(
      context_.ast.as<ast::TypeDecl>(found.decl_id)->definition);
  const Environment& declaring = context_.module_environment(found.module_id);
  std::vector<CheckedExprId> parts;
  std::string missing;
  bool ok = true;
  for (std::size_t i = 0; i < record.fields.size(); ++i) {
    const TypeField& field = record.fields[i];
    CallArgument argument = given[i];
    if (!argument.expr_id.valid() && !argument.checked.valid() && spread) {
      if (const auto index = field_index(source_type, field.name)) {
        const CheckedExprId copied =
            make(source_type.fields[*index].type_id, call.span,
                 FieldExpr{source, static_cast<std::uint32_t>(*index)});
        argument.checked = copied;
      }
    }
    if (!argument.expr_id.valid() && !argument.checked.valid()) {
      argument = {.expr_id = definition.fields[i].default_id, .is_default = true};
    }
    if (!argument.expr_id.valid() && !argument.checked.valid()) {
      missing += fmt::format("{}`{}`", missing.empty() ? "" : ", ", field.name);
      continue;
    }
    const CheckedExprId value =
        require_argument(infer_argument(argument, declaring, field.type_id), field.type_id,
                         argument, field.name, call);
    ok = ok && !is_error(value);
    parts.push_back(value);
  }
  if (!missing.empty()) {
    std::string name = missing.substr(1, missing.find('`', 1) - 1);
    auto report =
        context_.sink.report(diag::MissingArgument, call.callee_span, call.callee(), name);
    if (missing.find(',') != std::string::npos) report.note("without a value are " + missing);
    report.help(fmt::format("add `{}: …`, or give the field a default in the type", name));
    return error(call.span);
  }
  return ok ? make(type_id, call.span, MakeExpr{std::move(parts)}) : error(call.span);
}

// Which field each argument is for; false after a report.
bool BodyChecker::place_fields(const ItemCall& call, TypeId type_id,
                               std::vector<CallArgument>& given, std::optional<ExprId>& spread) {
  const Type record = types().get(type_id);
  std::size_t next = 0;
  const auto place = [&](CallArgument argument, SourceSpan span) {
    if (next >= given.size()) {
      context_.sink.report(diag::TooManyArguments, span, call.callee(),
                           counted(given.size(), "value"),
                           static_cast<std::int64_t>(next) + 1);
      return false;
    }
    given[next++] = argument;
    return true;
  };
  for (const CheckedExprId value : call.checked) {
    if (!place({.checked = value}, call.callee_span)) return false;
  }
  if (call.piped.valid() && !place({.expr_id = call.piped}, call.callee_span)) return false;
  bool seen_name = false;
  for (const ast::Argument& argument : call.arguments) {
    if (argument.is_spread) {
      if (spread) {
        context_.sink.report(diag::ArgumentTwice, argument.span, "..", call.callee());
        return false;
      }
      spread = argument.value_id;
      seen_name = true;
      continue;
    }
    if (!argument.name.present()) {
      if (seen_name) {
        context_.sink.report(diag::PositionAfterName, argument.span)
            .help("name the field: `field: value`");
        return false;
      }
      if (!place({.expr_id = argument.value_id}, argument.span)) return false;
      continue;
    }
    seen_name = true;
    const auto index = field_index(record, argument.name.text);
    if (!index) {
      report_fields(type_id, argument.name);
      return false;
    }
    if (given[*index].expr_id.valid()) {
      context_.sink.report(diag::ArgumentTwice, argument.span, argument.name.text, call.callee())
          .label(span_of(context_.ast, given[*index].expr_id), "it has this value already");
      return false;
    }
    given[*index] = {.expr_id = argument.value_id};
  }
  return true;
}

// `R(..f(x), level: 2)` evaluates `f(x)` once: the rest happens in a function that it is passed to.
CheckedExprId BodyChecker::build_with_helper(const ItemCall& call, const FoundDeclaration& found,
                                             CheckedExprId source) {
  BodyChecker helper(context_, environment_, chain_, name_);
  const LocalIndex copied = helper.declare("source", type_of(source), true);
  std::vector<CheckedExprId> arguments = {source};
  std::vector<ExprId> others;
  if (call.piped.valid()) others.push_back(call.piped);
  for (const ast::Argument& argument : call.arguments) {
    if (argument.is_spread) {
      helper.bind_operand(argument.value_id, copied);
    } else {
      others.push_back(argument.value_id);
    }
  }
  for (const ExprId other : others) {
    const CheckedExprId value = infer(other);
    if (is_error(value)) return error(call.span);
    helper.bind_operand(other, helper.declare("", type_of(value), true));
    arguments.push_back(value);
  }
  const auto parameter_count = static_cast<std::uint32_t>(arguments.size());
  const CheckedExprId built = helper.build_record(call, found);
  if (is_error(built)) return error(call.span);
  const FunctionId id = helper.finish_expression(call.span, parameter_count, built);
  return make(type_of(built), call.span, CallFunctionExpr{id, std::move(arguments)});
}

}  // namespace streamc
