#include "runtime/connector/text_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace streamrt {

namespace {

// Moves the cursor up to the first line of `footer`, which ends where the cursor is, and clears it.
std::string erasure_of(std::string_view footer) {
  const auto lines = std::count(footer.begin(), footer.end(), '\n');
  return lines == 0 ? "" : fmt::format("\x1b[{}A\x1b[J", lines);
}

// 0, or the errno of the write that failed.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

}  // namespace

TextOutput::~TextOutput() {
  if (owns_fd_) ::close(fd_);
}

Result<std::unique_ptr<TextOutput>> TextOutput::create(std::string_view path) {
  auto output = std::make_unique<TextOutput>();
  output->name_ = fmt::format("`{}`", path);
  output->fd_ = ::open(std::string(path).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (output->fd_ < 0) return fail("cannot write {}: {}", output->name_, std::strerror(errno));
  output->owns_fd_ = true;
  output->is_terminal_ = ::isatty(output->fd_) == 1;
  return output;
}

std::unique_ptr<TextOutput> TextOutput::console(const ConsoleOutput& console) {
  auto output = std::make_unique<TextOutput>();
  output->name_ = "standard output";
  output->write_ = console.write;
  output->fd_ = console.fd;
  output->is_terminal_ = !console.write && ::isatty(console.fd) == 1;
  return output;
}

Result<void> TextOutput::flush() {
  if (buffer_.empty()) return {};
  const std::string text = erasure_of(footer_) + buffer_ + footer_;
  buffer_.clear();
  is_empty_ = false;
  if (has_failed_) return {};
  if (write_) {
    write_(text);
    return {};
  }
  const int error = write_all(fd_, text);
  if (error == 0) return {};
  has_failed_ = true;
  if (error == EPIPE) return Failure{};
  return fail("cannot write {}: {}", name_, std::strerror(error));
}

void TextOutput::show_footer(std::string text) {
  const std::string all = erasure_of(footer_) + buffer_ + text;
  is_empty_ = is_empty_ && buffer_.empty();
  buffer_.clear();
  footer_ = std::move(text);
  if (!has_failed_) (void)write_all(fd_, all);
}

void TextOutput::step_aside() {
  if (footer_.empty()) return;
  if (!has_failed_) (void)write_all(fd_, erasure_of(footer_));
  footer_.clear();
}

Result<void> TextOutput::finish() {
  if (Result<void> flushed = flush(); !flushed) return flushed;
  if (!owns_fd_) return {};
  owns_fd_ = false;
  // Some file systems tell of a full disk only here.
  if (::close(fd_) != 0 && !has_failed_)
    return fail("cannot write {}: {}", name_, std::strerror(errno));
  return {};
}

Result<TextOutput*> console_of(const SinkOpening& opening) {
  return opening.destinations.find_or_make<TextOutput>(
      "console:", [&]() -> Result<std::unique_ptr<TextOutput>> {
        return TextOutput::console(opening.console);
      });
}

Result<TextOutput*> text_file_of(const SinkOpening& opening) {
  const std::string path(opening.arguments.text("path").value_or("-"));
  if (path == "-") return console_of(opening);
  return opening.destinations.find_or_make<TextOutput>("file:" + path,
                                                       [&] { return TextOutput::create(path); });
}

Result<void> write_file_atomically(const std::string& path, std::string_view text) {
  const std::string temporary = fmt::format("{}.{}.part", path, ::getpid());
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return fail("cannot write `{}`: {}", path, std::strerror(errno));
  int error = write_all(fd, text);
  if (::close(fd) != 0 && error == 0) error = errno;
  if (error == 0 && std::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error == 0) return {};
  ::unlink(temporary.c_str());
  return fail("cannot write `{}`: {}", path, std::strerror(error));
}

}  // namespace streamrt
