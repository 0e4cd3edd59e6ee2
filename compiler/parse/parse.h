// Text → syntax tree.
//
// The syntax is defined by grammar/Stream.g4; ANTLR makes the parser, and this folder turns its tree
// into ast nodes. Mistakes are reported to the sink, one message for each.
#pragma once

#include "compiler/ast/ast.h"
#include "compiler/diag/diagnostics.h"
#include "compiler/source/source.h"

namespace streamc {

struct ParseResult {
  ast::Module module;
  // False if anything was reported. The module then holds what could be parsed; checking it further
  // would give messages about what is missing rather than about what the user wrote.
  bool ok = false;
};

// Parses one file and adds its nodes to `ast`.
ParseResult parse_file(const SourceFile& file, Ast& ast, DiagnosticSink& sink);

}  // namespace streamc
