#include "runtime/transport/spool.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#include "runtime/transport/crc32c.h"
#include "runtime/transport/wire.h"

namespace streamrt {

namespace {

constexpr std::string_view kSuffix = ".spool";
constexpr std::size_t kSlotBytes = 16;  // Of the file `acknowledged`: u64 number, u32 its checksum, u32 0.

std::string segment_path(const std::string& folder, std::uint64_t first_number) {
  return fmt::format("{}/{:020}{}", folder, first_number, kSuffix);
}

// First numbers of the segments in the folder, rising.
Result<std::vector<std::uint64_t>> find_segments(const std::string& folder) {
  std::vector<std::uint64_t> numbers;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.ends_with(kSuffix)) continue;
    std::uint64_t number = 0;
    const char* const end = name.data() + name.size() - kSuffix.size();
    const auto [parsed, problem] = std::from_chars(name.data(), end, number);
    if (problem == std::errc() && parsed == end) numbers.push_back(number);
  }
  if (error) return fail("cannot read the folder `{}`: {}", folder, error.message());
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::array<std::byte, kSlotBytes> encode_slot(std::uint64_t number) {
  std::vector<std::byte> bytes;
  ByteWriter writer(bytes);
  writer.number(number);
  writer.number(crc32c(bytes));
  writer.number(std::uint32_t{0});
  std::array<std::byte, kSlotBytes> slot{};
  std::copy_n(bytes.begin(), kSlotBytes, slot.begin());
  return slot;
}

}  // namespace

Spool::Spool(const SpoolOptions& options) : options_(options) {
  options_.segment_bytes = std::min(options_.segment_bytes, options_.limit_bytes / 4);
}

Result<std::unique_ptr<Spool>> Spool::open(const SpoolOptions& options) {
  const std::string& folder = options.folder;
  const auto failure = [&](const char* what) {
    return fail("cannot {} the spool `{}`: {}", what, folder, std::strerror(errno));
  };
  if (::mkdir(folder.c_str(), 0750) != 0 && errno != EEXIST) return failure("make");
  std::unique_ptr<Spool> spool(new Spool(options));
  spool->folder_ = FileDescriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!spool->folder_.is_open()) return failure("open");
  spool->lock_ = FileDescriptor(
      ::open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  if (!spool->lock_.is_open()) return failure("open");
  if (::flock(spool->lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    return fail("the spool `{}` is in use by another process", folder);
  }
  spool->acknowledged_file_ = FileDescriptor(
      ::open((folder + "/acknowledged").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  if (!spool->acknowledged_file_.is_open()) return failure("open");
  if (Result<void> recovered = spool->recover(); !recovered) return recovered.failure();
  return spool;
}

Result<void> Spool::recover() {
  if (Result<void> read = read_acknowledged(); !read) return read;
  const Result<std::vector<std::uint64_t>> numbers = find_segments(options_.folder);
  if (!numbers) return numbers.failure();
  for (const std::uint64_t first_number : *numbers) {
    const std::string path = segment_path(options_.folder, first_number);
    std::error_code error;
    if (first_number == numbers->back() && std::filesystem::file_size(path, error) < kSegmentHeaderBytes) {
      ::unlink(path.c_str());  // The process died while making it, so it never held a record.
      continue;
    }
    auto segment = SpoolSegment::open(path, first_number);
    if (!segment) return segment.failure();
    counters_.bytes += (*segment)->bytes_on_disk();
    segments_.push_back(std::move(*segment));
  }
  if (segments_.empty()) {
    last_number_ = acknowledged_through_;
    if (Result<void> added = add_segment(); !added) return added;
  } else {
    // Each segment was synced before the next one was begun, so only the last can be torn.
    const std::uint64_t bytes_before = segments_.back()->bytes();
    const Result<std::uint64_t> last = segments_.back()->cut_torn_tail();
    if (!last) return last.failure();
    cut_bytes_ = bytes_before - segments_.back()->bytes();
    counters_.bytes -= cut_bytes_;
    last_number_ = *last;
    if (segments_.size() > 1 && last_number_ < segments_.back()->first_number()) {
      // The last message is in the one before, which has to know where.
      if (const Result<std::uint64_t> before = segments_[segments_.size() - 2]->cut_torn_tail(); !before) {
        return before.failure();
      }
    }
    acknowledged_through_ =
        std::max(acknowledged_through_, segments_.front()->first_kept_number() - 1);
    if (last_number_ < acknowledged_through_) {
      return fail("the spool `{}` ends at message {}, but {} were delivered: some of its files are missing",
                  options_.folder, last_number_, acknowledged_through_);
    }
  }
  if (Result<void> synced = segments_.back()->sync(); !synced) return synced;
  synced_through_ = last_number_;
  const std::uint64_t acknowledged = acknowledged_through_;
  acknowledged_through_ = 0;
  acknowledge(acknowledged);
  seek(acknowledged + 1);
  return {};
}

Result<void> Spool::read_acknowledged() {
  for (unsigned slot = 0; slot < 2; ++slot) {
    std::array<std::byte, kSlotBytes> bytes{};
    if (::pread(acknowledged_file_.get(), bytes.data(), kSlotBytes,
                static_cast<off_t>(slot * kSlotBytes)) != static_cast<ssize_t>(kSlotBytes)) {
      continue;
    }
    const auto number = ByteReader(bytes).number<std::uint64_t>();
    if (bytes != encode_slot(number) || number < acknowledged_through_) continue;
    acknowledged_through_ = acknowledged_on_disk_ = number;
    acknowledged_slot_ = 1 - slot;  // The older one is overwritten next.
  }
  return {};
}

Result<void> Spool::write_acknowledged(std::uint64_t number) {
  const std::array<std::byte, kSlotBytes> bytes = encode_slot(number);
  const auto offset = static_cast<off_t>(acknowledged_slot_ * kSlotBytes);
  if (::pwrite(acknowledged_file_.get(), bytes.data(), kSlotBytes, offset) !=
          static_cast<ssize_t>(kSlotBytes) ||
      ::fdatasync(acknowledged_file_.get()) != 0) {
    return fail("cannot write `{}/acknowledged`: {}", options_.folder, std::strerror(errno));
  }
  acknowledged_slot_ = 1 - acknowledged_slot_;
  acknowledged_on_disk_ = number;
  return {};
}

// A new last segment; the one before is complete and on disk.
Result<void> Spool::add_segment() {
  if (!segments_.empty()) {
    if (Result<void> synced = segments_.back()->sync(); !synced) {
      sync_failure_ = synced.failure();  // The system tells it once, and the next sync would seem to succeed.
      return synced;
    }
    synced_through_ = last_number_;
  }
  auto segment =
      SpoolSegment::create(segment_path(options_.folder, last_number_ + 1), last_number_ + 1);
  if (!segment) return segment.failure();
  if (::fsync(folder_.get()) != 0) {
    return fail("cannot sync the folder `{}`: {}", options_.folder, std::strerror(errno));
  }
  counters_.bytes += (*segment)->bytes();
  segments_.push_back(std::move(*segment));
  return {};
}

Result<bool> Spool::append(std::span<const std::span<const std::byte>> parts) {
  std::uint64_t bytes = kRecordHeaderBytes;
  for (const std::span<const std::byte> part : parts) bytes += part.size();
  const std::lock_guard lock(mutex_);
  if (sync_failure_) return *sync_failure_;
  if (counters_.bytes + bytes + kSegmentHeaderBytes > options_.limit_bytes) return false;
  Result<void> appended = append_record(parts);
  if (!appended && !sync_failure_ && release_delivered()) appended = append_record(parts);
  if (!appended) return appended.failure();
  ++last_number_;
  counters_.bytes += bytes;
  return true;
}

Result<void> Spool::append_record(std::span<const std::span<const std::byte>> parts) {
  if (segments_.back()->bytes_on_disk() >= options_.segment_bytes) {
    if (Result<void> added = add_segment(); !added) return added;
  }
  return segments_.back()->append(last_number_ + 1, parts);
}

// On a disk without room the segment with the last message is all that is left when everything has arrived, and no
// other one can be begun.
bool Spool::release_delivered() {
  const bool is_delivered = acknowledged_through_ + 1 >= last_number_ && synced_through_ == last_number_;
  if (!is_delivered || last_number_ == 0) return false;
  SpoolSegment& segment = *segment_of(last_number_);
  const std::uint64_t bytes_before = segment.bytes_on_disk();
  const bool has_released = segment.release_before_last();
  counters_.bytes -= bytes_before - segment.bytes_on_disk();
  return has_released;
}

void Spool::remove_oldest() {
  counters_.bytes -= segments_.front()->bytes_on_disk();
  segments_.front()->remove();
  segments_.pop_front();
}

void Spool::acknowledge(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  number = std::min(number, last_number_);
  if (number <= acknowledged_through_) return;
  acknowledged_through_ = number;
  // The last message stays, whatever a crash makes of those that are not synced.
  while (segments_.size() > 1 && segments_[1]->first_number() <= std::min(number + 1, synced_through_)) {
    remove_oldest();
  }
}

Result<void> Spool::sync() {
  const std::lock_guard one_at_a_time(sync_mutex_);
  std::uint64_t target = 0;
  std::uint64_t acknowledged = 0;
  std::shared_ptr<SpoolSegment> segment;
  bool is_synced = false;
  {
    const std::lock_guard lock(mutex_);
    if (sync_failure_) return *sync_failure_;
    target = last_number_;
    acknowledged = acknowledged_through_;
    is_synced = synced_through_ == target;
    segment = segments_.back();
  }
  Result<void> synced;
  if (!is_synced) synced = segment->sync();
  // A disk that does not take it now may do so later; a number that is too small only costs sending again.
  if (synced && acknowledged != acknowledged_on_disk_) (void)write_acknowledged(acknowledged);
  const std::lock_guard lock(mutex_);
  if (!synced) {
    sync_failure_ = synced.failure();
    return *sync_failure_;
  }
  if (!is_synced) ++counters_.syncs;
  synced_through_ = std::max(synced_through_, target);
  return {};
}

std::shared_ptr<SpoolSegment> Spool::segment_of(std::uint64_t number) const {
  for (auto segment = segments_.rbegin(); segment != segments_.rend(); ++segment) {
    if ((*segment)->first_number() <= number) return *segment;
  }
  return segments_.front();
}

void Spool::seek(std::uint64_t number) {
  reading_.reset();
  next_number_ = number;
}

Result<std::optional<RecordHeader>> Spool::next() {
  {
    const std::lock_guard lock(mutex_);
    next_number_ = std::max(next_number_, segments_.front()->first_kept_number());
    if (next_number_ > synced_through_) return std::optional<RecordHeader>();
    std::shared_ptr<SpoolSegment> segment = segment_of(next_number_);
    if (segment != reading_) {
      reading_ = std::move(segment);
      read_offset_ = reading_->first_record();
    }
  }
  for (;;) {
    const Result<std::optional<RecordHeader>> header = reading_->header_at(read_offset_);
    if (!header) return header.failure();
    if (read_offset_ < reading_->first_record()) {  // Given back meanwhile: it had been delivered.
      read_offset_ = reading_->first_record();
      continue;
    }
    if (!header->has_value() || (*header)->number > next_number_) {
      return fail("`{}` is damaged at byte {}: message {} is missing", reading_->path(),
                  read_offset_, next_number_);
    }
    if ((*header)->number == next_number_) return *header;
    read_offset_ += kRecordHeaderBytes + (*header)->length;
  }
}

Result<std::optional<std::vector<std::byte>>> Spool::last_message() {
  using Bytes = std::optional<std::vector<std::byte>>;
  const std::uint64_t number = last_number();
  if (number == 0) return Bytes();
  const std::uint64_t cursor = next_number_;
  seek(number);
  const Result<std::optional<RecordHeader>> record = next();
  if (!record) return record.failure();
  if (!record->has_value() || (*record)->number != number) {
    return fail("the spool `{}` has lost its last message, {}", options_.folder, number);
  }
  std::vector<std::byte> bytes((*record)->length);
  if (const Result<void> read_it = read(**record, bytes); !read_it) return read_it.failure();
  seek(cursor);
  return Bytes(std::move(bytes));
}

Result<void> Spool::read(const RecordHeader& record, std::span<std::byte> out) {
  if (Result<void> read = reading_->read_at(read_offset_, record, out); !read) return read;
  read_offset_ += kRecordHeaderBytes + record.length;
  next_number_ = record.number + 1;
  return {};
}

std::uint64_t Spool::last_number() const {
  const std::lock_guard lock(mutex_);
  return last_number_;
}

std::uint64_t Spool::synced_through() const {
  const std::lock_guard lock(mutex_);
  return synced_through_;
}

std::uint64_t Spool::acknowledged_through() const {
  const std::lock_guard lock(mutex_);
  return acknowledged_through_;
}

SpoolCounters Spool::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

}  // namespace streamrt
