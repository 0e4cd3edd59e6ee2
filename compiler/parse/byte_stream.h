// What ANTLR's lexer reads from: the bytes of a source text, or of a part of it.
//
// Positions are offsets into the whole file, so a token's position is its span. Bytes rather than
// characters do, because the syntax is ASCII outside strings and comments.
#pragma once

#include <antlr4-runtime.h>

#include <string>
#include <string_view>

namespace streamc {

// Borrows `text`, which must outlive it. Reads [begin, end).
class ByteStream final : public antlr4::CharStream {
 public:
  ByteStream(std::string_view text, std::size_t begin, std::size_t end)
      : text_(text), begin_(begin), end_(end), position_(begin) {}

  void consume() override {
    if (position_ < end_) ++position_;
  }
  std::size_t LA(ssize_t distance) override {
    if (distance == 0) return 0;
    const ssize_t offset = static_cast<ssize_t>(position_) + distance - (distance > 0 ? 1 : 0);
    if (offset < static_cast<ssize_t>(begin_) || offset >= static_cast<ssize_t>(end_)) {
      return antlr4::IntStream::EOF;
    }
    return static_cast<unsigned char>(text_[static_cast<std::size_t>(offset)]);
  }
  ssize_t mark() override { return -1; }
  void release(ssize_t) override {}
  std::size_t index() override { return position_; }
  void seek(std::size_t index) override { position_ = index < end_ ? index : end_; }
  std::size_t size() override { return end_; }
  std::string getSourceName() const override { return "source"; }
  std::string getText(const antlr4::misc::Interval& interval) override {
    const auto first = static_cast<std::size_t>(interval.a);
    const auto last = static_cast<std::size_t>(interval.b) + 1;  // An interval's end is included.
    return first < last && last <= text_.size() ? std::string(text_.substr(first, last - first))
                                                : std::string();
  }
  std::string toString() const override { return std::string(text_.substr(begin_, end_ - begin_)); }

 private:
  std::string_view text_;
  std::size_t begin_;
  std::size_t end_;
  std::size_t position_;
};

}  // namespace streamc
