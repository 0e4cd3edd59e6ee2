// The parts of the formatter: documents for nodes. For the use of format*.cpp only.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/ast/layout.h"
#include "compiler/source/source.h"

namespace streamc {

// Makes documents in the order of the source, because comments are placed as they come.
class Formatter {
 public:
  Formatter(const Ast& ast, const ast::Module& module, const SourceFile& file)
      : ast_(ast), module_(module), file_(file) {}

  Doc module();

 private:
  // Something on a line of its own: a statement, a declaration, a field.
  struct Line {
    SourceSpan span;
    // Whether it holds lines itself. If not, one with comments inside is set as it stands.
    bool has_lines = false;
    std::function<Doc()> make;
  };

  // Lines, with the comments and empty lines between them, up to the offset `end`.
  Doc lines(const std::vector<Line>& lines, std::uint32_t end);
  // `{`, lines, `}`; on one line where that is how it stands and it is short.
  Doc braced(SourceSpan span, const std::vector<Line>& inner);

  // Declarations and statements: format_lines.cpp
  template <class Make>
  Doc outside_wiring(Make make) {
    is_wiring_ = false;
    Doc doc = make();
    is_wiring_ = true;
    return doc;
  }
  Line line_of(const ast::ModuleItem& item);
  Line line_of(DeclId id);
  Line line_of(StmtId id);
  Doc decl(DeclId id);
  Doc stmt(StmtId id);
  Doc block(const ast::Block& block);
  Doc body(const ast::Body& body);
  Doc value(SourceSpan operator_span, ExprId id);
  Doc state(const ast::StateDecl& state);
  Doc handler(const ast::Handler& handler);
  Doc aggregate(const ast::AggregateDecl& decl);
  Doc type_definition(const ast::TypeDecl& decl);
  Doc target(const ast::Target& target);
  Doc reference(const ast::Reference& reference);
  Doc deploy_items(const std::vector<ast::DeployItem>& items, SourceSpan span);
  Doc deploy_item(const ast::DeployItem& item);
  std::string generics(const std::vector<ast::Generic>& generics);
  Doc parameters(const std::vector<ast::Parameter>& parameters);
  std::string outputs(const std::vector<ast::Output>& outputs);

  // Expressions and types: format_expressions.cpp
  Doc expr(ExprId id);
  Doc bare_expr(ExprId id);  // Without its parentheses.
  Doc pipeline(ExprId id);
  Doc arguments(const std::vector<ast::Argument>& arguments, SourceSpan around);
  Doc indices(const std::vector<ast::Index>& indices);
  Doc array(const ast::ArrayExpr& array);
  // Elements in brackets, broken into lines if they are too long, or if the first stands on a line of
  // its own behind the bracket at `open`.
  Doc bracketed(std::string_view open_text, std::vector<Doc> elements, std::string_view close_text,
                bool is_broken);
  std::string type(TypeSyntaxId id);
  std::string flat(ExprId id);

  std::string_view source(SourceSpan span) const { return file_.text(span); }
  bool has_newline(std::uint32_t begin, std::uint32_t end) const;
  // Whether a newline follows the offset before anything else does.
  bool newline_follows(std::uint32_t offset) const;
  bool has_comment_in(SourceSpan span) const;
  std::string comment_text(const ast::Comment& comment) const;

  const Ast& ast_;
  const ast::Module& module_;
  const SourceFile& file_;
  bool is_wiring_ = true;         // Equations, whose `=` are aligned; not statements of a function.
  std::size_t next_comment_ = 0;  // The first of module_.comments that is not set yet.
};

}  // namespace streamc
