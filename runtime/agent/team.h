// The parts of one node of a program: threads of this process and of those that it starts.
//
//   parent process ── thread main, thread a, …    one Runner a thread; with other nodes also the
//   gateway's
//        ├─ process p ── thread …          all share one mapping: rings, doorbells, control
//        ├─ process q ── thread …
//        └─ node n ── …                    if all nodes run on this machine: the parent of the next
//        node
//
// The parent starts the others, reads what they say and notices when one dies. One that the program says is to be
// started again has a keeper in between (process_keeper.h), and its parts note where to go on (restart_point.h). Ctrl-C, an `else stop` and a
// part that cannot go on reach all of them through the control words.
//
// There is a net below the rules that keep bounded rings from deadlock (docs/architecture.md): if every part sleeps
// until another one does something, all limits are doubled, up to a bound at which the program stops.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "runtime/abi/stream_abi.h"
#include "runtime/agent/child_processes.h"
#include "runtime/agent/context.h"
#include "runtime/agent/exchange.h"
#include "runtime/agent/failures.h"
#include "runtime/agent/following_clock.h"
#include "runtime/agent/gateway.h"
#include "runtime/agent/loop_board.h"
#include "runtime/agent/restart_point.h"
#include "runtime/agent/run_control.h"
#include "runtime/agent/run_program.h"
#include "runtime/agent/signals.h"

namespace streamrt {

// The worse of two exit statuses: what cannot be used, a failure, a closed pipe, a signal, success.
int worse_status(int a, int b);

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

class Runner;

class Team {
 public:
  // Both must outlive the team. The program has several parts. `node`: the one that runs here;
  // `make_gateway`: for what goes to and comes from other nodes, and `prepare_node`: how a node starts; empty if there
  // are none.
  Team(const StreamProgram& program, const RunOptions& options, std::int32_t node,
       GatewayMaker make_gateway, NodePreparer prepare_node = {});
  ~Team();

  // Before run(): the other nodes run here as well, as processes that this one starts.
  void start_other_nodes();
  // From the first item to the end of the last part. Returns an exit status.
  int run();

  // ---- for the parts of this process ----
  [[nodiscard]] RunControl& control() { return *control_; }
  [[nodiscard]] Doorbell bell(std::int32_t part);
  void ring_all();
  void wake_all();
  [[nodiscard]] PartReport& report(std::int32_t part) { return reports_[part]; }
  [[nodiscard]] LoopBoard& loop_board() { return *loop_board_; }
  // Lines that other threads and processes want shown; for the main part only.
  void show_messages(const MessageWriter& write);
  [[nodiscard]] bool has_messages() const { return has_messages_.load(std::memory_order_acquire); }

 private:
  // A queue that is written in one part and read in another.
  struct Channel {
    std::int32_t queue = 0;
    std::int32_t writer = 0;  // Parts; one of the two may be of another node.
    std::int32_t reader = 0;
    std::size_t capacity = 0;
    std::size_t offset = 0;  // Of its ring in the shared memory.
  };
  struct Crew;  // The parts of this process (team_parts.cpp).

  void find_channels();
  void map_memory();
  void follow_clock();
  Result<void> prepare();
  void start_children();
  int run_node(std::int32_t node, const MessageWriter& message, pid_t parent);
  int run_child(std::int32_t process, const MessageWriter& message);
  int run_kept(std::int32_t process, const MessageWriter& message);
  int end_of_child(std::int32_t process, int status);
  bool may_restart(std::int32_t process, int status, std::int32_t restarts, const MessageWriter& message);
  void forget_parts(std::int32_t process);
  [[nodiscard]] std::uint64_t progress_of(std::int32_t process) const;
  void connect_nodes();
  int run_process(std::int32_t process, const MessageWriter& direct);
  Crew make_crew(std::int32_t process, const MessageWriter& direct);
  void join_ends(Runner& runner, std::int32_t part);
  bool open_crew(Crew& crew);
  void run_crew(Crew& crew);
  int conclude(Crew& crew);
  void wait_while(const std::function<bool()>& condition, const MessageWriter& direct);
  void watch();
  bool is_stuck();
  void double_limits();
  void tell_of_doubling();
  [[nodiscard]] std::vector<bool> reachable_nodes() const;
  void reap(std::int32_t process, int status);
  std::string what_died(std::int32_t process, int status) const;
  [[nodiscard]] std::string what_it_worked_on(std::int32_t part) const;
  [[nodiscard]] RestartShape restart_shape(std::int32_t part) const;
  [[nodiscard]] RestartPage restart_page(std::int32_t part) const {
    return {memory_->data() + page_offsets_[static_cast<std::size_t>(part)], restart_shape(part)};
  }
  bool wait_for_all_to_open();
  [[nodiscard]] bool is_orphan() const;
  [[nodiscard]] bool are_parts_through() const;
  void post(std::string_view line);
  void give_up();
  [[nodiscard]] std::int32_t process_of(std::int32_t part) const {
    return program_.parts[part].process;
  }
  [[nodiscard]] std::int32_t node_of(std::int32_t part) const {
    return program_.processes[process_of(part)].node;
  }
  [[nodiscard]] std::int32_t first_part_of(std::int32_t process) const {
    std::int32_t part = 0;
    while (process_of(part) != process) ++part;
    return part;
  }
  [[nodiscard]] bool has_other_processes() const;
  [[nodiscard]] bool is_restartable(std::int32_t part) const {
    return node_of(part) == node_ && program_.processes[process_of(part)].restart != 0;
  }
  [[nodiscard]] bool is_first_of_node(std::int32_t process) const {
    return process == 0 || program_.processes[process - 1].node != program_.processes[process].node;
  }
  // The bell of the gateway is behind those of the parts.
  [[nodiscard]] std::int32_t gateway_bell() const {
    return static_cast<std::int32_t>(program_.part_count);
  }

  const StreamProgram& program_;
  RunOptions options_;
  Clock* const own_clock_;                         // Of the machine; null: the system's.
  std::optional<FollowingClock> following_clock_;  // If the node says `clock: follow`.
  const std::int32_t node_;
  GatewayMaker make_gateway_;
  NodePreparer prepare_node_;
  bool only_delivers_ = false;  // See NodeStart.
  bool starts_other_nodes_ = false;
  std::vector<Channel> channels_;
  std::vector<std::size_t> page_offsets_;  // Of the restart pages; one entry a part.
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
  ChildProcesses children_;
  int child_status_ = 0;              // The worst of them.
  std::unique_ptr<Gateway> gateway_;  // If this node has links.
  std::thread gateway_thread_;
  std::atomic<bool> is_gateway_through_{false};
  std::thread watcher_;
  int watcher_fd_ = -1;  // Becomes readable when the watcher is to end.
  std::vector<std::uint32_t> moves_seen_;
  std::mutex messages_mutex_;
  std::vector<std::string> messages_;
  std::atomic<bool> has_messages_{false};
  pid_t parent_pid_ = 0;  // Of a child.
  std::int32_t main_part_here_ = 0;  // Set before this process has threads.
};

}  // namespace streamrt
