// The programs that the parser's tests work on.
#pragma once

#include <string>
#include <vector>

#include "compiler/ast/ast.h"
#include "compiler/ast/dump.h"
#include "compiler/ast/format.h"
#include "compiler/diag/diagnostics.h"
#include "compiler/diag/render.h"
#include "compiler/parse/parse.h"
#include "compiler/source/source.h"

namespace streamc {

// One text and what became of it.
struct Parsed {
  SourceManager sources;
  Ast ast;
  DiagnosticSink sink;
  FileId file_id;
  ParseResult result;

  explicit Parsed(std::string text) : file_id(sources.add_buffer("test.stream", std::move(text))) {
    result = parse_file(sources.file(file_id), ast, sink);
  }

  std::string messages() const { return render_text(sink, sources); }
  std::string dump() const { return dump_module(ast, result.module); }
  std::string formatted() const { return format_module(ast, result.module, sources.file(file_id)); }
  // The codes reported, in order, separated by blanks.
  std::string codes() const {
    std::string text;
    for (const Diagnostic& diagnostic : sink.diagnostics()) {
      if (!text.empty()) text += ' ';
      text += diagnostic.code;
    }
    return text;
  }
};

struct Program {
  std::string name;
  std::string text;
};

// Correct programs: those beside this file, the library and the examples. In the order of names.
std::vector<Program> all_programs();

}  // namespace streamc
