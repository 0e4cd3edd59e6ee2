#include "runtime/agent/team.h"

#include <fmt/format.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "runtime/agent/runner.h"
#include "runtime/base/assert.h"
#include "runtime/base/leaves.h"

namespace streamrt {

namespace {

// Bytes of a ring for so many items on the way; 0: as many as are useful.
std::size_t ring_capacity(const StreamQueue& queue) {
  constexpr std::size_t kLeast = std::size_t{1} << 16;
  constexpr std::size_t kMost = std::size_t{1} << 20;
  constexpr std::size_t kUsefulItems = 1 << 14;
  std::size_t item_bytes = sizeof(std::int64_t) + 1;
  for (const StreamLeaf& leaf : leaves_of(*queue.type)) item_bytes += leaf_item_size(leaf);
  const std::size_t items =
      queue.capacity > 0 ? std::min<std::size_t>(static_cast<std::size_t>(queue.capacity), kUsefulItems)
                         : kUsefulItems;
  return std::clamp(std::bit_ceil(items * item_bytes), kLeast, kMost);
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
  std::int32_t writer = 0;
  std::int32_t reader = 0;
  std::size_t capacity = 0;
  std::size_t offset = 0;  // Of its ring in the shared memory.
};

struct Team::Child {
  std::int32_t process = 0;
  pid_t pid = 0;
  int message_fd = -1;  // What it says, line by line.
  std::string partial_line;
  bool is_reaped = false;
  int status = 0;       // Exit status.
};

Team::Team(const StreamProgram& program, const RunOptions& options)
    : program_(program),
      options_(options),
      constants_book_({program.sites, static_cast<std::size_t>(program.site_count)}),
      constants_message_(options.message ? options.message : MessageWriter(write_message_to_stderr)),
      constants_failures_(constants_book_, constants_message_) {
  constants_.failures = &constants_failures_;
  find_channels();
  map_memory();
  for (std::int64_t i = 0; i < program.part_count; ++i) {
    const int fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    STREAM_CHECK(fd >= 0, "no descriptors left");
    event_fds_.push_back(fd);
  }
}

Team::~Team() {
  if (watcher_.joinable()) watcher_.join();
  for (const int fd : event_fds_) ::close(fd);
  if (watcher_fd_ >= 0) ::close(watcher_fd_);
}

void Team::find_channels() {
  for (std::int32_t queue = 0; queue < program_.queue_count; ++queue) {
    const std::int32_t writer = writer_part(program_, queue);
    const std::int32_t reader = reader_part(program_, queue);
    if (writer < 0 || reader < 0 || writer == reader) continue;
    channels_.push_back({queue, writer, reader, ring_capacity(program_.queues[queue]), 0});
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
  const std::size_t bells = place(sizeof(DoorbellState) * part_count);
  const std::size_t processes =
      place(sizeof(ProcessReport) * static_cast<std::size_t>(program_.process_count));
  const std::size_t reports = place(sizeof(PartReport) * part_count);
  const std::size_t loops = place(LoopBoard::bytes(program_));
  for (Channel& channel : channels_) channel.offset = place(ring_bytes(channel.capacity));
  memory_ = std::make_unique<SharedMemory>(size);
  std::byte* const base = memory_->data();
  control_ = new (base + control) RunControl;
  loop_board_.emplace(program_, base + loops);
  bell_states_ = reinterpret_cast<DoorbellState*>(base + bells);
  process_reports_ = reinterpret_cast<ProcessReport*>(base + processes);
  reports_ = reinterpret_cast<PartReport*>(base + reports);
  for (std::size_t i = 0; i < part_count; ++i) {
    new (&bell_states_[i]) DoorbellState;
    new (&reports_[i]) PartReport;
  }
  for (std::int64_t i = 0; i < program_.process_count; ++i) new (&process_reports_[i]) ProcessReport;
}

Doorbell Team::bell(std::int32_t part) {
  return {bell_states_[part], event_fds_[static_cast<std::size_t>(part)]};
}

void Team::ring_all() {
  for (std::int32_t part = 0; part < program_.part_count; ++part) bell(part).ring();
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

int Team::run() {
  if (program_.evaluate != nullptr) program_.evaluate(&constants_);
  std::optional<SignalWatch> signals;
  if (options_.handles_signals) {
    signals.emplace();
    signals->notify([this](int signal) {
      // A child that has lost its parent has nobody left to read what it makes.
      if (is_orphan()) {
        control_->gives_up.store(1, std::memory_order_relaxed);
      } else {
        control_->end_signal.store(static_cast<std::uint32_t>(signal), std::memory_order_relaxed);
      }
      ring_all();
    });
  }
  start_children();
  watcher_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  STREAM_CHECK(watcher_fd_ >= 0, "no descriptors left");
  watcher_ = std::thread([this] { watch(); });
  const MessageWriter direct = constants_message_;
  int status = run_process(0, direct);
  const std::uint64_t one = 1;
  (void)!::write(watcher_fd_, &one, sizeof one);
  watcher_.join();
  show_messages(direct);
  for (const Child& child : children_) status = worse(status, child.status);
  return status;
}

void Team::start_children() {
  for (std::int32_t process = 1; process < program_.process_count; ++process) {
    int fds[2] = {-1, -1};
    STREAM_CHECK(::pipe2(fds, O_CLOEXEC) == 0, "no descriptors left");
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    STREAM_CHECK(pid >= 0, "no process can be started");
    if (pid == 0) {
      parent_pid_ = parent;
      ::prctl(PR_SET_PDEATHSIG, SIGTERM);
      if (is_orphan()) ::_exit(kExitFailed);
      ::close(fds[0]);
      run_child(process, fds[1]);
    }
    ::close(fds[1]);
    children_.push_back({.process = process, .pid = pid, .message_fd = fds[0]});
  }
}

void Team::run_child(std::int32_t process, int message_fd) {
  for (const Child& sibling : children_) ::close(sibling.message_fd);
  children_.clear();
  const MessageWriter to_parent = [message_fd](std::string_view line) {
    // One write of at most PIPE_BUF bytes: lines of several threads do not mix.
    constexpr std::size_t kMost = 4000;
    std::string text(line.substr(0, kMost));
    std::replace(text.begin(), text.end(), '\n', ' ');
    text += '\n';
    (void)!::write(message_fd, text.data(), text.size());
  };
  int status = run_process(process, to_parent);
  if (is_orphan()) {
    write_message_to_stderr(fmt::format("error: process `{}` ends: the one that started it is gone",
                                        program_.processes[process].name));
    status = kExitFailed;
  }
  process_reports_[process].is_finished.store(1, std::memory_order_release);
  ::_exit(status);
}

bool Team::is_orphan() const { return parent_pid_ != 0 && ::getppid() != parent_pid_; }

// The parts of one process: the first on this thread, the others on threads of their own.
int Team::run_process(std::int32_t process, const MessageWriter& direct) {
  this_process_ = process;
  std::vector<std::int32_t> parts;
  for (std::int32_t part = 0; part < program_.part_count; ++part) {
    if (process_of(part) == process) parts.push_back(part);
  }
  STREAM_CHECK(!parts.empty(), "a process without parts");
  main_part_here_ = parts.front();
  const MessageWriter posted = [this](std::string_view line) { post(line); };
  FailureBook failures({program_.sites, static_cast<std::size_t>(program_.site_count)});

  std::vector<std::unique_ptr<Runner>> runners;
  bool is_open = true;
  for (const std::int32_t part : parts) {
    const bool is_first = part == parts.front();
    runners.push_back(std::make_unique<Runner>(program_, options_, failures,
                                               is_first ? direct : posted,
                                               Membership{this, part, is_first}));
    for (const Channel& channel : channels_) {
      std::byte* const ring = memory_->data() + channel.offset;
      if (channel.writer == part) {
        runners.back()->add_outlet(channel.queue, FrameWriter(ring, channel.capacity),
                                   bell(channel.reader));
      }
      if (channel.reader == part) {
        runners.back()->add_inlet(channel.queue, FrameReader(ring, channel.capacity),
                                  bell(channel.writer));
      }
    }
    if (!is_open) continue;
    if (Result<void> opened = runners.back()->open(); !opened) {
      direct("error: " + opened.message());
      is_open = false;
    }
  }
  if (!is_open) {
    control_->gives_up.store(1);
    ring_all();
    return kExitUnusable;
  }
  control_->opened.fetch_add(1);
  if (!wait_for_all_to_open()) return kExitSuccess;

  std::vector<PartOutcome> outcomes(parts.size());
  std::atomic<std::size_t> running{parts.size() - 1};
  const auto run_part = [&](std::size_t index) {
    const MessageWriter& say = index == 0 ? direct : posted;
    set_thread_options(program_.parts[parts[index]], say);
    outcomes[index] = runners[index]->run();
    reports_[parts[index]].rest.store(static_cast<std::uint32_t>(Rest::Finished));
    if (!outcomes[index].outcome) {
      control_->gives_up.store(1);
      ring_all();
    }
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
  // What the others still have to say.
  for (Doorbell own = bell(main_part_here_); running.load() > 0;) {
    own.announce(false);
    show_messages(direct);
    if (running.load() > 0) own.sleep(-1, {});
    own.cancel();
  }
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
  if (control_->gives_up.load() == 2) status = worse(status, kExitFailed);
  if (status != kExitBrokenPipe) failures.tell_totals(direct);
  return failures.has_unhandled() ? worse(status, kExitFailed) : status;
}

// Items flow once every process has opened its sources and sinks.
bool Team::wait_for_all_to_open() {
  Doorbell own = bell(main_part_here_);
  for (;;) {
    own.announce(false);
    if (control_->gives_up.load() != 0) break;
    if (control_->opened.load() >= static_cast<std::uint32_t>(program_.process_count)) {
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
  for (;;) {
    std::vector<pollfd> watched;
    std::vector<Child*> children;
    for (Child& child : children_) {
      if (child.message_fd < 0) continue;
      watched.push_back({child.message_fd, POLLIN, 0});
      children.push_back(&child);
    }
    if (is_over && children.empty()) return;
    if (!is_over) watched.push_back({watcher_fd_, POLLIN, 0});
    (void)::poll(watched.data(), static_cast<nfds_t>(watched.size()), kLookMilliseconds);
    for (std::size_t i = 0; i < children.size(); ++i) {
      if (watched[i].revents != 0) read_messages(*children[i]);
    }
    is_over = is_over || watched.back().revents != 0;
    if (!is_over && is_stuck()) double_limits();
  }
}

void Team::read_messages(Child& child) {
  char bytes[4096];
  const ssize_t count = ::read(child.message_fd, bytes, sizeof bytes);
  if (count < 0 && errno == EINTR) return;
  if (count > 0) {
    child.partial_line.append(bytes, static_cast<std::size_t>(count));
    for (std::size_t end; (end = child.partial_line.find('\n')) != std::string::npos;) {
      post(std::string_view(child.partial_line).substr(0, end));
      child.partial_line.erase(0, end + 1);
    }
    return;
  }
  // Its end of the pipe is closed: it has ended, one way or another.
  ::close(child.message_fd);
  child.message_fd = -1;
  reap(child);
}

// Every part that is not through sleeps until another one does something, and so it was at the last look.
bool Team::is_stuck() {
  const auto part_count = static_cast<std::size_t>(program_.part_count);
  std::vector<std::uint32_t> moves;
  bool all_wait = true;
  bool all_through = true;
  for (std::size_t part = 0; part < part_count; ++part) {
    const auto rest = static_cast<Rest>(reports_[part].rest.load());
    const bool waits = rest == Rest::Others && bell(static_cast<std::int32_t>(part)).is_asleep();
    all_wait = all_wait && (waits || rest == Rest::Finished);
    all_through = all_through && rest == Rest::Finished;
    moves.push_back(reports_[part].moves.load());
  }
  const bool is_same = moves == moves_seen_;
  moves_seen_ = std::move(moves);
  return all_wait && !all_through && is_same && control_->gives_up.load() == 0;
}

void Team::double_limits() {
  constexpr std::uint32_t kMostDoublings = 14;
  if (control_->doublings.fetch_add(1) + 1 > kMostDoublings) {
    post("error: streams wait for each other, and more room for their items does not help");
    control_->gives_up.store(2);
  } else if (control_->doublings.load() == 1) {
    post("warning: streams waited for each other; their buffers grow");
  }
  moves_seen_.clear();
  ring_all();
}

void Team::reap(Child& child) {
  int status = 0;
  while (::waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  child.is_reaped = true;
  const bool is_finished = process_reports_[child.process].is_finished.load() != 0;
  if (is_finished && WIFEXITED(status)) {
    child.status = WEXITSTATUS(status);
    return;
  }
  child.status = kExitFailed;
  post(what_died(child, status));
  control_->gives_up.store(1);
  ring_all();
}

std::string Team::what_died(const Child& child, int status) const {
  std::string text = fmt::format("error: process `{}` ", program_.processes[child.process].name);
  if (WIFSIGNALED(status)) {
    text += fmt::format("was ended by signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  } else {
    text += fmt::format("ended with status {}", WEXITSTATUS(status));
  }
  std::string places;
  for (std::int32_t part = 0; part < program_.part_count; ++part) {
    const std::int32_t region = reports_[part].region.load(std::memory_order_relaxed);
    if (process_of(part) != child.process || region < 0) continue;
    places += fmt::format("{}thread `{}` on `{}`", places.empty() ? "" : ", ", program_.parts[part].name,
                          program_.regions[region].name);
  }
  if (!places.empty()) text += "; it worked on: " + places;
  text += "; it is not started again, since the items that it held are lost";
  return text;
}

}  // namespace streamrt
