// Texts with holes: `"{x:.1f} degrees"`.
#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "compiler/sema/arguments.h"
#include "compiler/sema/body_checker.h"
#include "compiler/sema/value_text.h"

namespace streamc {

namespace {

bool is_one_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }

// Why `spec` cannot show a value of this kind; empty if it can.
std::string why_not(const FormatSpec& spec, TypeKind kind) {
  const bool is_integer_form = spec.type != 0 && is_one_of(spec.type, "dxXbo");
  const bool is_float_form = spec.type != 0 && is_one_of(spec.type, "eEfFgG%");
  if (kind == TypeKind::Int) {
    if (spec.type == 's') return "`s` is for texts";
    if (spec.precision >= 0 && !is_float_form) return "an `int` has no decimals; `f` shows some";
    return "";
  }
  if (kind == TypeKind::Float) {
    if (is_integer_form) return fmt::format("`{}` is for an `int`: use `int(…)`", spec.type);
    if (spec.type == 's') return "`s` is for texts";
    return "";
  }
  if (is_integer_form || is_float_form) return fmt::format("`{}` is for numbers", spec.type);
  if (spec.sign != '-') return "signs are for numbers";
  if (spec.comma) return "`,` is for numbers";
  if (spec.align == '=' || spec.zero) return "leading zeros are for numbers";
  if (spec.precision >= 0 && kind != TypeKind::String) return "only numbers and texts have a precision";
  return "";
}

}  // namespace

CheckedExprId BodyChecker::infer_text(const ast::StringExpr& text,
                                      const std::vector<CheckedExprId>* holes) {
  std::size_t hole_count = 0;
  for (const ast::StringPiece& piece : text.pieces) {
    if (!piece.is_hole || piece.value_id.valid()) continue;
    ++hole_count;
    if (holes == nullptr) {
      context_.sink.report(diag::EmptyHole, piece.span).help("put a value into it: `{value}`");
      return error(text.span);
    }
  }
  // One tuple fills as many holes as it has parts.
  std::vector<CheckedExprId> fillers = holes != nullptr ? *holes : std::vector<CheckedExprId>();
  if (fillers.size() == 1 && hole_count > 1) {
    const CheckedExprId tuple = fillers[0];
    const Type type = types().get(type_of(tuple));
    if (type.kind == TypeKind::Tuple && type.elements.size() == hole_count) {
      fillers.clear();
      for (std::size_t i = 0; i < hole_count; ++i) {
        fillers.push_back(
            make(type.elements[i], text.span, FieldExpr{tuple, static_cast<std::uint32_t>(i)}));
      }
    }
  }
  if (holes != nullptr && fillers.size() != hole_count) {
    context_.sink.report(diag::FunctionParameters, text.span, counted(hole_count, "value"),
                         static_cast<std::int64_t>(fillers.size()));
    return error(text.span);
  }
  FormatExpr format;
  bool has_values = false;
  bool ok = true;
  std::size_t next_filler = 0;
  for (const ast::StringPiece& piece : text.pieces) {
    if (!piece.is_hole) {
      format.pieces.push_back({.text = piece.text});
      continue;
    }
    const CheckedExprId value =
        piece.value_id.valid() ? infer(piece.value_id) : fillers[next_filler++];
    has_values = true;
    if (is_error(value) || !check_format(piece, value)) {
      ok = false;
      continue;
    }
    format.pieces.push_back({.value = value, .has_value = true, .spec = piece.format_spec});
  }
  if (!ok) return error(text.span);
  if (has_values) return make(scalar(TypeKind::String), text.span, std::move(format));
  std::string whole;
  for (const FormatPiece& piece : format.pieces) whole += piece.text;
  return context_.literal(make_string(types(), std::move(whole)), text.span);
}

bool BodyChecker::check_format(const ast::StringPiece& piece, CheckedExprId value) {
  const TypeKind kind = kind_of(value);
  if (piece.format_spec.empty()) return true;
  const SourceSpan span = piece.format_span.valid() ? piece.format_span : piece.span;
  if (kind == TypeKind::Option || kind == TypeKind::None) {
    return !refuses_option(value);
  }
  const std::optional<FormatSpec> spec = parse_format_spec(piece.format_spec);
  if (!spec) {
    context_.sink.report(diag::BadFormat, span, piece.format_spec, describe(type_of(value)))
        .help("a format is `[fill][<^>][+][0][width][,][.decimals][d x b e f g %]`, as in Python");
    return false;
  }
  const std::string why = why_not(*spec, kind);
  if (why.empty()) return true;
  context_.sink.report(diag::BadFormat, span, piece.format_spec, describe(type_of(value))).note(why);
  return false;
}

}  // namespace streamc
