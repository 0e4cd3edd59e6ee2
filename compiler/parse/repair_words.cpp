#include <array>
#include <string>
#include <string_view>

#include "compiler/diag/closest_name.h"
#include "compiler/parse/foreign_words.h"
#include "compiler/parse/repair_steps.h"

namespace streamc {
namespace {

struct Keyword {
  std::string_view text;
  std::size_t type;
};

// What begins a line and goes on with a name.
constexpr auto kLineKeywords = std::to_array<Keyword>({
    {"import", StreamLexer::KW_IMPORT},   {"param", StreamLexer::KW_PARAM},
    {"type", StreamLexer::KW_TYPE},       {"fn", StreamLexer::KW_FN},
    {"aggregate", StreamLexer::KW_AGGREGATE}, {"agent", StreamLexer::KW_AGENT},
    {"graph", StreamLexer::KW_GRAPH},     {"extern", StreamLexer::KW_EXTERN},
    {"plate", StreamLexer::KW_PLATE},     {"deploy", StreamLexer::KW_DEPLOY},
    {"state", StreamLexer::KW_STATE},     {"on", StreamLexer::KW_ON},
    {"emit", StreamLexer::KW_EMIT},       {"return", StreamLexer::KW_RETURN},
    {"for", StreamLexer::KW_FOR},         {"if", StreamLexer::KW_IF},
    {"given", StreamLexer::KW_GIVEN},     {"expect", StreamLexer::KW_EXPECT},
    {"node", StreamLexer::KW_NODE},       {"process", StreamLexer::KW_PROCESS},
    {"thread", StreamLexer::KW_THREAD},   {"link", StreamLexer::KW_LINK},
});
// What goes on with a text.
constexpr auto kTextKeywords = std::to_array<Keyword>({{"test", StreamLexer::KW_TEST}});
// What stands between two values.
constexpr auto kMiddleKeywords = std::to_array<Keyword>({
    {"and", StreamLexer::KW_AND},       {"or", StreamLexer::KW_OR},
    {"else", StreamLexer::KW_ELSE},     {"in", StreamLexer::KW_IN},
    {"within", StreamLexer::KW_WITHIN}, {"at", StreamLexer::KW_AT},
});
// What stands behind a `}`.
constexpr auto kElseKeyword = std::to_array<Keyword>({{"else", StreamLexer::KW_ELSE}});

constexpr auto kFunctionWords =
    std::to_array<std::string_view>({"def", "func", "function", "fun", "proc", "sub", "defn"});
constexpr auto kElseIfWords = std::to_array<std::string_view>({"elif", "elsif", "elseif", "elsef"});
// Dropped: what follows is an equation already.
constexpr auto kEquationWords = std::to_array<std::string_view>({"let", "var", "val", "const"});

template <class Texts>
bool contains(const Texts& texts, std::string_view text) {
  for (const std::string_view each : texts) {
    if (each == text) return true;
  }
  return false;
}

template <std::size_t N>
const Keyword* closest_keyword(std::string_view word, const std::array<Keyword, N>& keywords) {
  if (word.size() < 2) return nullptr;
  std::array<std::string_view, N> texts;
  for (std::size_t i = 0; i < N; ++i) texts[i] = keywords[i].text;
  const std::optional<std::string> closest = closest_name(word, std::span<const std::string_view>(texts));
  if (!closest) return nullptr;
  for (const Keyword& keyword : keywords) {
    if (keyword.text == *closest) return &keyword;
  }
  return nullptr;
}

class WordMender {
 public:
  WordMender(std::vector<Token> tokens, Reporter& reporter)
      : tokens_(std::move(tokens)), reporter_(reporter), file_(reporter.file()) {}

  std::vector<Token> run() {
    while (at_ < tokens_.size()) {
      enter_statement();
      step();
    }
    return std::move(out_);
  }

 private:
  std::size_t type(std::size_t ahead = 0) const { return type_at(tokens_, at_ + ahead); }
  std::size_t before(std::size_t distance = 1) const {
    return out_.size() >= distance ? out_[out_.size() - distance].type : 0;
  }
  std::string_view text(std::size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() ? text_of(file_, tokens_[at_ + ahead]) : std::string_view();
  }
  SourceSpan span(std::size_t count = 1) const {
    return file_.span(tokens_[at_].begin, tokens_[at_ + count - 1].end);
  }
  bool ends_line(std::size_t ahead) const {
    return type(ahead) == 0 || is_newline(type(ahead)) || type(ahead) == StreamLexer::RC;
  }
  bool at_statement() const {
    return before() == 0 || before() == StreamLexer::NL || before() == StreamLexer::LC;
  }
  bool in_round_or_square() const { return !open_.empty() && open_.back() != StreamLexer::LC; }

  void keep() { keep_as(type()); }
  void keep_as(std::size_t new_type) {
    Token token = tokens_[at_++];
    if (is_open_bracket(token.type)) open_.push_back(token.type);
    if (is_close_bracket(token.type) && !open_.empty()) open_.pop_back();
    token.type = new_type;
    out_.push_back(token);
  }
  void put(std::size_t new_type) {
    out_.push_back(missing_token(new_type, at_ < tokens_.size() ? tokens_[at_].begin : out_.back().end));
  }

  // Notes how the statement begins that the next token belongs to.
  void enter_statement() {
    if (!at_statement() || is_newline(type()) || type() == StreamLexer::PIPE ||
        type() == StreamLexer::BAR || type() == StreamLexer::RC) {
      return;
    }
    first_ = type();
    first_text_ = text();
    depth_ = open_.size();
    is_set_ = false;
    has_type_ = false;
  }

  void step() {
    switch (type()) {
      case StreamLexer::ID: identifier(); return;
      case StreamLexer::KW_IF:
        if (ends_value(before()) && !is_newline(before())) return condition_behind();
        return keep();
      case StreamLexer::KW_ELSE:
        // `else if` begins a condition again.
        if (type(1) == StreamLexer::KW_IF) {
          keep();
          first_ = StreamLexer::KW_IF;
          depth_ = open_.size();
          is_set_ = false;
        }
        return keep();
      case StreamLexer::BAR:
        if (first_ != StreamLexer::KW_TYPE) {
          reporter_.report(diag::BarForPipe, span())
              .help("write `|>`; operations on bits are functions");
          return keep_as(StreamLexer::PIPE);
        }
        return keep();
      case StreamLexer::COLON:
        if (open_.size() == depth_) has_type_ = true;
        return keep();
      case StreamLexer::EQUAL: return equal();
      case StreamLexer::SET: return set();
      default: return keep();
    }
  }

  // `param n: int == 3`
  void equal() {
    if (open_.size() != depth_ || is_set_) return keep();
    const bool sets = first_ == StreamLexer::KW_PARAM || first_ == StreamLexer::KW_STATE ||
                      first_ == StreamLexer::KW_GIVEN || first_ == StreamLexer::KW_TYPE ||
                      first_ == StreamLexer::KW_FN || first_ == StreamLexer::KW_GRAPH ||
                      (first_ == StreamLexer::ID && has_type_) || first_text_ == "result" ||
                      first_text_ == "commutative";
    if (!sets) return keep();
    is_set_ = true;
    reporter_.report(diag::EqualForSet, span()).help("write `=`");
    keep_as(StreamLexer::SET);
  }

  // `if x = 3 {`, `f(a = 1)`, `where(v => v = 3)`
  void set() {
    if (open_.size() == depth_) {
      if ((first_ == StreamLexer::KW_IF || first_ == StreamLexer::KW_EXPECT) && !is_set_) {
        reporter_.report(diag::SetForEqual, span()).help("write `==`");
        return keep_as(StreamLexer::EQUAL);
      }
      is_set_ = true;
      keep();
      if (type() == StreamLexer::NL && begins_other_line()) {
        const std::uint32_t end = out_.back().end;
        if (!reporter_.is_quiet(file_.span(end, end))) {
          reporter_.report(diag::UnexpectedText, file_.span(end, end), "a value",
                           "the end of the line");
        }
        out_.push_back(missing_token(StreamLexer::KW_NONE, end));
      }
      return;
    }
    const bool in_header = first_ == StreamLexer::KW_FN || first_ == StreamLexer::KW_AGENT ||
                           first_ == StreamLexer::KW_GRAPH || first_ == StreamLexer::KW_AGGREGATE ||
                           first_ == StreamLexer::KW_EXTERN;
    if (!in_round_or_square() || (in_header && !is_set_)) return keep();
    if (open_.back() == StreamLexer::LP && is_word(before()) &&
        (before(2) == StreamLexer::LP || before(2) == StreamLexer::COMMA ||
         before(2) == StreamLexer::HIDDEN_NL)) {
      reporter_.report(diag::SetForColon, span())
          .help(fmt::format("write `{}: {}`", text_of(file_, out_.back()), text(1)));
      return keep_as(StreamLexer::COLON);
    }
    reporter_.report(diag::SetForEqual, span()).help("write `==`");
    keep_as(StreamLexer::EQUAL);
  }

  // Whether the line behind these newlines stands for itself: `x =`, and then `y = 2` or `fn …`.
  bool begins_other_line() const {
    std::size_t i = at_;
    while (is_newline(type_at(tokens_, i))) ++i;
    const std::size_t first = type_at(tokens_, i);
    if (is_ident(first)) {
      std::size_t after = i + 1;
      while (type_at(tokens_, after) == StreamLexer::DOT) after += 2;
      return type_at(tokens_, after) >= StreamLexer::ADD_SET &&
             type_at(tokens_, after) <= StreamLexer::SET;
    }
    return is_word(first) && !begins_value(first) && is_word(type_at(tokens_, i + 1));
  }

  void identifier() {
    const std::string_view word = text();
    const bool is_member = before() == StreamLexer::DOT;
    const bool is_named = type(1) == StreamLexer::COLON || type(1) == StreamLexer::SET;
    if (!is_member && !is_named) {
      if (word == "None") {
        reporter_.report(diag::PythonNone, span()).help("write `none`");
        return keep_as(StreamLexer::KW_NONE);
      }
      if (word == "True" || word == "False") {
        const bool is_true = word == "True";
        reporter_.report(diag::PythonBool, span(), is_true ? "true" : "false", word)
            .help(fmt::format("write `{}`", is_true ? "true" : "false"));
        return keep_as(is_true ? StreamLexer::KW_TRUE : StreamLexer::KW_FALSE);
      }
      if (word == "lambda" && lambda()) return;
    }
    if (contains(kElseIfWords, word) && begins_value(type(1)) &&
        (at_statement() || before() == StreamLexer::RC)) {
      reporter_.report(diag::ElseIfWord, span(), word).help("write `else if`");
      keep_as(StreamLexer::KW_ELSE);
      put(StreamLexer::KW_IF);
      first_ = StreamLexer::KW_IF;
      return;
    }
    if (is_behind_block() && (type(1) == StreamLexer::LC || type(1) == StreamLexer::KW_IF)) {
      if (misspelt(kElseKeyword)) return;
    }
    if (at_statement()) return line_word();
    if (ends_value(before()) && (begins_value(type(1)) || is_word(type(1)))) return middle_word();
    keep();
  }

  // Behind a `}`, on its line or a later one.
  bool is_behind_block() const {
    std::size_t distance = 1;
    while (before(distance) == StreamLexer::NL) ++distance;
    return before(distance) == StreamLexer::RC;
  }

  // The first word of a line.
  void line_word() {
    const std::string_view word = text();
    const std::size_t next = type(1);
    if (contains(kFunctionWords, word) && is_ident(next)) {
      reporter_.report(diag::DefForFn, span(), word)
          .help(fmt::format("write `fn {0}(x: float) -> float = …`, or with a block "
                            "`fn {0}(x: float) -> float {{ … }}`",
                            text(1)));
      first_ = StreamLexer::KW_FN;
      return keep_as(StreamLexer::KW_FN);
    }
    if (word == "while" && (begins_value(next) || next == StreamLexer::LC)) {
      reporter_.report(diag::WhileLoop, span())
          .help("an `agent` reacts to each item; `for i in range(n) { … }` repeats");
      first_ = StreamLexer::KW_IF;
      return keep_as(StreamLexer::KW_IF);
    }
    if (const ForeignWord* foreign = find_foreign_word(word)) {
      if (contains(kEquationWords, word) && is_ident(next)) {
        report_foreign(*foreign);
        ++at_;
        first_ = type();
        first_text_ = text();
        return;
      }
      if (word == "yield" && begins_value(next)) {
        report_foreign(*foreign);
        return keep_as(StreamLexer::KW_EMIT);
      }
      if (is_ident(next) || next == StreamLexer::STRING || next == StreamLexer::LC ||
          next == StreamLexer::COLON) {
        report_foreign(*foreign);
        return skip_statement();
      }
    }
    if (is_ident(next) && !is_aggregate_part() && misspelt(kLineKeywords)) return;
    if (next == StreamLexer::STRING && misspelt(kTextKeywords)) return;
    keep();
  }

  // `merge o {` and the like.
  bool is_aggregate_part() const { return text() == "merge" && type(2) == StreamLexer::LC; }

  void report_foreign(const ForeignWord& word) {
    reporter_.report(diag::ForeignWordUsed, span(), word.word).help(std::string(word.help));
  }

  // Drops the line, the blocks that it opens and, where it ends in a colon, the lines below it that
  // are indented further.
  void skip_statement() {
    const std::uint32_t indent = indentation_of(file_, tokens_[at_].begin);
    std::size_t depth = 0;
    while (at_ < tokens_.size()) {
      if (depth == 0 && (type() == StreamLexer::NL || type() == StreamLexer::RC)) break;
      if (is_open_bracket(type())) ++depth;
      if (is_close_bracket(type())) --depth;
      ++at_;
    }
    if (at_ == 0 || type_at(tokens_, at_ - 1) != StreamLexer::COLON) return;
    while (at_ < tokens_.size()) {
      std::size_t next = at_;
      while (is_newline(type_at(tokens_, next))) ++next;
      if (next >= tokens_.size() || next == at_ ||
          indentation_of(file_, tokens_[next].begin) <= indent) {
        return;
      }
      at_ = next;
      std::size_t inner = 0;
      while (at_ < tokens_.size()) {
        if (inner == 0 && (type() == StreamLexer::NL || type() == StreamLexer::RC)) break;
        if (is_open_bracket(type())) ++inner;
        if (is_close_bracket(type())) --inner;
        ++at_;
      }
      if (type() == StreamLexer::RC) return;
    }
  }

  // A word between two values on one line.
  void middle_word() {
    const std::string_view word = text();
    if (word == "is") {
      const bool is_not = type(1) == StreamLexer::KW_NOT;
      reporter_.report(diag::MisspeltKeyword, span(is_not ? 2 : 1), is_not ? "is not" : "is")
          .help(is_not ? "write `!=`" : "write `==`");
      keep_as(is_not ? StreamLexer::NOT_EQUAL : StreamLexer::EQUAL);
      if (is_not) ++at_;
      return;
    }
    if (!misspelt(kMiddleKeywords)) keep();
  }

  // Reports the word here as a misspelt keyword and mends it, if one is near enough.
  template <std::size_t N>
  bool misspelt(const std::array<Keyword, N>& keywords) {
    const Keyword* const keyword = closest_keyword(text(), keywords);
    if (keyword == nullptr) return false;
    reporter_.report(diag::MisspeltKeyword, span(), text())
        .help(fmt::format("did you mean `{}`?", keyword->text));
    if (at_statement()) first_ = keyword->type;
    keep_as(keyword->type);
    return true;
  }

  // `lambda a, b: value`
  bool lambda() {
    std::size_t end = 1;
    std::size_t count = 0;
    while (is_ident(type(end))) {
      ++count;
      ++end;
      if (type(end) != StreamLexer::COMMA) break;
      ++end;
    }
    if (type(end) != StreamLexer::COLON) return false;
    reporter_.report(diag::LambdaWord, span())
        .help(count == 1 ? fmt::format("write `{} => …`", text(1)) : std::string("write `(a, b) => …`"));
    ++at_;
    if (count != 1) put(StreamLexer::LP);
    while (type() != StreamLexer::COLON) out_.push_back(tokens_[at_++]);
    if (count != 1) put(StreamLexer::RP);
    out_.push_back({StreamLexer::FAT_ARROW, tokens_[at_].begin, tokens_[at_].end});
    ++at_;
    return true;
  }

  // `x if c else y`, `emit x if c`: what is left reads `x else y` or `emit x`.
  void condition_behind() {
    reporter_.report(diag::ConditionBehind, span())
        .help("write `if condition { value } else { other }`");
    std::size_t depth = 0;
    while (at_ < tokens_.size()) {
      const std::size_t next = type();
      if (depth == 0 && (next == StreamLexer::KW_ELSE || next == StreamLexer::NL ||
                         next == StreamLexer::COMMA || is_close_bracket(next))) {
        return;
      }
      if (is_open_bracket(next)) ++depth;
      if (is_close_bracket(next)) --depth;
      ++at_;
    }
  }

  std::vector<Token> tokens_;
  Reporter& reporter_;
  const SourceFile& file_;
  std::vector<Token> out_;
  std::vector<std::size_t> open_;  // Types of the open brackets.
  std::size_t at_ = 0;

  // About the statement that the token at `at_` belongs to.
  std::size_t first_ = 0;           // The type of its first token,
  std::string_view first_text_;     // and its text;
  std::size_t depth_ = 0;           // how many brackets were open there;
  bool is_set_ = false;             // whether its `=` is behind us,
  bool has_type_ = false;           // and a `:` outside its brackets.
};

// Words that a block may follow.
bool opens_block(std::size_t type) {
  switch (type) {
    case StreamLexer::KW_IF:
    case StreamLexer::KW_ELSE:
    case StreamLexer::KW_FOR:
    case StreamLexer::KW_FN:
    case StreamLexer::KW_AGENT:
    case StreamLexer::KW_GRAPH:
    case StreamLexer::KW_AGGREGATE:
    case StreamLexer::KW_PLATE:
    case StreamLexer::KW_ON:
    case StreamLexer::KW_TEST:
    case StreamLexer::KW_DEPLOY:
    case StreamLexer::KW_NODE:
    case StreamLexer::KW_PROCESS:
    case StreamLexer::KW_THREAD:
      return true;
    default:
      return false;
  }
}

class ColonMender {
 public:
  ColonMender(std::vector<Token> tokens, Reporter& reporter)
      : tokens_(std::move(tokens)), reporter_(reporter), file_(reporter.file()) {}

  std::vector<Token> run() {
    std::size_t begin = 0;
    while (begin < tokens_.size()) {
      if (tokens_[begin].type == StreamLexer::NL) {
        out_.push_back(tokens_[begin++]);
        continue;
      }
      std::size_t end = begin;
      while (end < tokens_.size() && tokens_[end].type != StreamLexer::NL) ++end;
      line(begin, end);
      begin = end;
    }
    close_down_to(0);
    return std::move(out_);
  }

 private:
  // Closes the blocks of lines indented by `indent` or more, behind the last token before the
  // newlines that are written already.
  void close_down_to(std::uint32_t indent) {
    std::size_t at = out_.size();
    while (at > 0 && out_[at - 1].type == StreamLexer::NL) --at;
    while (!indents_.empty() && indents_.back() >= indent) {
      const std::uint32_t offset = at > 0 ? out_[at - 1].end : 0;
      out_.insert(out_.begin() + static_cast<std::ptrdiff_t>(at),
                  missing_token(StreamLexer::RC, offset));
      ++at;
      indents_.pop_back();
    }
  }

  // The tokens [begin, end) of one line, without its newline.
  void line(std::size_t begin, std::size_t end) {
    const std::uint32_t indent = indentation_of(file_, tokens_[begin].begin);
    close_down_to(indent);
    const std::size_t colon = find_colon(begin, end);
    if (colon == end) {
      out_.insert(out_.end(), tokens_.begin() + static_cast<std::ptrdiff_t>(begin),
                  tokens_.begin() + static_cast<std::ptrdiff_t>(end));
      return;
    }
    // A line that began with `def` has been told of.
    const Token& first = tokens_[begin];
    if (first.type != StreamLexer::KW_FN || first.end - first.begin == std::string_view("fn").size()) {
      reporter_.report(diag::ColonBlock, span_of(file_, tokens_[colon]))
          .help("write `{ … }` round the block; indentation means nothing");
    }
    out_.insert(out_.end(), tokens_.begin() + static_cast<std::ptrdiff_t>(begin),
                tokens_.begin() + static_cast<std::ptrdiff_t>(colon));
    out_.push_back({StreamLexer::LC, tokens_[colon].begin, tokens_[colon].end});
    if (colon + 1 == end) {
      indents_.push_back(indent);
      return;
    }
    out_.insert(out_.end(), tokens_.begin() + static_cast<std::ptrdiff_t>(colon) + 1,
                tokens_.begin() + static_cast<std::ptrdiff_t>(end));
    out_.push_back(missing_token(StreamLexer::RC, out_.back().end));
  }

  // The colon that stands for a block: the last token of a line before one that is indented further,
  // or the one of `if x: y`. `end` if there is none.
  std::size_t find_colon(std::size_t begin, std::size_t end) const {
    const std::size_t first = tokens_[begin].type;
    std::size_t last = end - 1;
    const bool is_short = end - begin <= 3 && is_ident(first);  // `add:`, `merge o:`
    if (tokens_[last].type == StreamLexer::COLON && (opens_block(first) || is_short)) {
      std::size_t next = end;
      while (next < tokens_.size() && tokens_[next].type == StreamLexer::NL) ++next;
      const bool is_indented = next < tokens_.size() &&
                               indentation_of(file_, tokens_[next].begin) >
                                   indentation_of(file_, tokens_[begin].begin);
      return is_indented && is_balanced(begin, end) ? last : end;
    }
    if (first != StreamLexer::KW_IF && first != StreamLexer::KW_ELSE && first != StreamLexer::KW_FOR) {
      return end;
    }
    std::size_t depth = 0;
    for (std::size_t i = begin; i < end; ++i) {
      if (tokens_[i].type == StreamLexer::LC) return end;
      if (is_open_bracket(tokens_[i].type)) ++depth;
      if (is_close_bracket(tokens_[i].type) && depth > 0) --depth;
      if (depth == 0 && tokens_[i].type == StreamLexer::COLON) {
        return is_balanced(i, end) ? i : end;
      }
    }
    return end;
  }

  bool is_balanced(std::size_t begin, std::size_t end) const {
    std::size_t depth = 0;
    for (std::size_t i = begin; i < end; ++i) {
      if (is_open_bracket(tokens_[i].type)) ++depth;
      if (!is_close_bracket(tokens_[i].type)) continue;
      if (depth == 0) return false;
      --depth;
    }
    return depth == 0;
  }

  std::vector<Token> tokens_;
  Reporter& reporter_;
  const SourceFile& file_;
  std::vector<Token> out_;
  std::vector<std::uint32_t> indents_;  // Of the lines whose blocks we opened, outermost first.
};

}  // namespace

std::vector<Token> mend_words(std::vector<Token> tokens, Reporter& reporter) {
  return WordMender(std::move(tokens), reporter).run();
}

std::vector<Token> mend_colon_blocks(std::vector<Token> tokens, Reporter& reporter) {
  return ColonMender(std::move(tokens), reporter).run();
}

}  // namespace streamc
