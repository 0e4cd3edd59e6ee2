// The parts of a program on one machine: threads of this process and of those that it starts.
//
//   parent process ── thread main (the console), thread a, …        one Runner a thread
//        ├─ process p ── thread …          all share one mapping: rings, doorbells, control
//        └─ process q ── thread …
//
// The parent starts the others, reads what they say and notices when one dies. Ctrl-C, an `else stop` and a
// part that cannot go on reach all of them through the control words.
//
// There is a net below the rules that keep bounded rings from deadlock (docs/architecture.md): if every part sleeps
// until another one does something, all limits are doubled, up to a bound at which the program stops.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "runtime/abi/stream_abi.h"
#include "runtime/agent/context.h"
#include "runtime/agent/exchange.h"
#include "runtime/agent/failures.h"
#include "runtime/agent/loop_board.h"
#include "runtime/agent/run_program.h"
#include "runtime/agent/signals.h"

namespace streamrt {

// Shared by all processes, zeroed. Every word only ever rises.
struct RunControl {
  std::atomic<std::uint32_t> end_signal{0};  // The logs of all sources end here: the signal that asked.
  std::atomic<std::uint32_t> stops{0};       // An `else stop` was met: live sources end.
  std::atomic<std::uint32_t> gives_up{0};    // Some part cannot go on: what is computed is all there is.
  std::atomic<std::uint32_t> opened{0};      // Processes that have opened their sources and sinks.
  std::atomic<std::uint32_t> doublings{0};   // How often every limit has been doubled, see watch().
};

// Told by each process in shared memory.
struct ProcessReport {
  std::atomic<std::uint32_t> is_finished{0};  // Came to its end by itself; its exit status says how.
};

// What a part is at, for those who watch over it. In shared memory.
struct PartReport {
  std::atomic<std::int32_t> region{-1};
  std::atomic<std::uint32_t> moves{0};       // Rises whenever something moved.
  std::atomic<std::uint32_t> rest{0};        // See Rest.
};
enum class Rest : std::uint32_t {
  None = 0,
  Outside = 1,   // Sleeps, but a device or the time may wake it.
  Others = 2,    // Sleeps until another part does something.
  Finished = 3,
};

// Anonymous memory that forked processes share.
class SharedMemory {
 public:
  explicit SharedMemory(std::size_t size);
  ~SharedMemory();
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;
  [[nodiscard]] std::byte* data() const { return data_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

class Team {
 public:
  // Both must outlive the team. The program has several parts.
  Team(const StreamProgram& program, const RunOptions& options);
  ~Team();

  // From the first item to the end of the last part. Returns an exit status.
  int run();

  // ---- for the parts of this process ----
  [[nodiscard]] RunControl& control() { return *control_; }
  [[nodiscard]] Doorbell bell(std::int32_t part);
  void ring_all();
  [[nodiscard]] PartReport& report(std::int32_t part) { return reports_[part]; }
  [[nodiscard]] LoopBoard& loop_board() { return *loop_board_; }
  // Lines that other threads and processes want shown; for the main part only.
  void show_messages(const MessageWriter& write);
  [[nodiscard]] bool has_messages() const { return has_messages_.load(std::memory_order_acquire); }

 private:
  struct Channel;
  struct Child;

  void find_channels();
  void map_memory();
  void start_children();
  [[noreturn]] void run_child(std::int32_t process, int message_fd);
  int run_process(std::int32_t process, const MessageWriter& direct);
  void watch();
  void read_messages(Child& child);
  bool is_stuck();
  void double_limits();
  void reap(Child& child);
  std::string what_died(const Child& child, int status) const;
  bool wait_for_all_to_open();
  [[nodiscard]] bool is_orphan() const;
  void post(std::string_view line);
  [[nodiscard]] std::int32_t process_of(std::int32_t part) const {
    return program_.parts[part].process;
  }

  const StreamProgram& program_;
  const RunOptions& options_;
  std::vector<Channel> channels_;
  std::unique_ptr<SharedMemory> memory_;
  std::optional<LoopBoard> loop_board_;
  RunControl* control_ = nullptr;
  DoorbellState* bell_states_ = nullptr;
  ProcessReport* process_reports_ = nullptr;
  PartReport* reports_ = nullptr;
  std::vector<int> event_fds_;
  FailureBook constants_book_;
  MessageWriter constants_message_;
  Failures constants_failures_;
  StreamContext constants_;  // What `evaluate` allocates.
  std::vector<Child> children_;
  std::thread watcher_;
  int watcher_fd_ = -1;  // Becomes readable when the watcher is to end.
  std::vector<std::uint32_t> moves_seen_;
  std::mutex messages_mutex_;
  std::vector<std::string> messages_;
  std::atomic<bool> has_messages_{false};
  std::int32_t this_process_ = 0;
  pid_t parent_pid_ = 0;  // Of a child.
  std::int32_t main_part_here_ = 0;
};

}  // namespace streamrt
