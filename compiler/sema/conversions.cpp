// Implicit conversions: int → float, T → T?, none → T?, T[N] → T[], element by element in tuples and
// arrays. Everything else is written by the user.
#include <algorithm>

#include "compiler/sema/body_checker.h"

namespace streamc {

namespace {

bool is_array(TypeKind kind) { return kind == TypeKind::Array || kind == TypeKind::Window; }

}  // namespace

bool SemaContext::fits(TypeId from, TypeId to) {
  if (from == to) return true;
  const Type source = program.types.get(from);
  const Type target = program.types.get(to);
  if (source.kind == TypeKind::Error || target.kind == TypeKind::Error) return true;
  if (source.kind == TypeKind::Nothing) return true;
  if (source.kind == TypeKind::Int && target.kind == TypeKind::Float) return true;
  if (target.kind == TypeKind::Option) {
    if (source.kind == TypeKind::None) return true;
    return fits(source.kind == TypeKind::Option ? source.element_id : from, target.element_id);
  }
  if (is_array(source.kind) && is_array(target.kind)) {
    if (target.kind == TypeKind::Array &&
        (source.kind != TypeKind::Array || source.length != target.length)) {
      return false;
    }
    return fits(source.element_id, target.element_id);
  }
  if (source.kind == TypeKind::Tuple && target.kind == TypeKind::Tuple) {
    return std::equal(source.elements.begin(), source.elements.end(), target.elements.begin(),
                      target.elements.end(), [&](TypeId a, TypeId b) { return fits(a, b); });
  }
  return false;
}

FunctionId SemaContext::conversion(TypeId from, TypeId to) {
  if (!fits(from, to)) return {};
  const auto key = std::pair(from, to);
  if (const auto place = conversions_.find(key); place != conversions_.end()) return place->second;
  BodyChecker body(*this, module_environment(modules.main_id()), {}, "conversion");
  const LocalIndex value = body.declare("value", from, true);
  const CheckedExprId converted = body.convert(body.local(value, SourceSpan()), to);
  const FunctionId id = body.finish_expression(SourceSpan(), 1, converted);
  conversions_[key] = id;
  return id;
}

CheckedExprId BodyChecker::convert(CheckedExprId id, TypeId to) {
  const TypeId from = type_of(id);
  if (from == to || is_error(id)) return id;
  if (!context_.fits(from, to)) return {};
  const Type source = types().get(from);
  const Type target = types().get(to);
  if (target.kind == TypeKind::Error) return id;
  const SourceSpan span = span_of_checked(id);
  const auto conversion = [&](Conversion kind, CheckedExprId operand) {
    return make(to, span, ConvertExpr{kind, operand});
  };
  if (source.kind == TypeKind::Nothing) return conversion(Conversion::Nothing, id);
  if (source.kind == TypeKind::Int && target.kind == TypeKind::Float) {
    if (const auto value = literal_int(id)) {
      return context_.literal(make_float(types(), static_cast<double>(*value)), span);
    }
    return conversion(Conversion::IntToFloat, id);
  }
  if (target.kind == TypeKind::Option) {
    if (source.kind == TypeKind::None) return conversion(Conversion::NoneToOption, id);
    if (source.kind != TypeKind::Option) {
      return conversion(Conversion::ToOption, convert(id, target.element_id));
    }
  }
  // The parts of an array or tuple that is written out are converted where they stand.
  if (const auto* make_expr = std::get_if<MakeExpr>(&context_.program.expr(id).node);
      make_expr != nullptr && source.kind != TypeKind::Record && source.kind != TypeKind::Option) {
    const bool is_tuple = source.kind == TypeKind::Tuple;
    std::vector<CheckedExprId> parts = make_expr->parts;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      parts[i] = convert(parts[i], is_tuple ? target.elements[i] : target.element_id);
    }
    const TypeId same_shape =
        is_tuple ? to
                 : types().array(target.element_id, static_cast<std::int64_t>(parts.size()));
    const CheckedExprId made = make(same_shape, span, MakeExpr{std::move(parts)});
    return target.kind == TypeKind::Window ? conversion(Conversion::ArrayToWindow, made) : made;
  }
  if (is_array(source.kind)) {
    CheckedExprId value = id;
    if (source.element_id != target.element_id) {
      const LocalIndex element = add_local("", source.element_id);
      const CheckedExprId body = convert(local(element, span), target.element_id);
      const TypeId mapped = source.kind == TypeKind::Array
                                ? types().array(target.element_id, source.length)
                                : types().window(target.element_id);
      value = make(mapped, span, MapArrayExpr{id, {element}, body});
    }
    const bool widens = source.kind == TypeKind::Array && target.kind == TypeKind::Window;
    return widens ? conversion(Conversion::ArrayToWindow, value) : value;
  }
  // The rest needs the value twice.
  if (!is_simple(id)) {
    return make(to, span, CallFunctionExpr{context_.conversion(from, to), {id}});
  }
  if (source.kind == TypeKind::Tuple) {
    std::vector<CheckedExprId> parts;
    for (std::size_t i = 0; i < source.elements.size(); ++i) {
      const CheckedExprId part =
          make(source.elements[i], span, FieldExpr{id, static_cast<std::uint32_t>(i)});
      parts.push_back(convert(part, target.elements[i]));
    }
    return make(to, span, MakeExpr{std::move(parts)});
  }
  STREAM_ASSERT(source.kind == TypeKind::Option && target.kind == TypeKind::Option,
                "no conversion from {} to {}", context_.text(from), context_.text(to));
  const CheckedExprId present =
      make(scalar(TypeKind::Bool), span, IsPresentExpr{id});
  const CheckedExprId inner = make(source.element_id, span, UnwrapExpr{id});
  const CheckedExprId none =
      make(scalar(TypeKind::None), span, LiteralExpr{Value{.type_id = scalar(TypeKind::None)}});
  return make(to, span,
              ConditionExpr{present,
                            conversion(Conversion::ToOption, convert(inner, target.element_id)),
                            conversion(Conversion::NoneToOption, none)});
}

CheckedExprId BodyChecker::require(CheckedExprId id, TypeId to, SourceSpan span) {
  if (is_error(id) || !to.valid()) return id;
  const CheckedExprId converted = convert(id, to);
  if (converted.valid()) return converted;
  const TypeId from = type_of(id);
  const Type source = types().get(from);
  if (source.kind == TypeKind::None ||
      (source.kind == TypeKind::Option && context_.fits(source.element_id, to))) {
    report_none(id, to, span);
    return error(span);
  }
  auto report =
      context_.sink.report(diag::TypeMismatch, span, describe(to), describe(from));
  help_conversion(report, id, to);
  return error(span);
}

}  // namespace streamc
