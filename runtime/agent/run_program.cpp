#include "runtime/agent/run_program.h"

#include <algorithm>
#include <limits>

#include "runtime/abi/entry_points.h"
#include "runtime/agent/observed_run.h"
#include "runtime/agent/runner.h"
#include "runtime/agent/signals.h"
#include "runtime/agent/team.h"
#include "runtime/base/assert.h"

namespace streamrt {

namespace {

constexpr int kStepsOnCycle = 64;

int run_alone(const StreamProgram& program, const RunOptions& options) {
  std::optional<SignalWatch> signals;
  if (options.handles_signals) signals.emplace();
  const MessageWriter message =
      options.message ? options.message : MessageWriter(write_message_to_stderr);
  FailureBook failures({program.sites, static_cast<std::size_t>(program.site_count)});
  failures.count_in(options.counters);
  Runner runner(program, options, failures, message, signals ? &*signals : nullptr);
  if (program.evaluate != nullptr) program.evaluate(&runner.context());
  if (Result<void> opened = runner.open(); !opened) {
    message("error: " + opened.message());
    return kExitUnusable;
  }
  if (options.observer != nullptr) (void)options.observer->start_when_due();
  return conclude(runner.run(), failures, message);
}

}  // namespace

int run_program(const StreamProgram& program, const RunOptions& options) {
  STREAM_CHECK(program.abi_version == STREAM_ABI_VERSION,
               "the program was compiled for another runtime");
  return run_observed(program, options, [&program](const RunOptions& observed) {
    if (program.part_count <= 1) return run_alone(program, observed);
    if (program.run_nodes != nullptr) return program.run_nodes(&program, &observed);
    return Team(program, observed, 0, {}).run();
  });
}

int conclude(const PartOutcome& end, const FailureBook& failures, const MessageWriter& message) {
  if (!end.outcome) {
    if (end.outcome.failure().message.empty()) return kExitBrokenPipe;
    message("error: " + end.outcome.message());
  }
  failures.tell_totals(message);
  if (!end.outcome || end.source_failed || failures.has_unhandled()) return kExitFailed;
  return end.end_signal == 0 ? int{kExitSuccess} : 128 + end.end_signal;
}

std::int32_t reader_part(const StreamProgram& program, std::int32_t queue) {
  for (std::int64_t i = 0; i < program.region_count; ++i) {
    const StreamRegion& region = program.regions[i];
    for (std::int32_t k = 0; k < region.input_count; ++k) {
      if (region.inputs[k] == queue) return region.part;
    }
  }
  for (std::int64_t i = 0; i < program.sink_count; ++i) {
    if (program.sinks[i].queue == queue) return program.sinks[i].part;
  }
  return -1;
}

std::int32_t writer_part(const StreamProgram& program, std::int32_t queue) {
  for (std::int64_t i = 0; i < program.region_count; ++i) {
    const StreamRegion& region = program.regions[i];
    for (std::int32_t k = 0; k < region.output_count; ++k) {
      if (region.outputs[k] == queue) return region.part;
    }
  }
  return -1;
}

Runner::Runner(const StreamProgram& program, const RunOptions& options, FailureBook& failures,
               const MessageWriter& message, const SignalWatch* signals)
    : program_(program),
      options_(options),
      signals_(signals),
      clock_(options.clock == nullptr ? system_clock() : *options.clock),
      message_(make_message_writer(message)),
      failures_(failures, message_),
      failure_book_(failures),
      console_(options.console),
      counter_writer_(options.counters, 0),
      random_(options.batch_cuts_seed.value_or(0)) {
  queues_.reserve(static_cast<std::size_t>(program.queue_count));
  for (std::int64_t i = 0; i < program.queue_count; ++i) {
    const StreamQueue& queue = program.queues[i];
    queues_.emplace_back(queue);
    queue_limits_.push_back(std::max(options.queue_limit, queue.skew + 1));
  }
  queue_has_reader_.assign(queues_.size(), false);
  writer_of_.assign(queues_.size(), nullptr);
  source_of_.assign(queues_.size(), nullptr);
  context_.failures = &failures_;
  context_.queues = &queues_;
}

Runner::Runner(const StreamProgram& program, const RunOptions& options, FailureBook& failures,
               const MessageWriter& message, const Membership& membership)
    : Runner(program, options, failures, message, nullptr) {
  team_ = membership.team;
  part_ = membership.part;
  shows_messages_ = membership.shows_messages;
  counter_writer_ = CounterWriter(options.counters, part_);
  if (options.batch_cuts_seed) {
    random_.seed(*options.batch_cuts_seed + static_cast<std::uint64_t>(part_));
  }
}

PartOutcome Runner::run() {
  started_steady_ns_ = clock_.steady_ns();
  waits_for_clock_ = std::any_of(sources_.begin(), sources_.end(),
                                 [](const auto& source) { return source->source().is_live(); });
  counter_writer_.start();
  if (options_.run_for_ns) deadline_steady_ns_ = started_steady_ns_ + *options_.run_for_ns;
  start_progress_bar();
  Result<void> outcome = loop();
  if (progress_) progress_->clear();
  progress_.reset();
  if (Result<void> finished = destinations_.finish_all(); !finished && outcome) outcome = finished;
  tell_dropped();
  if (options_.shows_statistics) tell_statistics();
  tell_counters();
  counter_writer_.finish();
  return {outcome, source_failed_, end_signal_, gave_up_};
}

Result<void> Runner::open() {
  if (Result<void> opened = open_sources(); !opened) return opened;
  open_regions();
  if (Result<void> opened = open_sinks(); !opened) return opened;
  refresh_interval_ns_ = destinations_.refresh_interval_ns();
  return {};
}

Result<void> Runner::open_sources() {
  for (std::int64_t i = 0; i < program_.source_count; ++i) {
    const StreamSource& description = program_.sources[i];
    if (!is_mine(reader_part(program_, description.queue))) continue;
    const auto queue = static_cast<std::size_t>(description.queue);
    auto source = std::make_unique<OpenedSource>(description, queues_[queue], failures_);
    if (Result<void> opened = source->open(clock_, options_.stamp_floor); !opened) return opened;
    source_of_[queue] = source.get();
    sources_.push_back(std::move(source));
  }
  return {};
}

void Runner::open_regions() {
  regions_.reserve(static_cast<std::size_t>(program_.region_count));
  for (std::int64_t i = 0; i < program_.region_count; ++i) {
    const StreamRegion& description = program_.regions[i];
    if (!is_mine(description.part)) continue;
    RunningRegion& region = regions_.emplace_back();
    region.description = &description;
    region.state = stream_state_allocate(&context_, description.state_size);
    for (std::int32_t k = 0; k < description.input_count; ++k) {
      const auto input = static_cast<std::size_t>(description.inputs[k]);
      region.inputs.push_back(&queues_[input]);
      STREAM_CHECK(!queue_has_reader_[input], "a queue with two readers");
      queue_has_reader_[input] = true;
      region.has_times = region.has_times || program_.queues[input].has_times != 0;
      region.has_positions = region.has_positions || program_.queues[input].counts_loop == 0;
    }
    for (std::int32_t k = 0; k < description.output_count; ++k) {
      const auto output = static_cast<std::size_t>(description.outputs[k]);
      region.outputs.push_back(&queues_[output]);
      writer_of_[output] = &region;
    }
    if (description.head_kind == STREAM_HEAD_MERGE) {
      region.merge = std::make_unique<MergeStage>(*region.inputs[0]->description().type,
                                                  region.inputs, options_.batch_limit);
    }
    if (description.head_kind == STREAM_HEAD_DELAY) {
      region.inputs[0]->delay({.shift_ns = description.delay_ns, .accepts_always = description.loop != 0});
      if (description.loop != 0 || description.delay_ns != 0) delays_.push_back(&region);
    }
    if (description.initialize != nullptr) description.initialize(region.state, &context_);
  }
  find_loops();
  context_.is_starting = false;
}

Result<void> Runner::open_sinks() {
  for (std::int64_t i = 0; i < program_.sink_count; ++i) {
    const StreamSink& description = program_.sinks[i];
    if (!is_mine(description.part)) continue;
    const auto queue = static_cast<std::size_t>(description.queue);
    const bool has_times = program_.queues[queue].has_times != 0;
    STREAM_CHECK(!queue_has_reader_[queue], "a queue with two readers");
    queue_has_reader_[queue] = true;
    OpenedSink opened{&description, &queues_[queue], has_times};
    if (std::string_view(description.connector) == "capture") {
      STREAM_CHECK(options_.capture != nullptr, "a program that captures needs somebody to tell");
    } else {
      Result<std::unique_ptr<Sink>> sink =
          open_sink({description,
                     *queues_[queue].description().type,
                     queues_[queue].description().name,
                     has_times,
                     {description.arguments, description.argument_count},
                     destinations_,
                     console_,
                     clock_});
      if (!sink) return sink.failure();
      opened.sink = std::move(*sink);
    }
    const auto known =
        std::find(group_numbers_.begin(), group_numbers_.end(), description.order_group);
    const auto group = static_cast<std::size_t>(known - group_numbers_.begin());
    if (known == group_numbers_.end()) {
      group_numbers_.push_back(description.order_group);
      groups_.emplace_back();
    }
    groups_[group].add(std::move(opened));
  }
  return {};
}

// A batch of up to `limit` ticks, or a random part of it.
std::int64_t Runner::cut(std::int64_t limit) {
  if (!options_.batch_cuts_seed) return limit;
  // Small cuts as often as large ones.
  const std::int64_t bound = std::min(limit, std::int64_t{1} << (random_() % 11));
  return 1 + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(bound));
}

Result<void> Runner::loop() {
  for (;;) {
    check_deadline_and_signals();
    refresh_displays();
    const Result<bool> received = receive();
    if (!received) return received.failure();
    bool moved = *received;
    for (RunningRegion& region : regions_) {
      // A region may feed itself for ever.
      const int most = region.description->loop == 0 ? std::numeric_limits<int>::max() : kStepsOnCycle;
      for (int i = 0; i < most && step(region); ++i) moved = true;
    }
    moved |= settle_loops();
    if (const Result<void> checked = check_delays(); !checked) return checked;
    if (stops_) end_source_logs(true);
    if (counter_writer_.is_due()) tell_counters();
    const Result<bool> drained = drain_sinks();
    if (!drained) return drained.failure();
    moved |= *drained;
    moved |= send();
    if (restart_page_) keep_point(!moved);
    if (is_finished()) {
      (void)settle_loops();  // So that others do not wait for what this part saw before.
      for (Inlet& inlet : inlets_) inlet.close();
      return {};
    }
    moved |= pull_needed_sources();
    if (team_ != nullptr) {
      if (Result<void> rested = rest(moved); !rested) return rested;
      continue;
    }
    if (moved) continue;

    const Result<bool> relaxed = relax_a_limit();
    if (!relaxed) return relaxed.failure();
    if (*relaxed) continue;
    STREAM_CHECK(!needed_sources_.empty(), "sinks wait, and nothing can move");
    if (Result<void> flushed = destinations_.flush_all(); !flushed) return flushed;
    Wait wait = wait_condition();
    if (signals_ != nullptr) wait.fds.push_back(signals_->fd());
    tell_counters();
    counter_writer_.set_waiting(true);
    clock_.wait(wait.timeout_ns, wait.fds);
    counter_writer_.set_waiting(false);
  }
}

Result<bool> Runner::drain_sinks() {
  bool moved = false;
  for (SinkGroup& group : groups_) {
    for (;;) {
      const Result<std::int64_t> drained = group.drain(cut(options_.batch_limit), options_.capture);
      if (!drained) return drained.failure();
      if (*drained == 0) break;
      moved = true;
    }
  }
  return moved;
}

Runner::Wait Runner::wait_condition() const {
  Wait wait;
  const auto at_most = [&wait](std::int64_t duration_ns) {
    duration_ns = std::max<std::int64_t>(duration_ns, 0);
    wait.timeout_ns = wait.timeout_ns < 0 ? duration_ns : std::min(wait.timeout_ns, duration_ns);
  };
  const std::int64_t now = clock_.utc_ns();
  for (const OpenedSource* const source : needed_sources_) {
    if (source->has_ended()) continue;
    const WakeCondition condition = source->source().wait_for();
    if (condition.fd >= 0) wait.fds.push_back(condition.fd);
    if (condition.utc_ns) at_most(*condition.utc_ns - now);
  }
  if (deadline_steady_ns_) at_most(*deadline_steady_ns_ - clock_.steady_ns());
  if (refresh_interval_ns_ > 0) at_most(refresh_interval_ns_);
  if (const auto left = start_observer()) at_most(*left);
  if (const auto left = time_to_next_point()) at_most(*left);
  return wait;
}

void Runner::check_deadline_and_signals() {
  if (waits_for_clock_) watch_clock();
  if (deadline_steady_ns_ && clock_.steady_ns() >= *deadline_steady_ns_) {
    deadline_steady_ns_.reset();
    end_source_logs(true);
    end_loops_without_inputs();
  }
  if (end_signal_ != 0) return;
  end_signal_ = asked_to_end();
  if (end_signal_ == 0) return;
  end_source_logs(false);
  end_loops_without_inputs();
}

void Runner::end_source_logs(bool live_only) {
  waits_for_clock_ = false;
  const std::int64_t now = end_of_live_logs();
  for (const auto& source : sources_) {
    if (!live_only || source->source().is_live()) source->end_log(now);
  }
}

// Behind their last item, if the time is not known.
std::int64_t Runner::end_of_live_logs() const {
  return clock_.is_set() ? clock_.utc_ns() : kEarliestStamp;
}

}  // namespace streamrt
