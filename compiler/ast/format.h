// `streamc fmt`: a module as everybody writes it.
//
// Two columns of indentation, one blank round an operator, at most one empty line, lines of up to 100
// characters where the syntax lets a line be broken: before `|>` and inside brackets. What the user
// broke in such a place stays broken. The `=` of equations (and of types) on neighbouring lines stand in
// one column, and so do the help texts of params. Comments stay where they are. The tree of the result
// is that of the module, and formatting it again changes nothing.
#pragma once

#include <string>

#include "compiler/ast/ast.h"
#include "compiler/source/source.h"

namespace streamc {

// `module` is the result of parsing `file` without a mistake.
std::string format_module(const Ast& ast, const ast::Module& module, const SourceFile& file);

}  // namespace streamc
