// Names, literals, fields, indices, arrays, tuples, `if` and `else` in item expressions.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "compiler/ast/units.h"
#include "compiler/diag/closest_name.h"
#include "compiler/sema/body_checker.h"
#include "compiler/support/match.h"

namespace streamc {

CheckedExprId BodyChecker::infer(ExprId id, TypeId hint, Facts* facts) {
  if (!id.valid()) return error(SourceSpan());
  if (const auto place = operands_.find(id); place != operands_.end()) {
    return narrowed(local(place->second, span_of(context_.ast, id)));
  }
  return infer_unlifted(id, hint, facts);
}

CheckedExprId BodyChecker::check(ExprId id, TypeId expected) {
  const CheckedExprId value = infer(id, expected);
  return require(value, expected, id.valid() ? span_of(context_.ast, id) : SourceSpan());
}

CheckedExprId BodyChecker::check_condition(ExprId id, Facts& facts) {
  const TypeId boolean = scalar(TypeKind::Bool);
  return require(infer(id, boolean, &facts), boolean, span_of(context_.ast, id));
}

CheckedExprId BodyChecker::infer_unlifted(ExprId id, TypeId hint, Facts* facts) {
  const auto literal = [&](TypeKind kind, SourceSpan span, auto fill) {
    Value value{.type_id = scalar(kind)};
    fill(value);
    return context_.literal(std::move(value), span);
  };
  return match(
      context_.ast.expr(id), [&](const ast::ErrorExpr& node) { return error(node.span); },
      [&](const ast::IntExpr& node) {
        if (hint.valid() && types().kind(hint) == TypeKind::Float) {
          return context_.literal(make_float(types(), static_cast<double>(node.value)), node.span);
        }
        return int_literal(node.value, node.span);
      },
      [&](const ast::FloatExpr& node) {
        return literal(TypeKind::Float, node.span, [&](Value& v) { v.real = node.value; });
      },
      [&](const ast::QuantityExpr& node) { return infer_quantity(node); },
      [&](const ast::StringExpr& node) { return infer_text(node, nullptr); },
      [&](const ast::TimeExpr& node) {
        return literal(TypeKind::Time, node.span, [&](Value& v) { v.integer = node.nanoseconds; });
      },
      [&](const ast::BoolExpr& node) {
        return literal(TypeKind::Bool, node.span, [&](Value& v) { v.integer = node.value; });
      },
      [&](const ast::NoneExpr& node) {
        return literal(TypeKind::None, node.span, [](Value& v) { v.present = false; });
      },
      [&](const ast::NameExpr& node) { return infer_name(node.name, node.span); },
      [&](const ast::FieldExpr& node) { return infer_field(node); },
      [&](const ast::CallExpr& node) {
        ItemCall call{.path = path_of(node.callee_id),
                      .callee_span = span_of(context_.ast, node.callee_id),
                      .span = node.span,
                      .arguments = node.arguments};
        if (call.path.empty()) {
          const CheckedExprId callee = infer(node.callee_id);
          if (!is_error(callee)) {
            context_.sink.report(diag::TypeMismatch, call.callee_span, "a function",
                                 describe(type_of(callee)));
          }
          return error(node.span);
        }
        return infer_call(call, hint);
      },
      [&](const ast::IndexExpr& node) { return infer_index(node); },
      [&](const ast::ArrayExpr& node) { return infer_array(node, hint); },
      [&](const ast::TupleExpr& node) { return infer_tuple(node, hint); },
      [&](const ast::UnaryExpr& node) { return infer_unary(node, hint, facts); },
      [&](const ast::BinaryExpr& node) { return infer_binary(node, hint, facts); },
      [&](const ast::IfExpr& node) { return infer_if(node, hint); },
      [&](const ast::LambdaExpr& node) {
        context_.sink.report(diag::FunctionNotHere, node.span)
            .help("write a `fn` to give it a name");
        return error(node.span);
      },
      [&](const ast::PipeExpr& node) {
        return infer_call({.path = node.function.parts,
                           .callee_span = node.function.span,
                           .span = node.span,
                           .piped = node.left_id,
                           .arguments = node.arguments},
                          hint);
      },
      [&](const ast::ElseExpr& node) { return infer_else(node, hint); },
      [&](const ast::RateExpr& node) {
        context_.sink.report(diag::WiringInItem, node.operator_span, "@");
        return error(node.span);
      });
}

CheckedExprId BodyChecker::infer_quantity(const ast::QuantityExpr& quantity) {
  const std::optional<Quantity> value = quantity_value(quantity.number, quantity.unit);
  const bool is_rate = value && value->dimension == Dimension::Rate;
  if (!value) return error(quantity.span);  // The parser has reported it.
  if (!is_rate && value->denominator != 1) {
    context_.sink.report(diag::QuantityTooLarge, quantity.span, quantity.number + quantity.unit)
        .note("durations count whole nanoseconds, sizes whole bytes");
    return error(quantity.span);
  }
  Value result;
  if (is_rate) {
    result.type_id = scalar(TypeKind::Rate);
    result.rate = {value->numerator, value->denominator};
    return context_.literal(std::move(result), quantity.span);
  }
  const bool is_duration = value->dimension == Dimension::Duration;
  result.type_id = scalar(is_duration ? TypeKind::Duration : TypeKind::Int);
  result.integer = value->numerator;
  return context_.literal(std::move(result), quantity.span);
}

// ---- names ----------------------------------------------------------------------------------------

CheckedExprId BodyChecker::infer_name(std::string_view name, SourceSpan span) {
  if (const Binding* binding = find_binding(name)) {
    switch (binding->kind) {
      case Binding::Kind::Local:
        return read_local(binding->local, span);
      case Binding::Kind::Function:
        context_.sink.report(diag::FunctionNotHere, span)
            .help(fmt::format("call it: `{}(…)`", name));
        return error(span);
      case Binding::Kind::Other: {
        auto report = context_.sink.report(diag::UnknownName, span, name);
        report.note(fmt::format("`{}` is the other part of the aggregate, not a value", name));
        if (!binding->other.empty()) {
          report.help(fmt::format("its states are `{}.{}` and so on", name,
                                  binding->other.begin()->first));
        }
        return error(span);
      }
    }
  }
  const Meaning meaning = environment_.lookup(name);
  switch (meaning.kind) {
    case Meaning::Kind::Constant:
      return constant_value(meaning, span);
    case Meaning::Kind::Stream:
      if (place_ == Place::Constant || place_ == Place::State) {
        context_.sink.report(diag::NotConstant, span)
            .note(fmt::format("`{}` is a stream: its values come while the program runs", name));
      } else {
        context_.sink.report(diag::StreamInItem, span, name)
            .help(fmt::format("take both in step: `zip(…, {}) |> map((v, {}) => …)`", name, name))
            .help("or give the function a parameter for it");
      }
      return error(span);
    case Meaning::Kind::Function:
      context_.sink.report(diag::FunctionNotHere, span).help(fmt::format("call it: `{}(…)`", name));
      return error(span);
    case Meaning::Kind::Error:
      return error(span);
    case Meaning::Kind::Unknown:
      break;
  }
  if (name == "now") {
    if (place_ == Place::Constant) {
      context_.sink.report(diag::NotConstant, span)
          .note("`now` is the time of the item being handled");
      return error(span);
    }
    return make(scalar(TypeKind::Time), span, NowExpr{});
  }
  report_unknown_name(name, span);
  return error(span);
}

void BodyChecker::report_unknown_name(std::string_view name, SourceSpan span) {
  auto report = context_.sink.report(diag::UnknownName, span, name);
  if (name == "None" || name == "null" || name == "nil") {
    report.help("the absent value is written `none`");
    return;
  }
  if (name == "True" || name == "False") {
    report.help(fmt::format("write `{}`", name == "True" ? "true" : "false"));
    return;
  }
  const ModuleId module_id = environment_.module_id();
  for (const std::string& type_name : context_.modules.type_names(module_id)) {
    const FoundDeclaration found = context_.modules.find_function(module_id, type_name);
    const auto* decl = context_.ast.as<ast::TypeDecl>(found.decl_id);
    const auto* values = std::get_if<ast::EnumerationDefinition>(&decl->definition);
    if (values == nullptr) continue;
    for (const ast::Identifier& value : values->values) {
      if (value.text != name) continue;
      report.help(fmt::format("it is a value of `{0}`: write `{0}.{1}`", type_name, name));
      return;
    }
  }
  if (const auto closest = closest_name(name, visible_names())) {
    report.help(fmt::format("did you mean `{}`?", *closest));
    return;
  }
  const ast::Identifier identifier{std::string(name), span};
  if (context_.find_callee(module_id, std::span(&identifier, 1)).kind != CalleeKind::Unknown) {
    report.help(fmt::format("`{0}` is a function: call it, `{0}(…)`", name));
  }
}

CheckedExprId BodyChecker::read_local(LocalIndex index, SourceSpan span) {
  const Local& found = locals_[index];
  if (types().kind(found.type_id) == TypeKind::Error) return error(span);
  if (!flow_.assigned.contains(index) && !flow_.ended) {
    if (inputs_.contains(index)) {
      context_.sink.report(diag::MayHaveNoValue, span, found.name)
          .note(fmt::format("it is an input of the agent, with a value in `on {}` only",
                            found.name))
          .help("keep it in a state there, and read the state here");
    } else {
      auto report = context_.sink.report(diag::MayHaveNoValue, span, found.name);
      if (local_spans_[index].valid()) {
        report.label(local_spans_[index], "it gets a value here, but not on every way");
      }
      report.help(fmt::format("give it a value first: `{} = …`", found.name));
    }
    flow_.assigned.insert(index);  // Said once.
    return error(span);
  }
  return narrowed(local(index, span));
}

CheckedExprId BodyChecker::constant_value(const Meaning& meaning, SourceSpan span) {
  if (context_.is_error(meaning.constant)) return error(span);
  const CheckedExpr& constant = context_.program.expr(meaning.constant);
  const bool is_name = std::holds_alternative<LiteralExpr>(constant.node) ||
                       std::holds_alternative<ConstantExpr>(constant.node);
  if (!is_name) return meaning.constant;
  const CheckedExpr copy = constant;
  return narrowed(context_.add(copy.type_id, span, copy.node));
}

// ---- fields ---------------------------------------------------------------------------------------

CheckedExprId BodyChecker::infer_field(const ast::FieldExpr& field) {
  const bool is_operand = operands_.contains(field.object_id);
  const std::vector<ast::Identifier> path =
      is_operand ? std::vector<ast::Identifier>() : path_of(field.object_id);
  if (path.size() == 1) {
    const Binding* binding = find_binding(path[0].text);
    if (binding != nullptr && binding->kind == Binding::Kind::Other) {
      const auto place = binding->other.find(field.name.text);
      if (place != binding->other.end()) return read_local(place->second, field.span);
      auto report = context_.sink.report(diag::UnknownField, field.name.span,
                                         "`" + path[0].text + "`", field.name.text);
      std::vector<std::string> names;
      for (const auto& [name, state] : binding->other) names.push_back(name);
      if (const auto closest = closest_name(field.name.text, names)) {
        report.help(fmt::format("did you mean `{}`?", *closest));
      }
      return error(field.span);
    }
    if (binding != nullptr ||
        environment_.lookup(path[0].text).kind != Meaning::Kind::Unknown) {
      return field_of(infer(field.object_id), field.name, field.span);
    }
    if (context_.modules.find_import(environment_.module_id(), path[0].text).valid()) {
      const FoundValue value = context_.modules.find_value(environment_.module_id(), path[0].text,
                                                           field.name.text);
      if (value.valid()) {
        const Meaning meaning = context_.module_meaning(value);
        if (meaning.kind == Meaning::Kind::Constant) return constant_value(meaning, field.span);
      }
      context_.sink.report(diag::UnknownField, field.name.span,
                           fmt::format("the module `{}`", path[0].text), field.name.text);
      return error(field.span);
    }
  }
  if (!path.empty()) {
    const FoundDeclaration found = context_.modules.find_type(environment_.module_id(), path);
    if (found.valid()) {
      const TypeId type_id = context_.types.declared_type(found);
      const Type type = types().get(type_id);
      if (type.kind == TypeKind::Error) return error(field.span);
      if (type.kind == TypeKind::Enumeration) {
        for (std::size_t i = 0; i < type.fields.size(); ++i) {
          if (type.fields[i].name != field.name.text) continue;
          return context_.literal(
              Value{.type_id = type_id, .integer = static_cast<std::int64_t>(i)}, field.span);
        }
        report_fields(type_id, field.name);
        return error(field.span);
      }
      context_.sink.report(diag::UnknownField, field.name.span,
                           fmt::format("the type `{}`", type.name), field.name.text)
          .help(fmt::format("fields belong to values: `{}(…).{}`", type.name, field.name.text));
      return error(field.span);
    }
  }
  return field_of(infer(field.object_id), field.name, field.span);
}

void BodyChecker::report_fields(TypeId type_id, const ast::Identifier& name) {
  const Type type = types().get(type_id);
  auto report =
      context_.sink.report(diag::UnknownField, name.span, "`" + type.name + "`", name.text);
  std::vector<std::string> names;
  std::string list;
  for (const TypeField& field : type.fields) {
    names.push_back(field.name);
    list += fmt::format("{}`{}`", list.empty() ? "" : ", ", field.name);
  }
  if (const auto closest = closest_name(name.text, names)) {
    report.help(fmt::format("did you mean `{}`?", *closest));
  }
  report.help(fmt::format("its {} are {}",
                          type.kind == TypeKind::Enumeration ? "values" : "fields", list));
}

CheckedExprId BodyChecker::field_of(CheckedExprId object, const ast::Identifier& name,
                                    SourceSpan span) {
  if (is_error(object)) return error(span);
  const TypeId object_id = type_of(object);
  const Type type = types().get(object_id);
  const auto index_in = [&](const Type& record) -> std::optional<std::uint32_t> {
    for (std::size_t i = 0; i < record.fields.size(); ++i) {
      if (record.fields[i].name == name.text) return static_cast<std::uint32_t>(i);
    }
    return std::nullopt;
  };
  if (type.kind == TypeKind::Record) {
    const auto index = index_in(type);
    if (!index) {
      report_fields(object_id, name);
      return error(span);
    }
    const TypeId field_type = type.fields[*index].type_id;
    if (types().kind(field_type) == TypeKind::Error) return error(span);
    return narrowed(make(field_type, span, FieldExpr{object, *index}));
  }
  if (type.kind == TypeKind::Window || type.kind == TypeKind::Array) {
    const Type element = types().get(type.element_id);
    if (element.kind == TypeKind::Record) {
      const auto index = index_in(element);
      if (!index) {
        report_fields(type.element_id, name);
        return error(span);
      }
      const CheckedExprId view = convert(object, types().window(type.element_id));
      return make(types().window(element.fields[*index].type_id), span, FieldExpr{view, *index});
    }
  }
  if (type.kind == TypeKind::Option) {
    report_none(object, type.element_id, span_of_checked(object));
    return error(span);
  }
  auto report = context_.sink.report(diag::UnknownField, name.span, describe(object_id), name.text);
  if (type.kind == TypeKind::Tuple) {
    report.help("a tuple's parts have numbers: `t[0]`");
  }
  return error(span);
}

// ---- indices, arrays, tuples ----------------------------------------------------------------------

CheckedExprId BodyChecker::infer_index(const ast::IndexExpr& index) {
  const CheckedExprId object = infer(index.object_id);
  if (index.indices.size() != 1) return not_available(index.span, "an index of several parts");
  const ast::Index& one = index.indices[0];
  if (one.kind == ast::Index::Kind::Slice) return not_available(one.span, "a slice");
  if (one.kind == ast::Index::Kind::Star) return not_available(one.span, "`[*]`");
  if (refuses_option(object)) return error(index.span);
  const Type type = types().get(type_of(object));
  const CheckedExprId position = check(one.first_id, scalar(TypeKind::Int));
  if (is_error(position)) return error(index.span);
  const std::optional<std::int64_t> known = literal_int(position);
  const auto out_of_range = [&](std::int64_t length) {
    if (!known || (*known >= -length && *known < length)) return false;
    context_.sink.report(diag::BadIndex, one.span, *known, describe(type_of(object)));
    return true;
  };
  if (type.kind == TypeKind::Tuple) {
    const auto length = static_cast<std::int64_t>(type.elements.size());
    if (!known) {
      context_.sink.report(diag::NotConstant, one.span)
          .note("the parts of a tuple have types of their own, so the number is written out");
      return error(index.span);
    }
    if (out_of_range(length)) return error(index.span);
    const auto part = static_cast<std::uint32_t>(*known < 0 ? *known + length : *known);
    return narrowed(make(type.elements[part], index.span, FieldExpr{object, part}));
  }
  if (type.kind != TypeKind::Array && type.kind != TypeKind::Window) {
    auto report = context_.sink.report(diag::NotIndexable, index.span, describe(type_of(object)));
    if (type.kind == TypeKind::Record) report.help("name a field: `.name`");
    return error(index.span);
  }
  if (type.kind == TypeKind::Array && out_of_range(type.length)) return error(index.span);
  return make(type.element_id, index.span, IndexExpr{object, position});
}

CheckedExprId BodyChecker::infer_array(const ast::ArrayExpr& array, TypeId hint) {
  TypeId element_hint;
  if (hint.valid()) {
    Type hinted = types().get(hint);
    if (hinted.kind == TypeKind::Option) hinted = types().get(hinted.element_id);
    if (hinted.kind == TypeKind::Array || hinted.kind == TypeKind::Window) {
      element_hint = hinted.element_id;
    }
  }
  if (array.elements.empty()) {
    if (!element_hint.valid()) {
      context_.sink.report(diag::NeedsType, array.span, "this empty array")
          .help("say what it holds: `name: float[] = []`");
      return error(array.span);
    }
    return make(types().array(element_hint, 0), array.span, MakeExpr{});
  }
  std::vector<CheckedExprId> parts;
  TypeId common;
  for (const ast::ArrayElement& element : array.elements) {
    if (element.time_id.valid()) {
      context_.sink.report(diag::StatementNotHere, element.span, "`at`",
                           "an array outside of `given` and `expect`");
      return error(array.span);
    }
    const CheckedExprId part = infer(element.value_id, element_hint);
    if (is_error(part)) return error(array.span);
    parts.push_back(part);
    const TypeId both = common.valid() ? context_.types.common_type(common, type_of(part))
                                       : type_of(part);
    if (!both.valid()) {
      context_.sink
          .report(diag::MixedElements, element.span, describe(common), describe(type_of(part)))
          .help("a tuple holds values of different types: `(a, b)`");
      return error(array.span);
    }
    common = both;
  }
  const TypeKind kind = types().kind(common);
  if (kind == TypeKind::None && !element_hint.valid()) {
    context_.sink.report(diag::NeedsType, array.span, "this array of `none`");
    return error(array.span);
  }
  if (kind == TypeKind::None) common = element_hint;
  for (CheckedExprId& part : parts) part = require(part, common, span_of_checked(part));
  const auto length = static_cast<std::int64_t>(parts.size());
  return make(types().array(common, length), array.span, MakeExpr{std::move(parts)});
}

CheckedExprId BodyChecker::infer_tuple(const ast::TupleExpr& tuple, TypeId hint) {
  std::vector<TypeId> hints(tuple.element_ids.size());
  if (hint.valid()) {
    const Type hinted = types().get(hint);
    if (hinted.kind == TypeKind::Tuple && hinted.elements.size() == hints.size()) {
      hints = hinted.elements;
    }
  }
  std::vector<CheckedExprId> parts;
  std::vector<TypeId> members;
  for (std::size_t i = 0; i < hints.size(); ++i) {
    CheckedExprId part = infer(tuple.element_ids[i], hints[i]);
    if (is_error(part)) return error(tuple.span);
    if (hints[i].valid()) {
      if (const CheckedExprId converted = convert(part, hints[i]); converted.valid()) {
        part = converted;
      }
    }
    parts.push_back(part);
    members.push_back(type_of(part));
  }
  return make(types().tuple(std::move(members)), tuple.span, MakeExpr{std::move(parts)});
}

// ---- if and else ----------------------------------------------------------------------------------

CheckedExprId BodyChecker::infer_if(const ast::IfExpr& expr, TypeId hint) {
  Facts facts;
  const CheckedExprId condition = check_condition(expr.condition_id, facts);
  const Flow before = flow_;
  apply_facts(facts.when_true);
  CheckedExprId then_value = infer(expr.then_id, hint);
  flow_ = before;
  apply_facts(facts.when_false);
  CheckedExprId else_value = infer(expr.else_id, hint);
  flow_ = before;
  if (is_error(condition) || is_error(then_value) || is_error(else_value)) return error(expr.span);
  const TypeId common = context_.types.common_type(type_of(then_value), type_of(else_value));
  if (!common.valid()) {
    context_.sink
        .report(diag::BranchTypes, expr.span, describe(type_of(then_value)),
                describe(type_of(else_value)))
        .label(span_of(context_.ast, expr.then_id), describe(type_of(then_value)))
        .label(span_of(context_.ast, expr.else_id), describe(type_of(else_value)));
    return error(expr.span);
  }
  then_value = require(then_value, common, expr.span);
  else_value = require(else_value, common, expr.span);
  return make(common, expr.span, ConditionExpr{condition, then_value, else_value});
}

CheckedExprId BodyChecker::infer_else(const ast::ElseExpr& expr, TypeId hint) {
  const auto* word = context_.ast.as<ast::NameExpr>(expr.right_id);
  if (word != nullptr && (word->name == "skip" || word->name == "stop") &&
      !operands_.contains(expr.right_id) && find_binding(word->name) == nullptr) {
    context_.sink.report(diag::ElseInItem, join(expr.operator_span, word->span), word->name)
        .help("give a value to use instead: `… else 0.0`")
        .help(fmt::format("or put `else {}` behind the function in the pipeline", word->name));
    return error(expr.span);
  }
  CheckedExprId value = infer(expr.left_id, hint);
  CheckedExprId fallback = infer(expr.right_id, hint);
  if (is_error(value) || is_error(fallback)) return error(expr.span);
  if (kind_of(value) == TypeKind::None) return fallback;
  if (kind_of(value) == TypeKind::Option) {
    const TypeId element = types().get(type_of(value)).element_id;
    value = make(element, span_of_checked(value), UnwrapExpr{value});
  }
  const TypeId common = context_.types.common_type(type_of(value), type_of(fallback));
  if (!common.valid()) {
    context_.sink.report(diag::BranchTypes, expr.span, describe(type_of(value)),
                         describe(type_of(fallback)));
    return error(expr.span);
  }
  value = require(value, common, expr.span);
  fallback = require(fallback, common, expr.span);
  return make(common, expr.span, ElseExpr{value, fallback});
}

}  // namespace streamc
