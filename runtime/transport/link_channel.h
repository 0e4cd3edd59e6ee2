// One channel of a link: a queue of messages on each side of the line.
//
// The owner of the link and its I/O thread meet here. What waits to be sent or read lies under a mutex that is held for
// a few instructions; bytes are copied outside. Numbers count all messages that were ever offered on a channel, so that
// a reader of a best-effort channel sees by the gaps what was dropped.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>

#include "runtime/base/result.h"
#include "runtime/transport/link_buffer.h"
#include "runtime/transport/spool.h"

namespace streamrt {

// When the sender of a spooled channel may forget a message. (Of other channels: when the other process has it.)
enum class Acknowledge : std::uint8_t {
  OnReceive,   // When the owner has taken it by try_receive().
  Explicit,    // When the owner says so, because it is in a snapshot.
};

struct ChannelOptions {
  std::string name;    // Equal on both sides, like
  std::string schema;  // these opaque bytes.
  bool is_sender = false;  // One side sends on a channel, the other receives.
  // Sender: messages that wait or are not acknowledged. Receiver: messages that the owner has not taken. Both by
  // message_cost(); at least one longest message is always taken.
  std::size_t buffer_bytes = std::size_t{1} << 20;
  std::size_t message_bytes_max = std::size_t{256} << 10;  // The receiver's must not be less than the sender's.

  // In a full channel the oldest messages that have not left yet make room for a new one, or it is dropped itself; else
  // the writer has to try again. Both sides must know.
  bool is_best_effort = false;

  // Sender.
  std::unique_ptr<Spool> spool;  // Never of a channel of best effort.

  // Receiver.
  Acknowledge acknowledge = Acknowledge::OnReceive;
  // Spooled by the sender: the last message that this process knows from its earlier life.
  std::optional<std::uint64_t> resume_after;
};

struct ChannelCounters {
  std::uint64_t messages = 0;     // Taken by try_send(), or given by try_receive().
  std::uint64_t bytes = 0;        // Of those.
  std::uint64_t dropped = 0;      // For want of room; receiver: missing numbers.
  std::uint64_t queued_bytes = 0; // Waiting now, by message_cost().
  std::uint64_t resent = 0;       // Sender: messages put on the line again after a cut.
  std::uint64_t spooled = 0;      // Sender with a spool: messages in it that are not acknowledged.
};

// A message that was received. Must not outlive the link.
struct Message {
  std::uint64_t number = 0;
  PooledBytes memory;
  [[nodiscard]] std::span<const std::byte> bytes() const { return memory.bytes(); }
};

using MessageParts = std::span<const std::span<const std::byte>>;

class OutboundChannel {
 public:
  OutboundChannel(ChannelOptions& options, BufferPool& pool) : options_(&options), pool_(&pool) {}

  // ---- the owner ----

  // False: no room, try again after the link's `on_activity`. The parts are copied.
  Result<bool> offer(MessageParts parts);
  [[nodiscard]] std::uint64_t last_number() const;
  [[nodiscard]] ChannelCounters counters() const;

  // ---- the I/O thread ----

  struct Outgoing {
    std::uint64_t number = 0;
    std::uint32_t crc = 0;
    std::span<const std::byte> bytes;  // Until the message is acknowledged, or written if it is spooled.
  };
  // The next message to put on the line, if there is one; the same until advance().
  Result<std::optional<Outgoing>> next();
  void advance();
  // It has gone out as a whole.
  void wrote(std::uint64_t number);
  // The other side needs nothing up to this number. True: a writer that waits can go on.
  bool acknowledge(std::uint64_t number);
  // A new connection, on which the other side has everything up to this number (nothing: what it has is unknown).
  void resume(std::optional<std::uint64_t> received_through);
  // All that was offered has been acknowledged.
  [[nodiscard]] bool is_drained() const;
  [[nodiscard]] std::uint64_t written_through() const { return written_through_; }
  // The last that was ever put on the line, by this process.
  [[nodiscard]] std::uint64_t put_through() const { return put_through_; }
  [[nodiscard]] std::uint64_t acknowledged_through() const;
  [[nodiscard]] Spool* spool() const { return options_->spool.get(); }

 private:
  struct Queued {
    std::uint64_t number = 0;
    std::uint32_t crc = 0;
    PooledBytes memory;
  };
  bool make_room(std::size_t cost);
  [[nodiscard]] bool fits(std::size_t cost) const;
  bool drop_waiting(std::size_t cost);
  Result<bool> append_to_spool(MessageParts parts);
  bool take_waiting();
  Result<bool> take_spooled();

  ChannelOptions* options_;
  BufferPool* pool_;
  std::atomic<std::size_t> held_bytes_{0};  // Waiting or in flight, by message_cost().
  std::atomic<bool> is_writer_waiting_{false};
  std::mutex mutex_;
  std::deque<Queued> waiting_;

  // The owner's.
  std::atomic<std::uint64_t> last_number_{0};
  std::atomic<std::uint64_t> message_count_{0};
  std::atomic<std::uint64_t> byte_count_{0};
  std::atomic<std::uint64_t> dropped_count_{0};

  // The I/O thread's.
  std::deque<Queued> flight_;  // On the line and not acknowledged; from cursor_ on to be put there (again).
  std::size_t cursor_ = 0;
  std::size_t flight_bytes_ = 0;
  std::uint64_t taken_through_ = 0;
  std::uint64_t put_through_ = 0;
  std::uint64_t written_through_ = 0;
  std::atomic<std::uint64_t> acknowledged_through_{0};
  std::atomic<std::uint64_t> resent_count_{0};
};

class InboundChannel {
 public:
  InboundChannel(const ChannelOptions& options, BufferPool& pool);

  // ---- the owner ----

  // `wants_io` is set if the I/O thread should hear of it: its credit may be what the other side waits for.
  std::optional<Message> take(bool& wants_io);
  void acknowledge(std::uint64_t number) { explicit_through_.store(number); }
  [[nodiscard]] ChannelCounters counters() const;

  // ---- the I/O thread ----

  void begin_connection();
  // The sender numbers anew.
  void restart();
  [[nodiscard]] std::uint64_t taken_bytes() const { return taken_bytes_.load(); }
  // What the other side may send on this connection, in all, by message_cost(), when the owner has taken as much.
  [[nodiscard]] std::uint64_t credit_bytes(std::uint64_t taken_bytes) const;
  // As much credit was told to the other side.
  void set_told_credit(std::uint64_t credit_bytes) { told_credit_ = credit_bytes; }
  // take() speaks up when the owner has taken as much. True: it has already.
  bool set_speak_up_at(std::uint64_t taken_bytes);
  [[nodiscard]] std::uint64_t told_credit() const { return told_credit_; }
  // What of the told credit is left to the sender.
  [[nodiscard]] std::uint64_t unused_credit() const { return told_credit_ - connection_bytes_; }
  // Whether a message with this number and length may come now.
  Result<std::span<std::byte>> memory_for(std::uint64_t number, std::size_t length);
  // Its bytes are there. False: it was here before.
  bool deliver(std::uint64_t number);
  [[nodiscard]] bool has_history() const { return has_history_; }
  [[nodiscard]] std::uint64_t received_through() const { return received_through_; }
  [[nodiscard]] std::uint64_t acknowledged_through() const;
  void set_spooled(bool is_spooled) { is_spooled_ = is_spooled; }

 private:
  const ChannelOptions* options_;
  BufferPool* pool_;
  std::mutex mutex_;
  std::deque<Message> arrived_;
  std::atomic<std::uint64_t> taken_bytes_{0};    // Cost of all messages that the owner has taken.
  std::atomic<std::uint64_t> taken_through_{0};  // Number of the last.
  std::atomic<std::uint64_t> explicit_through_{0};
  std::atomic<std::uint64_t> speak_up_at_{0};    // Of taken_bytes_.
  std::atomic<std::uint64_t> queued_bytes_{0};
  std::atomic<std::uint64_t> message_count_{0};
  std::atomic<std::uint64_t> byte_count_{0};
  std::atomic<std::uint64_t> missing_count_{0};
  std::atomic<bool> is_spooled_{false};

  // The I/O thread's.
  bool has_history_ = false;
  std::uint64_t received_through_ = 0;
  std::uint64_t received_bytes_ = 0;       // Cost of all messages that were delivered,
  std::uint64_t received_bytes_then_ = 0;  // and of those before this connection.
  std::uint64_t connection_bytes_ = 0;     // Cost of what came on this connection.
  std::uint64_t told_credit_ = 0;
  PooledBytes incoming_;
};

}  // namespace streamrt
