// `--emit=ast`: the tree as text, one node a line, children indented. Deterministic; no positions, so
// that two texts with the same tree give the same dump.
#pragma once

#include <string>

#include "compiler/ast/ast.h"

namespace streamc {

std::string dump_module(const Ast& ast, const ast::Module& module);

}  // namespace streamc
