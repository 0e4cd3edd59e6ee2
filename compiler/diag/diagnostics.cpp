#include "compiler/diag/diagnostics.h"

#include <algorithm>
#include <array>

namespace streamc {
namespace {

constexpr auto kKinds = std::to_array<KindInfo>({
#define STREAM_DIAGNOSTIC(name, code, severity, format, ...) \
  KindInfo{#name, code, Severity::severity, format},
#include "compiler/diag/kinds.def"
#undef STREAM_DIAGNOSTIC
});

}  // namespace

std::span<const KindInfo> all_diagnostic_kinds() { return kKinds; }

DiagnosticBuilder& DiagnosticBuilder::label(SourceSpan span, std::string text) {
  if (diagnostic_ != nullptr && span.valid()) diagnostic_->labels.push_back({span, std::move(text)});
  return *this;
}

DiagnosticBuilder& DiagnosticBuilder::note(std::string text) {
  if (diagnostic_ != nullptr) diagnostic_->notes.push_back(std::move(text));
  return *this;
}

DiagnosticBuilder& DiagnosticBuilder::help(std::string text) {
  if (diagnostic_ != nullptr) diagnostic_->helps.push_back(std::move(text));
  return *this;
}

DiagnosticBuilder DiagnosticSink::add(std::string_view name, std::string_view code,
                                      Severity severity, SourceSpan span, std::string message) {
  if (span.valid() && !seen_.insert({span, code}).second) return DiagnosticBuilder(nullptr);
  if (severity == Severity::Error) ++error_count_;
  diagnostics_.push_back({.name = name,
                          .code = code,
                          .severity = severity,
                          .span = span,
                          .message = std::move(message)});
  return DiagnosticBuilder(&diagnostics_.back());
}

bool DiagnosticSink::has_errors_since(Mark mark) const {
  for (std::size_t i = mark.count; i < diagnostics_.size(); ++i) {
    if (diagnostics_[i].severity == Severity::Error) return true;
  }
  return false;
}

void DiagnosticSink::rollback(Mark mark) {
  STREAM_ASSERT(mark.count <= diagnostics_.size(), "a mark was used after an earlier rollback");
  while (diagnostics_.size() > mark.count) {
    const Diagnostic& last = diagnostics_.back();
    if (last.severity == Severity::Error) --error_count_;
    if (last.span.valid()) seen_.erase(key_of(last));
    diagnostics_.pop_back();
  }
}

void DiagnosticSink::sort_since(Mark mark) {
  STREAM_ASSERT(mark.count <= diagnostics_.size(), "a mark was used after an earlier rollback");
  const auto place = [](const Diagnostic& diagnostic) {
    return std::pair(diagnostic.span.valid(), diagnostic.span);
  };
  // By insertion, because most are in order already. (Clang rejects libstdc++ 12's stable_sort as
  // deprecated inside.)
  const auto first = diagnostics_.begin() + static_cast<std::ptrdiff_t>(mark.count);
  for (auto each = first; each != diagnostics_.end(); ++each) {
    const auto later = std::upper_bound(
        first, each, *each,
        [&](const Diagnostic& a, const Diagnostic& b) { return place(a) < place(b); });
    std::rotate(later, each, each + 1);
  }
}

}  // namespace streamc
