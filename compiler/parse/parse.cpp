#include "compiler/parse/parse.h"

#include <StreamLexer.h>
#include <StreamParser.h>

#include <algorithm>
#include <optional>

#include "compiler/parse/antlr_parser.h"
#include "compiler/parse/builder.h"
#include "compiler/parse/repair.h"
#include "compiler/parse/reporter.h"
#include "compiler/parse/tokens.h"

namespace streamc {
namespace {

// Brackets, lambdas and function types nest the parser's calls; this many leave most of a stack of
// 8 MiB free, also in a sanitizer's build.
constexpr std::uint32_t kMaxNesting = 200;

// The offset of the first byte that is not UTF-8, or that no text has.
std::optional<std::size_t> find_bad_byte(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto c = static_cast<unsigned char>(text[i]);
    const std::size_t length = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
    if (length == 0 || c == 0 || i + length > text.size()) return i;
    for (std::size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return i;
    }
    i += length;
  }
  return std::nullopt;
}

// Reports the first place where things nest too deeply.
bool nests_too_deeply(const std::vector<Token>& tokens, Reporter& reporter) {
  std::uint32_t depth = 0;
  std::uint32_t arrows = 0;  // `=>` and `->` of this line: each may open a level of its own.
  for (const Token& token : tokens) {
    if (is_open_bracket(token.type)) ++depth;
    if (is_close_bracket(token.type) && depth > 0) --depth;
    if (token.type == StreamLexer::NL) arrows = 0;
    if (token.type == StreamLexer::FAT_ARROW || token.type == StreamLexer::ARROW) ++arrows;
    if (depth + arrows > kMaxNesting) {
      reporter.report(diag::NestedTooDeeply, span_of(reporter.file(), token), "this", kMaxNesting)
          .help("give parts of it names of their own");
      return true;
    }
  }
  return false;
}

bool needs_repair(const std::vector<Token>& tokens) {
  std::vector<std::size_t> expected;  // The closing brackets still to come.
  for (const Token& token : tokens) {
    if (is_mistake(token.type)) return true;
    if (token.type == StreamLexer::LP) expected.push_back(StreamLexer::RP);
    if (token.type == StreamLexer::LB) expected.push_back(StreamLexer::RB);
    if (token.type == StreamLexer::LC) expected.push_back(StreamLexer::RC);
    if (is_close_bracket(token.type)) {
      if (expected.empty() || expected.back() != token.type) return true;
      expected.pop_back();
    }
  }
  return !expected.empty();
}

ExprId parse_hole(TreeBuilder& builder, const SourceFile& file, DiagnosticSink& sink,
                  std::uint32_t begin, std::uint32_t end) {
  Reporter reporter(file, sink);
  std::vector<Token> tokens = lex(file, begin, end).tokens;
  if (nests_too_deeply(tokens, reporter)) return builder.error_expr(file.span(begin, end));
  if (!needs_repair(tokens)) {
    AntlrParser parser(tokens, end);
    if (auto* const context = parser.try_hole()) return builder.expr(context->expr());
  }
  tokens = repair(std::move(tokens), reporter);
  AntlrParser parser(tokens, end);
  auto* const context = parser.recover_hole(reporter);
  if (reporter.any()) return builder.error_expr(file.span(begin, end));
  return builder.expr(context->expr());
}

}  // namespace

ParseResult parse_file(const SourceFile& file, Ast& ast, DiagnosticSink& sink) {
  const AssertContext assert_context("parsing " + file.name());
  const DiagnosticSink::Mark mark = sink.mark();
  const auto end = static_cast<std::uint32_t>(file.text().size());
  ParseResult result;
  result.module.span = file.span(0, end);
  Reporter reporter(file, sink);

  if (const std::optional<std::size_t> bad = find_bad_byte(file.text())) {
    reporter.report(diag::NotUtf8, file.span(*bad, *bad + 1))
        .help("save the file as UTF-8");
    return result;
  }
  const std::uint32_t begin = file.text().starts_with("\xef\xbb\xbf") ? 3 : 0;  // A byte order mark.
  LexedText text = lex(file, begin, end);
  result.module.comments = std::move(text.comments);
  if (nests_too_deeply(text.tokens, reporter)) return result;

  TreeBuilder builder(file, ast, sink, result.module.comments,
                      [&](TreeBuilder& self, std::uint32_t hole_begin, std::uint32_t hole_end) {
                        return parse_hole(self, file, sink, hole_begin, hole_end);
                      });
  const auto build = [&](StreamParser::FileContext* context) {
    for (auto* item : context->item()) {
      const auto first = static_cast<std::uint32_t>(item->start->getStartIndex());
      const auto last = static_cast<std::uint32_t>(item->stop == nullptr ? first : item->stop->getStopIndex() + 1);
      // What holds a mistake is incomplete; what lies beside it may hold one of the builder's.
      if (reporter.any() && reporter.is_quiet(file.span(first, std::max(first, last)))) continue;
      result.module.items.push_back(builder.item(item));
    }
  };

  bool is_built = false;
  if (!needs_repair(text.tokens)) {
    AntlrParser parser(text.tokens, end);
    if (auto* const context = parser.try_file()) {
      build(context);
      is_built = true;
    }
  }
  if (!is_built) {
    const std::vector<Token> tokens = repair(std::move(text.tokens), reporter);
    AntlrParser parser(tokens, end);
    build(parser.recover_file(reporter));
  }
  result.module.doc = builder.module_doc();
  sink.sort_since(mark);  // The steps above report each in its own order.
  result.ok = !sink.has_errors_since(mark);
  return result;
}

}  // namespace streamc
