// Walks over the syntax of expressions and statements, nested ones included.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "compiler/ast/ast.h"

namespace streamc {

// Calls `visit` for an expression and all expressions inside it, outermost first, also those in
// blocks of lambdas. Where `visit` gives false, what is inside is left out.
void walk_expressions(const Ast& ast, ExprId id, const std::function<bool(ExprId)>& visit);
void walk_expressions(const Ast& ast, const ast::Block& block,
                      const std::function<bool(ExprId)>& visit);

// The names that statements of a block assign to, nested blocks included.
std::set<std::string> assigned_names(const Ast& ast, const ast::Block& block);

}  // namespace streamc
