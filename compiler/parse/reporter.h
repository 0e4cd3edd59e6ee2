// Where a file's mistakes are reported, so that each gives one message.
//
// Several steps look at the same text: the repairs, the parser, the builder. What one of them reports
// makes its lines quiet, and later steps do not report there.
#pragma once

#include <cstdint>
#include <vector>

#include "compiler/diag/diagnostics.h"
#include "compiler/source/source.h"

namespace streamc {

class Reporter {
 public:
  // Both are borrowed.
  Reporter(const SourceFile& file, DiagnosticSink& sink) : file_(file), sink_(sink) {}

  // Reports, and makes the lines of `span` quiet.
  template <class... Arguments>
  DiagnosticBuilder report(const DiagnosticKind<Arguments...>& kind, SourceSpan span,
                           const std::type_identity_t<Arguments>&... arguments) {
    silence(span);
    return sink_.report(kind, span, arguments...);
  }

  // Makes the lines of `span` quiet.
  void silence(SourceSpan span) { quiet_.push_back({file_.line_of(span.begin), file_.line_of(span.end)}); }

  bool is_quiet(SourceSpan span) const {
    const std::uint32_t first = file_.line_of(span.begin);
    const std::uint32_t last = file_.line_of(span.end);
    for (const Lines& lines : quiet_) {
      if (lines.first <= last && first <= lines.last) return true;
    }
    return false;
  }
  bool any() const { return !quiet_.empty(); }

  const SourceFile& file() const { return file_; }

 private:
  struct Lines {
    std::uint32_t first;
    std::uint32_t last;
  };
  const SourceFile& file_;
  DiagnosticSink& sink_;
  std::vector<Lines> quiet_;
};

}  // namespace streamc
