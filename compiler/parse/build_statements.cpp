#include <array>

#include "compiler/parse/builder.h"
#include "compiler/parse/foreign_words.h"

namespace streamc {
namespace {

ast::AssignOp assign_op(StreamParser::AssignContext* context) {
  if (context->ADD_SET() != nullptr) return ast::AssignOp::Add;
  if (context->SUB_SET() != nullptr) return ast::AssignOp::Subtract;
  if (context->MUL_SET() != nullptr) return ast::AssignOp::Multiply;
  if (context->DIV_SET() != nullptr) return ast::AssignOp::Divide;
  return ast::AssignOp::Set;
}

}  // namespace

ast::Block TreeBuilder::block(StreamParser::BlockContext* context) {
  ast::Block result;
  result.span = span_of(context);
  for (auto* statement : context->stmt()) result.statements.push_back(stmt(statement));
  return result;
}

StmtId TreeBuilder::stmt(StreamParser::StmtContext* context) {
  const SourceSpan span = span_of(context);
  if (context->assign() != nullptr) return assign(context->assign());
  if (context->pipe() != nullptr) return expr_stmt(context->pipe());
  if (auto* const branch = context->ifStmt()) {
    ast::IfStmt node;
    node.span = span;
    const auto conditions = branch->orExpr();
    const auto blocks = branch->block();
    for (std::size_t i = 0; i < conditions.size(); ++i) {
      const ExprId condition_id = expr(conditions[i]);
      node.arms.push_back({condition_id, block(blocks[i])});
    }
    if (blocks.size() > conditions.size()) node.else_block = block(blocks.back());
    return ast_.add(std::move(node));
  }
  if (auto* const loop = context->forStmt()) {
    ast::ForStmt node;
    node.span = span;
    node.variable = identifier(loop->ident());
    node.values_id = expr(loop->orExpr());
    node.block = block(loop->block());
    return ast_.add(std::move(node));
  }
  if (auto* const plate = context->plateStmt()) {
    ast::PlateStmt node;
    node.span = span;
    node.doc = doc_above(span.begin);
    node.variable = identifier(plate->ident());
    node.roster_id = expr(plate->orExpr());
    node.block = block(plate->block());
    return ast_.add(std::move(node));
  }
  if (auto* const emit = context->emitStmt()) {
    const ast::Identifier port = identifier(emit->name());
    return ast_.add(ast::EmitStmt{span, port, expr(emit->expr())});
  }
  ast::ReturnStmt node;
  node.span = span;
  for (auto* value : context->returnStmt()->expr()) node.value_ids.push_back(expr(value));
  return ast_.add(std::move(node));
}

StmtId TreeBuilder::assign(StreamParser::AssignContext* context) {
  ast::AssignStmt node;
  node.span = span_of(context);
  node.doc = doc_above(node.span.begin);
  for (auto* part : context->target()) node.targets.push_back(target(part));
  if (context->type() != nullptr) node.type_id = type(context->type());
  node.op = assign_op(context);
  for (antlr4::tree::ParseTree* child : context->children) {
    auto* const terminal = dynamic_cast<Terminal*>(child);
    if (terminal == nullptr) continue;
    const std::size_t token = terminal->getSymbol()->getType();
    if (token >= StreamParser::ADD_SET && token <= StreamParser::SET) {
      node.operator_span = span_of(terminal);
    }
  }
  node.value_id = expr(context->expr());
  return ast_.add(std::move(node));
}

ast::Target TreeBuilder::target(StreamParser::TargetContext* context) {
  ast::Target node;
  node.span = span_of(context);
  node.name = identifier(context->ident());
  for (auto* step : context->targetStep()) {
    ast::TargetStep part;
    part.span = span_of(step);
    part.field = identifier(step->name());
    for (auto* index : step->expr()) part.index_ids.push_back(expr(index));
    node.steps.push_back(std::move(part));
  }
  return node;
}

// A comparison, or a word that means something elsewhere, makes no sense as a statement.
StmtId TreeBuilder::expr_stmt(StreamParser::PipeContext* context) {
  const SourceSpan span = span_of(context);
  const ExprId value_id = expr(context);
  if (const auto* comparison = ast_.as<ast::BinaryExpr>(value_id);
      comparison != nullptr && comparison->op == ast::BinaryOp::Equal &&
      !ast_.is_parenthesized(value_id)) {
    const std::vector<ast::Identifier> path = path_of(ast_, comparison->left_id);
    if (!path.empty() || ast_.as<ast::IndexExpr>(comparison->left_id) != nullptr) {
      sink_.report(diag::EqualForSet, comparison->operator_span)
          .help(fmt::format("write `{} = …`",
                            file_.text(streamc::span_of(ast_, comparison->left_id))));
    }
  }
  if (const auto* name = ast_.as<ast::NameExpr>(value_id)) {
    if (const ForeignWord* word = find_foreign_word(name->name)) {
      sink_.report(diag::ForeignWordUsed, span, word->word).help(std::string(word->help));
    }
  }
  return ast_.add(ast::ExprStmt{span, value_id});
}

StmtId TreeBuilder::test_stmt(StreamParser::TestStmtContext* context) {
  const SourceSpan span = span_of(context);
  if (context->assign() != nullptr) return assign(context->assign());
  if (context->reference() != nullptr) {
    ast::GivenStmt node;
    node.span = span;
    node.subject = reference(context->reference());
    node.value_id = expr(context->expr());
    return ast_.add(std::move(node));
  }
  ast::ExpectStmt node;
  node.span = span;
  node.value_id = expr(context->pipe());
  if (context->orExpr() != nullptr) node.tolerance_id = expr(context->orExpr());
  return ast_.add(node);
}

}  // namespace streamc
