#include "compiler/parse/line_recovery.h"

#include "compiler/parse/syntax_errors.h"

namespace streamc {
namespace {

std::size_t rule_of(antlr4::Parser* parser) { return parser->getContext()->getRuleIndex(); }

bool is_line(std::size_t rule) {
  switch (rule) {
    case StreamParser::RuleItem:
    case StreamParser::RuleStmt:
    case StreamParser::RuleTestStmt:
    case StreamParser::RuleAgentPart:
    case StreamParser::RuleAggregatePart:
    case StreamParser::RuleField:
      return true;
    default:
      return false;
  }
}

bool is_list_of_lines(std::size_t rule) {
  switch (rule) {
    case StreamParser::RuleFile:
    case StreamParser::RuleBlock:
    case StreamParser::RuleTestDecl:
    case StreamParser::RuleAgentDecl:
    case StreamParser::RuleAggregateDecl:
    case StreamParser::RuleRecord:
      return true;
    default:
      return false;
  }
}

// What the lines of a list are.
std::size_t line_rule_of(std::size_t list_rule) {
  switch (list_rule) {
    case StreamParser::RuleFile: return StreamParser::RuleItem;
    case StreamParser::RuleTestDecl: return StreamParser::RuleTestStmt;
    case StreamParser::RuleAgentDecl: return StreamParser::RuleAgentPart;
    case StreamParser::RuleAggregateDecl: return StreamParser::RuleAggregatePart;
    case StreamParser::RuleRecord: return StreamParser::RuleField;
    default: return StreamParser::RuleStmt;
  }
}

// The innermost line around the place where the parser is, or the whole text.
const antlr4::ParserRuleContext* enclosing_line(antlr4::Parser* parser) {
  const antlr4::ParserRuleContext* line = parser->getContext();
  while (line->parent != nullptr && !is_line(line->getRuleIndex())) {
    line = static_cast<const antlr4::ParserRuleContext*>(line->parent);
  }
  return line;
}

// In a list rule, whether its lines have begun: behind the `{`, or anywhere in a file.
bool is_inside_list(antlr4::ParserRuleContext* context) {
  if (context->getRuleIndex() == StreamParser::RuleFile) return true;
  for (antlr4::tree::ParseTree* child : context->children) {
    auto* const terminal = dynamic_cast<antlr4::tree::TerminalNode*>(child);
    if (terminal != nullptr && terminal->getSymbol()->getType() == StreamLexer::LC) return true;
  }
  return false;
}

// The tokens that some alternative of a failed prediction could have gone on with.
antlr4::misc::IntervalSet expected_by(const antlr4::atn::ATN& atn,
                                      const antlr4::NoViableAltException& error) {
  if (error.getDeadEndConfigs() == nullptr) return error.getExpectedTokens();
  antlr4::misc::IntervalSet expected;
  for (const auto& config : error.getDeadEndConfigs()->configs) {
    expected.addAll(atn.nextTokens(config->state));
  }
  expected.remove(antlr4::Token::EPSILON);
  return expected;
}

std::size_t index_of(antlr4::Token* token) { return static_cast<std::size_t>(token->getTokenIndex()); }

}  // namespace

antlr4::Token* LineRecovery::recoverInline(antlr4::Parser* parser) {
  throw antlr4::InputMismatchException(parser);
}

void LineRecovery::reportError(antlr4::Parser* parser, const antlr4::RecognitionException& error) {
  if (inErrorRecoveryMode(parser)) return;  // On the way out of the rules around the mistake.
  beginErrorCondition(parser);
  const auto* const prediction = dynamic_cast<const antlr4::NoViableAltException*>(&error);
  report_at(parser, index_of(error.getOffendingToken()),
            prediction != nullptr ? expected_by(parser->getATN(), *prediction)
                                  : error.getExpectedTokens());
}

// A line that goes on behind an `=` or a `{` may fail at the first token of a later line. What is
// wrong then is the end of the line before.
std::size_t LineRecovery::before_newlines(std::size_t token_index, std::size_t line_begin) const {
  std::size_t index = token_index;
  while (index > line_begin + 1 && tokens_[index - 1].type == StreamLexer::NL) --index;
  return index;
}

void LineRecovery::report_at(antlr4::Parser* parser, std::size_t token_index,
                             const antlr4::misc::IntervalSet& expected) {
  const SourceFile& file = reporter_.file();
  const antlr4::ParserRuleContext* const line = enclosing_line(parser);
  if (!is_list_of_lines(rule_of(parser))) {
    token_index = before_newlines(token_index, index_of(line->start));
  }
  const Token at = token_index < tokens_.size() ? tokens_[token_index] : Token{0, end_, end_};
  // Quiet may be the line of the mistake, or the one on which the statement around it began.
  const auto begin = static_cast<std::uint32_t>(line->start->getStartIndex());
  const bool is_whole_file = line->parent == nullptr;
  if (reporter_.is_quiet(file.span(at.begin, at.begin)) ||
      (!is_whole_file && begin <= at.begin && reporter_.is_quiet(file.span(begin, begin)))) {
    reporter_.silence(file.span(at.begin, at.begin));
    return;
  }
  report_syntax_error({tokens_, token_index, end_, rule_of(parser), expected}, reporter_);
  reporter_.silence(file.span(at.begin, at.begin));
}

void LineRecovery::recover(antlr4::Parser* parser, std::exception_ptr error) {
  antlr4::ParserRuleContext* const context = parser->getContext();
  const std::size_t rule = context->getRuleIndex();
  if (context->parent == nullptr) {
    while (parser->getTokenStream()->LA(1) != antlr4::Token::EOF) parser->consume();
    return;
  }
  if (!is_line(rule)) std::rethrow_exception(error);
  // Braces that this line opened itself end with it.
  std::size_t depth = 0;
  const std::size_t here =
      before_newlines(parser->getTokenStream()->index(), index_of(context->start));
  parser->getTokenStream()->seek(here);
  for (std::size_t i = index_of(context->start); i < here && i < tokens_.size(); ++i) {
    if (tokens_[i].type == StreamLexer::LC) ++depth;
    if (tokens_[i].type == StreamLexer::RC && depth > 0) --depth;
  }
  skip_line(parser, depth, rule == StreamParser::RuleField);
  endErrorCondition(parser);
}

bool LineRecovery::line_continues_behind(std::size_t newline_index) const {
  std::size_t i = newline_index;
  while (i < tokens_.size() && tokens_[i].type == StreamLexer::NL) ++i;
  return i < tokens_.size() &&
         (tokens_[i].type == StreamLexer::PIPE || tokens_[i].type == StreamLexer::KW_ELSE);
}

void LineRecovery::skip_line(antlr4::Parser* parser, std::size_t depth, bool stop_at_comma) {
  // Nothing above the lines of a file could use a `}`.
  antlr4::ParserRuleContext* context = parser->getContext();
  const bool is_top = context->getRuleIndex() == StreamParser::RuleFile ||
                      context->getRuleIndex() == StreamParser::RuleItem;
  antlr4::TokenStream* const stream = parser->getTokenStream();
  while (true) {
    switch (stream->LA(1)) {
      case antlr4::Token::EOF: return;
      case StreamLexer::LC: ++depth; break;
      case StreamLexer::RC:
        if (depth == 0 && !is_top) return;
        if (depth > 0) --depth;
        break;
      case StreamLexer::NL:
        if (depth == 0 && !line_continues_behind(stream->index())) return;
        while (stream->LA(2) == StreamLexer::NL) parser->consume();
        break;
      case StreamLexer::COMMA:
        if (depth == 0 && stop_at_comma) return;
        break;
      default: break;
    }
    parser->consume();
  }
}

void LineRecovery::sync(antlr4::Parser* parser) {
  antlr4::ParserRuleContext* const context = parser->getContext();
  const std::size_t rule = context->getRuleIndex();
  if (!is_list_of_lines(rule) || inErrorRecoveryMode(parser) || !is_inside_list(context)) return;
  const antlr4::atn::ATN& atn = parser->getATN();
  const antlr4::misc::IntervalSet expected = atn.nextTokens(atn.states[parser->getState()]);
  const antlr4::misc::IntervalSet beginnings =
      atn.nextTokens(atn.ruleToStartState[line_rule_of(rule)]);
  antlr4::TokenStream* const stream = parser->getTokenStream();
  while (true) {
    const std::size_t here = stream->index();
    std::size_t next = here;
    while (next < tokens_.size() && tokens_[next].type == StreamLexer::NL) ++next;
    if (next >= tokens_.size() || tokens_[next].type == StreamLexer::RC) {
      // The end of the list, or of an outer one; at the top, a brace too many.
      if (rule != StreamParser::RuleFile || next >= tokens_.size()) return;
    } else if (next == here ? expected.contains(tokens_[next].type)
                            : beginnings.contains(tokens_[next].type)) {
      return;
    }
    stream->seek(next);
    report_at(parser, next, next == here ? expected : beginnings);
    skip_line(parser, 0, rule == StreamParser::RuleRecord);
    if (stream->index() == next) return;
  }
}

}  // namespace streamc
