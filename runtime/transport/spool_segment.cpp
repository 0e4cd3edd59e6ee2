#include "runtime/transport/spool_segment.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/transport/crc32c.h"
#include "runtime/transport/wire.h"

namespace streamrt {

namespace {

constexpr char kMagic[] = "STSPOOL1";
constexpr std::size_t kWindowBytes = std::size_t{64} << 10;
// The record in front of a hole.
constexpr std::uint32_t kHolePayloadBytes = 16;
constexpr std::uint64_t kHoleOffset = kSegmentHeaderBytes + kRecordHeaderBytes + kHolePayloadBytes;
constexpr std::uint64_t kHoleNumber = 0;
constexpr std::uint64_t kHoleBytesMin = std::uint64_t{16} << 10;  // Files have holes of whole blocks.

Failure file_failure(const char* what, const std::string& path) {
  return fail("cannot {} `{}`: {}", what, path, std::strerror(errno));
}

std::vector<std::byte> segment_header(std::uint64_t first_number) {
  std::vector<std::byte> bytes;
  ByteWriter writer(bytes);
  writer.bytes(std::as_bytes(std::span(kMagic, 8)));
  writer.number(first_number);
  return bytes;
}

std::uint32_t crc_of_number(std::uint64_t number) {
  return crc32c(std::as_bytes(std::span(&number, 1)));
}

std::vector<std::byte> record_header(std::uint64_t number, std::span<const std::span<const std::byte>> parts) {
  std::size_t length = 0;
  std::uint32_t crc = crc_of_number(number);
  for (const std::span<const std::byte> part : parts) {
    length += part.size();
    crc = crc32c(part, crc);
  }
  std::vector<std::byte> bytes;
  ByteWriter writer(bytes);
  writer.number(static_cast<std::uint32_t>(length));
  writer.number(crc);
  writer.number(number);
  return bytes;
}

// All of `parts` at the end of the file, however often the system takes only some.
bool write_all(int fd, std::vector<iovec> parts, std::uint64_t offset) {
  std::size_t first = 0;
  while (first < parts.size()) {
    const int count = static_cast<int>(std::min<std::size_t>(parts.size() - first, 512));
    ssize_t written = ::pwritev(fd, &parts[first], count, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    offset += static_cast<std::uint64_t>(written);
    while (first < parts.size() && static_cast<std::size_t>(written) >= parts[first].iov_len) {
      written -= static_cast<ssize_t>(parts[first].iov_len);
      ++first;
    }
    if (first < parts.size() && written > 0) {
      parts[first].iov_base = static_cast<std::byte*>(parts[first].iov_base) + written;
      parts[first].iov_len -= static_cast<std::size_t>(written);
    }
  }
  return true;
}

iovec piece(std::span<const std::byte> bytes) {
  return {const_cast<std::byte*>(bytes.data()), bytes.size()};  // pwritev only reads.
}

}  // namespace

Result<std::shared_ptr<SpoolSegment>> SpoolSegment::create(const std::string& path,
                                                           std::uint64_t first_number) {
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
  if (!file.is_open()) return file_failure("create", path);
  const std::vector<std::byte> header = segment_header(first_number);
  if (!write_all(file.get(), {piece(header)}, 0)) {
    const Failure failure = file_failure("write", path);
    ::unlink(path.c_str());
    return failure;
  }
  return std::make_shared<SpoolSegment>(std::move(file), path, first_number, header.size());
}

Result<std::shared_ptr<SpoolSegment>> SpoolSegment::open(const std::string& path,
                                                         std::uint64_t first_number) {
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!file.is_open()) return file_failure("open", path);
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return file_failure("read", path);
  auto segment = std::make_shared<SpoolSegment>(std::move(file), path, first_number,
                                                static_cast<std::uint64_t>(status.st_size));
  std::vector<std::byte> header(kSegmentHeaderBytes);
  const Result<bool> loaded = segment->load(0, header);
  if (!loaded) return loaded.failure();
  if (!*loaded || header != segment_header(first_number)) {
    return fail("`{}` is no segment of a spool, or is damaged", path);
  }
  if (Result<void> found = segment->find_first_record(); !found) return found.failure();
  return segment;
}

Result<void> SpoolSegment::find_first_record() {
  const Result<std::optional<RecordHeader>> header = header_at(kSegmentHeaderBytes);
  if (!header) return header.failure();
  if (!header->has_value() || (*header)->number != kHoleNumber || (*header)->length != kHolePayloadBytes) {
    return {};
  }
  std::array<std::byte, kHolePayloadBytes> payload{};
  if (Result<void> read = read_at(kSegmentHeaderBytes, **header, payload); !read) return read;
  ByteReader reader(payload);
  first_record_ = reader.number<std::uint64_t>();
  first_kept_number_ = reader.number<std::uint64_t>();
  if (first_record() < kHoleOffset || first_record() >= bytes() || first_kept_number_ < first_number_) {
    return fail("`{}` is damaged: its records begin at byte {} of {}", path_, first_record(), bytes());
  }
  return {};
}

Result<std::uint64_t> SpoolSegment::cut_torn_tail() {
  std::uint64_t offset = first_record();
  std::uint64_t number = first_kept_number_;
  std::vector<std::byte> payload;
  for (;; ++number) {
    const Result<std::optional<RecordHeader>> header = header_at(offset);
    if (!header) return header.failure();
    if (!header->has_value() || (*header)->number != number) break;
    if ((*header)->length > bytes() - offset - kRecordHeaderBytes) break;
    payload.resize((*header)->length);
    if (!read_at(offset, **header, payload)) break;
    last_record_ = offset;
    last_number_ = number;
    offset += kRecordHeaderBytes + payload.size();
  }
  if (offset < bytes()) {
    if (::ftruncate(file_.get(), static_cast<off_t>(offset)) != 0) {
      return file_failure("shorten", path_);
    }
    bytes_ = offset;
    window_.clear();
  }
  return number - 1;
}

Result<void> SpoolSegment::append(std::uint64_t number,
                                  std::span<const std::span<const std::byte>> parts) {
  const std::vector<std::byte> header = record_header(number, parts);
  std::uint64_t end = bytes() + header.size();
  std::vector<iovec> pieces = {piece(header)};
  for (const std::span<const std::byte> part : parts) {
    end += part.size();
    if (!part.empty()) pieces.push_back(piece(part));
  }
  const std::uint64_t offset = bytes();
  if (!write_all(file_.get(), std::move(pieces), offset)) {
    const Failure failure = file_failure("write", path_);
    (void)!::ftruncate(file_.get(), static_cast<off_t>(offset));  // Else the next record overwrites it.
    return failure;
  }
  last_record_ = offset;
  last_number_ = number;
  bytes_.store(end, std::memory_order_release);
  return {};
}

bool SpoolSegment::release_before_last() {
  constexpr int kHole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  if (last_record_ < first_record() + kHoleBytesMin) return false;
  const bool has_holes = ::fallocate(file_.get(), kHole, static_cast<off_t>(bytes()), 1) == 0;
  if (!has_holes) return false;
  std::vector<std::byte> payload;
  ByteWriter writer(payload);
  writer.number(last_record_);
  writer.number(last_number_);
  const std::span<const std::byte> parts[] = {payload};
  const std::vector<std::byte> header = record_header(kHoleNumber, parts);
  // On disk before the records go, so that whoever opens the file finds either the records or where they end.
  if (!write_all(file_.get(), {piece(header), piece(payload)}, kSegmentHeaderBytes)) return false;
  first_record_.store(last_record_, std::memory_order_release);
  first_kept_number_ = last_number_;
  return ::fdatasync(file_.get()) == 0 &&
         ::fallocate(file_.get(), kHole, static_cast<off_t>(kHoleOffset),
                     static_cast<off_t>(last_record_ - kHoleOffset)) == 0;
}

Result<void> SpoolSegment::sync() {
  if (::fdatasync(file_.get()) != 0) return file_failure("sync", path_);
  return {};
}

void SpoolSegment::remove() { ::unlink(path_.c_str()); }

Result<std::optional<RecordHeader>> SpoolSegment::header_at(std::uint64_t offset) {
  std::array<std::byte, kRecordHeaderBytes> bytes{};
  const Result<bool> loaded = load(offset, bytes);
  if (!loaded) return loaded.failure();
  if (!*loaded) return std::optional<RecordHeader>();
  ByteReader reader(bytes);
  RecordHeader header;
  header.length = reader.number<std::uint32_t>();
  header.crc = reader.number<std::uint32_t>();
  header.number = reader.number<std::uint64_t>();
  return std::optional(header);
}

Result<void> SpoolSegment::read_at(std::uint64_t offset, const RecordHeader& record,
                                   std::span<std::byte> out) {
  const Result<bool> loaded = load(offset + kRecordHeaderBytes, out);
  if (!loaded) return loaded.failure();
  if (!*loaded || crc32c(out, crc_of_number(record.number)) != record.crc) {
    return fail("`{}` is damaged at byte {}, in message {}", path_, offset, record.number);
  }
  return {};
}

// False: the file ends before.
Result<bool> SpoolSegment::load(std::uint64_t offset, std::span<std::byte> out) {
  const std::uint64_t end = bytes();
  if (offset > end || out.size() > end - offset) return false;
  const auto is_in_window = [&] {
    return offset >= window_offset_ && offset + out.size() <= window_offset_ + window_.size();
  };
  if (!is_in_window() && out.size() <= kWindowBytes / 4) {
    window_.resize(std::min<std::uint64_t>(kWindowBytes, end - offset));
    window_offset_ = offset;
    const ssize_t count =
        ::pread(file_.get(), window_.data(), window_.size(), static_cast<off_t>(offset));
    window_.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  }
  if (is_in_window()) {
    const auto from = window_.begin() + static_cast<std::ptrdiff_t>(offset - window_offset_);
    std::copy_n(from, out.size(), out.begin());
    return true;
  }
  while (!out.empty()) {
    const ssize_t count = ::pread(file_.get(), out.data(), out.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_failure("read", path_);
    if (count == 0) return fail("`{}` became shorter", path_);
    out = out.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return true;
}

}  // namespace streamrt
