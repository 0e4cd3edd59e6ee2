#include "compiler/driver/files.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <sys/stat.h>
#include <unistd.h>

namespace streamc {
namespace {

Failure cannot(const char* what, const std::string& path) {
  return fail("cannot {} `{}`: {}", what, path, std::strerror(errno));
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(descriptor, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

// The permissions a new file would have; an existing file keeps its own.
mode_t permissions(const std::string& path, bool executable) {
  struct stat existing{};
  if (!executable && ::stat(path.c_str(), &existing) == 0) return existing.st_mode & 07777;
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return (executable ? 0777 : 0666) & ~mask;
}

}  // namespace

Result<void> write_file(const std::string& path, std::string_view text, bool executable) {
  if (path == "-") {
    std::fflush(stdout);
    if (!write_all(STDOUT_FILENO, text)) return cannot("write to", "standard output");
    return {};
  }
  struct stat existing{};
  const bool is_special = ::stat(path.c_str(), &existing) == 0 && !S_ISREG(existing.st_mode);
  if (is_special) {  // A device or pipe cannot be replaced, only written to.
    std::FILE* file = std::fopen(path.c_str(), "wb");
    if (file == nullptr) return cannot("write", path);
    const bool good = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    if ((std::fclose(file) != 0) || !good) return cannot("write", path);
    return {};
  }
  std::string temporary = path + ".XXXXXX";
  const int descriptor = ::mkstemp(temporary.data());
  if (descriptor < 0) return cannot("write", path);
  const bool good = write_all(descriptor, text) && ::fchmod(descriptor, permissions(path, executable)) == 0;
  if (::close(descriptor) != 0 || !good || ::rename(temporary.c_str(), path.c_str()) != 0) {
    const Failure failure = cannot("write", path);
    ::unlink(temporary.c_str());
    return failure;
  }
  return {};
}

Result<void> make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) != 0) return cannot("make the folder", path);
  return {};
}

bool stderr_has_colours() {
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != 0) return false;
  const char* terminal = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && terminal != nullptr && std::strcmp(terminal, "dumb") != 0;
}

}  // namespace streamc
