#include "runtime/connector/byte_input.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/base/closest_name.h"

namespace streamrt {

namespace {

constexpr std::size_t kReadBytes = 256 * 1024;

// Files beside the one that could not be opened, for the hint.
std::vector<std::string> neighbours_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  std::vector<std::string> names;
  if (DIR* const directory = ::opendir(folder.c_str())) {
    while (const dirent* const entry = ::readdir(directory)) {
      names.push_back(slash == std::string::npos ? entry->d_name : folder + entry->d_name);
    }
    ::closedir(directory);
  }
  return names;
}

}  // namespace

Result<std::unique_ptr<ByteInput>> ByteInput::open(std::string_view path) {
  auto input = std::make_unique<ByteInput>();
  if (path == "-") {
    input->name_ = "standard input";
    input->fd_ = ::dup(STDIN_FILENO);
    if (input->fd_ < 0) return fail("cannot read standard input: {}", std::strerror(errno));
  } else {
    input->name_ = std::string(path);
    input->fd_ = ::open(input->name_.c_str(), O_RDONLY | O_CLOEXEC);
    if (input->fd_ < 0) {
      const int reason = errno;
      return fail("cannot open `{}`: {}{}", path, std::strerror(reason),
                  reason == ENOENT ? closest_name_hint(path, neighbours_of(input->name_)) : "");
    }
  }
  struct stat status{};
  if (::fstat(input->fd_, &status) != 0)
    return fail("cannot read `{}`: {}", path, std::strerror(errno));
  if (S_ISDIR(status.st_mode)) return fail("cannot read `{}`: it is a folder", path);
  if (!S_ISREG(status.st_mode)) return input;

  const off_t offset = std::max<off_t>(::lseek(input->fd_, 0, SEEK_CUR), 0);
  input->total_bytes_ = std::max<std::int64_t>(status.st_size - offset, 0);
  if (status.st_size > offset && static_cast<std::uint64_t>(status.st_size) <= SIZE_MAX / 4) {
    const auto size = static_cast<std::size_t>(status.st_size);
    void* const mapping = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, input->fd_, 0);
    if (mapping != MAP_FAILED) {
      (void)::madvise(mapping, size, MADV_SEQUENTIAL);
      input->mapping_ = mapping;
      input->mapping_size_ = size;
      input->data_ = static_cast<const char*>(mapping) + offset;
      input->end_ = size - static_cast<std::size_t>(offset);
      input->is_mapped_ = true;
      input->is_complete_ = true;
    }
  }
  return input;
}

ByteInput::~ByteInput() {
  if (mapping_ != nullptr) ::munmap(mapping_, mapping_size_);
  if (fd_ >= 0) ::close(fd_);
}

Result<ByteInput::Fill> ByteInput::fill() {
  if (is_complete_) return Fill::AtEnd;
  pollfd polled{fd_, POLLIN, 0};
  if (::poll(&polled, 1, 0) == 0) return Fill::WouldBlock;

  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    consumed_before_ += static_cast<std::int64_t>(begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() - end_ < kReadBytes)
    buffer_.resize(std::max(buffer_.size() * 2, end_ + kReadBytes));
  data_ = buffer_.data();
  const ssize_t count = ::read(fd_, buffer_.data() + end_, buffer_.size() - end_);
  if (count < 0) {
    if (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK) return Fill::WouldBlock;
    return fail("cannot read {}: {}", name_, std::strerror(errno));
  }
  if (count == 0) {
    is_complete_ = true;
    return Fill::AtEnd;
  }
  end_ += static_cast<std::size_t>(count);
  return Fill::Grew;
}

Source::Progress ByteInput::progress() const {
  return {consumed_before_ + static_cast<std::int64_t>(begin_), total_bytes_};
}

}  // namespace streamrt
