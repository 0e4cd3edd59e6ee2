// Lines out of a document that says where it may be broken.
//
// A Doc is text with places for line breaks. A group is set on one line if it fits there, else all of
// its own breaks become newlines (Wadler, "A prettier printer", 2003). Unlike there, a newline inside
// an inner part does not break the groups around it: `f(x => {` and its block stay together.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace streamc {

struct Doc {
  enum class Kind : std::uint8_t {
    Text,      // Without newlines.
    Aside,     // As Text, but its width does not count: a comment behind a line.
    Verbatim,  // May hold newlines, set as they are.
    Break,     // `text` on one line, a newline in a broken group.
    Newline,   // Always; `count` of them.
    Concat,
    Group,
    Indent,    // Newlines within go two columns further in.
    Fill,      // Contents and Breaks by turns; each Break is broken only where the next part needs it.
    Column,    // Neighbouring lines of equal indentation have what follows at the same column.
  };
  // The columns there are: the `=` of equations and types, and the help texts of params.
  static constexpr std::uint8_t kEqualsColumn = 0;
  static constexpr std::uint8_t kHelpColumn = 1;

  Kind kind = Kind::Concat;
  bool is_broken = false;   // Group: broken whether it fits or not.
  std::uint8_t count = 1;   // Newline. Column: which one; a line has each at most once.
  std::string text;
  std::vector<Doc> parts;

  static Doc of(std::string_view text) { return {.kind = Kind::Text, .text = std::string(text)}; }
  static Doc aside(std::string text) { return {.kind = Kind::Aside, .text = std::move(text)}; }
  static Doc verbatim(std::string text) { return {.kind = Kind::Verbatim, .text = std::move(text)}; }
  static Doc line_break(std::string_view flat) { return {.kind = Kind::Break, .text = std::string(flat)}; }
  static Doc newline(int count = 1) {
    return {.kind = Kind::Newline, .count = static_cast<std::uint8_t>(count)};
  }
  static Doc concat(std::vector<Doc> parts) { return {.kind = Kind::Concat, .parts = std::move(parts)}; }
  static Doc group(std::vector<Doc> parts, bool is_broken = false) {
    return {.kind = Kind::Group, .is_broken = is_broken, .parts = std::move(parts)};
  }
  static Doc indent(std::vector<Doc> parts) { return {.kind = Kind::Indent, .parts = std::move(parts)}; }
  static Doc column(std::uint8_t which) { return {.kind = Kind::Column, .count = which}; }
  static Doc fill(std::vector<Doc> parts) { return {.kind = Kind::Fill, .parts = std::move(parts)}; }

  Doc& operator<<(Doc part) {
    parts.push_back(std::move(part));
    return *this;
  }
  Doc& operator<<(std::string_view part) { return *this << of(part); }
};

// The lines, none ending in blanks, without a newline behind the last. Widths count characters.
// Columns are brought in line last; where that made one of the lines too long they stay as they are.
std::string lay_out(const Doc& doc, std::size_t width_characters);

}  // namespace streamc
