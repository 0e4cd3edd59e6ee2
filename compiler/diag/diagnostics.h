// Messages to the user: what kinds there are, and the sink that phases report them to.
//
//   sink.report(diag::PortTypeMismatch, pipe.operator_span, out_name, out_type, in_name, in_type)
//       .label(left_span, "produced here")
//       .help("convert it with `float(...)`");
//
// Arguments of the wrong number or type do not compile. A phase that has reported a mistake puts an
// error node or type in its place, carries on, and stays silent about anything built on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "compiler/source/source.h"

namespace streamc {

enum class Severity : std::uint8_t { Error, Warning };

// A line of kinds.def. Arguments are the types of the values that fill its format.
template <class... Arguments>
struct DiagnosticKind {
  std::string_view name;
  std::string_view code;
  Severity severity;
  fmt::string_view format;
};

namespace diag {

using Text = std::string_view;
using Count = std::int64_t;

// True if `format` has exactly the placeholders {0} … {count - 1}.
constexpr bool uses_exactly(std::string_view format, std::size_t count) {
  std::size_t used = 0;  // One bit each.
  for (std::size_t i = 0; i + 2 < format.size(); ++i) {
    if (format[i] == '{' && format[i + 1] >= '0' && format[i + 1] <= '9') {
      used |= std::size_t{1} << (format[i + 1] - '0');
    }
  }
  return used == (std::size_t{1} << count) - 1;
}

template <class... Arguments>
constexpr std::size_t argument_count(const DiagnosticKind<Arguments...>&) {
  return sizeof...(Arguments);
}

#define STREAM_DIAGNOSTIC(name, code, severity, format, ...)                               \
  inline constexpr DiagnosticKind<__VA_ARGS__> name{#name, code, Severity::severity, format}; \
  static_assert(uses_exactly(format, argument_count(name)),                                \
                "the format of " #name " must use each of its arguments");
#include "compiler/diag/kinds.def"
#undef STREAM_DIAGNOSTIC

}  // namespace diag

// What kinds.def says about one kind, without its argument types.
struct KindInfo {
  std::string_view name;
  std::string_view code;
  Severity severity;
  std::string_view format;
};
// All kinds, in the order of kinds.def.
std::span<const KindInfo> all_diagnostic_kinds();

struct DiagnosticLabel {
  SourceSpan span;
  std::string text;
};

// One message. `labels` point at further places; `notes` say why, `helps` how to mend it.
struct Diagnostic {
  std::string_view name;
  std::string_view code;
  Severity severity = Severity::Error;
  SourceSpan span;  // Invalid for a message about no place in a text.
  std::string message;
  std::vector<DiagnosticLabel> labels;
  std::vector<std::string> notes;
  std::vector<std::string> helps;
};

class DiagnosticSink;

// Adds to the message just reported. To be used in the same statement; it does nothing when the
// message was suppressed.
class DiagnosticBuilder {
 public:
  DiagnosticBuilder& label(SourceSpan span, std::string text);
  DiagnosticBuilder& note(std::string text);
  DiagnosticBuilder& help(std::string text);

  // For a message that is not reported.
  static DiagnosticBuilder nothing() { return DiagnosticBuilder(nullptr); }

 private:
  friend class DiagnosticSink;
  explicit DiagnosticBuilder(Diagnostic* diagnostic) : diagnostic_(diagnostic) {}
  Diagnostic* diagnostic_;  // Null when suppressed.
};

// Collects the messages of one compilation, in the order of their reports.
class DiagnosticSink {
 public:
  DiagnosticSink() = default;
  DiagnosticSink(const DiagnosticSink&) = delete;
  DiagnosticSink& operator=(const DiagnosticSink&) = delete;

  // A second message of the same code at the same span is dropped.
  template <class... Arguments>
  DiagnosticBuilder report(const DiagnosticKind<Arguments...>& kind, SourceSpan span,
                           const std::type_identity_t<Arguments>&... arguments) {
    return add(kind.name, kind.code, kind.severity, span,
               fmt::vformat(kind.format, fmt::make_format_args(arguments...)));
  }

  const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }
  std::size_t error_count() const { return error_count_; }
  std::size_t warning_count() const { return diagnostics_.size() - error_count_; }
  bool has_errors() const { return error_count_ > 0; }

  // The state of the sink, for a phase that tries something and may take it back. Rolling back
  // drops everything reported since the mark; marks taken after it are void.
  struct Mark {
    std::size_t count = 0;
  };
  Mark mark() const { return {diagnostics_.size()}; }
  bool has_errors_since(Mark mark) const;
  void rollback(Mark mark);

  // From here on a mistake may be reported again at a place where it was before: it is looked at with other eyes, such as
  // those of another deploy block.
  void allow_repeats() { seen_.clear(); }

  // Orders what was reported since the mark by place; those at no place come first.
  void sort_since(Mark mark);

 private:
  DiagnosticBuilder add(std::string_view name, std::string_view code, Severity severity,
                        SourceSpan span, std::string message);

  using Key = std::pair<SourceSpan, std::string_view>;
  static Key key_of(const Diagnostic& diagnostic) { return {diagnostic.span, diagnostic.code}; }

  std::vector<Diagnostic> diagnostics_;
  std::set<Key> seen_;  // Of those with a valid span.
  std::size_t error_count_ = 0;
};

}  // namespace streamc
