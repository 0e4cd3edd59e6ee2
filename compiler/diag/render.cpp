#include "compiler/diag/render.h"

#include <algorithm>
#include <iterator>

namespace streamc {
namespace {

// Longer lines are shown in part, around the caret.
constexpr std::size_t kMaxLineCharacters = 160;
constexpr std::size_t kCharactersBeforeCaret = 60;

struct Palette {
  std::string_view error, warning, note, help, caret, strong, reset;
};
constexpr Palette kPlain{};
constexpr Palette kColours{.error = "\x1b[1;31m",
                           .warning = "\x1b[1;33m",
                           .note = "\x1b[1;36m",
                           .help = "\x1b[1;32m",
                           .caret = "\x1b[1;31m",
                           .strong = "\x1b[1m",
                           .reset = "\x1b[0m"};

// The bytes of the first `count` characters.
std::size_t bytes_of_characters(std::string_view text, std::size_t count) {
  std::size_t i = 0;
  while (i < text.size()) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80 && count-- == 0) break;
    ++i;
  }
  return i;
}

// The number of bytes of the UTF-8 character at the beginning of `text`; 0 if there is none.
std::size_t character_bytes(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t count = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (count > text.size()) return 0;
  for (std::size_t i = 1; i < count; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  }
  return count;
}

// Control characters and bytes that are no text become `?`, so that no terminal trips over them.
std::string printable(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t count = std::max<std::size_t>(1, character_bytes(text));
    const auto first = static_cast<unsigned char>(text[0]);
    const bool is_control = (first < 0x20 && first != '\t') || first == 0x7f;
    if (is_control || character_bytes(text) == 0) {
      result += '?';
    } else {
      result += text.substr(0, count);
    }
    text.remove_prefix(count);
  }
  return result;
}

// The source line of `span` and carets below its text; a span over several lines is underlined on
// its first. An empty span, such as the end of a line, gets one caret.
void append_excerpt(std::string& out, SourceSpan span, const SourceFile& file,
                    const Palette& palette) {
  const std::uint32_t line = file.line_of(span.begin);
  const std::string_view text = file.line_text(line);
  const std::size_t begin = std::min<std::size_t>(span.begin - file.line_begin(line), text.size());
  const std::size_t end = std::clamp<std::size_t>(span.end - file.line_begin(line), begin, text.size());

  std::size_t first = 0;
  std::size_t last = text.size();
  if (count_characters(text) > kMaxLineCharacters) {
    const std::size_t before = count_characters(text.substr(0, begin));
    if (before > kCharactersBeforeCaret) {
      first = bytes_of_characters(text, before - kCharactersBeforeCaret);
    }
    last = first + bytes_of_characters(text.substr(first), kMaxLineCharacters);
  }
  const std::string_view left = first > 0 ? "…" : "";
  const std::string shown = printable(text.substr(first, last - first));
  const std::string number = fmt::format("{:>5}", line);

  std::string padding(count_characters(left), ' ');
  for (const char c : text.substr(first, begin - first)) {
    if ((static_cast<unsigned char>(c) & 0xc0) == 0x80) continue;
    padding += c == '\t' ? '\t' : ' ';
  }
  const std::size_t width =
      std::max<std::size_t>(1, count_characters(text.substr(begin, std::min(end, last) - begin)));
  fmt::format_to(std::back_inserter(out), "{} | {}{}{}\n", number, left, shown,
                 last < text.size() ? "…" : "");
  fmt::format_to(std::back_inserter(out), "{} | {}{}{}{}\n", std::string(number.size(), ' '),
                 padding, palette.caret, std::string(width, '^'), palette.reset);
}

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\t': out += "\\t"; break;
      case '\r': out += "\\r"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void append_json_place(std::string& out, SourceSpan span, const SourceManager& sources) {
  if (!span.valid()) {
    out += "null";
    return;
  }
  const SourceFile& file = sources.file(span.file_id);
  const LineColumn begin = file.line_column(span.begin);
  const LineColumn end = file.line_column(span.end);
  out += "{\"file\":";
  append_json_text(out, file.name());
  fmt::format_to(std::back_inserter(out),
                 ",\"line\":{},\"column\":{},\"end_line\":{},\"end_column\":{}}}", begin.line,
                 begin.column, end.line, end.column);
}

void append_json_texts(std::string& out, const std::vector<std::string>& texts) {
  out += '[';
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) out += ',';
    append_json_text(out, texts[i]);
  }
  out += ']';
}

}  // namespace

std::string render_text(const Diagnostic& diagnostic, const SourceManager& sources,
                        RenderOptions options) {
  const Palette& palette = options.colour ? kColours : kPlain;
  const bool is_error = diagnostic.severity == Severity::Error;
  std::string out;
  const auto begin_line = [&](SourceSpan span) {
    if (span.valid()) {
      fmt::format_to(std::back_inserter(out), "{}{}:{} ", palette.strong, sources.describe(span),
                     palette.reset);
    }
  };
  begin_line(diagnostic.span);
  fmt::format_to(std::back_inserter(out), "{}{}[{}]:{} {}{}{}\n",
                 is_error ? palette.error : palette.warning, is_error ? "error" : "warning",
                 diagnostic.code, palette.reset, palette.strong, diagnostic.message, palette.reset);
  if (diagnostic.span.valid()) {
    append_excerpt(out, diagnostic.span, sources.file(diagnostic.span.file_id), palette);
  }
  for (const DiagnosticLabel& label : diagnostic.labels) {
    begin_line(label.span);
    fmt::format_to(std::back_inserter(out), "{}note:{} {}\n", palette.note, palette.reset,
                   label.text);
    append_excerpt(out, label.span, sources.file(label.span.file_id), palette);
  }
  for (const std::string& note : diagnostic.notes) {
    fmt::format_to(std::back_inserter(out), "{}note:{} {}\n", palette.note, palette.reset, note);
  }
  for (const std::string& help : diagnostic.helps) {
    fmt::format_to(std::back_inserter(out), "{}help:{} {}\n", palette.help, palette.reset, help);
  }
  return out;
}

std::string render_text(const DiagnosticSink& sink, const SourceManager& sources,
                        RenderOptions options) {
  std::string out;
  for (const Diagnostic& diagnostic : sink.diagnostics()) {
    out += render_text(diagnostic, sources, options);
  }
  return out;
}

std::string render_json(const Diagnostic& diagnostic, const SourceManager& sources) {
  std::string out = "{\"code\":";
  append_json_text(out, diagnostic.code);
  out += ",\"name\":";
  append_json_text(out, diagnostic.name);
  out += diagnostic.severity == Severity::Error ? ",\"severity\":\"error\"" : ",\"severity\":\"warning\"";
  out += ",\"message\":";
  append_json_text(out, diagnostic.message);
  out += ",\"place\":";
  append_json_place(out, diagnostic.span, sources);
  out += ",\"labels\":[";
  for (std::size_t i = 0; i < diagnostic.labels.size(); ++i) {
    out += i > 0 ? ",{\"text\":" : "{\"text\":";
    append_json_text(out, diagnostic.labels[i].text);
    out += ",\"place\":";
    append_json_place(out, diagnostic.labels[i].span, sources);
    out += '}';
  }
  out += "],\"notes\":";
  append_json_texts(out, diagnostic.notes);
  out += ",\"helps\":";
  append_json_texts(out, diagnostic.helps);
  out += "}\n";
  return out;
}

std::string render_json(const DiagnosticSink& sink, const SourceManager& sources) {
  std::string out;
  for (const Diagnostic& diagnostic : sink.diagnostics()) out += render_json(diagnostic, sources);
  return out;
}

}  // namespace streamc
