// ANTLR's tree → ast nodes.
//
// The grammar is a little wider than the language where that gives better messages: what it lets
// through by mistake (a lambda that is no argument, an unknown unit, `None`) is reported here.
#pragma once

#include <StreamParser.h>

#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/diag/diagnostics.h"
#include "compiler/source/source.h"

namespace streamc {

class TreeBuilder {
 public:
  // Parses the bytes [begin, end) of the file as the expression in a hole of a string; gives an
  // ErrorExpr, reported, where that fails.
  using HoleParser = std::function<ExprId(TreeBuilder&, std::uint32_t begin, std::uint32_t end)>;

  // All of these are borrowed for the builder's lifetime. `comments` are those of the file, in order.
  TreeBuilder(const SourceFile& file, Ast& ast, DiagnosticSink& sink,
              std::span<const ast::Comment> comments, HoleParser parse_hole);

  // One top-level line.
  ast::ModuleItem item(StreamParser::ItemContext* context);
  // Any expression rule, from `expr` down to `atom`.
  ExprId expr(antlr4::ParserRuleContext* context);
  // The comment block at the very top of the file, if no item stands directly below it.
  std::string module_doc() const;

  ExprId error_expr(SourceSpan span) { return ast_.add(ast::ErrorExpr{span}); }

 private:
  using Rule = antlr4::ParserRuleContext;
  using Terminal = antlr4::tree::TerminalNode;

  // Declarations: build_declarations.cpp
  DeclId import_decl(StreamParser::ImportDeclContext* context);
  DeclId param_decl(StreamParser::ParamDeclContext* context);
  DeclId type_decl(StreamParser::TypeDeclContext* context);
  DeclId aggregate_decl(StreamParser::AggregateDeclContext* context);
  void aggregate_part(StreamParser::AggregatePartContext* context, ast::AggregateDecl& decl);
  DeclId agent_decl(StreamParser::AgentDeclContext* context);
  DeclId extern_decl(StreamParser::ExternDeclContext* context);
  DeclId deploy_decl(StreamParser::DeployDeclContext* context);
  DeclId test_decl(StreamParser::TestDeclContext* context);
  ast::FnDecl fn_head(StreamParser::FnHeadContext* context);
  ast::AgentDecl agent_head(StreamParser::AgentHeadContext* context);
  ast::GraphDecl graph_head(StreamParser::GraphHeadContext* context);
  ast::Handler handler(StreamParser::HandlerContext* context, const ast::AgentDecl& agent);
  ast::StateDecl state_decl(StreamParser::StateDeclContext* context);
  ast::Field field(StreamParser::FieldContext* context);
  ast::Body body(StreamParser::BodyContext* context);
  std::vector<ast::Generic> generics(StreamParser::GenericsContext* context);
  std::vector<ast::Parameter> parameters(StreamParser::ParametersContext* context);
  std::vector<ast::Output> outputs(StreamParser::OutputsContext* context);
  std::vector<ast::DeployItem> deploy_items(StreamParser::DeployBodyContext* context);
  ast::DeployItem placement(StreamParser::PlacementContext* context);
  ast::DeployItem placed(StreamParser::PlacedContext* context);
  ast::Reference reference(StreamParser::ReferenceContext* context);

  // Statements: build_statements.cpp
  StmtId stmt(StreamParser::StmtContext* context);
  StmtId test_stmt(StreamParser::TestStmtContext* context);
  StmtId assign(StreamParser::AssignContext* context);
  StmtId expr_stmt(StreamParser::PipeContext* context);
  ast::Target target(StreamParser::TargetContext* context);
  ast::Block block(StreamParser::BlockContext* context);

  // Types: build_types.cpp
  TypeSyntaxId type(StreamParser::TypeContext* context);
  ast::TypeArgument type_argument(StreamParser::TypeArgumentContext* context);
  ExprId constant_of_type(TypeSyntaxId id);

  // Expressions: build_expressions.cpp
  ExprId lambda(StreamParser::LambdaContext* context, bool is_argument);
  ExprId if_expr(StreamParser::IfExprContext* context);
  ExprId pipe(StreamParser::PipeContext* context);
  ExprId binary_chain(Rule* context);
  ExprId prefixed(Rule* context, ast::UnaryOp op);
  ExprId power(StreamParser::PowerContext* context);
  ExprId rated(StreamParser::RatedContext* context);
  ExprId postfix(StreamParser::PostfixContext* context);
  ExprId atom(StreamParser::AtomContext* context);
  ExprId argument_value(StreamParser::ExprContext* context);
  std::vector<ast::Argument> arguments(StreamParser::ArgumentsContext* context);
  std::vector<ast::Index> indices(const std::vector<StreamParser::IndexContext*>& contexts);

  // Literals: build_literals.cpp
  ExprId int_literal(SourceSpan span, bool is_negated);
  ExprId float_literal(SourceSpan span);
  ExprId quantity(SourceSpan span);
  ExprId string_literal(SourceSpan span);
  ExprId time_literal(SourceSpan span);
  ExprId name_value(SourceSpan span);
  // A hole that begins at `i`, the offset of its brace; leaves `i` behind its end.
  ast::StringPiece hole(std::uint32_t& i, std::uint32_t end);
  // Resolves the escape at `i`, a backslash, and appends it; leaves `i` behind it.
  void escape(std::uint32_t& i, std::uint32_t end, std::string& text);
  // A string in which braces mean nothing: a help text, an outside name, the name of a test.
  std::string plain_text(Terminal* string);

  // Adds a node one deeper than its deepest child; beyond the limit, reports it and adds an error.
  ExprId add(ast::Expr expr, std::initializer_list<ExprId> children);
  ExprId add(ast::Expr expr, std::span<const ExprId> children);

  SourceSpan span_of(const Rule* context) const;
  SourceSpan span_of(Terminal* terminal) const;
  ast::Identifier identifier(Rule* context) const;  // Of an `ident` or a `name`; null is absent.
  ast::Path path(StreamParser::PathContext* context) const;
  std::string doc_above(std::uint32_t offset) const;
  std::string comment_text(std::size_t first, std::size_t last) const;

  const SourceFile& file_;
  Ast& ast_;
  DiagnosticSink& sink_;
  std::span<const ast::Comment> comments_;
  HoleParser parse_hole_;
  std::vector<std::uint16_t> depths_;  // By ExprId, from the first one of this builder.
  std::size_t first_expr_;
  bool depth_reported_ = false;
};

}  // namespace streamc
