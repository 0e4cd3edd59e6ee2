#include "compiler/ast/format.h"

#include <utility>

#include "compiler/ast/formatter.h"

namespace streamc {
namespace {

constexpr std::size_t kLineCharacters = 100;

// Blanks at the ends of the lines of a text say nothing.
std::string without_trailing_blanks(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\r') continue;
    if (c == '\n') {
      while (!result.empty() && (result.back() == ' ' || result.back() == '\t')) result.pop_back();
    }
    result += c;
  }
  while (!result.empty() && (result.back() == ' ' || result.back() == '\t')) result.pop_back();
  return result;
}

}  // namespace

std::string format_module(const Ast& ast, const ast::Module& module, const SourceFile& file) {
  std::string text = lay_out(Formatter(ast, module, file).module(), kLineCharacters);
  if (!text.empty()) text += '\n';
  return text;
}

Doc Formatter::module() {
  std::vector<Line> inner;
  for (const ast::ModuleItem& item : module_.items) inner.push_back(line_of(item));
  return lines(inner, static_cast<std::uint32_t>(file_.text().size()));
}

Doc Formatter::lines(const std::vector<Line>& inner, std::uint32_t end) {
  Doc out = Doc::concat({});
  std::uint32_t last_line = 0;  // The source line on which the last thing ended; 0 before the first.
  const auto begin_line = [&](std::uint32_t line) {
    if (last_line != 0) out << Doc::newline(line > last_line + 1 ? 2 : 1);
  };
  const auto set_comments_before = [&](std::uint32_t offset) {
    while (next_comment_ < module_.comments.size() &&
           module_.comments[next_comment_].span.begin < offset) {
      const ast::Comment& comment = module_.comments[next_comment_++];
      const std::uint32_t line = file_.line_of(comment.span.begin);
      begin_line(line);
      out << comment_text(comment);
      last_line = line;
    }
  };
  for (const Line& each : inner) {
    set_comments_before(each.span.begin);
    begin_line(file_.line_of(each.span.begin));
    if (!each.has_lines && has_comment_in(each.span)) {
      out << Doc::verbatim(without_trailing_blanks(source(each.span)));
      while (next_comment_ < module_.comments.size() &&
             module_.comments[next_comment_].span.begin < each.span.end) {
        ++next_comment_;
      }
    } else {
      out << each.make();
    }
    last_line = file_.line_of(each.span.end);
    if (next_comment_ < module_.comments.size()) {
      const ast::Comment& comment = module_.comments[next_comment_];
      if (comment.span.begin < end && file_.line_of(comment.span.begin) == last_line) {
        out << Doc::aside("  " + comment_text(comment));
        ++next_comment_;
      }
    }
  }
  set_comments_before(end);
  return out;
}

Doc Formatter::braced(SourceSpan span, const std::vector<Line>& inner) {
  const bool on_one_line = !has_newline(span.begin, span.end);
  if (on_one_line && inner.empty()) return Doc::of("{ }");
  if (on_one_line && inner.size() == 1 && !has_comment_in(span)) {
    return Doc::group({Doc::of("{"), Doc::indent({Doc::line_break(" "), inner.front().make()}),
                       Doc::line_break(" "), Doc::of("}")});
  }
  Doc out = Doc::concat({});
  out << "{";
  // A comment behind the brace stays there.
  if (next_comment_ < module_.comments.size()) {
    const ast::Comment& comment = module_.comments[next_comment_];
    if (!comment.own_line && comment.span.begin > span.begin && comment.span.begin < span.end &&
        file_.line_of(comment.span.begin) == file_.line_of(span.begin) &&
        (inner.empty() || comment.span.begin < inner.front().span.begin)) {
      out << Doc::aside("  " + comment_text(comment));
      ++next_comment_;
    }
  }
  Doc held = lines(inner, span.end);
  if (!held.parts.empty()) out << Doc::indent({Doc::newline(), std::move(held)});
  out << Doc::newline() << "}";
  return out;
}

bool Formatter::has_newline(std::uint32_t begin, std::uint32_t end) const {
  return file_.text().substr(begin, end - begin).find('\n') != std::string_view::npos;
}

bool Formatter::newline_follows(std::uint32_t offset) const {
  const std::string_view text = file_.text();
  while (offset < text.size() && (text[offset] == ' ' || text[offset] == '\t' || text[offset] == '\r')) {
    ++offset;
  }
  return offset < text.size() && text[offset] == '\n';
}

bool Formatter::has_comment_in(SourceSpan span) const {
  for (std::size_t i = next_comment_; i < module_.comments.size(); ++i) {
    const std::uint32_t begin = module_.comments[i].span.begin;
    if (begin >= span.end) return false;
    if (begin >= span.begin) return true;
  }
  return false;
}

std::string Formatter::comment_text(const ast::Comment& comment) const {
  return without_trailing_blanks(source(comment.span));
}

}  // namespace streamc
