#include <array>
#include <set>
#include <string>
#include <string_view>

#include "compiler/parse/repair_steps.h"
#include "compiler/parse/unit_words.h"

namespace streamc {
namespace {

// A character that a word processor or a mathematician writes for one of ours.
struct Lookalike {
  std::string_view written;
  std::string_view meant;
  std::size_t type;
};
constexpr auto kLookalikes = std::to_array<Lookalike>({
    {"×", "*", StreamLexer::STAR},
    {"·", "*", StreamLexer::STAR},
    {"÷", "/", StreamLexer::DIVIDE},
    {"−", "-", StreamLexer::MINUS},
    {"–", "-", StreamLexer::MINUS},
    {"—", "-", StreamLexer::MINUS},
    {"≤", "<=", StreamLexer::LESS_EQUAL},
    {"≥", ">=", StreamLexer::GREATER_EQUAL},
    {"≠", "!=", StreamLexer::NOT_EQUAL},
    {"→", "->", StreamLexer::ARROW},
    {"⇒", "=>", StreamLexer::FAT_ARROW},
    {"^", "**", StreamLexer::POWER},
    {"~", "not", StreamLexer::KW_NOT},
});
constexpr auto kCurlyQuotes = std::to_array<std::string_view>({"“", "”", "„", "‘", "’", "«", "»"});
// No-break space, zero-width space, byte order mark: seen by nobody.
constexpr auto kInvisible =
    std::to_array<std::string_view>({"\xc2\xa0", "\xe2\x80\x8b", "\xef\xbb\xbf"});

template <class Texts>
bool contains(const Texts& texts, std::string_view text) {
  for (const std::string_view each : texts) {
    if (each == text) return true;
  }
  return false;
}

class CharacterMender {
 public:
  CharacterMender(std::vector<Token> tokens, Reporter& reporter)
      : tokens_(std::move(tokens)), reporter_(reporter), file_(reporter.file()) {}

  std::vector<Token> run() {
    while (at_ < tokens_.size()) step();
    return std::move(out_);
  }

 private:
  std::size_t type(std::size_t ahead = 0) const { return type_at(tokens_, at_ + ahead); }
  const Token& here() const { return tokens_[at_]; }
  std::string_view text(std::size_t ahead = 0) const {
    return at_ + ahead < tokens_.size() ? text_of(file_, tokens_[at_ + ahead]) : std::string_view();
  }
  // Whether the next token follows without a blank.
  bool joined() const { return at_ + 1 < tokens_.size() && touches(tokens_[at_], tokens_[at_ + 1]); }
  bool ends_line(std::size_t index) const {
    const std::size_t next = type_at(tokens_, index);
    return next == 0 || is_newline(next) || next == StreamLexer::RC ||
           (next == StreamLexer::STRAY && text_of(file_, tokens_[index]) == ";");
  }
  bool at_statement() const {
    return out_.empty() || is_newline(out_.back().type) || out_.back().type == StreamLexer::LC;
  }
  SourceSpan span(std::size_t count) const {
    return file_.span(here().begin, tokens_[at_ + count - 1].end);
  }

  // Replaces the next `count` tokens by one of `new_type` over the same text.
  void merge(std::size_t count, std::size_t new_type) {
    out_.push_back({new_type, here().begin, tokens_[at_ + count - 1].end});
    at_ += count;
  }
  void drop(std::size_t count) { at_ += count; }
  void keep() { out_.push_back(tokens_[at_++]); }

  void step() {
    switch (type()) {
      case StreamLexer::STRAY: stray(); return;
      case StreamLexer::SINGLE_QUOTED:
        reporter_.report(diag::SingleQuotes, span(1))
            .help(fmt::format("write `\"{}\"`", text().substr(1, text().size() - 2)));
        merge(1, StreamLexer::STRING);
        return;
      case StreamLexer::UNTERMINATED:
        reporter_.report(diag::UnterminatedText, span(1))
            .help("close it with `\"` on the same line; `\\n` begins a new line in it");
        merge(1, StreamLexer::STRING);
        return;
      case StreamLexer::ID: identifier(); return;
      case StreamLexer::BAR:
        if (type(1) == StreamLexer::BAR && joined()) {
          reporter_.report(diag::BarsForOr, span(2)).help("write `or`");
          merge(2, StreamLexer::KW_OR);
          return;
        }
        keep();
        return;
      case StreamLexer::PLUS:
      case StreamLexer::MINUS: doubled_sign(); return;
      case StreamLexer::INT:
      case StreamLexer::FLOAT:
        if (type(1) == StreamLexer::ID && !meant_unit(text(1)).empty()) {
          reporter_.report(diag::SpaceBeforeUnit, span(2))
              .help(fmt::format("write `{}{}`", text(), meant_unit(text(1))));
          merge(2, StreamLexer::QUANTITY);
          return;
        }
        keep();
        return;
      default: keep(); return;
    }
  }

  // f"…" and its relatives.
  void identifier() {
    const bool is_prefix = text() == "f" || text() == "F" || text() == "u" || text() == "b" ||
                           text() == "fr" || text() == "rf";
    const bool before_text = type(1) == StreamLexer::STRING ||
                             type(1) == StreamLexer::SINGLE_QUOTED;
    if (!is_prefix || !before_text || !joined()) return keep();
    reporter_.report(diag::PythonFormatText, span(1), text())
        .help("every text in double quotes can hold `{holes}`; `r\"…\"` takes all as it is");
    drop(1);
    merge(1, StreamLexer::STRING);
  }

  // `x++`, `++x`. Elsewhere two signs are two operators.
  void doubled_sign() {
    if (type(1) != type() || !joined()) return keep();
    const bool is_plus = type() == StreamLexer::PLUS;
    if (ends_line(at_ + 2) && !at_statement()) {
      const std::string_view name = text_of(file_, out_.back());
      reporter_.report(diag::IncrementOperator, span(2), text().substr(0, 1) == "+" ? "++" : "--")
          .help(fmt::format("write `{} {}= 1`", name, text()));
      const std::uint32_t end = tokens_[at_ + 1].end;
      merge(2, is_plus ? StreamLexer::ADD_SET : StreamLexer::SUB_SET);
      out_.push_back(missing_token(StreamLexer::INT, end));
    } else if (at_statement() && is_ident(type(2)) && ends_line(at_ + 3)) {
      reporter_.report(diag::IncrementOperator, span(2), is_plus ? "++" : "--")
          .help(fmt::format("write `{} {}= 1`", text(2), text()));
      drop(2);
    } else {
      keep();
    }
  }

  void stray() {
    // All bytes of the character, and of those after it if they are no ASCII either.
    std::size_t count = 1;
    const auto is_high = [&](std::size_t i) {
      return type(i) == StreamLexer::STRAY && static_cast<unsigned char>(text(i)[0]) >= 0x80;
    };
    if (is_high(0)) {
      const auto first = static_cast<unsigned char>(text()[0]);
      const std::size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
      while (count < length && is_high(count)) ++count;
    }
    const std::string_view character = file_.text(span(count));

    if (character == "&" || character == "!") {
      logical(character);
    } else if (character == ";") {
      semicolon();
    } else if (character == "\\") {
      backslash();
    } else if (character == "'" || contains(kCurlyQuotes, character)) {
      quoted(character, count);
    } else if (character == "µ" || character == "μ") {
      micro(character, count);
    } else if (count > 1 && !contains(kInvisible, character) && !is_lookalike(character)) {
      foreign_letters(is_high);
    } else {
      lookalike(character, count);
    }
  }

  static bool is_lookalike(std::string_view character) {
    for (const Lookalike& entry : kLookalikes) {
      if (entry.written == character) return true;
    }
    return false;
  }

  void logical(std::string_view character) {
    if (character == "!") {
      reporter_.report(diag::BangForNot, span(1)).help("write `not`");
      return merge(1, StreamLexer::KW_NOT);
    }
    if (type(1) == StreamLexer::STRAY && text(1) == "&" && joined()) {
      reporter_.report(diag::AmpersandsForAnd, span(2)).help("write `and`");
      return merge(2, StreamLexer::KW_AND);
    }
    reporter_.report(diag::StrayCharacter, span(1), "&")
        .help("conditions are joined by `and`; operations on bits are functions");
    merge(1, StreamLexer::KW_AND);
  }

  // One message for all of a file: who ends one line so ends them all so.
  void semicolon() {
    if (!semicolon_reported_) {
      std::size_t more = 0;
      for (std::size_t i = at_ + 1; i < tokens_.size(); ++i) {
        if (tokens_[i].type == StreamLexer::STRAY && text_of(file_, tokens_[i]) == ";") ++more;
      }
      auto message = reporter_.report(diag::Semicolon, span(1));
      message.help(ends_line(at_ + 1) ? "leave it out" : "begin a new line");
      if (more > 0) message.note(fmt::format("there {} {} more of them", more == 1 ? "is" : "are", more));
    }
    semicolon_reported_ = true;
    if (ends_line(at_ + 1)) return drop(1);
    merge(1, StreamLexer::NL);
  }

  void backslash() {
    reporter_.report(diag::StrayCharacter, span(1), "\\")
        .help("a line goes on inside `( )` and `[ ]`, and where the next begins with `|>` or `else`");
    drop(1);
    if (is_newline(type())) drop(1);
  }

  // A text in quotes that are none: up to the next quote of that kind on the line, or to its end.
  void quoted(std::string_view quote, std::size_t count) {
    const bool is_single = quote == "'";
    std::size_t end = at_ + count;
    bool is_closed = false;
    while (end < tokens_.size() && !is_newline(tokens_[end].type) && !is_closed) {
      const std::string_view rest = file_.text().substr(tokens_[end].begin, 3);
      is_closed = contains(kCurlyQuotes, rest);
      end += is_closed ? 3 : 1;
    }
    end = std::min(end, tokens_.size());
    const SourceSpan whole = file_.span(here().begin, tokens_[end - 1].end);
    if (is_single) {
      reporter_.report(diag::SingleQuotes, whole).help("write `\"` at both ends");
    } else {
      reporter_.report(diag::StrayCharacter, span(count), quote).help("write `\"` at both ends");
    }
    merge(end - at_, StreamLexer::STRING);
  }

  void micro(std::string_view character, std::size_t count) {
    reporter_.report(diag::StrayCharacter, span(count), character)
        .help("microseconds are written `us`");
    drop(count);
    if (!out_.empty() && (out_.back().type == StreamLexer::INT || out_.back().type == StreamLexer::FLOAT) &&
        type() == StreamLexer::ID && text() == "s") {
      out_.back().type = StreamLexer::QUANTITY;
      drop(1);
    }
  }

  // Part of a name: joined with what it touches. One message for each spelling.
  template <class IsHigh>
  void foreign_letters(IsHigh is_high) {
    std::size_t count = 1;
    while (is_high(count) && touches(tokens_[at_ + count - 1], tokens_[at_ + count])) ++count;
    const SourceSpan letters = span(count);
    if (reported_letters_.insert(std::string(file_.text(letters))).second) {
      reporter_.report(diag::StrayCharacter, letters, file_.text(letters))
          .help("names are made of the letters a-z and A-Z, digits and `_`");
    } else {
      reporter_.silence(letters);
    }
    std::uint32_t begin = here().begin;
    if (!out_.empty() && is_ident(out_.back().type) && out_.back().end == begin) {
      begin = out_.back().begin;
      out_.pop_back();
    }
    std::uint32_t end = tokens_[at_ + count - 1].end;
    at_ += count;
    if (is_ident(type()) && here().begin == end) {
      end = here().end;
      ++at_;
    }
    out_.push_back({StreamLexer::ID, begin, end});
  }

  void lookalike(std::string_view character, std::size_t count) {
    for (const Lookalike& entry : kLookalikes) {
      if (entry.written != character) continue;
      reporter_.report(diag::StrayCharacter, span(count), character)
          .help(fmt::format("write `{}`", entry.meant));
      return merge(count, entry.type);
    }
    if (contains(kInvisible, character)) {
      reporter_.report(diag::StrayCharacter, span(count), " ")
          .help("this looks like a blank or like nothing, but is another character: delete it");
    } else if (static_cast<unsigned char>(character[0]) < 0x20) {
      reporter_.report(diag::StrayCharacter, span(count),
                       fmt::format("\\x{:02x}", static_cast<unsigned>(character[0])))
          .help("delete this control character");
    } else {
      reporter_.report(diag::StrayCharacter, span(count), character).help("delete it");
    }
    drop(count);
  }

  std::vector<Token> tokens_;
  Reporter& reporter_;
  const SourceFile& file_;
  std::vector<Token> out_;
  std::size_t at_ = 0;
  bool semicolon_reported_ = false;
  std::set<std::string> reported_letters_;
};

}  // namespace

std::uint32_t indentation_of(const SourceFile& file, std::uint32_t offset) {
  const std::uint32_t begin = file.line_begin(file.line_of(offset));
  const std::string_view text = file.text();
  std::uint32_t i = begin;
  while (i < text.size() && (text[i] == ' ' || text[i] == '\t')) ++i;
  return i - begin;
}

std::vector<Token> mend_characters(std::vector<Token> tokens, Reporter& reporter) {
  return CharacterMender(std::move(tokens), reporter).run();
}

}  // namespace streamc
