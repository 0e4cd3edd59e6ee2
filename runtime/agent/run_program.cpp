#include "runtime/agent/run_program.h"

#include <algorithm>

#include "runtime/abi/entry_points.h"
#include "runtime/agent/runner.h"
#include "runtime/agent/signals.h"
#include "runtime/base/assert.h"

namespace streamrt {

int run_program(const StreamProgram& program, const RunOptions& options) {
  STREAM_CHECK(program.abi_version == STREAM_ABI_VERSION,
               "the program was compiled for another runtime");
  std::optional<SignalWatch> signals;
  if (options.handles_signals) signals.emplace();
  return Runner(program, options, signals ? &*signals : nullptr).run();
}

Runner::Runner(const StreamProgram& program, const RunOptions& options, const SignalWatch* signals)
    : program_(program),
      options_(options),
      signals_(signals),
      clock_(options.clock == nullptr ? system_clock() : *options.clock),
      message_(make_message_writer()),
      failures_({program.sites, static_cast<std::size_t>(program.site_count)}, message_),
      console_(options.console),
      random_(options.batch_cuts_seed.value_or(0)) {
  queues_.reserve(static_cast<std::size_t>(program.queue_count));
  for (std::int64_t i = 0; i < program.queue_count; ++i) queues_.emplace_back(program.queues[i]);
  queue_limits_.assign(queues_.size(), options.queue_limit);
  queue_has_times_.assign(queues_.size(), false);
  queue_has_reader_.assign(queues_.size(), false);
  writer_of_.assign(queues_.size(), nullptr);
  source_of_.assign(queues_.size(), nullptr);
  context_.failures = &failures_;
  context_.queues = &queues_;
}

int Runner::run() {
  started_steady_ns_ = clock_.steady_ns();
  if (program_.evaluate != nullptr) program_.evaluate(&context_);
  if (Result<void> opened = open(); !opened) {
    message_("error: " + opened.message());
    return kExitUnusable;
  }
  return finish(loop());
}

Result<void> Runner::open() {
  for (std::int64_t i = 0; i < program_.source_count; ++i) {
    const StreamSource& description = program_.sources[i];
    const auto queue = static_cast<std::size_t>(description.queue);
    auto source = std::make_unique<OpenedSource>(description, queues_[queue], failures_);
    if (Result<void> opened = source->open(clock_); !opened) return opened;
    source_of_[queue] = source.get();
    queue_has_times_[queue] = source->has_times();
    sources_.push_back(std::move(source));
  }

  regions_.resize(static_cast<std::size_t>(program_.region_count));
  for (std::size_t i = 0; i < regions_.size(); ++i) {
    const StreamRegion& description = program_.regions[i];
    RunningRegion& region = regions_[i];
    region.description = &description;
    region.state = stream_state_allocate(&context_, description.state_size);
    for (std::int32_t k = 0; k < description.input_count; ++k) {
      const auto input = static_cast<std::size_t>(description.inputs[k]);
      region.inputs.push_back(&queues_[input]);
      STREAM_CHECK(!queue_has_reader_[input], "a queue with two readers");
      queue_has_reader_[input] = true;
      region.has_times = region.has_times || queue_has_times_[input];
    }
    for (std::int32_t k = 0; k < description.output_count; ++k) {
      const auto output = static_cast<std::size_t>(description.outputs[k]);
      region.outputs.push_back(&queues_[output]);
      queue_has_times_[output] = region.has_times;
      writer_of_[output] = &region;
    }
    if (description.head_kind == STREAM_HEAD_MERGE) {
      region.merge = std::make_unique<MergeStage>(*region.inputs[0]->description().type,
                                                  region.inputs, options_.batch_limit);
    }
    if (description.initialize != nullptr) description.initialize(region.state, &context_);
  }
  context_.is_starting = false;

  for (std::int64_t i = 0; i < program_.sink_count; ++i) {
    const StreamSink& description = program_.sinks[i];
    const auto queue = static_cast<std::size_t>(description.queue);
    STREAM_CHECK(!queue_has_reader_[queue], "a queue with two readers");
    queue_has_reader_[queue] = true;
    OpenedSink opened{&description, &queues_[queue], queue_has_times_[queue]};
    if (std::string_view(description.connector) == "capture") {
      STREAM_CHECK(options_.capture != nullptr, "a program that captures needs somebody to tell");
    } else {
      Result<std::unique_ptr<Sink>> sink =
          open_sink({description,
                     *queues_[queue].description().type,
                     queues_[queue].description().name,
                     queue_has_times_[queue],
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
  refresh_interval_ns_ = destinations_.refresh_interval_ns();
  start_progress_bar();
  if (options_.run_for_ns) deadline_steady_ns_ = started_steady_ns_ + *options_.run_for_ns;
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
    bool moved = false;
    for (RunningRegion& region : regions_) {
      while (step(region)) moved = true;
    }
    if (stops_) end_source_logs(true);
    const Result<bool> drained = drain_sinks();
    if (!drained) return drained.failure();
    moved |= *drained;
    if (std::all_of(groups_.begin(), groups_.end(),
                    [](const SinkGroup& group) { return group.is_finished(); })) {
      return {};
    }
    moved |= pull_needed_sources();
    if (moved) continue;

    const Result<bool> relaxed = relax_a_limit();
    if (!relaxed) return relaxed.failure();
    if (*relaxed) continue;
    STREAM_CHECK(!needed_sources_.empty(), "sinks wait, and nothing can move");
    if (Result<void> flushed = destinations_.flush_all(); !flushed) return flushed;
    wait_for_sources();
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

void Runner::wait_for_sources() {
  std::vector<int> fds;
  std::int64_t timeout_ns = -1;
  const auto wait_at_most = [&timeout_ns](std::int64_t duration_ns) {
    duration_ns = std::max<std::int64_t>(duration_ns, 0);
    timeout_ns = timeout_ns < 0 ? duration_ns : std::min(timeout_ns, duration_ns);
  };
  const std::int64_t now = clock_.utc_ns();
  for (const OpenedSource* const source : needed_sources_) {
    if (source->has_ended()) continue;
    const WakeCondition condition = source->source().wait_for();
    if (condition.fd >= 0) fds.push_back(condition.fd);
    if (condition.utc_ns) wait_at_most(*condition.utc_ns - now);
  }
  if (deadline_steady_ns_) wait_at_most(*deadline_steady_ns_ - clock_.steady_ns());
  if (refresh_interval_ns_ > 0) wait_at_most(refresh_interval_ns_);
  if (signals_ != nullptr) fds.push_back(signals_->fd());
  clock_.wait(timeout_ns, fds);
}

void Runner::check_deadline_and_signals() {
  if (deadline_steady_ns_ && clock_.steady_ns() >= *deadline_steady_ns_) {
    deadline_steady_ns_.reset();
    end_source_logs(true);
  }
  if (signals_ != nullptr && end_signal_ == 0 && signals_->received() != 0) {
    end_signal_ = signals_->received();
    end_source_logs(false);
  }
}

void Runner::end_source_logs(bool live_only) {
  const std::int64_t now = clock_.utc_ns();
  for (const auto& source : sources_) {
    if (!live_only || source->source().is_live()) source->end_log(now);
  }
}

int Runner::finish(Result<void> outcome) {
  if (progress_) progress_->clear();
  progress_.reset();
  if (Result<void> finished = destinations_.finish_all(); !finished && outcome) outcome = finished;
  if (!outcome) {
    if (outcome.failure().message.empty()) return kExitBrokenPipe;
    message_("error: " + outcome.message());
  }
  failures_.tell_totals();
  if (options_.shows_statistics) tell_statistics();
  if (!outcome || source_failed_ || failures_.has_unhandled()) return kExitFailed;
  return end_signal_ == 0 ? int{kExitSuccess} : 128 + end_signal_;
}

}  // namespace streamrt
