// Two nodes in one process for tests, and a line between them that misbehaves.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "runtime/transport/link_hub.h"

namespace streamrt::test {

// Waits for `on_activity`.
class Activity {
 public:
  std::function<void()> callback() {
    return [this] { note(); };
  }
  void note();
  // False: not within `timeout_ms`.
  bool wait_until(const std::function<bool()>& is_so, int timeout_ms = 20000);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

struct NodeOptions {
  std::string name = "a";
  std::string peer = "b";
  std::string address;  // Empty: this node listens.
  std::vector<ChannelOptions> channels;
  LinkIdentity identity;  // `name` goes before its node.
  LinkTiming timing;
  Clock* clock = nullptr;
  std::unique_ptr<SecureTransport> secure;
};

// One node with one link.
struct Node {
  explicit Node(NodeOptions options);
  bool wait_for(LinkState state, int timeout_ms = 20000);

  Activity activity;
  std::unique_ptr<LinkHub> hub;
  Link* link = nullptr;
};

// Quick to notice and to try again, as tests want it.
LinkTiming quick_timing();
ChannelOptions sender(const std::string& name, std::size_t buffer_bytes = std::size_t{1} << 20);
ChannelOptions receiver(const std::string& name, std::size_t buffer_bytes = std::size_t{1} << 20);
std::vector<ChannelOptions> only(ChannelOptions one);
std::vector<ChannelOptions> channels_of(ChannelOptions one, ChannelOptions two);

// Runs ahead of the machine's clock, or behind it.
class ShiftedClock final : public Clock {
 public:
  explicit ShiftedClock(std::int64_t offset_ns) : offset_ns_(offset_ns) {}
  void shift_to(std::int64_t offset_ns) { offset_ns_ = offset_ns; }
  std::int64_t utc_ns() override { return system_clock().utc_ns() + offset_ns_; }
  std::int64_t steady_ns() override { return system_clock().steady_ns(); }
  void wait(std::int64_t timeout_ns, std::span<const int> readable_fds) override {
    system_clock().wait(timeout_ns, readable_fds);
  }

 private:
  std::atomic<std::int64_t> offset_ns_;
};

// A message that says its number and has a length that follows from it.
std::vector<std::byte> numbered_message(std::uint64_t number, std::size_t length_max);
// Its number, 0 if it is not sound.
std::uint64_t number_of(std::span<const std::byte> bytes, std::size_t length_max);

bool send(Link& link, std::size_t channel, std::span<const std::byte> bytes);

// What one node says to another.
struct TalkOptions {
  std::size_t out = 0;  // Channel.
  std::size_t in = 1;
  std::uint64_t count = 1000;  // Messages 1 … count go out, and as many must come.
  std::size_t length_max = 1000;
};

// Sends numbered messages one way and takes those that come the other, on a thread of its own.
class Talk {
 public:
  Talk(Node& node, TalkOptions options)
      : node_(&node), thread_([this, options] { run(options); }) {}
  Talk(const Talk&) = delete;
  Talk& operator=(const Talk&) = delete;
  ~Talk() { thread_.join(); }
  [[nodiscard]] bool is_sound() const { return is_sound_; }
  [[nodiscard]] bool is_over() const { return is_over_; }

 private:
  void run(const TalkOptions& options);

  Node* node_;
  std::atomic<bool> is_sound_{true};
  std::atomic<bool> is_over_{false};
  std::thread thread_;
};

// Waits for both, and checks that all messages came, each once and in order.
void check_talk(const Talk& one, const Talk& other);
// Checks that the link ends in order.
void close_both(Node& one, Node& other);

struct Misbehaviour {
  std::uint64_t seed = 1;
  std::size_t chunk_bytes_max = 4096;   // What is read comes out in pieces.
  std::size_t cut_after_bytes = 0;      // About as many between two cuts; 0: never.
  std::size_t corrupt_after_bytes = 0;  // About as many between two wrong bits; 0: never.
  int delay_us_max = 0;                 // Before some of the pieces.
  bool keeps_copy = false;              // Of all that passes.
};

// Forwards connections to `target`, on its own thread.
class Proxy {
 public:
  Proxy(const std::string& target, Misbehaviour misbehaviour);
  ~Proxy();
  [[nodiscard]] std::string address() const { return address_; }
  [[nodiscard]] int cuts() const { return cuts_.load(); }
  [[nodiscard]] int corruptions() const { return corruptions_.load(); }
  [[nodiscard]] std::string copy();
  // Everything stays connected, and nothing gets through.
  void set_silent(bool is_silent) { is_silent_ = is_silent; }
  void cut_now() { is_to_cut_ = true; }

 private:
  void run();
  void forward(int from, int to);
  bool move_piece(int from, int to);

  std::string target_;
  Misbehaviour misbehaviour_;
  std::mt19937 random_;
  FileDescriptor listener_;
  std::string address_;
  std::size_t until_cut_ = 0;
  std::size_t until_corruption_ = 0;
  std::atomic<int> cuts_{0};
  std::atomic<int> corruptions_{0};
  std::atomic<bool> is_silent_{false};
  std::atomic<bool> is_to_cut_{false};
  std::atomic<bool> is_stopping_{false};
  std::mutex copy_mutex_;
  std::string copy_;
  std::thread thread_;
};

}  // namespace streamrt::test
