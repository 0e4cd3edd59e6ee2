#include <StreamLexer.h>

#include <algorithm>

#include "compiler/parse/builder.h"

namespace streamc {
namespace {

using antlr4::ParserRuleContext;

// Deeper expressions would overflow the stack of whoever walks them.
constexpr std::uint16_t kMaxExpressionDepth = 1'000;

ParserRuleContext* rule_child(ParserRuleContext* context, std::size_t i) {
  return static_cast<ParserRuleContext*>(context->children[i]);
}

antlr4::tree::TerminalNode* terminal_child(ParserRuleContext* context, std::size_t i) {
  return static_cast<antlr4::tree::TerminalNode*>(context->children[i]);
}

std::size_t token_type(antlr4::tree::TerminalNode* terminal) {
  return terminal->getSymbol()->getType();
}

ast::BinaryOp binary_op(std::size_t type) {
  switch (type) {
    case StreamLexer::PLUS: return ast::BinaryOp::Add;
    case StreamLexer::MINUS: return ast::BinaryOp::Subtract;
    case StreamLexer::STAR: return ast::BinaryOp::Multiply;
    case StreamLexer::DIVIDE: return ast::BinaryOp::Divide;
    case StreamLexer::FLOOR_DIVIDE: return ast::BinaryOp::FloorDivide;
    case StreamLexer::MODULO: return ast::BinaryOp::Modulo;
    case StreamLexer::POWER: return ast::BinaryOp::Power;
    case StreamLexer::EQUAL: return ast::BinaryOp::Equal;
    case StreamLexer::NOT_EQUAL: return ast::BinaryOp::NotEqual;
    case StreamLexer::LESS: return ast::BinaryOp::Less;
    case StreamLexer::LESS_EQUAL: return ast::BinaryOp::LessEqual;
    case StreamLexer::GREATER: return ast::BinaryOp::Greater;
    case StreamLexer::GREATER_EQUAL: return ast::BinaryOp::GreaterEqual;
    case StreamLexer::KW_IN: return ast::BinaryOp::In;
    case StreamLexer::KW_AND: return ast::BinaryOp::And;
    case StreamLexer::KW_OR: return ast::BinaryOp::Or;
    default: STREAM_UNREACHABLE("token {} is no binary operator", type);
  }
}

// The only token below `context`, or null if there are several.
antlr4::tree::TerminalNode* sole_token(ParserRuleContext* context) {
  antlr4::tree::ParseTree* tree = context;
  while (tree->children.size() == 1) tree = tree->children[0];
  return tree->children.empty() ? dynamic_cast<antlr4::tree::TerminalNode*>(tree) : nullptr;
}

}  // namespace

ExprId TreeBuilder::add(ast::Expr expr, std::span<const ExprId> children) {
  std::uint16_t depth = 0;
  for (const ExprId child : children) {
    if (child.valid()) depth = std::max(depth, depths_[child.index() - first_expr_]);
  }
  if (++depth > kMaxExpressionDepth) {
    const SourceSpan span = std::visit([](const auto& node) { return node.span; }, expr);
    if (!depth_reported_) {
      sink_.report(diag::NestedTooDeeply, span, "this expression", kMaxExpressionDepth)
          .help("give parts of it names of their own");
    }
    depth_reported_ = true;
    expr = ast::ErrorExpr{span};
    depth = 1;
  }
  const ExprId id = ast_.add(std::move(expr));
  depths_.resize(id.index() - first_expr_ + 1, 1);  // Those added without children are leaves.
  depths_.back() = depth;
  return id;
}

ExprId TreeBuilder::add(ast::Expr expr, std::initializer_list<ExprId> children) {
  return add(std::move(expr), std::span<const ExprId>(children.begin(), children.size()));
}

// Most levels of the grammar hold one child and mean nothing: they are walked, not recursed into.
ExprId TreeBuilder::expr(ParserRuleContext* context) {
  while (true) {
    const std::size_t rule = context->getRuleIndex();
    if (context->children.size() == 1 && rule != StreamParser::RuleAtom &&
        rule != StreamParser::RuleLambda) {
      context = rule_child(context, 0);
      continue;
    }
    switch (rule) {
      case StreamParser::RuleLambda:
        return lambda(static_cast<StreamParser::LambdaContext*>(context), false);
      case StreamParser::RuleIfExpr:
        return if_expr(static_cast<StreamParser::IfExprContext*>(context));
      case StreamParser::RuleArm:
        return expr(static_cast<StreamParser::ArmContext*>(context)->expr());
      case StreamParser::RulePipe:
        return pipe(static_cast<StreamParser::PipeContext*>(context));
      case StreamParser::RuleOrExpr:
      case StreamParser::RuleAndExpr:
      case StreamParser::RuleComparison:
      case StreamParser::RuleSum:
      case StreamParser::RuleProduct:
        return binary_chain(context);
      case StreamParser::RuleNotExpr:
        return prefixed(context, ast::UnaryOp::Not);
      case StreamParser::RuleUnary:
        return prefixed(context, ast::UnaryOp::Negate);
      case StreamParser::RulePower:
        return power(static_cast<StreamParser::PowerContext*>(context));
      case StreamParser::RuleRated:
        return rated(static_cast<StreamParser::RatedContext*>(context));
      case StreamParser::RulePostfix:
        return postfix(static_cast<StreamParser::PostfixContext*>(context));
      case StreamParser::RuleAtom:
        return atom(static_cast<StreamParser::AtomContext*>(context));
      default:
        STREAM_UNREACHABLE("rule {} is no expression", rule);
    }
  }
}

ExprId TreeBuilder::lambda(StreamParser::LambdaContext* context, bool is_argument) {
  ast::LambdaExpr lambda;
  lambda.span = span_of(context);
  for (auto* parameter : context->ident()) lambda.parameters.push_back(identifier(parameter));
  if (!is_argument) {
    sink_.report(diag::LambdaOutsideArgument, span_of(context->FAT_ARROW()))
        .help(fmt::format("write a function: `fn name({}: float) = …`",
                          lambda.parameters.front().text));
  }
  if (context->block() != nullptr) {
    lambda.block = block(context->block());
    return add(std::move(lambda), {});
  }
  lambda.body_id = expr(context->expr());
  const ExprId body_id = lambda.body_id;
  return add(std::move(lambda), {body_id});
}

// `else if` arms nest in the tree: from the last to the first.
ExprId TreeBuilder::if_expr(StreamParser::IfExprContext* context) {
  const auto conditions = context->orExpr();
  const auto arms = context->arm();
  std::vector<ExprId> condition_ids, arm_ids;
  std::vector<std::uint32_t> if_begins;  // Where each `if` stands.
  for (auto* word : context->KW_IF()) if_begins.push_back(span_of(word).begin);
  for (auto* condition : conditions) condition_ids.push_back(expr(condition));
  for (auto* arm : arms) arm_ids.push_back(expr(arm->expr()));
  const SourceSpan whole = span_of(context);
  ExprId result = arm_ids.back();
  for (std::size_t i = conditions.size(); i-- > 0;) {
    ast::IfExpr node;
    node.span = whole;
    node.span.begin = if_begins[i];
    node.condition_id = condition_ids[i];
    node.then_id = arm_ids[i];
    node.else_id = result;
    result = add(node, {condition_ids[i], arm_ids[i], result});
  }
  return result;
}

ExprId TreeBuilder::pipe(StreamParser::PipeContext* context) {
  ExprId left = expr(rule_child(context, 0));
  const std::uint32_t begin = span_of(context).begin;
  for (std::size_t i = 1; i < context->children.size(); ++i) {
    auto* step = static_cast<StreamParser::PipeStepContext*>(context->children[i]);
    const SourceSpan whole = file_.span(begin, span_of(step).end);
    if (step->PIPE() != nullptr) {
      ast::PipeExpr node;
      node.span = whole;
      node.operator_span = span_of(step->PIPE());
      node.left_id = left;
      node.function = path(step->path());
      node.stage_span = node.function.span;
      std::vector<ExprId> children{left};
      if (step->arguments() != nullptr) {
        node.has_arguments = true;
        node.arguments = arguments(step->arguments());
        node.stage_span.end = whole.end;
        for (const ast::Argument& argument : node.arguments) children.push_back(argument.value_id);
      }
      left = add(std::move(node), children);
    } else {
      ast::ElseExpr node;
      node.span = whole;
      node.operator_span = span_of(step->KW_ELSE());
      node.left_id = left;
      node.right_id = expr(step->orExpr());
      left = add(node, {left, node.right_id});
    }
  }
  return left;
}

// Operands and operators by turns; groups to the left.
ExprId TreeBuilder::binary_chain(ParserRuleContext* context) {
  ExprId left = expr(rule_child(context, 0));
  const std::uint32_t begin = span_of(context).begin;
  for (std::size_t i = 1; i + 1 < context->children.size(); i += 2) {
    auto* const operator_token = terminal_child(context, i);
    ParserRuleContext* const operand = rule_child(context, i + 1);
    ast::BinaryExpr node;
    node.span = file_.span(begin, span_of(operand).end);
    node.operator_span = span_of(operator_token);
    node.op = binary_op(token_type(operator_token));
    node.left_id = left;
    node.right_id = expr(operand);
    left = add(node, {left, node.right_id});
  }
  return left;
}

// Any number of `not` or `-`, then the operand. The least int has no positive counterpart, so its
// minus belongs to the literal.
ExprId TreeBuilder::prefixed(ParserRuleContext* context, ast::UnaryOp op) {
  std::size_t count = context->children.size() - 1;
  ParserRuleContext* const operand = rule_child(context, count);
  const std::uint32_t end = span_of(operand).end;
  ExprId result;
  auto* const only = op == ast::UnaryOp::Negate ? sole_token(operand) : nullptr;
  if (only != nullptr && token_type(only) == StreamLexer::INT &&
      file_.text(span_of(only)) == "9223372036854775808") {
    --count;
    result = int_literal(file_.span(span_of(terminal_child(context, count)).begin, end), true);
  } else {
    result = expr(operand);
  }
  while (count-- > 0) {
    ast::UnaryExpr node;
    node.operator_span = span_of(terminal_child(context, count));
    node.span = file_.span(node.operator_span.begin, end);
    node.op = op;
    node.operand_id = result;
    result = add(node, {result});
  }
  return result;
}

// Groups to the right, and a minus before an exponent covers all that follows.
ExprId TreeBuilder::power(StreamParser::PowerContext* context) {
  const std::uint32_t end = span_of(context).end;
  ExprId right;
  for (std::size_t i = context->children.size(); i-- > 1;) {
    ParserRuleContext* const exponent = rule_child(context, i);
    const std::size_t last = exponent->children.size() - 1;
    const ExprId base = expr(rule_child(exponent, last));
    if (right.valid()) {
      ParserRuleContext* const next = rule_child(context, i + 1);
      ast::BinaryExpr node;
      node.span = file_.span(span_of(rule_child(exponent, last)).begin, end);
      node.operator_span = span_of(terminal_child(next, 0));
      node.op = ast::BinaryOp::Power;
      node.left_id = base;
      node.right_id = right;
      right = add(node, {base, right});
    } else {
      right = base;
    }
    for (std::size_t minus = last; minus-- > 1;) {
      ast::UnaryExpr node;
      node.operator_span = span_of(terminal_child(exponent, minus));
      node.span = file_.span(node.operator_span.begin, end);
      node.op = ast::UnaryOp::Negate;
      node.operand_id = right;
      right = add(node, {right});
    }
  }
  const ExprId left = expr(rule_child(context, 0));
  ast::BinaryExpr node;
  node.span = span_of(context);
  node.operator_span = span_of(terminal_child(rule_child(context, 1), 0));
  node.op = ast::BinaryOp::Power;
  node.left_id = left;
  node.right_id = right;
  return add(node, {left, right});
}

ExprId TreeBuilder::rated(StreamParser::RatedContext* context) {
  ast::RateExpr node;
  node.span = span_of(context);
  node.operator_span = span_of(terminal_child(context, 1));
  node.stream_id = expr(rule_child(context, 0));
  node.rate_id = expr(rule_child(context, 2));
  return add(node, {node.stream_id, node.rate_id});
}

ExprId TreeBuilder::postfix(StreamParser::PostfixContext* context) {
  ExprId object = expr(rule_child(context, 0));
  const std::uint32_t begin = span_of(context).begin;
  for (std::size_t i = 1; i < context->children.size(); ++i) {
    auto* step = static_cast<StreamParser::PostfixStepContext*>(context->children[i]);
    const SourceSpan whole = file_.span(begin, span_of(step).end);
    std::vector<ExprId> children{object};
    if (step->DOT() != nullptr) {
      object = add(ast::FieldExpr{whole, object, identifier(step->name())}, children);
    } else if (step->arguments() != nullptr) {
      ast::CallExpr node{whole, object, arguments(step->arguments())};
      for (const ast::Argument& argument : node.arguments) children.push_back(argument.value_id);
      object = add(std::move(node), children);
    } else {
      ast::IndexExpr node{whole, object, indices(step->index())};
      for (const ast::Index& index : node.indices) {
        children.push_back(index.first_id);
        children.push_back(index.last_id);
      }
      object = add(std::move(node), children);
    }
  }
  return object;
}

std::vector<ast::Index> TreeBuilder::indices(
    const std::vector<StreamParser::IndexContext*>& contexts) {
  std::vector<ast::Index> result;
  for (auto* context : contexts) {
    ast::Index index;
    index.span = span_of(context);
    if (context->STAR() != nullptr) {
      index.kind = ast::Index::Kind::Star;
    } else {
      index.kind = context->COLON() == nullptr ? ast::Index::Kind::Value : ast::Index::Kind::Slice;
      const bool has_first = context->children[0] != context->COLON();
      const auto ends = context->expr();
      if (has_first) index.first_id = expr(ends.front());
      if (ends.size() > (has_first ? 1 : 0)) index.last_id = expr(ends.back());
    }
    result.push_back(index);
  }
  return result;
}

ExprId TreeBuilder::argument_value(StreamParser::ExprContext* context) {
  return context->lambda() != nullptr ? lambda(context->lambda(), true) : expr(context);
}

std::vector<ast::Argument> TreeBuilder::arguments(StreamParser::ArgumentsContext* context) {
  std::vector<ast::Argument> result;
  for (auto* argument : context->argument()) {
    ast::Argument node;
    node.span = span_of(argument);
    node.name = identifier(argument->name());
    node.is_spread = argument->SPREAD() != nullptr;
    node.value_id = argument_value(argument->expr());
    result.push_back(std::move(node));
  }
  return result;
}

ExprId TreeBuilder::atom(StreamParser::AtomContext* context) {
  const SourceSpan span = span_of(context);
  if (context->ident() != nullptr) return name_value(span);
  switch (token_type(terminal_child(context, 0))) {
    case StreamLexer::INT: return int_literal(span, false);
    case StreamLexer::FLOAT: return float_literal(span);
    case StreamLexer::QUANTITY: return quantity(span);
    case StreamLexer::STRING: return string_literal(span);
    case StreamLexer::RAW: {
      ast::StringExpr node{span, true, {}};
      const std::string_view text = file_.text(span);
      if (text.size() > 3) {
        ast::StringPiece piece;
        piece.span = file_.span(span.begin + 2, span.end - 1);
        piece.text = text.substr(2, text.size() - 3);
        node.pieces.push_back(std::move(piece));
      }
      return add(std::move(node), {});
    }
    case StreamLexer::TIME: return time_literal(span);
    case StreamLexer::KW_TRUE: return add(ast::BoolExpr{span, true}, {});
    case StreamLexer::KW_FALSE: return add(ast::BoolExpr{span, false}, {});
    case StreamLexer::KW_NONE: return add(ast::NoneExpr{span}, {});
    case StreamLexer::LB: {
      ast::ArrayExpr node{span, {}};
      std::vector<ExprId> children;
      for (auto* element : context->element()) {
        ast::ArrayElement part;
        part.span = span_of(element);
        part.value_id = expr(element->expr());
        if (element->orExpr() != nullptr) part.time_id = expr(element->orExpr());
        children.push_back(part.value_id);
        children.push_back(part.time_id);
        node.elements.push_back(part);
      }
      return add(std::move(node), children);
    }
    case StreamLexer::LP: {
      const auto parts = context->expr();
      if (parts.size() == 1) {
        const ExprId inner = expr(parts.front());
        ast_.set_parenthesized(inner);
        return inner;
      }
      ast::TupleExpr node{span, {}};
      for (auto* part : parts) node.element_ids.push_back(expr(part));
      const std::vector<ExprId> children = node.element_ids;
      return add(std::move(node), children);
    }
    default:
      STREAM_UNREACHABLE("an atom that is neither a literal nor a name");
  }
}

}  // namespace streamc
