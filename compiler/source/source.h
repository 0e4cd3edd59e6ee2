// Source texts and places in them.
//
// Every text the compiler reads (a file, a library module built into streamc, a test's snippet) is a
// SourceFile with an id. A SourceSpan is a range of bytes in one of them: 12 bytes, cheap enough for
// every node. Lines and columns are only worked out when a person is to read them.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/support/ids.h"
#include "compiler/support/result.h"

namespace streamc {

using FileId = Id<struct FileTag>;

// The bytes [begin, end) of a file. A default-constructed span means "no place in any text".
struct SourceSpan {
  FileId file_id;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  bool valid() const { return file_id.valid(); }
  std::uint32_t size() const { return end - begin; }
  friend auto operator<=>(const SourceSpan&, const SourceSpan&) = default;
};
static_assert(sizeof(SourceSpan) == 12, "every node carries one");

// The smallest span that holds both; an invalid one adds nothing. Both lie in one file.
SourceSpan join(SourceSpan a, SourceSpan b);

// As people count: both from 1. Columns count characters (code points), not bytes.
struct LineColumn {
  std::uint32_t line = 1;
  std::uint32_t column = 1;
  friend auto operator<=>(const LineColumn&, const LineColumn&) = default;
};

// One immutable text.
class SourceFile {
 public:
  SourceFile(FileId id, std::string name, std::string text);

  FileId id() const { return id_; }
  // The path as the user gave it, or the name of a buffer (`<prelude>`).
  const std::string& name() const { return name_; }
  std::string_view text() const { return text_; }
  std::string_view text(SourceSpan span) const;
  SourceSpan span(std::size_t begin, std::size_t end) const;

  std::uint32_t line_count() const { return static_cast<std::uint32_t>(line_begins_.size()); }
  // Where the byte at `offset` stands; the end of the text is a place too. O(log lines).
  LineColumn line_column(std::uint32_t offset) const;
  std::uint32_t line_of(std::uint32_t offset) const;  // From 1.
  // The first byte of a line, which counts from 1.
  std::uint32_t line_begin(std::uint32_t line) const;
  // A line without its line break.
  std::string_view line_text(std::uint32_t line) const;

 private:
  FileId id_;
  std::string name_;
  std::string text_;
  std::vector<std::uint32_t> line_begins_;  // One entry per line; the first is 0.
};

// Owns all texts of one compilation. Files never move and are never removed.
class SourceManager {
 public:
  SourceManager() = default;
  SourceManager(const SourceManager&) = delete;
  SourceManager& operator=(const SourceManager&) = delete;

  // Reads a file; `-` is standard input. Fails when it cannot be read or is 4 GiB or larger.
  Result<FileId> add_file(const std::string& path);

  // Keeps a text that is in no file of the user, such as a library module. `name` is shown in
  // messages.
  FileId add_buffer(std::string name, std::string text);

  const SourceFile& file(FileId id) const;
  std::size_t file_count() const { return files_.size(); }
  // The file of that name, or an invalid id.
  FileId find(std::string_view name) const;

  // The bytes of a span; empty for an invalid one.
  std::string_view text(SourceSpan span) const;
  // `file:line:column`, or an empty text for an invalid span.
  std::string describe(SourceSpan span) const;

 private:
  std::deque<SourceFile> files_;  // By id.
};

// The number of characters (code points) in UTF-8 text; a stray byte counts as one.
std::size_t count_characters(std::string_view text);

}  // namespace streamc
