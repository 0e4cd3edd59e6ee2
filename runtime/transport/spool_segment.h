// One file of a spool: records with rising numbers, each with its checksum.
//
//    header   16 bytes: "STSPOOL1", u64 number of the first record
//    record   16 bytes: u32 length, u32 CRC32C of number and payload, u64 number; then the payload
//
// On a disk without room the records before one that is still needed can be given back: then the first record has the
// number 0 and says, as two u64, where that one begins and its number, and what lies between is a hole in the file.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/transport/link_descriptor.h"

namespace streamrt {

struct RecordHeader {
  std::uint64_t number = 0;
  std::uint32_t length = 0;
  std::uint32_t crc = 0;
};

inline constexpr std::uint64_t kSegmentHeaderBytes = 16;
inline constexpr std::uint64_t kRecordHeaderBytes = 16;

// The writer appends and the reader reads what was appended before; the spool sees to it.
class SpoolSegment {
 public:
  static Result<std::shared_ptr<SpoolSegment>> create(const std::string& path,
                                                      std::uint64_t first_number);
  // Takes the file as it is; cut_torn_tail() must follow for the last one of a spool.
  static Result<std::shared_ptr<SpoolSegment>> open(const std::string& path,
                                                    std::uint64_t first_number);

  SpoolSegment(FileDescriptor file, std::string path, std::uint64_t first_number,
               std::uint64_t bytes)
      : file_(std::move(file)), path_(std::move(path)), first_number_(first_number), bytes_(bytes) {}

  // Finds the last whole record and cuts off what stands behind it. Returns that record's number; the one before
  // the first if there is none.
  Result<std::uint64_t> cut_torn_tail();

  // After a failure the file is as it was.
  Result<void> append(std::uint64_t number, std::span<const std::span<const std::byte>> parts);
  Result<void> sync();

  // Gives the disk back what lies before the last record; that one must be synced. Returns whether that was anything:
  // nothing where the file system has no holes.
  bool release_before_last();

  // Its name goes; who still reads may go on.
  void remove();

  // The record at `offset`, nothing at the end of the file; its payload is not looked at.
  Result<std::optional<RecordHeader>> header_at(std::uint64_t offset);
  // The payload of the record at `offset`; fails if it is damaged.
  Result<void> read_at(std::uint64_t offset, const RecordHeader& record, std::span<std::byte> out);

  [[nodiscard]] std::uint64_t first_number() const { return first_number_; }
  // The first number that is not in the hole.
  [[nodiscard]] std::uint64_t first_kept_number() const { return first_kept_number_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint64_t first_record() const { return first_record_.load(std::memory_order_acquire); }
  // Without the hole.
  [[nodiscard]] std::uint64_t bytes_on_disk() const { return bytes() - (first_record() - kSegmentHeaderBytes); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  // Where the records begin and with which number, behind a hole as well.
  Result<void> find_first_record();
  Result<bool> load(std::uint64_t offset, std::span<std::byte> out);

  FileDescriptor file_;
  std::string path_;
  std::uint64_t first_number_;
  std::atomic<std::uint64_t> bytes_;
  std::atomic<std::uint64_t> first_record_ = kSegmentHeaderBytes;
  // The writer's.
  std::uint64_t first_kept_number_ = first_number_;
  std::uint64_t last_record_ = 0;  // 0: there is none.
  std::uint64_t last_number_ = 0;
  // The reader's: bytes of the file from window_offset_ on, so that small records take few system calls.
  std::vector<std::byte> window_;
  std::uint64_t window_offset_ = 0;
};

}  // namespace streamrt
