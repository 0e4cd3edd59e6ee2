#include <limits>
#include <string_view>

#include "compiler/parse/repair_steps.h"

namespace streamc {
namespace {

constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

std::size_t closing_of(std::size_t open) {
  return open == StreamLexer::LP ? StreamLexer::RP : open == StreamLexer::LB ? StreamLexer::RB : StreamLexer::RC;
}

std::string_view spelling_of(std::size_t close) {
  return close == StreamLexer::RP ? ")" : close == StreamLexer::RB ? "]" : "}";
}

bool is_binary_operator(std::size_t type) {
  switch (type) {
    case StreamLexer::PLUS:
    case StreamLexer::MINUS:
    case StreamLexer::STAR:
    case StreamLexer::DIVIDE:
    case StreamLexer::FLOOR_DIVIDE:
    case StreamLexer::MODULO:
    case StreamLexer::POWER:
    case StreamLexer::KW_AND:
    case StreamLexer::KW_OR:
    case StreamLexer::KW_IN:
    case StreamLexer::PIPE:
    case StreamLexer::KW_ELSE:
      return true;
    default:
      return is_comparison_token(type);
  }
}

// First the pairs are found, then the tokens are written anew.
class BracketMender {
 public:
  BracketMender(std::vector<Token> tokens, Reporter& reporter)
      : tokens_(std::move(tokens)),
        reporter_(reporter),
        file_(reporter.file()),
        forced_close_(tokens_.size(), kNever),
        is_bad_close_(tokens_.size(), false) {}

  std::vector<Token> run() {
    pair_up();
    report_unclosed();
    return rewrite();
  }

 private:
  std::size_t type(std::size_t index) const { return type_at(tokens_, index); }
  bool begins_line(std::size_t index) const { return index == 0 || is_newline(type(index - 1)); }
  std::size_t top() const { return stack_.empty() ? kNever : stack_.back(); }
  bool top_is_brace() const { return !stack_.empty() && type(top()) == StreamLexer::LC; }

  // The open bracket on top of the stack is never closed; what it holds ends before `index`.
  void give_up_top(std::size_t index) {
    forced_close_[top()] = index;
    stack_.pop_back();
  }
  void give_up_round_and_square(std::size_t index) {
    while (!stack_.empty() && !top_is_brace()) give_up_top(index);
  }

  void pair_up() {
    suspect_.assign(tokens_.size(), kNever);
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (is_newline(type(i))) {
        if (!stack_.empty() && !top_is_brace() && !begins_line(i) && next_line_is_statement(i)) {
          give_up_round_and_square(i);
        }
        continue;
      }
      if (begins_line(i) && !stack_.empty() && begins_declaration(i)) {
        while (!stack_.empty()) give_up_top(i);
      }
      if (is_open_bracket(type(i))) {
        stack_.push_back(i);
      } else if (is_close_bracket(type(i))) {
        close(i);
      }
    }
    while (!stack_.empty()) give_up_top(tokens_.size());
  }

  void close(std::size_t i) {
    // The nearest bracket it can close; `)` and `]` never reach out of a block.
    std::size_t depth = stack_.size();
    while (depth > 0 && closing_of(type(stack_[depth - 1])) != type(i)) {
      if (type(stack_[depth - 1]) == StreamLexer::LC) {
        depth = 0;
        break;
      }
      --depth;
    }
    if (depth == 0) {
      is_bad_close_[i] = true;
      return;
    }
    while (stack_.size() > depth) give_up_top(i);
    const std::size_t open = top();
    stack_.pop_back();
    // A brace that stands further left than what it closes was meant for something further out.
    if (type(i) == StreamLexer::RC && begins_line(i) && !stack_.empty()) {
      const std::uint32_t open_indent = indentation_of(file_, tokens_[open].begin);
      if (indentation_of(file_, tokens_[i].begin) < open_indent) {
        std::size_t& suspect = suspect_[stack_.front()];
        if (suspect == kNever) suspect = open;
      }
    }
  }

  // A line that no argument list can hold.
  bool next_line_is_statement(std::size_t newline) const {
    std::size_t i = newline;
    while (is_newline(type(i))) ++i;
    const std::size_t first = type(i);
    const std::size_t second = type(i + 1);
    if (begins_declaration(i)) return true;
    switch (first) {
      case StreamLexer::KW_PLATE:
      case StreamLexer::KW_STATE:
      case StreamLexer::KW_FOR:
      case StreamLexer::KW_ON:
        return is_ident(second);
      case StreamLexer::KW_EMIT:
      case StreamLexer::KW_RETURN:
        return begins_value(second);
      case StreamLexer::KW_GIVEN:
      case StreamLexer::KW_EXPECT:
        return is_ident(second);
      default:
        break;
    }
    const std::size_t before = newline > 0 ? type(newline - 1) : 0;
    if (before == StreamLexer::COMMA || is_open_bracket(before) || !is_ident(first)) return false;
    std::size_t after = i + 1;
    while (type(after) == StreamLexer::DOT && is_word(type(after + 1))) after += 2;
    return type(after) >= StreamLexer::ADD_SET && type(after) <= StreamLexer::SET;
  }

  bool begins_declaration(std::size_t i) const {
    switch (type(i)) {
      case StreamLexer::KW_IMPORT:
      case StreamLexer::KW_PARAM:
      case StreamLexer::KW_TYPE:
      case StreamLexer::KW_FN:
      case StreamLexer::KW_AGGREGATE:
      case StreamLexer::KW_AGENT:
      case StreamLexer::KW_GRAPH:
      case StreamLexer::KW_EXTERN:
      case StreamLexer::KW_DEPLOY:
        return is_ident(type(i + 1));
      case StreamLexer::KW_TEST:
        return type(i + 1) == StreamLexer::STRING;
      default:
        return false;
    }
  }

  // Whether the line may end at a newline inside an unclosed bracket: nothing asks for more.
  bool line_may_end(std::size_t newline) const {
    const std::size_t before = newline > 0 ? type(newline - 1) : 0;
    if (!ends_value(before) && before != StreamLexer::RC) return false;
    std::size_t i = newline;
    while (is_newline(type(i))) ++i;
    return !is_close_bracket(type(i)) && type(i) != StreamLexer::COMMA && type(i) != StreamLexer::DOT &&
           !is_binary_operator(type(i));
  }

  // One message for each line on which brackets stay open.
  void report_unclosed() {
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (forced_close_[i] == kNever) continue;
      std::size_t culprit = i;
      if (type(i) == StreamLexer::LC && suspect_[i] != kNever) culprit = suspect_[i];
      const SourceSpan span = span_of(file_, tokens_[culprit]);
      if (reporter_.is_quiet(span)) continue;
      reporter_.report(diag::UnclosedBracket, span, file_.text(span))
          .help(fmt::format("close it with `{}`", spelling_of(closing_of(type(culprit)))));
    }
  }

  std::vector<Token> rewrite() {
    std::vector<Token> out;
    out.reserve(tokens_.size() + 8);
    stack_.clear();
    // What is put in stands behind the last token that is no newline.
    const auto close_top = [&] {
      const std::uint32_t offset = out.empty() ? 0 : out.back().end;
      out.push_back(missing_token(closing_of(type(top())), offset));
      stack_.pop_back();
    };
    for (std::size_t i = 0; i <= tokens_.size(); ++i) {
      bool closed_block = false;
      while (!stack_.empty() && forced_close_[top()] == i) {
        closed_block = closed_block || top_is_brace();
        close_top();
      }
      if (i == tokens_.size()) break;
      if (closed_block) out.push_back(missing_token(StreamLexer::NL, tokens_[i].begin));
      if (is_newline(type(i))) {
        while (!stack_.empty() && !top_is_brace() && forced_close_[top()] != kNever &&
               line_may_end(i)) {
          close_top();
        }
        const bool is_hidden = !stack_.empty() && !top_is_brace();
        out.push_back({is_hidden ? std::size_t{StreamLexer::HIDDEN_NL} : std::size_t{StreamLexer::NL},
                       tokens_[i].begin, tokens_[i].end});
        continue;
      }
      if (is_bad_close_[i]) {
        const SourceSpan span = span_of(file_, tokens_[i]);
        if (!reporter_.is_quiet(span)) {
          reporter_.report(diag::UnmatchedBracket, span, file_.text(span))
              .help("delete it, or open it where it belongs");
        }
        continue;
      }
      if (is_open_bracket(type(i))) {
        stack_.push_back(i);
      } else if (is_close_bracket(type(i))) {
        stack_.pop_back();
      }
      out.push_back(tokens_[i]);
    }
    return out;
  }

  std::vector<Token> tokens_;
  Reporter& reporter_;
  const SourceFile& file_;
  std::vector<std::size_t> stack_;          // Indices of open brackets.
  std::vector<std::size_t> forced_close_;   // By token: where an unclosed bracket must end.
  std::vector<bool> is_bad_close_;          // By token.
  std::vector<std::size_t> suspect_;        // By outermost open bracket: what it lost its brace to.
};

}  // namespace

std::vector<Token> mend_brackets(std::vector<Token> tokens, Reporter& reporter) {
  return BracketMender(std::move(tokens), reporter).run();
}

}  // namespace streamc
