#include "compiler/source/source.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

namespace streamc {
namespace {

constexpr std::size_t kMaxFileBytes = std::numeric_limits<std::uint32_t>::max() - 1;

struct FileCloser {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};

}  // namespace

SourceSpan join(SourceSpan a, SourceSpan b) {
  if (!a.valid()) return b;
  if (!b.valid()) return a;
  STREAM_ASSERT(a.file_id == b.file_id, "a span cannot cover two files");
  return {a.file_id, std::min(a.begin, b.begin), std::max(a.end, b.end)};
}

std::size_t count_characters(std::string_view text) {
  // Every byte but a continuation byte (10xxxxxx) begins a character.
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

SourceFile::SourceFile(FileId id, std::string name, std::string text)
    : id_(id), name_(std::move(name)), text_(std::move(text)) {
  line_begins_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n') line_begins_.push_back(static_cast<std::uint32_t>(i + 1));
  }
}

std::string_view SourceFile::text(SourceSpan span) const {
  if (span.begin > text_.size()) return {};
  return std::string_view(text_).substr(span.begin, span.end - span.begin);
}

SourceSpan SourceFile::span(std::size_t begin, std::size_t end) const {
  return {id_, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
}

std::uint32_t SourceFile::line_of(std::uint32_t offset) const {
  const auto after = std::upper_bound(line_begins_.begin(), line_begins_.end(), offset);
  return static_cast<std::uint32_t>(after - line_begins_.begin());
}

LineColumn SourceFile::line_column(std::uint32_t offset) const {
  const std::uint32_t line = line_of(offset);
  const std::uint32_t begin = line_begins_[line - 1];
  const std::uint32_t end = std::min<std::uint32_t>(offset, static_cast<std::uint32_t>(text_.size()));
  const std::size_t before = count_characters(std::string_view(text_).substr(begin, end - begin));
  return {line, static_cast<std::uint32_t>(before + 1)};
}

std::uint32_t SourceFile::line_begin(std::uint32_t line) const {
  STREAM_ASSERT(line >= 1 && line <= line_count(), "{} has no line {}", name_, line);
  return line_begins_[line - 1];
}

std::string_view SourceFile::line_text(std::uint32_t line) const {
  const std::uint32_t begin = line_begin(line);
  std::string_view rest = std::string_view(text_).substr(begin);
  rest = rest.substr(0, rest.find('\n'));
  if (!rest.empty() && rest.back() == '\r') rest.remove_suffix(1);
  return rest;
}

Result<FileId> SourceManager::add_file(const std::string& path) {
  const std::unique_ptr<std::FILE, FileCloser> file(path == "-" ? stdin
                                                                : std::fopen(path.c_str(), "rb"));
  if (!file) return fail("cannot open `{}`: {}", path, std::strerror(errno));
  std::string text;
  char chunk[1 << 16];
  while (const std::size_t count = std::fread(chunk, 1, sizeof chunk, file.get())) {
    text.append(chunk, count);
    if (text.size() > kMaxFileBytes) return fail("`{}` is larger than 4 GiB", path);
  }
  if (std::ferror(file.get()) != 0) {
    return fail("cannot read `{}`: {}", path, std::strerror(errno));
  }
  return add_buffer(path == "-" ? "<stdin>" : path, std::move(text));
}

FileId SourceManager::add_buffer(std::string name, std::string text) {
  const FileId id(files_.size());
  files_.emplace_back(id, std::move(name), std::move(text));
  return id;
}

const SourceFile& SourceManager::file(FileId id) const {
  STREAM_ASSERT(id.valid() && id.index() < files_.size(), "no source file with id {}", id.value());
  return files_[id.index()];
}

FileId SourceManager::find(std::string_view name) const {
  for (const SourceFile& file : files_) {
    if (file.name() == name) return file.id();
  }
  return FileId();
}

std::string_view SourceManager::text(SourceSpan span) const {
  return span.valid() ? file(span.file_id).text(span) : std::string_view();
}

std::string SourceManager::describe(SourceSpan span) const {
  if (!span.valid()) return {};
  const SourceFile& source = file(span.file_id);
  const LineColumn place = source.line_column(span.begin);
  return fmt::format("{}:{}:{}", source.name(), place.line, place.column);
}

}  // namespace streamc
