// Ast: the owner of all syntax nodes of one compilation, of however many files.
#pragma once

#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/ast/nodes.h"
#include "compiler/support/ids.h"

namespace streamc {

// Filled by the parser, constant afterwards. References it gives are valid until the next add().
class Ast {
 public:
  ExprId add(ast::Expr expr);
  StmtId add(ast::Stmt stmt);
  DeclId add(ast::Decl decl);
  TypeSyntaxId add(ast::TypeSyntax type);

  const ast::Expr& expr(ExprId id) const { return get(exprs_, id); }
  const ast::Stmt& stmt(StmtId id) const { return get(stmts_, id); }
  const ast::Decl& decl(DeclId id) const { return get(decls_, id); }
  const ast::TypeSyntax& type(TypeSyntaxId id) const { return get(types_, id); }

  // The node if it is a Node, else null: `if (const auto* pipe = ast.as<ast::PipeExpr>(id))`.
  // An invalid id gives null.
  template <class Node>
  const Node* as(ExprId id) const {
    return id.valid() ? std::get_if<Node>(&expr(id)) : nullptr;
  }
  template <class Node>
  const Node* as(StmtId id) const {
    return id.valid() ? std::get_if<Node>(&stmt(id)) : nullptr;
  }
  template <class Node>
  const Node* as(DeclId id) const {
    return id.valid() ? std::get_if<Node>(&decl(id)) : nullptr;
  }
  template <class Node>
  const Node* as(TypeSyntaxId id) const {
    return id.valid() ? std::get_if<Node>(&type(id)) : nullptr;
  }

  std::size_t expr_count() const { return exprs_.size(); }
  std::size_t stmt_count() const { return stmts_.size(); }
  std::size_t decl_count() const { return decls_.size(); }
  std::size_t type_count() const { return types_.size(); }

  // Whether the user put it in parentheses of its own. Only the formatter asks.
  bool is_parenthesized(ExprId id) const { return parenthesized_.contains(id); }
  void set_parenthesized(ExprId id) { parenthesized_.insert(id); }

 private:
  template <class Node, class IdType>
  static const Node& get(const std::vector<Node>& nodes, IdType id) {
    STREAM_ASSERT(id.valid() && id.index() < nodes.size(), "no syntax node with id {}", id.value());
    return nodes[id.index()];
  }

  std::vector<ast::Expr> exprs_;
  std::vector<ast::Stmt> stmts_;
  std::vector<ast::Decl> decls_;
  std::vector<ast::TypeSyntax> types_;
  IdSet<ExprId> parenthesized_;
};

// The text of a node; invalid for an invalid id.
SourceSpan span_of(const Ast& ast, ExprId id);
SourceSpan span_of(const Ast& ast, StmtId id);
SourceSpan span_of(const Ast& ast, DeclId id);
SourceSpan span_of(const Ast& ast, TypeSyntaxId id);

// The name a declaration introduces; null for those without (imports, tests, errors).
const ast::Identifier* name_of(const Ast& ast, DeclId id);

// The spelling of an operator: `+`, `and`, `|>` has none here.
std::string_view spelling(ast::BinaryOp op);
std::string_view spelling(ast::UnaryOp op);
std::string_view spelling(ast::AssignOp op);

// `==` to `>=`, and `in`.
bool is_comparison(ast::BinaryOp op);

// `csv.read` for a NameExpr or FieldExprs on one: its parts. Empty for anything else.
std::vector<ast::Identifier> path_of(const Ast& ast, ExprId id);

}  // namespace streamc
