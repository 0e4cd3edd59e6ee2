#include <StreamLexer.h>

#include "compiler/parse/builder.h"

namespace streamc {
namespace {

// More suffixes than this make no type that anybody could read, or any phase walk.
constexpr std::size_t kMaxTypeSuffixes = 32;

int precedence(ast::BinaryOp op) {
  return op == ast::BinaryOp::Add || op == ast::BinaryOp::Subtract ? 1 : 2;
}

ast::BinaryOp arithmetic_op(std::size_t type) {
  switch (type) {
    case StreamLexer::PLUS: return ast::BinaryOp::Add;
    case StreamLexer::MINUS: return ast::BinaryOp::Subtract;
    case StreamLexer::STAR: return ast::BinaryOp::Multiply;
    default: return ast::BinaryOp::FloorDivide;
  }
}

}  // namespace

TypeSyntaxId TreeBuilder::type(StreamParser::TypeContext* context) {
  const SourceSpan span = span_of(context);
  const auto inner = context->type();
  if (context->ARROW() != nullptr) {
    ast::FunctionType node{span, {}, {}};
    for (std::size_t i = 0; i + 1 < inner.size(); ++i) node.parameter_ids.push_back(type(inner[i]));
    node.result_id = type(inner.back());
    return ast_.add(std::move(node));
  }
  TypeSyntaxId result;
  if (context->path() != nullptr) {
    ast::Path name = path(context->path());
    const SourceSpan name_span = name.span;
    result = ast_.add(ast::NamedType{name_span, std::move(name)});
  } else if (inner.size() == 1) {
    result = type(inner.front());
  } else {
    ast::TupleType node{file_.span(span.begin, span_of(context->RP()).end), {}};
    for (auto* element : inner) node.element_ids.push_back(type(element));
    result = ast_.add(std::move(node));
  }
  const auto suffixes = context->typeSuffix();
  if (suffixes.size() > kMaxTypeSuffixes) {
    sink_.report(diag::NestedTooDeeply, span, "this type", kMaxTypeSuffixes);
    return ast_.add(ast::ErrorType{span});
  }
  for (auto* suffix : suffixes) {
    const SourceSpan whole = file_.span(span.begin, span_of(suffix).end);
    if (suffix->OPTION() != nullptr) {
      result = ast_.add(ast::OptionType{whole, result});
      continue;
    }
    ast::AppliedType node{whole, result, {}};
    for (auto* argument : suffix->typeArgument()) node.arguments.push_back(type_argument(argument));
    result = ast_.add(std::move(node));
  }
  return result;
}

// A type that is only a name may name a constant.
ExprId TreeBuilder::constant_of_type(TypeSyntaxId id) {
  const auto* named = ast_.as<ast::NamedType>(id);
  if (named == nullptr) return ExprId();
  const std::vector<ast::Identifier> parts = named->path.parts;  // The table may grow below.
  ExprId result = add(ast::NameExpr{parts.front().span, parts.front().text}, {});
  for (std::size_t i = 1; i < parts.size(); ++i) {
    result = add(ast::FieldExpr{join(parts.front().span, parts[i].span), result, parts[i]}, {result});
  }
  return result;
}

ast::TypeArgument TreeBuilder::type_argument(StreamParser::TypeArgumentContext* context) {
  ast::TypeArgument node;
  node.span = span_of(context);
  node.name = identifier(context->name());
  if (context->type() != nullptr) {
    node.type_id = type(context->type());
    node.constant_id = constant_of_type(node.type_id);
  } else {
    node.constant_id = int_literal(span_of(context->INT()), false);
  }
  const auto steps = context->typeArithmetic();
  if (steps.empty()) return node;
  if (!node.constant_id.valid()) {
    sink_.report(diag::UnexpectedText, span_of(steps.front()), "`]`", "arithmetic on a type");
    return node;
  }

  // Operators wait on a stack until one that binds no tighter follows.
  struct Pending {
    ExprId left_id;
    ast::BinaryOp op;
    SourceSpan operator_span;
  };
  std::vector<Pending> pending;
  ExprId operand = node.constant_id;
  const auto reduce = [&](int at_least) {
    while (!pending.empty() && precedence(pending.back().op) >= at_least) {
      const Pending step = pending.back();
      pending.pop_back();
      ast::BinaryExpr binary;
      binary.span = join(streamc::span_of(ast_, step.left_id), streamc::span_of(ast_, operand));
      binary.operator_span = step.operator_span;
      binary.op = step.op;
      binary.left_id = step.left_id;
      binary.right_id = operand;
      operand = add(binary, {step.left_id, operand});
    }
  };
  for (auto* step : steps) {
    auto* const symbol = static_cast<Terminal*>(step->children[0]);
    const ast::BinaryOp op = arithmetic_op(symbol->getSymbol()->getType());
    reduce(precedence(op));
    pending.push_back({operand, op, span_of(symbol)});
    operand = step->INT() != nullptr ? int_literal(span_of(step->INT()), false)
                                     : name_value(span_of(step->ident()));
  }
  reduce(0);
  node.type_id = TypeSyntaxId();
  node.constant_id = operand;
  return node;
}

}  // namespace streamc
