#include "compiler/parse/syntax_errors.h"

#include <StreamParser.h>

#include <algorithm>
#include <string>

namespace streamc {
namespace {

std::string quoted(std::string_view text) { return fmt::format("`{}`", text); }

// `ID`, `NL` … as users would call them; an operator or a word as it is written.
std::string token_name(std::size_t type) {
  switch (type) {
    case StreamLexer::NL: return "the end of the line";
    case StreamLexer::ID: return "a name";
    case StreamLexer::STRING: return "a text";
    case StreamLexer::INT: return "a number";
    case antlr4::Token::EOF: return "the end of the file";
    default: break;
  }
  // ANTLR keeps literals in single quotes.
  std::string literal = StreamLexer(nullptr).getVocabulary().getLiteralName(type);
  if (literal.size() > 2) return quoted(std::string_view(literal).substr(1, literal.size() - 2));
  return "something else";
}

// Whether a token may stand behind a value and go on with it.
bool continues_value(std::size_t type) {
  switch (type) {
    case StreamLexer::PIPE:
    case StreamLexer::KW_ELSE:
    case StreamLexer::KW_AND:
    case StreamLexer::KW_OR:
    case StreamLexer::KW_IN:
    case StreamLexer::KW_AT:
    case StreamLexer::PLUS:
    case StreamLexer::MINUS:
    case StreamLexer::STAR:
    case StreamLexer::DIVIDE:
    case StreamLexer::FLOOR_DIVIDE:
    case StreamLexer::MODULO:
    case StreamLexer::POWER:
    case StreamLexer::RATE:
    case StreamLexer::DOT:
    case StreamLexer::LP:
    case StreamLexer::LB:
    case StreamLexer::OPTION:
      return true;
    default:
      return is_comparison_token(type);
  }
}

class Explainer {
 public:
  Explainer(const SyntaxError& error, Reporter& reporter)
      : error_(error), reporter_(reporter), file_(reporter.file()) {}

  void report() {
    if (report_chained_comparison() || report_missing_type() || report_arrow() ||
        report_text_in_hole() || report_missing_else()) {
      return;
    }
    auto message = reporter_.report(diag::UnexpectedText, place(), describe_expected(),
                                    describe(error_.index));
    add_help(message);
  }

 private:
  bool at_end() const { return error_.index >= error_.tokens.size(); }
  std::size_t type(std::size_t index) const {
    return index < error_.tokens.size() ? error_.tokens[index].type : antlr4::Token::EOF;
  }
  std::size_t type() const { return type(error_.index); }
  std::size_t type_before(std::size_t distance = 1) const {
    return error_.index >= distance ? type(error_.index - distance) : antlr4::Token::EOF;
  }
  Token token(std::size_t index) const {
    return index < error_.tokens.size() ? error_.tokens[index] : Token{0, error_.end, error_.end};
  }

  // A newline is pointed at where its line ends, which is where something is missing.
  SourceSpan place() const {
    if (at_end() || type() == StreamLexer::NL) {
      const std::uint32_t offset =
          error_.index > 0 ? token(error_.index - 1).end : token(error_.index).begin;
      return file_.span(offset, offset);
    }
    return span_of(file_, token(error_.index));
  }

  std::string describe(std::size_t index) const {
    switch (type(index)) {
      case antlr4::Token::EOF:
        return error_.end < file_.text().size() ? "the end of the hole" : "the end of the file";
      case StreamLexer::NL: return "the end of the line";
      case StreamLexer::STRING: return "a text";
      default: return quoted(text_of(file_, token(index)));
    }
  }

  std::string describe_expected() const {
    const antlr4::misc::IntervalSet& expected = error_.expected;
    if (expected.isEmpty()) return "something else";
    if (expected.contains(std::size_t{StreamLexer::INT}) &&
        expected.contains(std::size_t{StreamLexer::STRING})) {
      return "a value";
    }
    if (error_.rule == StreamParser::RuleType && expected.contains(std::size_t{StreamLexer::ID})) {
      return "a type";
    }
    if (expected.contains(std::size_t{StreamLexer::ID})) return "a name";
    std::vector<ssize_t> types = expected.toList();
    const bool ends_line = expected.contains(std::size_t{StreamLexer::NL});
    if (expected.contains(std::size_t{StreamLexer::ADD_SET})) return "`=`";
    // Behind a value any operator could follow: what ends the value says more.
    if (types.size() > 4) {
      if (ends_line) return "the end of the line";
      std::erase_if(types, [](ssize_t type) { return continues_value(static_cast<std::size_t>(type)); });
    }
    if (ends_line) std::erase(types, static_cast<ssize_t>(antlr4::Token::EOF));
    if (types.size() > 6) return "something else";
    std::string text;
    for (std::size_t i = 0; i < types.size(); ++i) {
      if (i > 0) text += i + 1 == types.size() ? " or " : ", ";
      text += token_name(static_cast<std::size_t>(types[i]));
    }
    return text;
  }

  // `a < b < c`: the second comparison of one chain.
  bool report_chained_comparison() {
    if (!is_comparison_token(type())) return false;
    std::size_t depth = 0;
    for (std::size_t i = error_.index; i-- > 0;) {
      const std::size_t before = type(i);
      if (is_close_bracket(before)) {
        ++depth;
      } else if (is_open_bracket(before)) {
        if (depth == 0) return false;
        --depth;
      } else if (depth > 0) {
        continue;
      } else if (is_comparison_token(before)) {
        const std::string_view middle =
            file_.text(file_.span(token(i).end, token(error_.index).begin));
        std::string name(middle.substr(std::min(middle.size(), middle.find_first_not_of(" \t\n"))));
        while (!name.empty() && name.back() == ' ') name.pop_back();
        reporter_.report(diag::ChainedComparison, place())
            .label(span_of(file_, token(i)), "the first comparison")
            .help(fmt::format("compare twice: `… {0} {1} and {1} {2} …`",
                              text_of(file_, token(i)), name, text_of(file_, token(error_.index))));
        return true;
      } else if (before == StreamLexer::NL || before == StreamLexer::COMMA ||
                 before == StreamLexer::KW_AND || before == StreamLexer::KW_OR ||
                 before == StreamLexer::KW_IF || before == StreamLexer::FAT_ARROW ||
                 before == StreamLexer::SET || before == StreamLexer::PIPE) {
        return false;
      }
    }
    return false;
  }

  // `fn f(x) = …`, `param x = 1`, `type R = { a, b }`.
  bool report_missing_type() {
    const bool wants_colon = error_.expected.contains(std::size_t{StreamLexer::COLON});
    const bool in_declaration = error_.rule == StreamParser::RuleParameter ||
                                error_.rule == StreamParser::RuleParamDecl ||
                                error_.rule == StreamParser::RuleField;
    if (!wants_colon || !in_declaration || error_.index == 0) return false;
    const Token name = token(error_.index - 1);
    reporter_.report(diag::ParameterWithoutType, span_of(file_, name), text_of(file_, name))
        .help(fmt::format("write `{}: float`, or the type it has", text_of(file_, name)));
    return true;
  }

  // `fn f(x: int) => x` and `map(x -> x + 1)`.
  bool report_arrow() {
    if (type() == StreamLexer::FAT_ARROW &&
        (error_.rule == StreamParser::RuleBody || error_.rule == StreamParser::RuleFnHead ||
         error_.rule == StreamParser::RuleGraphHead || error_.rule == StreamParser::RuleAgentHead ||
         error_.rule == StreamParser::RuleAgentDecl)) {
      reporter_.report(diag::UnexpectedText, place(), "`=`", "`=>`")
          .help("`=` or a block `{ }` gives a declared function its value");
      return true;
    }
    if (type() == StreamLexer::ARROW && (is_ident(type_before()) || type_before() == StreamLexer::RP)) {
      reporter_.report(diag::UnexpectedText, place(), "`=>`", "`->`")
          .help("`x => …` is a function without a name; `->` stands before the type of a result");
      return true;
    }
    return false;
  }

  // `x = if c { 1 }`
  bool report_missing_else() {
    if (error_.rule != StreamParser::RuleIfExpr || type_before() == StreamLexer::KW_IF ||
        !error_.expected.contains(std::size_t{StreamLexer::KW_ELSE})) {
      return false;
    }
    if (type_before() != StreamLexer::RC) return false;
    reporter_.report(diag::UnexpectedText, place(), "`else`", describe(error_.index))
        .help("as a value, `if c { a } else { b }` needs both sides");
    return true;
  }

  // "… {f("a")} …": the inner quote ended the text.
  bool report_text_in_hole() {
    if (error_.index == 0 || type_before() != StreamLexer::STRING) return false;
    const Token text = token(error_.index - 1);
    if (at_end() || token(error_.index).begin != text.end) return false;
    const std::string_view source = text_of(file_, text);
    if (source.rfind('{') == std::string_view::npos ||
        source.find('}', source.rfind('{')) != std::string_view::npos) {
      return false;
    }
    reporter_.report(diag::EscapeInHole, file_.span(text.end - 1, text.end))
        .help("name the value first, then put the name in the hole");
    return true;
  }

  void add_help(DiagnosticBuilder& message) {
    switch (error_.rule) {
      case StreamParser::RuleTestStmt:
      case StreamParser::RuleTestDecl:
        message.help("a test holds `given name = values` and `expect …` lines");
        return;
      case StreamParser::RuleAgentDecl:
      case StreamParser::RuleAgentPart:
        message.help("an agent holds `state name = value` lines and reactions `on input { … }`");
        return;
      case StreamParser::RuleAggregateDecl:
        message.help("the parts of an aggregate are `state`, `add { }`, `merge other { }`, "
                     "`result = …` and `commutative = true`");
        return;
      case StreamParser::RuleExternDecl:
        message.help("write `extern python \"module.name\" fn name(x: float) -> float`");
        return;
      default:
        return;
    }
  }

  const SyntaxError& error_;
  Reporter& reporter_;
  const SourceFile& file_;
};

}  // namespace

void report_syntax_error(const SyntaxError& error, Reporter& reporter) {
  Explainer(error, reporter).report();
}

}  // namespace streamc
