// Operators: Python's numbers, times and durations, comparisons, `and or not`, `in`.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "compiler/sema/body_checker.h"

namespace streamc {

namespace {

BinaryOp checked_op(ast::BinaryOp op) {
  switch (op) {
    case ast::BinaryOp::Add:
      return BinaryOp::Add;
    case ast::BinaryOp::Subtract:
      return BinaryOp::Subtract;
    case ast::BinaryOp::Multiply:
      return BinaryOp::Multiply;
    case ast::BinaryOp::Divide:
      return BinaryOp::Divide;
    case ast::BinaryOp::FloorDivide:
      return BinaryOp::FloorDivide;
    case ast::BinaryOp::Modulo:
      return BinaryOp::Modulo;
    case ast::BinaryOp::Power:
      return BinaryOp::Power;
    case ast::BinaryOp::Equal:
      return BinaryOp::Equal;
    case ast::BinaryOp::NotEqual:
      return BinaryOp::NotEqual;
    case ast::BinaryOp::Less:
      return BinaryOp::Less;
    case ast::BinaryOp::LessEqual:
      return BinaryOp::LessEqual;
    case ast::BinaryOp::Greater:
      return BinaryOp::Greater;
    case ast::BinaryOp::GreaterEqual:
      return BinaryOp::GreaterEqual;
    case ast::BinaryOp::And:
      return BinaryOp::And;
    case ast::BinaryOp::Or:
      return BinaryOp::Or;
    case ast::BinaryOp::In:
      break;
  }
  STREAM_UNREACHABLE("`in` has no operator of its own");
}

std::set<NarrowKey> intersection(const std::set<NarrowKey>& a, const std::set<NarrowKey>& b) {
  std::set<NarrowKey> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::inserter(both, both.end()));
  return both;
}

bool is_equality(ast::BinaryOp op) {
  return op == ast::BinaryOp::Equal || op == ast::BinaryOp::NotEqual;
}

}  // namespace

CheckedExprId BodyChecker::infer_unary(const ast::UnaryExpr& expr, TypeId hint, Facts* facts) {
  if (expr.op == ast::UnaryOp::Not) {
    Facts inner;
    const CheckedExprId operand = check_condition(expr.operand_id, inner);
    if (is_error(operand)) return error(expr.span);
    if (facts != nullptr) *facts = {inner.when_false, inner.when_true};
    return make(scalar(TypeKind::Bool), expr.span, UnaryExpr{UnaryOp::Not, operand});
  }
  const CheckedExprId operand = infer(expr.operand_id, hint);
  if (refuses_option(operand)) return error(expr.span);
  const TypeKind kind = kind_of(operand);
  if (kind != TypeKind::Int && kind != TypeKind::Float && kind != TypeKind::Duration) {
    context_.sink.report(diag::UnaryTypes, expr.operator_span, "-", describe(type_of(operand)));
    return error(expr.span);
  }
  if (const auto* literal = std::get_if<LiteralExpr>(&context_.program.expr(operand).node)) {
    Value value = literal->value;
    value.real = -value.real;
    value.integer = static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(value.integer));
    return context_.literal(std::move(value), expr.span);
  }
  return make(type_of(operand), expr.span, UnaryExpr{UnaryOp::Negate, operand});
}

CheckedExprId BodyChecker::infer_binary(const ast::BinaryExpr& expr, TypeId hint, Facts* facts) {
  if (expr.op == ast::BinaryOp::And || expr.op == ast::BinaryOp::Or) {
    return infer_logic(expr, facts);
  }
  if (expr.op == ast::BinaryOp::In) return infer_membership(expr);
  if (is_comparison(expr.op)) return infer_comparison(expr, facts);
  const CheckedExprId left = infer(expr.left_id);
  const CheckedExprId right = infer(expr.right_id);
  if (is_error(left) || is_error(right)) return error(expr.span);
  return arithmetic(expr.op, left, right, expr.operator_span, expr.span);
}

CheckedExprId BodyChecker::infer_logic(const ast::BinaryExpr& expr, Facts* facts) {
  const bool is_and = expr.op == ast::BinaryOp::And;
  Facts left_facts;
  Facts right_facts;
  const CheckedExprId left = check_condition(expr.left_id, left_facts);
  const Flow before = flow_;
  apply_facts(is_and ? left_facts.when_true : left_facts.when_false);
  const CheckedExprId right = check_condition(expr.right_id, right_facts);
  flow_ = before;
  if (is_error(left) || is_error(right)) return error(expr.span);
  if (facts != nullptr) {
    const auto both = [](std::set<NarrowKey> a, const std::set<NarrowKey>& b) {
      a.insert(b.begin(), b.end());
      return a;
    };
    if (is_and) {
      facts->when_true = both(left_facts.when_true, right_facts.when_true);
      // Either the left side was false, or it was true and the right one false.
      facts->when_false = intersection(left_facts.when_false,
                                       both(left_facts.when_true, right_facts.when_false));
    } else {
      facts->when_false = both(left_facts.when_false, right_facts.when_false);
      facts->when_true = intersection(left_facts.when_true,
                                      both(left_facts.when_false, right_facts.when_true));
    }
  }
  return make(scalar(TypeKind::Bool), expr.span, BinaryExpr{checked_op(expr.op), left, right});
}

CheckedExprId BodyChecker::compare_with_none(const ast::BinaryExpr& expr, ExprId value_id,
                                             Facts* facts) {
  const bool is_equal = expr.op == ast::BinaryOp::Equal;
  const CheckedExprId value = without_narrowing(infer(value_id));
  if (is_error(value)) return error(expr.span);
  const TypeKind kind = kind_of(value);
  if (kind != TypeKind::Option || !is_equality(expr.op)) {
    auto report = context_.sink.report(diag::OperatorTypes, expr.operator_span,
                                       spelling(expr.op), describe(type_of(value)), "`none`");
    if (is_equality(expr.op) && kind != TypeKind::None) {
      report.help(fmt::format("{} always has a value; only a `{}?` may be `none`",
                              describe(type_of(value)), context_.text(type_of(value))));
    }
    return error(expr.span);
  }
  if (facts != nullptr) {
    if (const std::optional<NarrowKey> key = narrow_key(value)) {
      (is_equal ? facts->when_false : facts->when_true).insert(*key);
    }
  }
  const TypeId boolean = scalar(TypeKind::Bool);
  const CheckedExprId present = make(boolean, expr.span, IsPresentExpr{value});
  return is_equal ? make(boolean, expr.span, UnaryExpr{UnaryOp::Not, present}) : present;
}

CheckedExprId BodyChecker::infer_comparison(const ast::BinaryExpr& expr, Facts* facts) {
  if (context_.ast.as<ast::NoneExpr>(expr.right_id) != nullptr) {
    return compare_with_none(expr, expr.left_id, facts);
  }
  if (context_.ast.as<ast::NoneExpr>(expr.left_id) != nullptr) {
    return compare_with_none(expr, expr.right_id, facts);
  }
  CheckedExprId left = infer(expr.left_id);
  CheckedExprId right = infer(expr.right_id, is_error(left) ? TypeId() : type_of(left));
  if (is_error(left) || is_error(right)) return error(expr.span);
  const bool equality = is_equality(expr.op);
  if (!equality && (refuses_option(left) || refuses_option(right))) return error(expr.span);
  const TypeId common = context_.types.common_type(type_of(left), type_of(right));
  const TypeKind kind = common.valid() ? types().kind(common) : TypeKind::Error;
  const bool comparable = common.valid() && kind != TypeKind::Window &&
                          kind != TypeKind::Function && kind != TypeKind::Nothing &&
                          (equality || types().is_ordered(common));
  if (!comparable) return report_operands(expr.op, left, right, expr.operator_span, expr.span);
  left = require(left, common, span_of_checked(left));
  right = require(right, common, span_of_checked(right));
  return make(scalar(TypeKind::Bool), expr.span, BinaryExpr{checked_op(expr.op), left, right});
}

// `x in array` is whether one element equals it, `"part" in text` whether the text contains it.
CheckedExprId BodyChecker::infer_membership(const ast::BinaryExpr& expr) {
  const CheckedExprId right = infer(expr.right_id);
  if (refuses_option(right)) return error(expr.span);
  const Type type = types().get(type_of(right));
  const TypeId boolean = scalar(TypeKind::Bool);
  if (type.kind == TypeKind::String) {
    const CheckedExprId left = check(expr.left_id, type_of(right));
    if (is_error(left)) return error(expr.span);
    return make(boolean, expr.span, CallBuiltinExpr{Builtin::Contains, {right, left}});
  }
  CheckedExprId left = infer(expr.left_id, type.element_id);
  if (is_error(left)) return error(expr.span);
  if (type.kind != TypeKind::Array && type.kind != TypeKind::Window) {
    return report_operands(expr.op, left, right, expr.operator_span, expr.span);
  }
  const TypeId common = context_.types.common_type(type_of(left), type.element_id);
  if (!common.valid()) {
    return report_operands(expr.op, left, right, expr.operator_span, expr.span);
  }
  left = require(left, common, span_of_checked(left));
  const LocalIndex element = add_local("", type.element_id);
  const CheckedExprId value = require(local(element, expr.span), common, expr.span);
  if (is_error(left) || is_error(value)) return error(expr.span);
  const CheckedExprId equal =
      make(boolean, expr.span, BinaryExpr{BinaryOp::Equal, value, left});
  const CheckedExprId found = make(types().window(type.element_id), expr.span,
                                   FilterArrayExpr{right, {element}, equal});
  const CheckedExprId count = make(scalar(TypeKind::Int), expr.span,
                                   CallBuiltinExpr{Builtin::Length, {found}});
  return make(boolean, expr.span,
              BinaryExpr{BinaryOp::Greater, count, int_literal(0, expr.span)});
}

CheckedExprId BodyChecker::arithmetic(ast::BinaryOp op, CheckedExprId left, CheckedExprId right,
                                      SourceSpan operator_span, SourceSpan span) {
  using Op = ast::BinaryOp;
  if (refuses_option(left) || refuses_option(right)) return error(span);
  const TypeKind l = kind_of(left);
  const TypeKind r = kind_of(right);
  const auto result = [&](TypeKind kind) {
    return make(scalar(kind), span, BinaryExpr{checked_op(op), left, right});
  };
  const auto both_float = [&] {
    left = convert(left, scalar(TypeKind::Float));
    right = convert(right, scalar(TypeKind::Float));
    return result(TypeKind::Float);
  };
  const bool numbers = types().is_number(type_of(left)) && types().is_number(type_of(right));
  if (numbers) {
    if (op == Op::Divide || l != r || l == TypeKind::Float) {
      return both_float();
    }
    if (op == Op::Power) {
      const std::optional<std::int64_t> exponent = literal_int(right);
      return exponent && *exponent >= 0 ? result(TypeKind::Int) : both_float();
    }
    return result(TypeKind::Int);
  }
  if (l == TypeKind::String && r == TypeKind::String && op == Op::Add) {
    FormatExpr text;
    for (const CheckedExprId part : {left, right}) {
      text.pieces.push_back({.value = part, .has_value = true});
    }
    return make(scalar(TypeKind::String), span, std::move(text));
  }
  const bool l_number = types().is_number(type_of(left));
  const bool r_number = types().is_number(type_of(right));
  const bool l_duration = l == TypeKind::Duration;
  const bool r_duration = r == TypeKind::Duration;
  if (op == Op::Add) {
    if (l_duration && r_duration) return result(TypeKind::Duration);
    if (l == TypeKind::Time && r_duration) return result(TypeKind::Time);
    if (l_duration && r == TypeKind::Time) {
      std::swap(left, right);
      return result(TypeKind::Time);
    }
  }
  if (op == Op::Subtract) {
    if (l_duration && r_duration) return result(TypeKind::Duration);
    if (l == TypeKind::Time && r_duration) return result(TypeKind::Time);
    if (l == TypeKind::Time && r == TypeKind::Time) return result(TypeKind::Duration);
  }
  if (op == Op::Multiply) {
    if (l_duration && r_number) return result(TypeKind::Duration);
    if (l_number && r_duration) {
      std::swap(left, right);
      return result(TypeKind::Duration);
    }
  }
  if (op == Op::Divide && l_duration) {
    if (r_duration) return result(TypeKind::Float);
    if (r_number) return result(TypeKind::Duration);
  }
  if (op == Op::FloorDivide && l_duration) {
    if (r_duration) return result(TypeKind::Int);
    if (r == TypeKind::Int) return result(TypeKind::Duration);
  }
  if (op == Op::Modulo && l_duration && r_duration) return result(TypeKind::Duration);
  return report_operands(op, left, right, operator_span, span);
}

CheckedExprId BodyChecker::report_operands(ast::BinaryOp op, CheckedExprId left,
                                           CheckedExprId right, SourceSpan operator_span,
                                           SourceSpan span) {
  auto report = context_.sink.report(diag::OperatorTypes, operator_span, spelling(op),
                                     describe(type_of(left)), describe(type_of(right)));
  const TypeKind l = kind_of(left);
  const TypeKind r = kind_of(right);
  const auto either = [&](TypeKind kind) { return l == kind || r == kind; };
  if (either(TypeKind::Window) || either(TypeKind::Array)) {
    report.help("apply it to each value: `map(w, v => …)`; or sum them up first: `mean(w)`");
  } else if (op == ast::BinaryOp::Add && either(TypeKind::String)) {
    report.help("put the value into a text: `\"{a}{b}\"`");
  } else if (either(TypeKind::Time) && (either(TypeKind::Int) || either(TypeKind::Float))) {
    report.help("write the unit of the number: `5s`");
  } else if (either(TypeKind::Duration) && (either(TypeKind::Int) || either(TypeKind::Float))) {
    report.help("write the unit of the number: `5s`; or divide by one: `… / 1s`");
  } else if (l == TypeKind::Time && r == TypeKind::Time && op == ast::BinaryOp::Add) {
    report.help("the time between two times is their difference: `a - b`");
  } else if (either(TypeKind::String) && is_comparison(op)) {
    report.help("read a number from the text: `parse_float(…)`");
  }
  return error(span);
}

}  // namespace streamc
