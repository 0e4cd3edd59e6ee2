// Messages as people read them, and as editors do.
#pragma once

#include <string>

#include "compiler/diag/diagnostics.h"
#include "compiler/source/source.h"

namespace streamc {

struct RenderOptions {
  bool colour = false;  // ANSI colours, for a terminal.
};

// file:line:column: error[E0203]: message
//    12 | alerts = smooth |> wehre(v => v > limit)
//       |                    ^^^^^
// file:line:column: note: text of a label     (with its line and caret)
// note: text
// help: text
std::string render_text(const Diagnostic& diagnostic, const SourceManager& sources,
                        RenderOptions options = {});
std::string render_text(const DiagnosticSink& sink, const SourceManager& sources,
                        RenderOptions options = {});

// One JSON object on one line, with a line break after it.
std::string render_json(const Diagnostic& diagnostic, const SourceManager& sources);
std::string render_json(const DiagnosticSink& sink, const SourceManager& sources);

}  // namespace streamc
