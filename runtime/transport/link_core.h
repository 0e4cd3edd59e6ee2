// What the owner of a link and the I/O thread share: channels, state, and how one wakes the other.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/transport/link.h"
#include "runtime/transport/link_hello.h"

namespace streamrt {

class LinkCore {
 public:
  // `wake_io` makes the I/O thread look at its links; any thread may call it.
  LinkCore(LinkIdentity identity, LinkOptions options, std::function<void()> wake_io);
  LinkCore(const LinkCore&) = delete;
  LinkCore& operator=(const LinkCore&) = delete;

  [[nodiscard]] const LinkIdentity& identity() const { return identity_; }
  [[nodiscard]] const LinkOptions& options() const { return options_; }
  [[nodiscard]] std::size_t channel_count() const { return options_.channels.size(); }
  // Null for the other direction.
  [[nodiscard]] OutboundChannel* outbound(std::size_t channel) { return outbound_[channel].get(); }
  [[nodiscard]] InboundChannel* inbound(std::size_t channel) { return inbound_[channel].get(); }

  void wake_io() { wake_io_(); }
  void request_close();
  [[nodiscard]] bool is_close_requested() const { return is_close_requested_.load(); }

  // The I/O thread: changes what status() shows, and lets the owner know at the next tell_owner().
  template <class Change>
  void update(Change change) {
    const std::lock_guard lock(mutex_);
    change(status_);
    state_ = status_.state;
    is_owner_to_know_ = true;
  }
  // As update(), for what only those see who look.
  template <class Change>
  void update_quietly(Change change) {
    const std::lock_guard lock(mutex_);
    change(status_);
  }
  void set_state(LinkState state, const std::string& reason);
  void add_notice(std::string text);
  void note_activity() { is_owner_to_know_ = true; }
  void tell_owner();

  [[nodiscard]] LinkState state() const { return state_.load(); }
  [[nodiscard]] LinkStatus status() const;
  [[nodiscard]] std::optional<std::string> next_notice();

  std::atomic<std::uint64_t> bytes_sent{0};
  std::atomic<std::uint64_t> bytes_received{0};

 private:
  LinkIdentity identity_;
  LinkOptions options_;
  std::function<void()> wake_io_;
  std::unique_ptr<BufferPool> pool_;
  std::vector<std::unique_ptr<OutboundChannel>> outbound_;  // One entry for each channel, like
  std::vector<std::unique_ptr<InboundChannel>> inbound_;    // this.
  std::atomic<bool> is_close_requested_{false};
  std::atomic<bool> is_owner_to_know_{false};
  std::atomic<LinkState> state_{LinkState::Connecting};  // As in status_, for those who ask often.
  mutable std::mutex mutex_;  // Guards what follows.
  LinkStatus status_;
  std::deque<std::string> notices_;
};

}  // namespace streamrt
