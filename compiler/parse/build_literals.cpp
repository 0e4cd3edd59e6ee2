#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <limits>

#include "compiler/ast/units.h"
#include "compiler/parse/builder.h"
#include "compiler/parse/unit_words.h"

namespace streamc {
namespace {

std::string without_underscores(std::string_view text) {
  std::string result(text);
  std::erase(result, '_');
  return result;
}

bool is_digit_or_dot(char c) { return (c >= '0' && c <= '9') || c == '.'; }

// The constants of other languages that are names here.
struct MeantConstant {
  std::string_view written;
  std::string_view meant;
};
constexpr auto kMeantConstants =
    std::to_array<MeantConstant>({{"True", "true"}, {"False", "false"}});

void append_utf8(std::string& text, std::uint32_t code_point) {
  if (code_point < 0x80) {
    text += static_cast<char>(code_point);
  } else if (code_point < 0x800) {
    text += static_cast<char>(0xc0 | (code_point >> 6));
    text += static_cast<char>(0x80 | (code_point & 0x3f));
  } else if (code_point < 0x10000) {
    text += static_cast<char>(0xe0 | (code_point >> 12));
    text += static_cast<char>(0x80 | ((code_point >> 6) & 0x3f));
    text += static_cast<char>(0x80 | (code_point & 0x3f));
  } else {
    text += static_cast<char>(0xf0 | (code_point >> 18));
    text += static_cast<char>(0x80 | ((code_point >> 12) & 0x3f));
    text += static_cast<char>(0x80 | ((code_point >> 6) & 0x3f));
    text += static_cast<char>(0x80 | (code_point & 0x3f));
  }
}

}  // namespace

ExprId TreeBuilder::int_literal(SourceSpan span, bool is_negated) {
  if (is_negated) return add(ast::IntExpr{span, std::numeric_limits<std::int64_t>::min()}, {});
  std::string digits = without_underscores(file_.text(span));
  int base = 10;
  if (digits.starts_with("0x") || digits.starts_with("0b")) {
    base = digits[1] == 'x' ? 16 : 2;
    digits.erase(0, 2);
  }
  std::int64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    sink_.report(diag::IntTooLarge, span, file_.text(span))
        .help("an int lies between -9223372036854775808 and 9223372036854775807; write `.0` behind "
              "it for a float");
    return add(ast::ErrorExpr{span}, {});
  }
  return add(ast::IntExpr{span, value}, {});
}

ExprId TreeBuilder::float_literal(SourceSpan span) {
  const std::string digits = without_underscores(file_.text(span));
  const double value = std::strtod(digits.c_str(), nullptr);
  if (value > std::numeric_limits<double>::max()) {
    sink_.report(diag::FloatTooLarge, span, file_.text(span))
        .help("the largest float is about 1.8e308");
    return add(ast::ErrorExpr{span}, {});
  }
  return add(ast::FloatExpr{span, value}, {});
}

ExprId TreeBuilder::quantity(SourceSpan span) {
  const std::string text = without_underscores(file_.text(span));
  const auto unit_begin = std::find_if_not(text.begin(), text.end(), is_digit_or_dot);
  ast::QuantityExpr node{span, std::string(text.begin(), unit_begin),
                         std::string(unit_begin, text.end())};
  if (!find_unit(node.unit)) {
    const SourceSpan unit_span = file_.span(span.end - node.unit.size(), span.end);
    auto message = sink_.report(diag::UnknownUnit, unit_span, node.unit);
    if (node.unit == "m") {
      message.help(fmt::format("minutes are written `{}min`", node.number));
    } else if (const std::string_view meant = meant_unit(node.unit); !meant.empty()) {
      message.help(fmt::format("write `{}{}`", node.number, meant));
    } else {
      message.help("the units are ns us ms s min h d, Hz kHz MHz GHz, B kB KiB MB MiB GB GiB");
    }
    return add(ast::ErrorExpr{span}, {});
  }
  if (!quantity_value(node.number, node.unit)) {
    sink_.report(diag::QuantityTooLarge, span, file_.text(span))
        .help("durations reach to about 292 years; nothing finer than 1ns counts");
    return add(ast::ErrorExpr{span}, {});
  }
  return add(std::move(node), {});
}

ExprId TreeBuilder::time_literal(SourceSpan span) {
  const std::string_view text = file_.text(file_.span(span.begin + 2, span.end - 1));
  const std::optional<std::int64_t> nanoseconds = parse_time(text);
  if (!nanoseconds) {
    sink_.report(diag::BadTime, span, text)
        .help("a time looks like `t\"2026-11-01\"` or `t\"2026-11-01T12:00:00.5Z\"`, with `Z`, "
              "`+01:00` or nothing (UTC) at its end");
    return add(ast::ErrorExpr{span}, {});
  }
  return add(ast::TimeExpr{span, *nanoseconds}, {});
}

ExprId TreeBuilder::name_value(SourceSpan span) {
  const std::string_view name = file_.text(span);
  if (name == "None") {
    sink_.report(diag::PythonNone, span).help("write `none`");
    return add(ast::NoneExpr{span}, {});
  }
  for (const MeantConstant& constant : kMeantConstants) {
    if (constant.written == name) {
      sink_.report(diag::PythonBool, span, constant.meant, name)
          .help(fmt::format("write `{}`", constant.meant));
      return add(ast::BoolExpr{span, constant.meant == "true"}, {});
    }
  }
  return add(ast::NameExpr{span, std::string(name)}, {});
}

void TreeBuilder::escape(std::uint32_t& i, std::uint32_t end, std::string& text) {
  const std::string_view source = file_.text();
  const std::uint32_t begin = i;
  const char c = source[i + 1];  // The lexer never ends a string behind a lone backslash.
  i += 2;
  switch (c) {
    case 'n': text += '\n'; return;
    case 't': text += '\t'; return;
    case 'r': text += '\r'; return;
    case '0': text += '\0'; return;
    case '\\':
    case '"':
    case '{':
    case '}': text += c; return;
    case 'u': {
      // \u{1F600}
      const std::size_t close = source.substr(i, end - i).find('}');
      if (i < end && source[i] == '{' && close != std::string_view::npos && close > 1 && close < 8) {
        std::uint32_t code_point = 0;
        const char* const last = source.data() + i + close;
        const auto parsed = std::from_chars(source.data() + i + 1, last, code_point, 16);
        if (parsed.ptr == last && code_point <= 0x10ffff &&
            (code_point < 0xd800 || code_point > 0xdfff)) {
          append_utf8(text, code_point);
          i += static_cast<std::uint32_t>(close) + 1;
          return;
        }
      }
      sink_.report(diag::BadEscape, file_.span(begin, begin + 2), "\\u")
          .help("write the number of a character in braces: `\\u{e9}`");
      return;
    }
    default: {
      // The whole character, which may be several bytes.
      while (i < end && (static_cast<unsigned char>(source[i]) & 0xc0) == 0x80) ++i;
      sink_.report(diag::BadEscape, file_.span(begin, i), source.substr(begin, i - begin))
          .help("the escapes are \\n \\t \\r \\0 \\\\ \\\" \\{ \\} \\u{…}; in `r\"…\"` a backslash is "
                "only itself");
    }
  }
}

ast::StringPiece TreeBuilder::hole(std::uint32_t& i, std::uint32_t end) {
  const std::string_view source = file_.text();
  const std::uint32_t begin = i;
  ast::StringPiece piece;
  piece.is_hole = true;
  std::uint32_t depth = 0;
  std::uint32_t colon = 0;  // Where the format begins; 0 if there is none.
  std::uint32_t close = 0;
  for (std::uint32_t at = begin + 1; at < end && close == 0; ++at) {
    const char c = source[at];
    if (colon != 0) {
      if (c == '}') close = at;
    } else if (c == '(' || c == '[' || c == '{') {
      ++depth;
    } else if (depth > 0 && (c == ')' || c == ']' || c == '}')) {
      --depth;
    } else if (c == '}') {
      close = at;
    } else if (c == ':' && depth == 0) {
      colon = at;
    }
  }
  if (close == 0) {
    sink_.report(diag::UnclosedHole, file_.span(begin, begin + 1))
        .help("close it with `}`, or write `{{` for a brace");
    i = end;
    piece.span = file_.span(begin, end);
    return piece;
  }
  i = close + 1;
  piece.span = file_.span(begin, i);
  const std::uint32_t value_end = colon != 0 ? colon : close;
  if (colon != 0) {
    piece.format_span = file_.span(colon + 1, close);
    piece.format_spec = file_.text(piece.format_span);
  }
  const std::string_view value = source.substr(begin + 1, value_end - begin - 1);
  if (value.find_first_not_of(" \t") == std::string_view::npos) return piece;
  if (const std::size_t backslash = value.find('\\'); backslash != std::string_view::npos) {
    const auto offset = static_cast<std::uint32_t>(begin + 1 + backslash);
    sink_.report(diag::EscapeInHole, file_.span(offset, offset + 1))
        .help("name the value first, then put the name in the hole");
    piece.value_id = add(ast::ErrorExpr{piece.span}, {});
    return piece;
  }
  piece.value_id = parse_hole_(*this, begin + 1, value_end);
  return piece;
}

ExprId TreeBuilder::string_literal(SourceSpan span) {
  const std::string_view source = file_.text();
  ast::StringExpr node{span, false, {}};
  std::vector<ExprId> children;
  std::string text;
  std::uint32_t i = span.begin + 1;
  const std::uint32_t end = span.end - 1;
  std::uint32_t text_begin = i;
  const auto end_text = [&](std::uint32_t at) {
    if (!text.empty()) {
      ast::StringPiece piece;
      piece.span = file_.span(text_begin, at);
      piece.text = std::move(text);
      node.pieces.push_back(std::move(piece));
    }
    text.clear();
  };
  while (i < end) {
    const char c = source[i];
    const bool is_double = i + 1 < end && source[i + 1] == c;
    if (c == '\\') {
      escape(i, end, text);
    } else if ((c == '{' || c == '}') && is_double) {
      text += c;
      i += 2;
    } else if (c == '{') {
      end_text(i);
      node.pieces.push_back(hole(i, end));
      children.push_back(node.pieces.back().value_id);
      text_begin = i;
    } else if (c == '}') {
      sink_.report(diag::LoneBrace, file_.span(i, i + 1)).help("write `}}` for a brace");
      ++i;
    } else {
      text += c;
      ++i;
    }
  }
  end_text(end);
  return add(std::move(node), children);
}

std::string TreeBuilder::plain_text(Terminal* string) {
  const SourceSpan span = span_of(string);
  const std::string_view source = file_.text();
  std::string text;
  std::uint32_t i = span.begin + 1;
  while (i + 1 < span.end) {
    if (source[i] == '\\') {
      escape(i, span.end - 1, text);
    } else {
      text += source[i++];
    }
  }
  return text;
}

}  // namespace streamc
