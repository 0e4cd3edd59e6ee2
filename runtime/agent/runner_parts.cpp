// A part among others: what comes from them, what goes to them, and how it rests.

#include "runtime/agent/runner.h"
#include "runtime/agent/team.h"

namespace streamrt {

namespace {

// Tells the processor that this is a wait.
void relax_processor() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  asm volatile("yield");
#endif
}

}  // namespace

void Runner::add_inlet(std::int32_t queue, FrameReader reader, Doorbell writer) {
  inlets_.emplace_back(queues_[static_cast<std::size_t>(queue)], reader, writer);
}

void Runner::add_outlet(std::int32_t queue, FrameWriter writer, Doorbell reader, std::int64_t kept_items) {
  constexpr std::int64_t kDefaultCapacity = 1 << 16;
  const std::int64_t wanted =
      options_.channel_limit > 0 ? options_.channel_limit : program_.queues[queue].capacity;
  outlets_.emplace_back(queues_[static_cast<std::size_t>(queue)], writer, wanted > 0 ? wanted : kDefaultCapacity, reader,
                        kept_items);
  if (outlets_.back().drops()) queue_limits_[static_cast<std::size_t>(queue)] = kNeverFull;
}

Result<bool> Runner::receive() {
  bool moved = false;
  for (Inlet& inlet : inlets_) {
    const Result<bool> received = inlet.receive(queue_limits_[index_of(&inlet.queue())]);
    if (!received) return received.failure();
    moved |= *received;
  }
  return moved;
}

bool Runner::send() {
  bool moved = false;
  for (Outlet& outlet : outlets_) moved |= outlet.send_unless_few(cut(options_.batch_limit));
  return moved;
}

// What send() held back.
bool Runner::send_few() {
  bool moved = false;
  for (Outlet& outlet : outlets_) moved |= outlet.send(cut(options_.batch_limit));
  return moved;
}

// Nothing is left to write.
bool Runner::is_finished() const {
  for (const SinkGroup& group : groups_) {
    if (!group.is_finished()) return false;
  }
  for (const Outlet& outlet : outlets_) {
    if (!outlet.is_finished()) return false;
  }
  return true;
}

int Runner::asked_to_end() const {
  if (team_ != nullptr) {
    return static_cast<int>(team_->control().end_signal.load(std::memory_order_relaxed));
  }
  return signals_ == nullptr ? 0 : signals_->received();
}

// Sleeps if nothing moved: first announces it and looks once more, for what came in between.
Result<void> Runner::rest(bool has_moved) {
  RunControl& control = team_->control();
  if (control.gives_up.load(std::memory_order_relaxed) != 0) {
    gave_up_ = true;
    return Failure{};
  }
  if (shows_messages_ && team_->has_messages()) team_->show_messages(message_);
  if (stops_ && control.stops.exchange(1) == 0) team_->ring_all();
  if (!stops_ && control.stops.load(std::memory_order_relaxed) != 0) stops_ = has_moved = true;

  if (const std::uint32_t doublings = control.doublings.load(std::memory_order_relaxed); doublings_ < doublings) {
    for (; doublings_ < doublings; ++doublings_) {
      for (std::int64_t& limit : queue_limits_) limit *= 2;
      for (Outlet& outlet : outlets_) outlet.double_capacity();
    }
    has_moved = true;
  }

  Doorbell bell = team_->bell(part_);
  PartReport& report = team_->report(part_);
  if (has_moved) {
    report.moves.store(report.moves.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    if (has_announced_sleep_) bell.cancel();
    has_announced_sleep_ = false;
    return {};
  }
  if (!has_announced_sleep_) {
    if (send_few()) return {};
    if (Result<void> flushed = destinations_.flush_all(); !flushed) return flushed;
    if (spin()) return {};
    bell.announce(!wait_condition().fds.empty());
    has_announced_sleep_ = true;
    return {};
  }
  const Wait wait = wait_condition();
  const bool waits_for_others = wait.timeout_ns < 0 && wait.fds.empty();
  report.rest.store(static_cast<std::uint32_t>(waits_for_others ? Rest::Others : Rest::Outside));
  tell_counters();
  counter_writer_.set_waiting(true);
  std::vector<pollfd> watched;
  for (const int fd : wait.fds) watched.push_back({fd, POLLIN, 0});
  bell.sleep(wait.timeout_ns, watched);
  counter_writer_.set_waiting(false);
  report.rest.store(static_cast<std::uint32_t>(Rest::None));
  has_announced_sleep_ = false;
  return {};
}

// Looks for new frames for a moment; going to sleep and being woken takes longer than most waits.
bool Runner::spin() {
  constexpr int kLooks = 2000;
  if (!may_spin_) return false;
  for (int i = 0; i < kLooks; ++i) {
    for (Inlet& inlet : inlets_) {
      if (inlet.has_frames() && inlet.has_room(queue_limits_[index_of(&inlet.queue())])) return true;
    }
    relax_processor();
  }
  return false;
}

}  // namespace streamrt
