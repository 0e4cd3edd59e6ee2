// Lets others look at a running program: on a socket of this user (socket_path.h), and as metrics
// over HTTP.
//
// A thread of the process that was started does all of it. It blocks every signal, touches no
// items, and opens the socket only when the run has lasted for a moment, so that short runs never
// pay for it.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "runtime/agent/answer_server.h"
#include "runtime/agent/counters.h"
#include "runtime/agent/snapshot.h"
#include "runtime/base/result.h"

namespace streamrt {

struct ObserverOptions {
  bool has_socket = false;
  std::string metrics_address;  // `host:port`, `:port` or `port`, without a host this machine
                                // alone; empty: none.
  std::int64_t socket_delay_ms = 100;  // Runs that are shorter have no socket.
};

class Observer {
 public:
  // All must outlive the observer.
  Observer(const StreamProgram& program, RunCounters& counters, const ObserverOptions& options);
  ~Observer();
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;

  // Takes the address of the metrics. To be called before start().
  Result<void> listen();
  // The links to other nodes, as they are now: rows of every snapshot. `rows` is called by the
  // observer's thread, and may ask Link::status() and Link::counters(). To be called before
  // start(); the links must live until stop().
  void show_node_links(std::function<std::vector<NodeLinkRow>()> rows) {
    node_links_ = std::move(rows);
  }
  // Only what runs on this node is shown. To be called before start().
  void show_node(std::int32_t node) { node_ = node; }
  // From here on others may look, the socket once the run has lasted for a moment. The process must
  // not fork any more.
  void start();
  // For a run on one thread, which calls it again and again: the same, but short runs never pay for
  // a thread. Returns in how many nanoseconds to call it again; nothing once it has started.
  std::optional<std::int64_t> start_when_due();
  // Ends the thread and removes the socket: nobody looks any more.
  void stop();
  // In a process that was forked: what is inherited is the parent's.
  void leave();

  // What is there to see now. Waits for a moment for busy parts to write their counters.
  Snapshot look();

 private:
  [[nodiscard]] std::int64_t left_ns() const;
  void work();
  std::string answer_line(std::string_view line);
  std::optional<std::string> answer_page(std::string_view path);

  const StreamProgram& program_;
  RunCounters& counters_;
  const ObserverOptions& options_;
  std::function<std::vector<NodeLinkRow>()> node_links_;
  std::int32_t node_ = -1;
  std::int64_t started_steady_ns_;
  int metrics_fd_ = -1;
  int stop_fd_ = -1;  // Becomes readable when the thread is to end.
  bool has_started_ = false;
  std::thread thread_;
  // Who sets it first decides: the thread goes to work, or the run was short, and nobody waits
  // until it has woken up.
  std::shared_ptr<std::atomic<bool>> has_begun_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace streamrt
