#include "compiler/ast/ast.h"

#include <algorithm>

#include "compiler/support/match.h"

namespace streamc {
namespace {

template <class Variant>
SourceSpan span_of_node(const Variant& node) {
  return std::visit([](const auto& alternative) { return alternative.span; }, node);
}

}  // namespace

std::string ast::Path::text() const {
  std::string text;
  for (const Identifier& part : parts) {
    if (!text.empty()) text += '.';
    text += part.text;
  }
  return text;
}

ExprId Ast::add(ast::Expr expr) {
  exprs_.push_back(std::move(expr));
  return ExprId(exprs_.size() - 1);
}

StmtId Ast::add(ast::Stmt stmt) {
  stmts_.push_back(std::move(stmt));
  return StmtId(stmts_.size() - 1);
}

DeclId Ast::add(ast::Decl decl) {
  decls_.push_back(std::move(decl));
  return DeclId(decls_.size() - 1);
}

TypeSyntaxId Ast::add(ast::TypeSyntax type) {
  types_.push_back(std::move(type));
  return TypeSyntaxId(types_.size() - 1);
}

SourceSpan span_of(const Ast& ast, ExprId id) {
  return id.valid() ? span_of_node(ast.expr(id)) : SourceSpan();
}

SourceSpan span_of(const Ast& ast, StmtId id) {
  return id.valid() ? span_of_node(ast.stmt(id)) : SourceSpan();
}

SourceSpan span_of(const Ast& ast, DeclId id) {
  return id.valid() ? span_of_node(ast.decl(id)) : SourceSpan();
}

SourceSpan span_of(const Ast& ast, TypeSyntaxId id) {
  return id.valid() ? span_of_node(ast.type(id)) : SourceSpan();
}

const ast::Identifier* name_of(const Ast& ast, DeclId id) {
  using Result = const ast::Identifier*;
  return match(
      ast.decl(id), [](const ast::ErrorDecl&) -> Result { return nullptr; },
      [](const ast::ImportDecl&) -> Result { return nullptr; },
      [](const ast::TestDecl&) -> Result { return nullptr; },
      [&](const ast::ExternDecl& decl) -> Result { return name_of(ast, decl.head_id); },
      [](const ast::ParamDecl& decl) -> Result { return &decl.name; },
      [](const ast::TypeDecl& decl) -> Result { return &decl.name; },
      [](const ast::FnDecl& decl) -> Result { return &decl.name; },
      [](const ast::AggregateDecl& decl) -> Result { return &decl.name; },
      [](const ast::AgentDecl& decl) -> Result { return &decl.name; },
      [](const ast::GraphDecl& decl) -> Result { return &decl.name; },
      [](const ast::DeployDecl& decl) -> Result { return &decl.name; });
}

std::string_view spelling(ast::BinaryOp op) {
  switch (op) {
    case ast::BinaryOp::Add: return "+";
    case ast::BinaryOp::Subtract: return "-";
    case ast::BinaryOp::Multiply: return "*";
    case ast::BinaryOp::Divide: return "/";
    case ast::BinaryOp::FloorDivide: return "//";
    case ast::BinaryOp::Modulo: return "%";
    case ast::BinaryOp::Power: return "**";
    case ast::BinaryOp::Equal: return "==";
    case ast::BinaryOp::NotEqual: return "!=";
    case ast::BinaryOp::Less: return "<";
    case ast::BinaryOp::LessEqual: return "<=";
    case ast::BinaryOp::Greater: return ">";
    case ast::BinaryOp::GreaterEqual: return ">=";
    case ast::BinaryOp::In: return "in";
    case ast::BinaryOp::And: return "and";
    case ast::BinaryOp::Or: return "or";
  }
  STREAM_UNREACHABLE("binary operator {}", static_cast<int>(op));
}

std::string_view spelling(ast::UnaryOp op) {
  switch (op) {
    case ast::UnaryOp::Negate: return "-";
    case ast::UnaryOp::Not: return "not";
  }
  STREAM_UNREACHABLE("unary operator {}", static_cast<int>(op));
}

std::string_view spelling(ast::AssignOp op) {
  switch (op) {
    case ast::AssignOp::Set: return "=";
    case ast::AssignOp::Add: return "+=";
    case ast::AssignOp::Subtract: return "-=";
    case ast::AssignOp::Multiply: return "*=";
    case ast::AssignOp::Divide: return "/=";
  }
  STREAM_UNREACHABLE("assignment operator {}", static_cast<int>(op));
}

bool is_comparison(ast::BinaryOp op) {
  return op >= ast::BinaryOp::Equal && op <= ast::BinaryOp::In;
}

std::vector<ast::Identifier> path_of(const Ast& ast, ExprId id) {
  std::vector<ast::Identifier> parts;
  while (const auto* field = ast.as<ast::FieldExpr>(id)) {
    parts.push_back(field->name);
    id = field->object_id;
  }
  const auto* name = ast.as<ast::NameExpr>(id);
  if (name == nullptr) return {};
  parts.push_back({name->name, name->span});
  std::reverse(parts.begin(), parts.end());
  return parts;
}

}  // namespace streamc
