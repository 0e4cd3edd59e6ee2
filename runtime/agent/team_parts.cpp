// What the parts of one process do: open, run on threads of their own, and come to an end.

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <thread>

#include "runtime/agent/runner.h"
#include "runtime/agent/team.h"
#include "runtime/base/assert.h"
#include "runtime/base/resources.h"

namespace streamrt {

namespace {

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

}  // namespace

struct Team::Crew {
  std::int32_t process = 0;
  bool is_kept = false;  // It may be started again: each part goes on for itself, and so do its failures.
  MessageWriter direct;  // Of the first part, or of each in a process that is kept: any thread may write to a pipe.
  MessageWriter posted;  // Of the others. What is posted to the first one dies with the process.
  std::vector<std::int32_t> parts;
  std::vector<std::unique_ptr<FailureBook>> books;  // One for each part if the process is kept, else one for all.
  std::vector<std::unique_ptr<Runner>> runners;     // One for each part,
  std::vector<PartOutcome> outcomes;                // like this.

  [[nodiscard]] const MessageWriter& message_of(std::size_t index) const {
    return index == 0 || is_kept ? direct : posted;
  }
};

// The first part runs on this thread.
int Team::run_process(std::int32_t process, const MessageWriter& direct) {
  Doorbell::move_fences_to_sleepers(has_other_processes());
  Crew crew = make_crew(process, direct);
  if (!open_crew(crew)) {
    give_up();
    return kExitUnusable;
  }
  process_reports_[process].is_open.store(1);
  if (!wait_for_all_to_open()) return kExitSuccess;
  run_crew(crew);
  return conclude(crew);
}

Team::Crew Team::make_crew(std::int32_t process, const MessageWriter& direct) {
  Crew crew{.process = process,
            .is_kept = program_.processes[process].restart != 0,
            .direct = direct,
            .posted = [this](std::string_view line) { post(line); }};
  for (std::int32_t part = 0; part < program_.part_count; ++part) {
    if (process_of(part) != process) continue;
    const bool is_first = crew.parts.empty();
    if (is_first || crew.is_kept) {
      crew.books.push_back(std::make_unique<FailureBook>(
          std::span(program_.sites, static_cast<std::size_t>(program_.site_count))));
      crew.books.back()->count_in(options_.counters);
    }
    crew.runners.push_back(std::make_unique<Runner>(program_, options_, *crew.books.back(),
                                                    crew.message_of(crew.parts.size()), Membership{this, part, is_first}));
    crew.parts.push_back(part);
    join_ends(*crew.runners.back(), part);
  }
  STREAM_CHECK(!crew.parts.empty(), "a process without parts");
  return crew;
}

// The rings of a part, with the bells of those at their other ends.
void Team::join_ends(Runner& runner, std::int32_t part) {
  const auto bell_of = [this](std::int32_t other) { return bell(node_of(other) == node_ ? other : gateway_bell()); };
  for (const Channel& channel : channels_) {
    std::byte* const ring = memory_->data() + channel.offset;
    if (channel.writer == part) {
      // A reader that keeps what it has not worked off in the ring takes in no more.
      const std::int64_t kept_items =
          is_restartable(channel.reader) ? std::max(options_.queue_limit, program_.queues[channel.queue].skew + 1) : 0;
      runner.add_outlet(channel.queue, FrameWriter(ring, channel.capacity), bell_of(channel.reader), kept_items);
    }
    if (channel.reader == part) {
      runner.add_inlet(channel.queue, FrameReader(ring, channel.capacity), bell_of(channel.writer));
    }
  }
}

// False, and told: a source or a sink cannot be opened.
bool Team::open_crew(Crew& crew) {
  for (std::size_t i = 0; i < crew.parts.size(); ++i) {
    if (Result<void> opened = crew.runners[i]->open(); !opened) {
      crew.direct("error: " + opened.message());
      return false;
    }
    if (crew.is_kept) crew.runners[i]->restart_from(restart_page(crew.parts[i]));
  }
  return true;
}

void Team::run_crew(Crew& crew) {
  crew.outcomes.resize(crew.parts.size());
  std::atomic<std::size_t> running{crew.parts.size() - 1};
  const auto run_part = [&](std::size_t index) {
    set_thread_options(program_.parts[crew.parts[index]], crew.message_of(index));
    crew.outcomes[index] = crew.runners[index]->run();
    reports_[crew.parts[index]].rest.store(static_cast<std::uint32_t>(Rest::Finished));
    if (!crew.outcomes[index].outcome) give_up();
    bell(gateway_bell()).ring();
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < crew.parts.size(); ++i) {
    threads.push_back(start_thread([&, i] {
      run_part(i);
      running.fetch_sub(1);
      bell(main_part_here_).ring();
    }));
  }
  run_part(0);
  wait_while([&running] { return running.load() > 0; }, crew.direct);
  for (std::thread& thread : threads) thread.join();
  show_messages(crew.direct);
}

// What the user hears of the end, and the exit status.
int Team::conclude(Crew& crew) {
  int status = kExitSuccess;
  for (PartOutcome& end : crew.outcomes) {
    if (end.gave_up) end.outcome = {};
    if (!end.outcome && !end.outcome.message().empty()) crew.direct("error: " + end.outcome.message());
    if (!end.outcome) status = worse_status(status, end.outcome.message().empty() ? kExitBrokenPipe : kExitFailed);
    if (end.source_failed) status = worse_status(status, kExitFailed);
    if (end.end_signal != 0) status = worse_status(status, 128 + end.end_signal);
  }
  if (control_->gives_up.load() == kTeamGaveUp) status = worse_status(status, kExitFailed);
  for (const std::unique_ptr<FailureBook>& book : crew.books) {
    if (status != kExitBrokenPipe) book->tell_totals(crew.direct);
  }
  const bool has_unhandled =
      std::any_of(crew.books.begin(), crew.books.end(), [](const auto& book) { return book->has_unhandled(); });
  return has_unhandled ? worse_status(status, kExitFailed) : status;
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

}  // namespace streamrt
