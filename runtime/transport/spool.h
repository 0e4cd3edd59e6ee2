// Messages on disk, in front of a link: they outlive an outage of the line and a restart of their sender.
//
// A folder of segments, files of numbered records; numbers rise by one and go on over restarts. A record counts as
// soon as it is synced (group commit: one sync() covers all records before it), and only what is synced is read
// out again, so that no number is ever given to two messages. What a crash left behind the last whole record is cut
// off. Segments whose messages are all acknowledged are deleted, but for the one with the last message; when the disk
// has no room, that one gives back what lies before its last message. Kept by fdatasync; the disk must not lie.
//
//    <first number, 20 digits>.spool   header, then records (spool_segment.h)
//    acknowledged                      through which number all is delivered
//    lock                              held by the process that uses the folder
//
// Threads: append() by one, next(), read() and seek() by one, everything else by any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/transport/spool_segment.h"

namespace streamrt {

struct SpoolOptions {
  std::string folder;  // Made if it is not there; its parent must be.
  std::uint64_t limit_bytes = std::uint64_t{1} << 30;
  std::uint64_t segment_bytes = std::uint64_t{8} << 20;  // At most a quarter of the limit is used.
};

struct SpoolCounters {
  std::uint64_t bytes = 0;     // On disk now.
  std::uint64_t syncs = 0;
};

class Spool {
 public:
  // Fails if the folder cannot be used, is used by another process, or is damaged elsewhere than at its end.
  static Result<std::unique_ptr<Spool>> open(const SpoolOptions& options);
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  ~Spool() = default;

  // ---- the writer ----

  // The next message, of all parts one behind the other; false: no room now. After a failure (disk full) the spool
  // is as it was, and the message may be tried again.
  Result<bool> append(std::span<const std::span<const std::byte>> parts);

  // ---- the reader ----

  // The message at the cursor, if it is synced.
  Result<std::optional<RecordHeader>> next();
  // Its bytes, `out.size()` as next() said; the cursor goes on.
  Result<void> read(const RecordHeader& record, std::span<std::byte> out);
  // The last message that was ever appended, which a spool keeps also when it is acknowledged; nothing if there was
  // none. It must be synced, as all are after open(). The cursor stays.
  Result<std::optional<std::vector<std::byte>>> last_message();
  // The cursor stands at this number, or at the first one after it that is there.
  void seek(std::uint64_t number);

  // ---- any thread ----

  // All that was appended before the call is on disk when it returns. The failure of a sync is for ever: what is
  // lost then cannot be known.
  Result<void> sync();
  // Messages through this number are needed no more.
  void acknowledge(std::uint64_t number);

  [[nodiscard]] std::uint64_t last_number() const;  // 0: nothing was ever appended.
  [[nodiscard]] std::uint64_t synced_through() const;
  [[nodiscard]] std::uint64_t acknowledged_through() const;
  [[nodiscard]] SpoolCounters counters() const;
  // Bytes at the end that open() found not to be whole messages, and cut off.
  [[nodiscard]] std::uint64_t cut_bytes() const { return cut_bytes_; }

 private:
  explicit Spool(const SpoolOptions& options);
  Result<void> recover();
  Result<void> read_acknowledged();
  Result<void> write_acknowledged(std::uint64_t number);
  Result<void> add_segment();
  Result<void> append_record(std::span<const std::span<const std::byte>> parts);
  bool release_delivered();
  void remove_oldest();
  [[nodiscard]] std::shared_ptr<SpoolSegment> segment_of(std::uint64_t number) const;

  SpoolOptions options_;
  FileDescriptor folder_;
  FileDescriptor lock_;
  FileDescriptor acknowledged_file_;

  mutable std::mutex mutex_;  // Guards all below down to the reader's part; never held while syncing a group.
  std::deque<std::shared_ptr<SpoolSegment>> segments_;  // By number; the last one grows. Never empty.
  std::uint64_t last_number_ = 0;
  std::uint64_t synced_through_ = 0;
  std::uint64_t acknowledged_through_ = 0;
  SpoolCounters counters_;
  std::uint64_t cut_bytes_ = 0;
  std::optional<Failure> sync_failure_;

  std::mutex sync_mutex_;  // One sync at a time.
  std::uint64_t acknowledged_on_disk_ = 0;
  unsigned acknowledged_slot_ = 0;

  // The reader's.
  std::shared_ptr<SpoolSegment> reading_;
  std::uint64_t read_offset_ = 0;
  std::uint64_t next_number_ = 1;
};

}  // namespace streamrt
