#include "runtime/agent/team.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "runtime/agent/process_keeper.h"
#include "runtime/agent/runner.h"
#include "runtime/base/assert.h"
#include "runtime/base/leaves.h"

namespace streamrt {

namespace {

std::uint64_t bytes_of_item(const StreamQueue& queue) {
  std::uint64_t bytes = sizeof(std::int64_t) + 1;
  for (const StreamLeaf& leaf : leaves_of(*queue.type)) bytes += leaf_item_size(leaf);
  return bytes;
}

// Bytes of a ring for so many items on the way; 0: as many as are useful.
std::size_t ring_capacity(const StreamQueue& queue) {
  constexpr std::uint64_t kLeast = std::uint64_t{1} << 16;
  constexpr std::uint64_t kMost = std::uint64_t{1} << 20;
  constexpr std::int64_t kUsefulItems = 1 << 14;
  const auto items = static_cast<std::uint64_t>(queue.capacity > 0 ? std::min(queue.capacity, kUsefulItems) : kUsefulItems);
  return static_cast<std::size_t>(std::bit_ceil(std::clamp(items * bytes_of_item(queue), kLeast, kMost)));
}

// Of a ring whose reader keeps in it what it has worked off since its last restart point, so that it can be started
// again: beside what waits, all that is computed from it and cannot be sent yet.
std::size_t kept_ring_capacity(const StreamQueue& queue, std::int64_t queue_limit) {
  constexpr std::uint64_t kLeast = std::uint64_t{1} << 22;
  constexpr std::uint64_t kMost = std::uint64_t{1} << 26;
  const auto items = std::min(static_cast<std::uint64_t>(std::max(queue_limit, queue.skew + 1)), kMost);
  return static_cast<std::size_t>(std::bit_ceil(std::clamp(4 * items * bytes_of_item(queue), kLeast, kMost)));
}

void set_thread_options(const StreamPart& part, const MessageWriter& message) {
  const std::string name = std::string(part.name).substr(0, 15);
  if (!name.empty()) ::pthread_setname_np(::pthread_self(), name.c_str());
  if (part.core >= 0) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET(static_cast<unsigned>(part.core), &cores);
    if (::pthread_setaffinity_np(::pthread_self(), sizeof cores, &cores) != 0) {
      message(fmt::format("warning: thread `{}` cannot run on core {}: this machine has no such core, or it is taken",
                          part.name, part.core));
    }
  }
  if (part.priority > 0) {
    sched_param wanted{};
    wanted.sched_priority = part.priority;
    if (const int error = ::pthread_setschedparam(::pthread_self(), SCHED_FIFO, &wanted); error != 0) {
      message(fmt::format("warning: thread `{}` has no real-time priority: {}", part.name,
                          std::strerror(error)));
    }
  }
}

// The worse of two exit statuses: what cannot be used, a failure, a closed pipe, a signal, success.
int worse(int a, int b) {
  const auto rank = [](int status) {
    if (status == kExitUnusable) return 4;
    if (status == kExitFailed) return 3;
    if (status == kExitBrokenPipe) return 2;
    return status == kExitSuccess ? 0 : 1;
  };
  return rank(a) >= rank(b) ? a : b;
}

}  // namespace

SharedMemory::SharedMemory(std::size_t size) : size_(size) {
  void* const memory =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  STREAM_CHECK(memory != MAP_FAILED, "no memory that processes can share");
  data_ = static_cast<std::byte*>(memory);
}

SharedMemory::~SharedMemory() { ::munmap(data_, size_); }

// A queue that is written in one part and read in another.
struct Team::Channel {
  std::int32_t queue = 0;
  std::int32_t writer = 0;  // Parts; one of the two may be of another node.
  std::int32_t reader = 0;
  std::size_t capacity = 0;
  std::size_t offset = 0;  // Of its ring in the shared memory.
};

Team::Team(const StreamProgram& program, const RunOptions& options, std::int32_t node,
           GatewayMaker make_gateway, NodePreparer prepare_node)
    : program_(program),
      options_(options),
      own_clock_(options.clock),
      node_(node),
      make_gateway_(std::move(make_gateway)),
      prepare_node_(std::move(prepare_node)),
      constants_book_({program.sites, static_cast<std::size_t>(program.site_count)}),
      constants_message_(options.message ? options.message : MessageWriter(write_message_to_stderr)),
      constants_failures_(constants_book_, constants_message_) {
  constants_.failures = &constants_failures_;
  Doorbell::move_fences_to_sleepers(has_other_processes());
  find_channels();
  map_memory();
  follow_clock();
  for (std::int64_t i = 0; i <= gateway_bell(); ++i) {
    const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    STREAM_CHECK(fd >= 0, "no descriptors left");
    event_fds_.push_back(fd);
  }
}

Team::~Team() {
  if (gateway_thread_.joinable()) gateway_thread_.join();
  if (watcher_.joinable()) watcher_.join();
  for (const int fd : event_fds_) ::close(fd);
  if (watcher_fd_ >= 0) ::close(watcher_fd_);
}

// Of this node: doorbells are not shared with others.
bool Team::has_other_processes() const {
  const auto on_this_node = [this](const StreamProcess& process) { return process.node == node_; };
  return std::count_if(program_.processes, program_.processes + program_.process_count, on_this_node) > 1;
}

void Team::find_channels() {
  for (std::int32_t queue = 0; queue < program_.queue_count; ++queue) {
    const std::int32_t writer = writer_part(program_, queue);
    const std::int32_t reader = reader_part(program_, queue);
    if (writer < 0 || reader < 0 || writer == reader) continue;
    if (node_of(writer) != node_ && node_of(reader) != node_) continue;
    const StreamQueue& description = program_.queues[queue];
    channels_.push_back({queue, writer, reader,
                         is_restartable(reader) ? kept_ring_capacity(description, options_.queue_limit)
                                                : ring_capacity(description),
                         0});
  }
}

void Team::map_memory() {
  std::size_t size = 0;
  const auto place = [&size](std::size_t bytes) {
    const std::size_t offset = size;
    size = (size + bytes + 63) / 64 * 64;
    return offset;
  };
  const auto part_count = static_cast<std::size_t>(program_.part_count);
  const std::size_t control = place(sizeof(RunControl));
  const std::size_t bells = place(sizeof(DoorbellState) * (part_count + 1));
  const std::size_t processes =
      place(sizeof(ProcessReport) * static_cast<std::size_t>(program_.process_count));
  const std::size_t reports = place(sizeof(PartReport) * part_count);
  const std::size_t loops = place(LoopBoard::bytes(program_));
  for (Channel& channel : channels_) channel.offset = place(ring_bytes(channel.capacity));
  for (std::int32_t part = 0; part < program_.part_count; ++part) {
    page_offsets_.push_back(is_restartable(part) ? place(RestartPage::bytes(restart_shape(part))) : 0);
  }
  memory_ = std::make_unique<SharedMemory>(size);
  std::byte* const base = memory_->data();
  control_ = new (base + control) RunControl;
  loop_board_.emplace(program_, base + loops);
  bell_states_ = reinterpret_cast<DoorbellState*>(base + bells);
  process_reports_ = reinterpret_cast<ProcessReport*>(base + processes);
  reports_ = reinterpret_cast<PartReport*>(base + reports);
  for (std::size_t i = 0; i < part_count; ++i) new (&reports_[i]) PartReport;
  for (std::size_t i = 0; i <= part_count; ++i) new (&bell_states_[i]) DoorbellState;
  for (std::int64_t i = 0; i < program_.process_count; ++i)
    new (&process_reports_[i]) ProcessReport;
}

// All parts of the node, and its links, have the clock that follows.
void Team::follow_clock() {
  if (node_ >= program_.node_count || program_.nodes[node_].follows == 0) return;
  Clock& own = own_clock_ == nullptr ? system_clock() : *own_clock_;
  options_.clock = &following_clock_.emplace(own, control_->followed_time);
}

RestartShape Team::restart_shape(std::int32_t part) const {
  RestartShape shape{.sites = static_cast<std::size_t>(program_.site_count)};
  for (const Channel& channel : channels_) {
    shape.inlets += channel.reader == part ? 1 : 0;
    shape.outlets += channel.writer == part ? 1 : 0;
  }
  for (std::int64_t i = 0; i < program_.region_count; ++i) {
    const StreamRegion& region = program_.regions[i];
    if (region.part != part) continue;
    ++shape.regions;
    shape.state_bytes += static_cast<std::size_t>(region.state_size);
  }
  return shape;
}

Doorbell Team::bell(std::int32_t part) {
  return {bell_states_[part], event_fds_[static_cast<std::size_t>(part)]};
}

void Team::ring_all() {
  for (std::int32_t part = 0; part < program_.part_count; ++part) bell(part).ring();
  bell(gateway_bell()).ring();
}

// Also those to whom a process that died had only begun to ring.
void Team::wake_all() {
  for (std::int32_t part = 0; part < program_.part_count; ++part) bell(part).wake_for_sure();
  bell(gateway_bell()).wake_for_sure();
}

void Team::post(std::string_view line) {
  {
    const std::lock_guard lock(messages_mutex_);
    messages_.emplace_back(line);
  }
  has_messages_.store(true, std::memory_order_release);
  bell(main_part_here_).ring();
}

void Team::show_messages(const MessageWriter& write) {
  std::vector<std::string> lines;
  {
    const std::lock_guard lock(messages_mutex_);
    lines.swap(messages_);
    has_messages_.store(false, std::memory_order_release);
  }
  for (const std::string& line : lines) write(line);
}

void Team::give_up() {
  std::uint32_t before = kGoesOn;
  control_->gives_up.compare_exchange_strong(before, kPartGaveUp);
  ring_all();
}

void Team::start_other_nodes() {
  starts_other_nodes_ = true;
}

// Whether it may, and where its sources and links go on.
Result<void> Team::prepare() {
  if (!prepare_node_) return {};
  const Result<NodeStart> start = prepare_node_(node_);
  if (!start) return start.failure();
  options_.stamp_floor = start->stamp_floor;
  only_delivers_ = start->only_delivers;
  for (const std::string& note : start->notes) constants_message_(note);
  for (std::int32_t part = 0; only_delivers_ && part < program_.part_count; ++part) {
    if (node_of(part) == node_) reports_[part].rest.store(static_cast<std::uint32_t>(Rest::Finished));
  }
  return {};
}

int Team::run() {
  if (program_.evaluate != nullptr) program_.evaluate(&constants_);
  if (const Result<void> prepared = prepare(); !prepared) {
    constants_message_("error: " + prepared.message());
    return kExitUnusable;
  }
  std::optional<SignalWatch> signals;
  if (options_.handles_signals) {
    signals.emplace();
    signals->notify([this](int signal) {
      // A child that has lost its parent has nobody left to read what it makes.
      if (is_orphan()) {
        control_->gives_up.store(kPartGaveUp, std::memory_order_relaxed);
      } else {
        control_->end_signal.store(static_cast<std::uint32_t>(signal), std::memory_order_relaxed);
      }
      ring_all();
    });
  }
  start_children();
  watcher_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  STREAM_CHECK(watcher_fd_ >= 0, "no descriptors left");
  const MessageWriter direct = constants_message_;
  const std::int32_t own_process = [this] {
    std::int32_t process = 0;
    while (program_.processes[process].node != node_) ++process;
    return process;
  }();
  main_part_here_ = first_part_of(own_process);
  int status = kExitSuccess;
  connect_nodes();
  watcher_ = std::thread([this] { watch(); });
  if (gateway_ != nullptr) {
    if (Result<void> opened = gateway_->open(); !opened) {
      direct("error: " + opened.message());
      status = kExitUnusable;
      give_up();
    } else {
      gateway_thread_ = std::thread([this] {
        gateway_->run();
        is_gateway_through_.store(true);
        bell(main_part_here_).ring();
      });
    }
  }
  if (options_.observer != nullptr) {
    if (gateway_ != nullptr && status == kExitSuccess) {
      options_.observer->show_node_links([this] { return gateway_->link_rows(); });
    }
    if (!options_.node.empty()) options_.observer->show_node(node_);
    options_.observer->start();
  }
  if (!only_delivers_) status = worse(status, run_process(own_process, direct));
  if (gateway_thread_.joinable()) {
    bell(gateway_bell()).ring();
    wait_while([this] { return !is_gateway_through_.load(); }, direct);
    gateway_thread_.join();
    if (const auto signal = control_->end_signal.load(); only_delivers_ && signal != 0) {
      status = worse(status, 128 + static_cast<int>(signal));
    }
    if (control_->gives_up.load() == kTeamGaveUp) status = worse(status, kExitFailed);
  }
  if (options_.observer != nullptr) options_.observer->stop();
  const std::uint64_t one = 1;
  (void)!::write(watcher_fd_, &one, sizeof one);
  watcher_.join();
  show_messages(direct);
  return worse(status, child_status_);
}

void Team::start_children() {
  const pid_t parent = ::getpid();
  for (std::int32_t process = 0; process < program_.process_count; ++process) {
    const std::int32_t node = program_.processes[process].node;
    const bool is_first = is_first_of_node(process);
    if (node == node_ && !is_first && !only_delivers_) {
      children_.start(process, [&](const MessageWriter& message) {
        parent_pid_ = parent;
        if (options_.observer != nullptr) options_.observer->leave();
        return program_.processes[process].restart != 0 ? run_kept(process, message) : run_child(process, message);
      });
    } else if (node != node_ && is_first && starts_other_nodes_) {
      children_.start(
          process, [&](const MessageWriter& message) { return run_node(node, message, parent); });
    }
  }
}

// Another node on this machine, in a process of its own.
int Team::run_node(std::int32_t node, const MessageWriter& message, pid_t parent) {
  RunOptions options = options_;
  options.message = message;
  options.clock = own_clock_;
  if (options.observer != nullptr) options.observer->leave();
  options.observer = nullptr;  // What it counts still lies where the parent sees it.
  Team team(program_, options, node, make_gateway_, prepare_node_);
  team.parent_pid_ = parent;
  const int status = team.run();
  std::int32_t process = 0;
  while (program_.processes[process].node != node) ++process;
  process_reports_[process].is_finished.store(1, std::memory_order_release);
  return status;
}

int Team::run_child(std::int32_t process, const MessageWriter& message) {
  main_part_here_ = first_part_of(process);
  int status = run_process(process, message);
  if (is_orphan()) {
    write_message_to_stderr(fmt::format("error: process `{}` ends: the one that started it is gone",
                                        program_.processes[process].name));
    status = kExitFailed;
  }
  process_reports_[process].is_finished.store(1, std::memory_order_release);
  return status;
}

// As run_child, in the keeper of a process that is started again when it dies.
int Team::run_kept(std::int32_t process, const MessageWriter& message) {
  const pid_t keeper = ::getpid();
  KeptProcess kept;
  kept.body = [&] {
    parent_pid_ = keeper;
    return run_child(process, message);
  };
  kept.is_finished = [&] { return process_reports_[process].is_finished.load() != 0; };
  kept.progress = [&] { return progress_of(process); };
  kept.is_over = [&] { return control_->gives_up.load() != kGoesOn; };
  kept.died = [&](int status, std::int32_t restarts) {
    const bool may = may_restart(process, status, restarts, message);
    forget_parts(process);
    wake_all();
    return may;
  };
  const KeptEnd end = keep_process(kept);
  if (!end.is_finished) give_up();
  int status = end.is_finished ? end.status : int{kExitFailed};
  if (is_orphan()) {
    write_message_to_stderr(fmt::format("error: process `{}` ends: the one that started it is gone",
                                        program_.processes[process].name));
    status = kExitFailed;
  }
  process_reports_[process].is_finished.store(1, std::memory_order_release);
  return status;
}

// Tells of the death, and of what follows.
bool Team::may_restart(std::int32_t process, int status, std::int32_t restarts, const MessageWriter& message) {
  const std::int32_t limit = program_.processes[process].restart;
  bool has_let_go = false;
  for (std::int32_t part = 0; part < program_.part_count; ++part) {
    has_let_go = has_let_go || (process_of(part) == process && restart_page(part).has_let_go());
  }
  const std::string died = what_died(process, status);
  if (control_->gives_up.load() != kGoesOn) {
    message(fmt::format("error: {}; it is not started again, since another part cannot go on", died));
  } else if (has_let_go) {
    message(fmt::format("error: {}; it is not started again, since it held more items, or larger ones, than can be "
                        "kept for a restart", died));
  } else if (limit >= 0 && restarts >= limit) {
    message(fmt::format("error: {}; it is not started again, after {} restart{}", died, limit, limit == 1 ? "" : "s"));
  } else {
    message(fmt::format("warning: {}; it is started again, and nothing is lost (restart {}{})", died, restarts + 1,
                        limit < 0 ? std::string() : fmt::format(" of {}", limit)));
    return true;
  }
  return false;
}

// Nothing of it sleeps or is through, and it works on nothing.
void Team::forget_parts(std::int32_t process) {
  for (std::int32_t part = 0; part < program_.part_count; ++part) {
    if (process_of(part) != process) continue;
    reports_[part].rest.store(static_cast<std::uint32_t>(Rest::None));
    reports_[part].region.store(-1, std::memory_order_relaxed);
  }
}

std::uint64_t Team::progress_of(std::int32_t process) const {
  std::uint64_t points = 0;
  for (std::int32_t part = 0; part < program_.part_count; ++part) {
    if (process_of(part) == process) points += restart_page(part).number();
  }
  return points;
}

// The gateway, if queues cross to or from other nodes.
void Team::connect_nodes() {
  const auto gateway = [this]() -> Gateway& {
    if (gateway_ == nullptr) {
      GatewaySetup setup;
      setup.node = node_;
      setup.control = control_;
      setup.clock = options_.clock == nullptr ? &system_clock() : options_.clock;
      setup.following = following_clock_ ? &*following_clock_ : nullptr;
      setup.ring_item_limit = options_.channel_limit;
      setup.spool_folder = options_.spool_folder;
      setup.reachable_nodes = reachable_nodes();
      setup.tell_of_doubling = [this] { tell_of_doubling(); };
      setup.post = [this](std::string_view line) { post(line); };
      setup.ring_all = [this] { ring_all(); };
      setup.parts_are_through = [this] { return are_parts_through(); };
      gateway_ = make_gateway_(std::move(setup), bell(gateway_bell()));
    }
    return *gateway_;
  };
  for (const Channel& channel : channels_) {
    std::byte* const ring = memory_->data() + channel.offset;
    if (node_of(channel.reader) != node_) {
      gateway().add_outgoing(channel.queue, node_of(channel.reader),
                             FrameReader(ring, channel.capacity), bell(channel.writer));
    } else if (node_of(channel.writer) != node_) {
      gateway().add_incoming(channel.queue, node_of(channel.writer),
                             FrameWriter(ring, channel.capacity), bell(channel.reader));
    }
  }
}

// The nodes that items can reach from this one, through others too, in whichever direction.
std::vector<bool> Team::reachable_nodes() const {
  std::vector<bool> reachable(static_cast<std::size_t>(program_.node_count), false);
  reachable[static_cast<std::size_t>(node_)] = true;
  for (bool grows = true; grows;) {
    grows = false;
    for (std::int32_t queue = 0; queue < program_.queue_count; ++queue) {
      const std::int32_t writer = writer_part(program_, queue);
      const std::int32_t reader = reader_part(program_, queue);
      if (writer < 0 || reader < 0) continue;
      const auto from = static_cast<std::size_t>(node_of(writer));
      const auto to = static_cast<std::size_t>(node_of(reader));
      if (reachable[from] == reachable[to]) continue;
      reachable[from] = reachable[to] = grows = true;
    }
  }
  return reachable;
}

// Nothing more will be written to any ring.
bool Team::are_parts_through() const {
  if (control_->gives_up.load() != kGoesOn) return true;
  for (std::int32_t part = 0; part < program_.part_count; ++part) {
    if (node_of(part) != node_) continue;
    if (static_cast<Rest>(reports_[part].rest.load()) != Rest::Finished) return false;
  }
  return true;
}

bool Team::is_orphan() const { return parent_pid_ != 0 && ::getppid() != parent_pid_; }

// The parts of one process: the first on this thread, the others on threads of their own.
int Team::run_process(std::int32_t process, const MessageWriter& direct) {
  Doorbell::move_fences_to_sleepers(has_other_processes());
  std::vector<std::int32_t> parts;
  for (std::int32_t part = 0; part < program_.part_count; ++part) {
    if (process_of(part) == process) parts.push_back(part);
  }
  STREAM_CHECK(!parts.empty(), "a process without parts");
  const auto bell_of = [this](std::int32_t part) {
    return bell(node_of(part) == node_ ? part : gateway_bell());
  };
  // Any thread may write to a pipe; what is posted to the first one dies with the process.
  const MessageWriter posted = [this](std::string_view line) { post(line); };
  // Of a process that may be started again, each part goes on for itself, and so do its failures.
  const bool is_kept = program_.processes[process].restart != 0;
  std::vector<std::unique_ptr<FailureBook>> books;
  std::vector<std::unique_ptr<Runner>> runners;
  bool is_open = true;
  for (const std::int32_t part : parts) {
    const bool is_first = part == parts.front();
    if (is_first || is_kept) {
      books.push_back(std::make_unique<FailureBook>(
          std::span(program_.sites, static_cast<std::size_t>(program_.site_count))));
      books.back()->count_in(options_.counters);
    }
    runners.push_back(std::make_unique<Runner>(program_, options_, *books.back(),
                                               is_first || is_kept ? direct : posted,
                                               Membership{this, part, is_first}));
    for (const Channel& channel : channels_) {
      std::byte* const ring = memory_->data() + channel.offset;
      if (channel.writer == part) {
        // A reader that keeps what it has not worked off in the ring takes in no more.
        const std::int64_t more_items =
            is_restartable(channel.reader)
                ? std::max(options_.queue_limit, program_.queues[channel.queue].skew + 1)
                : 0;
        runners.back()->add_outlet(channel.queue, FrameWriter(ring, channel.capacity), bell_of(channel.reader),
                                   more_items);
      }
      if (channel.reader == part) {
        runners.back()->add_inlet(channel.queue, FrameReader(ring, channel.capacity),
                                  bell_of(channel.writer));
      }
    }
    if (!is_open) continue;
    if (Result<void> opened = runners.back()->open(); !opened) {
      direct("error: " + opened.message());
      is_open = false;
    } else if (is_kept) {
      runners.back()->restart_from(restart_page(part));
    }
  }
  if (!is_open) {
    give_up();
    return kExitUnusable;
  }
  process_reports_[process].is_open.store(1);
  if (!wait_for_all_to_open()) return kExitSuccess;

  std::vector<PartOutcome> outcomes(parts.size());
  std::atomic<std::size_t> running{parts.size() - 1};
  const auto run_part = [&](std::size_t index) {
    const MessageWriter& say = index == 0 || is_kept ? direct : posted;
    set_thread_options(program_.parts[parts[index]], say);
    outcomes[index] = runners[index]->run();
    reports_[parts[index]].rest.store(static_cast<std::uint32_t>(Rest::Finished));
    if (!outcomes[index].outcome) give_up();
    bell(gateway_bell()).ring();
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    threads.emplace_back([&, i] {
      run_part(i);
      running.fetch_sub(1);
      bell(main_part_here_).ring();
    });
  }
  run_part(0);
  wait_while([&running] { return running.load() > 0; }, direct);
  for (std::thread& thread : threads) thread.join();
  show_messages(direct);

  int status = kExitSuccess;
  for (PartOutcome& end : outcomes) {
    if (end.gave_up) end.outcome = {};
    if (!end.outcome && !end.outcome.message().empty()) direct("error: " + end.outcome.message());
    if (!end.outcome) status = worse(status, end.outcome.message().empty() ? kExitBrokenPipe : kExitFailed);
    if (end.source_failed) status = worse(status, kExitFailed);
    if (end.end_signal != 0) status = worse(status, 128 + end.end_signal);
  }
  if (control_->gives_up.load() == kTeamGaveUp) status = worse(status, kExitFailed);
  for (const std::unique_ptr<FailureBook>& book : books) {
    if (status != kExitBrokenPipe) book->tell_totals(direct);
  }
  const bool has_unhandled =
      std::any_of(books.begin(), books.end(), [](const auto& book) { return book->has_unhandled(); });
  return has_unhandled ? worse(status, kExitFailed) : status;
}

// Shows what others still have to say. Whoever ends the wait rings.
void Team::wait_while(const std::function<bool()>& condition, const MessageWriter& direct) {
  for (Doorbell own = bell(main_part_here_); condition();) {
    own.announce(false);
    show_messages(direct);
    if (condition()) own.sleep(-1, {});
    own.cancel();
  }
}

// Items flow once every process of the node has opened its sources and sinks.
bool Team::wait_for_all_to_open() {
  const auto are_all_open = [this] {
    for (std::int32_t process = 0; process < program_.process_count; ++process) {
      const bool is_here = program_.processes[process].node == node_;
      if (is_here && process_reports_[process].is_open.load() == 0) return false;
    }
    return true;
  };
  Doorbell own = bell(main_part_here_);
  for (;;) {
    own.announce(false);
    if (control_->gives_up.load() != kGoesOn) break;
    if (are_all_open()) {
      own.cancel();
      ring_all();
      return true;
    }
    own.sleep(50'000'000, {});
  }
  own.cancel();
  return false;
}

// ---- children ------------------------------------------------------------------------------------

// On a thread of its own: passes on what the children say, notices how they end, and looks ten times a second
// whether anything moves. Ends when the parent is through and all children have ended.
void Team::watch() {
  constexpr int kLookMilliseconds = 100;
  bool is_over = false;
  while (!is_over || children_.are_running()) {
    const bool is_told = children_.look(
        kLookMilliseconds, is_over ? -1 : watcher_fd_,
        [this](std::string_view line) { post(line); },
        [this](std::int32_t process, int status) { reap(process, status); });
    is_over = is_over || is_told;
    if (is_over) continue;
    const bool is_stuck_now = is_stuck();
    if (gateway_ != nullptr) {
      gateway_->set_at_rest(is_stuck_now);
    } else if (is_stuck_now) {
      double_limits();
    }
  }
}

// Every part that is not through sleeps until another one does something, and so it was at the last look.
bool Team::is_stuck() {
  const auto part_count = static_cast<std::size_t>(program_.part_count);
  std::vector<std::uint32_t> moves;
  bool all_wait = true;
  bool all_through = true;
  for (std::size_t part = 0; part < part_count; ++part) {
    if (node_of(static_cast<std::int32_t>(part)) != node_) continue;
    const auto rest = static_cast<Rest>(reports_[part].rest.load());
    const bool waits = rest == Rest::Others && bell(static_cast<std::int32_t>(part)).is_asleep();
    all_wait = all_wait && (waits || rest == Rest::Finished);
    all_through = all_through && rest == Rest::Finished;
    moves.push_back(reports_[part].moves.load());
  }
  if (gateway_ != nullptr) {
    moves.push_back(gateway_->moves());
    all_wait = all_wait && bell(gateway_bell()).is_asleep();
  }
  const bool is_same = moves == moves_seen_;
  moves_seen_ = std::move(moves);
  return all_wait && !all_through && is_same && control_->gives_up.load() == kGoesOn;
}

// What a zip emits at its END is stamped with its last tick. Whatever is to be in order with it has
// to be kept until that is known, and room for it grows as a matter of course; elsewhere the rules
// should not have let it come to this.
void Team::tell_of_doubling() {
  for (std::int64_t i = 0; i < program_.region_count; ++i) {
    const StreamRegion& region = program_.regions[i];
    if (region.head_kind == STREAM_HEAD_ZIP && region.end_matters != 0) return;
  }
  post("warning: streams waited for each other; their buffers grow");
}

void Team::double_limits() {
  if (control_->doublings.fetch_add(1) + 1 > kMostDoublings) {
    post("error: streams wait for each other, and more room for their items does not help");
    control_->gives_up.store(kTeamGaveUp);
  } else if (control_->doublings.load() == 1) {
    tell_of_doubling();
  }
  moves_seen_.clear();
  ring_all();
}

void Team::reap(std::int32_t process, int status) {
  const bool is_finished = process_reports_[process].is_finished.load() != 0;
  if (is_finished && WIFEXITED(status)) {
    child_status_ = worse(child_status_, WEXITSTATUS(status));
    return;
  }
  child_status_ = worse(child_status_, kExitFailed);
  post(fmt::format("error: {}; it is not started again, since the items that it held are lost",
                   what_died(process, status)));
  give_up();
  wake_all();
}

std::string Team::what_died(std::int32_t process, int status) const {
  const StreamProcess& own = program_.processes[process];
  std::string text = own.node == node_
                         ? fmt::format("process `{}` ", own.name)
                         : fmt::format("node `{}` ", program_.nodes[own.node].name);
  if (WIFSIGNALED(status)) {
    text += fmt::format("was ended by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  } else {
    text += fmt::format("ended with status {}", WEXITSTATUS(status));
  }
  std::string places;
  for (std::int32_t part = 0; part < program_.part_count; ++part) {
    const std::int32_t region = reports_[part].region.load(std::memory_order_relaxed);
    if (process_of(part) != process || region < 0) continue;
    places += fmt::format("{}thread `{}` on {}", places.empty() ? "" : ", ", program_.parts[part].name,
                          what_it_worked_on(part));
  }
  if (!places.empty()) text += "; it worked on: " + places;
  return text;
}

// The batch at hand, or the last one: whatever killed it is most likely an item of that.
std::string Team::what_it_worked_on(std::int32_t part) const {
  const PartReport& report = reports_[part];
  const std::string name = program_.regions[report.region.load(std::memory_order_relaxed)].name;
  const std::int64_t count = report.tick_count.load(std::memory_order_relaxed);
  if (count == 0) return fmt::format("`{}`", name);
  const std::int64_t first = report.first_tick.load(std::memory_order_relaxed);
  if (count == 1) return fmt::format("item {} of `{}`", first, name);
  return fmt::format("items {} to {} of `{}`", first, first + count - 1, name);
}

}  // namespace streamrt
