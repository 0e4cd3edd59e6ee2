#include "runtime/agent/team.h"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <bit>

#include "runtime/agent/runner.h"
#include "runtime/base/assert.h"
#include "runtime/base/leaves.h"
#include "runtime/base/resources.h"

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

}  // namespace

int worse_status(int a, int b) {
  const auto rank = [](int status) {
    if (status == kExitUnusable) return 4;
    if (status == kExitFailed) return 3;
    if (status == kExitBrokenPipe) return 2;
    return status == kExitSuccess ? 0 : 1;
  };
  return rank(a) >= rank(b) ? a : b;
}

SharedMemory::SharedMemory(std::size_t size) : size_(size) {
  void* const memory =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  STREAM_CHECK(memory != MAP_FAILED, "no memory that processes can share");
  data_ = static_cast<std::byte*>(memory);
}

SharedMemory::~SharedMemory() { ::munmap(data_, size_); }

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
    if (fd < 0) out_of("descriptors");
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
  if (watcher_fd_ < 0) out_of("descriptors");
  const MessageWriter direct = constants_message_;
  const std::int32_t own_process = [this] {
    std::int32_t process = 0;
    while (program_.processes[process].node != node_) ++process;
    return process;
  }();
  main_part_here_ = first_part_of(own_process);
  int status = kExitSuccess;
  connect_nodes();
  watcher_ = start_thread([this] { watch(); });
  if (gateway_ != nullptr) {
    if (Result<void> opened = gateway_->open(); !opened) {
      direct("error: " + opened.message());
      status = kExitUnusable;
      give_up();
    } else {
      gateway_thread_ = start_thread([this] {
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
  if (!only_delivers_) status = worse_status(status, run_process(own_process, direct));
  if (gateway_thread_.joinable()) {
    bell(gateway_bell()).ring();
    wait_while([this] { return !is_gateway_through_.load(); }, direct);
    gateway_thread_.join();
    if (const auto signal = control_->end_signal.load(); only_delivers_ && signal != 0) {
      status = worse_status(status, 128 + static_cast<int>(signal));
    }
    if (control_->gives_up.load() == kTeamGaveUp) status = worse_status(status, kExitFailed);
  }
  if (options_.observer != nullptr) options_.observer->stop();
  const std::uint64_t one = 1;
  (void)!::write(watcher_fd_, &one, sizeof one);
  watcher_.join();
  show_messages(direct);
  return worse_status(status, child_status_);
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

bool Team::is_orphan() const { return parent_pid_ != 0 && ::getppid() != parent_pid_; }

}  // namespace streamrt
