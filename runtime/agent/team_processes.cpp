// The other processes of a team: how they begin, what is known of them while they run, and what is told when one dies.

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>

#include "runtime/agent/process_keeper.h"
#include "runtime/agent/team.h"

namespace streamrt {

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
  return end_of_child(process, run_process(process, message));
}

// The status that a child comes to its end with.
int Team::end_of_child(std::int32_t process, int status) {
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
  Doorbell::move_fences_to_sleepers(has_other_processes());
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
  return end_of_child(process, end.is_finished ? end.status : int{kExitFailed});
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
    child_status_ = worse_status(child_status_, WEXITSTATUS(status));
    // A node that could not begin has told nobody of it.
    if (WEXITSTATUS(status) == kExitUnusable) give_up();
    return;
  }
  child_status_ = worse_status(child_status_, kExitFailed);
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
