#include "runtime/transport/link_channel.h"

#include <algorithm>
#include <cstring>

#include "runtime/transport/crc32c.h"
#include "runtime/transport/wire.h"

namespace streamrt {

// ---- outbound, the owner ----

Result<bool> OutboundChannel::offer(MessageParts parts) {
  std::size_t size = 0;
  for (const std::span<const std::byte> part : parts) size += part.size();
  STREAM_CHECK(size <= options_->message_bytes_max, "a message is longer than its channel allows");
  if (spool() != nullptr) {
    const Result<bool> taken = append_to_spool(parts);
    if (!taken || !*taken) return taken;
  } else {
    if (!make_room(message_cost(size))) {
      if (!options_->is_best_effort) return false;
      ++last_number_;
      ++dropped_count_;
      return true;
    }
    Queued queued{.memory = pool_->take(size)};
    std::byte* to = queued.memory.bytes().data();
    for (const std::span<const std::byte> part : parts) {
      if (!part.empty()) std::memcpy(to, part.data(), part.size());
      to += part.size();
    }
    queued.crc = crc32c(queued.memory.bytes());
    queued.number = ++last_number_;
    held_bytes_ += message_cost(size);
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(queued));
  }
  message_count_.fetch_add(1, std::memory_order_relaxed);
  byte_count_.fetch_add(size, std::memory_order_relaxed);
  return true;
}

// One message is always taken by an empty channel.
bool OutboundChannel::fits(std::size_t cost) const {
  const std::size_t held = held_bytes_.load();
  return held == 0 || held + cost <= options_->buffer_bytes;
}

bool OutboundChannel::make_room(std::size_t cost) {
  if (fits(cost)) return true;
  if (options_->is_best_effort) return drop_waiting(cost);
  is_writer_waiting_ = true;
  return fits(cost);  // It may have become free before the I/O thread could see the flag.
}

bool OutboundChannel::drop_waiting(std::size_t cost) {
  const std::lock_guard lock(mutex_);
  while (!fits(cost) && !waiting_.empty()) {
    held_bytes_ -= message_cost(waiting_.front().memory.bytes().size());
    waiting_.pop_front();
    ++dropped_count_;
  }
  return fits(cost);
}

Result<bool> OutboundChannel::append_to_spool(MessageParts parts) {
  is_writer_waiting_ = true;
  Result<bool> appended = spool()->append(parts);
  if (appended && *appended) is_writer_waiting_ = false;
  return appended;
}

std::uint64_t OutboundChannel::last_number() const {
  return spool() != nullptr ? spool()->last_number() : last_number_.load();
}

ChannelCounters OutboundChannel::counters() const {
  ChannelCounters counters;
  counters.messages = message_count_.load();
  counters.bytes = byte_count_.load();
  counters.dropped = dropped_count_.load();
  counters.queued_bytes = held_bytes_.load();
  counters.resent = resent_count_.load();
  if (spool() != nullptr) {
    const SpoolCounters spooled = spool()->counters();
    counters.queued_bytes = spooled.bytes;
    counters.spooled = spool()->last_number() - spool()->acknowledged_through();
  }
  return counters;
}

// ---- outbound, the I/O thread ----

Result<std::optional<OutboundChannel::Outgoing>> OutboundChannel::next() {
  if (cursor_ == flight_.size()) {
    if (spool() != nullptr) {
      const Result<bool> taken = take_spooled();
      if (!taken) return taken.failure();
      if (!*taken) return std::optional<Outgoing>();
    } else if (!take_waiting()) {
      return std::optional<Outgoing>();
    }
  }
  const Queued& queued = flight_[cursor_];
  return std::optional(Outgoing{queued.number, queued.crc, queued.memory.bytes()});
}

bool OutboundChannel::take_waiting() {
  // What is in flight can no longer be dropped: half of the buffer is left to what waits.
  if (options_->is_best_effort && flight_bytes_ > options_->buffer_bytes / 2) return false;
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) return false;
  flight_bytes_ += message_cost(waiting_.front().memory.bytes().size());
  flight_.push_back(std::move(waiting_.front()));
  waiting_.pop_front();
  taken_through_ = flight_.back().number;
  return true;
}

Result<bool> OutboundChannel::take_spooled() {
  const Result<std::optional<RecordHeader>> record = spool()->next();
  if (!record) return record.failure();
  if (!record->has_value()) return false;
  if ((*record)->length > options_->message_bytes_max) {
    return fail("a message in the spool has {} bytes, but `{}` carries at most {}",
                (*record)->length, options_->name, options_->message_bytes_max);
  }
  Queued queued{.number = (*record)->number, .memory = pool_->take((*record)->length)};
  const Result<void> read = spool()->read(**record, queued.memory.bytes());
  if (!read) return read.failure();
  queued.crc = crc32c(queued.memory.bytes());
  flight_bytes_ += message_cost(queued.memory.bytes().size());
  flight_.push_back(std::move(queued));
  return true;
}

void OutboundChannel::advance() {
  const std::uint64_t number = flight_[cursor_].number;
  if (number <= put_through_) resent_count_.fetch_add(1, std::memory_order_relaxed);
  put_through_ = std::max(put_through_, number);
  ++cursor_;
}

void OutboundChannel::wrote(std::uint64_t number) {
  written_through_ = std::max(written_through_, number);
  if (spool() == nullptr) return;
  // The spool has it still.
  while (!flight_.empty() && flight_.front().number <= number) {
    flight_bytes_ -= message_cost(flight_.front().memory.bytes().size());
    flight_.pop_front();
    --cursor_;
  }
}

bool OutboundChannel::acknowledge(std::uint64_t number) {
  if (number <= acknowledged_through_.load()) return false;
  acknowledged_through_ = number;
  if (spool() != nullptr) {
    spool()->acknowledge(number);
  } else {
    while (!flight_.empty() && flight_.front().number <= number) {
      const std::size_t cost = message_cost(flight_.front().memory.bytes().size());
      flight_bytes_ -= cost;
      held_bytes_ -= cost;
      flight_.pop_front();
      if (cursor_ > 0) --cursor_;
    }
  }
  return is_writer_waiting_.exchange(false);
}

void OutboundChannel::resume(std::optional<std::uint64_t> received_through) {
  if (spool() != nullptr) {
    flight_.clear();
    flight_bytes_ = 0;
    cursor_ = 0;
    written_through_ = received_through.value_or(spool()->acknowledged_through());
    spool()->seek(written_through_ + 1);
    return;
  }
  written_through_ = received_through.value_or(acknowledged_through_.load());
  acknowledge(written_through_);
  cursor_ = 0;
}

bool OutboundChannel::is_drained() const {
  if (spool() != nullptr) return spool()->acknowledged_through() == spool()->last_number();
  return held_bytes_.load() == 0;
}

std::uint64_t OutboundChannel::acknowledged_through() const {
  return spool() != nullptr ? spool()->acknowledged_through() : acknowledged_through_.load();
}

// ---- inbound, the owner ----

InboundChannel::InboundChannel(const ChannelOptions& options, BufferPool& pool)
    : options_(&options), pool_(&pool) {
  if (!options.resume_after) return;
  has_history_ = true;
  received_through_ = *options.resume_after;
  taken_through_ = *options.resume_after;
  explicit_through_ = *options.resume_after;
}

std::optional<Message> InboundChannel::take(bool& wants_io) {
  if (queued_bytes_.load() == 0) return std::nullopt;  // Without the lock, as it is asked often.
  Message message;
  {
    const std::lock_guard lock(mutex_);
    if (arrived_.empty()) return std::nullopt;
    message = std::move(arrived_.front());
    arrived_.pop_front();
  }
  const std::size_t size = message.bytes().size();
  queued_bytes_ -= message_cost(size);
  message_count_.fetch_add(1, std::memory_order_relaxed);
  byte_count_.fetch_add(size, std::memory_order_relaxed);
  taken_through_ = message.number;
  const std::uint64_t taken = taken_bytes_ += message_cost(size);
  wants_io = taken >= speak_up_at_.load() || is_spooled_.load(std::memory_order_relaxed);
  return message;
}

ChannelCounters InboundChannel::counters() const {
  ChannelCounters counters;
  counters.messages = message_count_.load();
  counters.bytes = byte_count_.load();
  counters.dropped = missing_count_.load();
  counters.queued_bytes = queued_bytes_.load();
  return counters;
}

// ---- inbound, the I/O thread ----

void InboundChannel::restart() {
  received_through_ = 0;
  has_history_ = false;
}

void InboundChannel::begin_connection() {
  connection_bytes_ = 0;
  received_bytes_then_ = received_bytes_;
  told_credit_ = credit_bytes(taken_bytes());
}

std::uint64_t InboundChannel::credit_bytes(std::uint64_t taken_bytes) const {
  const std::uint64_t window =
      std::max(options_->buffer_bytes, message_cost(options_->message_bytes_max));
  const std::uint64_t taken_since = taken_bytes - std::min(taken_bytes, received_bytes_then_);
  const std::uint64_t unread_then =
      received_bytes_then_ - std::min(received_bytes_then_, taken_bytes);
  return window + taken_since - std::min(window, unread_then);
}

bool InboundChannel::set_speak_up_at(std::uint64_t taken_bytes) {
  speak_up_at_ = taken_bytes;
  return taken_bytes_.load() >= taken_bytes;
}

Result<std::span<std::byte>> InboundChannel::memory_for(std::uint64_t number, std::size_t length) {
  if (length > options_->message_bytes_max) {
    return fail("a message of {} bytes came on `{}`, which carries at most {}", length,
                options_->name, options_->message_bytes_max);
  }
  connection_bytes_ += message_cost(length);
  if (connection_bytes_ > told_credit_) {
    return fail("more came on `{}` than there was credit for", options_->name);
  }
  const bool is_new = number > received_through_;
  const bool follows = number == received_through_ + 1;
  const bool may_jump = options_->is_best_effort || (is_spooled_ && !has_history_);
  if (number == 0 || (is_new && !follows && !may_jump)) {
    return fail("message {} came on `{}` behind message {}", number, options_->name,
                received_through_);
  }
  incoming_ = pool_->take(length);
  return incoming_.bytes();
}

bool InboundChannel::deliver(std::uint64_t number) {
  if (number <= received_through_) return false;
  if (has_history_ || !is_spooled_) missing_count_ += number - received_through_ - 1;
  has_history_ = true;
  received_through_ = number;
  const std::size_t cost = message_cost(incoming_.bytes().size());
  received_bytes_ += cost;
  const std::lock_guard lock(mutex_);
  arrived_.push_back({number, std::move(incoming_)});
  queued_bytes_ += cost;
  return true;
}

std::uint64_t InboundChannel::acknowledged_through() const {
  if (!is_spooled_) return received_through_;
  return options_->acknowledge == Acknowledge::Explicit ? explicit_through_.load()
                                                        : taken_through_.load();
}

}  // namespace streamrt
