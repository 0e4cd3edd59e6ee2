// A buffered writer of text to a file or a descriptor, and the destinations made of it.
//
// Errors (a full disk, a closed pipe) come back from append() or flush() once, and name the output;
// afterwards everything written is dropped.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/connector/connector.h"

namespace streamrt {

class TextOutput final : public Destination {
 public:
  ~TextOutput() override;

  // A new or emptied file. `-` is standard output.
  static Result<std::unique_ptr<TextOutput>> create(std::string_view path);
  // Standard output, or what stands in for it.
  static std::unique_ptr<TextOutput> console(const ConsoleOutput& console);

  // Where a writer appends its text; call written() after each item or batch of them.
  [[nodiscard]] std::string& buffer() { return buffer_; }
  // Sends the buffer out if it has become long.
  Result<void> written() { return buffer_.size() < kFlushBytes ? Result<void>{} : flush(); }

  Result<void> flush() override;
  Result<void> finish() override;

  // Shows lines below everything written so far, in place of those shown before. Terminals only.
  void show_footer(std::string text);
  [[nodiscard]] bool shows_footer() const { return !footer_.empty(); }
  // What is shown stays, as text like any other.
  void leave_footer() { footer_.clear(); }
  void step_aside() override;

  // Written to a terminal: what is shown should be whole lines, soon.
  [[nodiscard]] bool is_terminal() const override { return is_terminal_; }
  [[nodiscard]] bool is_empty() const { return is_empty_ && buffer_.empty(); }

 private:
  static constexpr std::size_t kFlushBytes = 64 * 1024;

  std::string name_;
  std::string buffer_;
  std::function<void(std::string_view)> write_;
  int fd_ = -1;
  std::string footer_;  // Stands below the text in a terminal; whole lines.
  bool owns_fd_ = false;
  bool is_terminal_ = false;
  bool has_failed_ = false;
  bool is_empty_ = true;
};

// The console of a run, shared by all sinks that print.
Result<TextOutput*> console_of(const SinkOpening& opening);

// The file of the sink's `path`, shared by all text sinks that name it.
Result<TextOutput*> text_file_of(const SinkOpening& opening);

// Writes the whole of `text` to a new file beside `path`, then renames it into place, so that a
// reader never sees half of it.
Result<void> write_file_atomically(const std::string& path, std::string_view text);

}  // namespace streamrt
