// Where a file's mistakes are reported, so that each gives one message.
//
// Several steps look at the same text: the repairs, the parser, the builder. What one of them reports
// makes its lines quiet, and later steps do not report there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "compiler/diag/diagnostics.h"
#include "compiler/source/source.h"

namespace streamc {

class Reporter {
 public:
  // Both are borrowed.
  Reporter(const SourceFile& file, DiagnosticSink& sink)
      : file_(file), sink_(sink), is_quiet_(file.line_count() + 1, false) {}

  // Reports, and makes the lines of `span` quiet. A text with very many mistakes is something else
  // than a program: only the first are reported.
  template <class... Arguments>
  DiagnosticBuilder report(const DiagnosticKind<Arguments...>& kind, SourceSpan span,
                           const std::type_identity_t<Arguments>&... arguments) {
    silence(span);
    if (++report_count_ > kMaxReports) return DiagnosticBuilder::nothing();
    return sink_.report(kind, span, arguments...);
  }

  // Makes the lines of `span` quiet.
  void silence(SourceSpan span) {
    for (std::uint32_t line = file_.line_of(span.begin); line <= file_.line_of(span.end); ++line) {
      is_quiet_[line] = true;
    }
    is_any_quiet_ = true;
  }

  bool is_quiet(SourceSpan span) const {
    if (!is_any_quiet_) return false;
    for (std::uint32_t line = file_.line_of(span.begin); line <= file_.line_of(span.end); ++line) {
      if (is_quiet_[line]) return true;
    }
    return false;
  }
  // Whether anything was reported or silenced.
  bool any() const { return is_any_quiet_; }

  const SourceFile& file() const { return file_; }

 private:
  static constexpr std::size_t kMaxReports = 50;

  const SourceFile& file_;
  DiagnosticSink& sink_;
  std::vector<bool> is_quiet_;  // By line, from 1.
  bool is_any_quiet_ = false;
  std::size_t report_count_ = 0;
};

}  // namespace streamc
