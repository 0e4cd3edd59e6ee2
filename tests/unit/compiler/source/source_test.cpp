// Texts, spans, lines and columns.
#include <doctest/doctest.h>

#include <string>

#include "compiler/source/source.h"

namespace streamc {
namespace {

TEST_CASE("lines and columns count from one, columns in characters") {
  SourceManager sources;
  const FileId id = sources.add_buffer("a.stream", "x = 1\n# größe\r\n\nlast");
  const SourceFile& file = sources.file(id);
  CHECK(file.line_count() == 4);
  CHECK(file.line_column(0) == LineColumn{1, 1});
  CHECK(file.line_column(4) == LineColumn{1, 5});
  CHECK(file.line_column(5) == LineColumn{1, 6});   // The line break belongs to its line.
  CHECK(file.line_column(6) == LineColumn{2, 1});
  CHECK(file.line_column(13) == LineColumn{2, 7});  // Behind the two bytes of ö and of ß.
  CHECK(file.line_text(2) == "# größe");            // Without the carriage return.
  CHECK(file.line_text(3).empty());
  CHECK(file.line_text(4) == "last");
  const auto end = static_cast<std::uint32_t>(file.text().size());
  CHECK(file.line_column(end) == LineColumn{4, 5});
}

TEST_CASE("an empty text has one empty line") {
  SourceManager sources;
  const SourceFile& file = sources.file(sources.add_buffer("empty", ""));
  CHECK(file.line_count() == 1);
  CHECK(file.line_column(0) == LineColumn{1, 1});
  CHECK(file.line_text(1).empty());
}

TEST_CASE("spans join, and give their text") {
  SourceManager sources;
  const FileId id = sources.add_buffer("a", "alpha beta gamma");
  const SourceSpan first{id, 0, 5};
  const SourceSpan last{id, 11, 16};
  CHECK(sources.text(join(last, first)) == "alpha beta gamma");
  CHECK(join(SourceSpan(), last) == last);
  CHECK(sources.text(SourceSpan()).empty());
  CHECK(sources.describe(last) == "a:1:12");
  CHECK(sources.describe(SourceSpan()).empty());
}

TEST_CASE("files stay where they are while more come") {
  SourceManager sources;
  const FileId first = sources.add_buffer("first", "x");
  const SourceFile* const file = &sources.file(first);
  for (int i = 0; i < 100; ++i) (void)sources.add_buffer(std::to_string(i), "y");
  CHECK(&sources.file(first) == file);
  CHECK(sources.find("7").valid());
  CHECK_FALSE(sources.find("nothing").valid());
}

TEST_CASE("a file that is not there is a failure with its name") {
  SourceManager sources;
  const Result<FileId> missing = sources.add_file("no/such/file.stream");
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.message() == "cannot open `no/such/file.stream`: No such file or directory");
  CHECK(sources.file_count() == 0);
}

}  // namespace
}  // namespace streamc
