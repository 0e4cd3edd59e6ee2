#include "runtime/agent/snapshot.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>

#include "runtime/agent/runner.h"

namespace streamrt {

namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

std::string first_line_of(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"),
                                                             std::fclose);
  char line[512] = "";
  return file && std::fgets(line, sizeof line, file.get()) != nullptr ? line : "";
}

// Of /proc/…/stat; its second field, in parentheses, may hold anything.
std::int64_t cpu_ns_of_stat(const std::string& line) {
  const std::size_t end = line.rfind(')');
  long long user = 0;
  long long system = 0;
  if (end == std::string::npos ||
      std::sscanf(line.c_str() + end + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lld %lld",
                  &user, &system) != 2) {
    return 0;
  }
  return (user + system) * (1'000'000'000 / ::sysconf(_SC_CLK_TCK));
}

// Processor time of a thread of any process; 0 if the system does not tell.
std::int64_t cpu_ns_of(std::int32_t process_id, std::int32_t thread_id) {
  const std::string folder = fmt::format("/proc/{}/task/{}/", process_id, thread_id);
  long long nanoseconds = 0;
  if (std::sscanf(first_line_of(folder + "schedstat").c_str(), "%lld", &nanoseconds) == 1) {
    return nanoseconds;
  }
  return cpu_ns_of_stat(first_line_of(folder + "stat"));
}

class SnapshotTaker {
 public:
  SnapshotTaker(const StreamProgram& program, RunCounters& counters, std::int32_t node)
      : program_(program), counters_(counters), node_(node) {}

  Snapshot take() {
    if (node_ >= 0) snapshot_.node = program_.nodes[node_].name;
    add_threads();
    for (std::int32_t queue = 0; queue < program_.queue_count; ++queue) add_stream(queue);
    for (std::int64_t i = 0; i < program_.source_count; ++i) add_source(program_.sources[i]);
    for (std::int64_t i = 0; i < program_.sink_count; ++i) add_sink(program_.sinks[i]);
    for (std::int64_t i = 0; i < program_.site_count; ++i)
      add_failures(static_cast<std::size_t>(i));
    return std::move(snapshot_);
  }

 private:
  [[nodiscard]] bool is_here(std::int32_t part) const {
    return node_ < 0 || program_.processes[program_.parts[part].process].node == node_;
  }

  [[nodiscard]] std::string thread_name(std::int32_t part) const {
    return part < program_.part_count ? program_.parts[part].name : "main";
  }

  // Where the failures of a site's equation are counted.
  [[nodiscard]] std::size_t first_site_of(std::int32_t site) const {
    return first_site_of_equation({program_.sites, static_cast<std::size_t>(program_.site_count)},
                                  static_cast<std::size_t>(site));
  }

  void add_threads() {
    for (std::int32_t i = 0; i < counters_.part_count(); ++i) {
      if (!is_here(i)) continue;
      const PartCounters& part = counters_.part(i);
      ThreadRow row{.thread = thread_name(i),
                    .process_id = part.process_id.load(kRelaxed),
                    .thread_id = part.thread_id.load(kRelaxed),
                    .state = static_cast<PartState>(part.state.load(std::memory_order_acquire))};
      if (i < program_.part_count) {
        row.process = program_.processes[program_.parts[i].process].name;
      }
      row.cpu_ns = row.state == PartState::Finished   ? part.cpu_ns.load(kRelaxed)
                   : row.state == PartState::Starting ? 0
                                                      : cpu_ns_of(row.process_id, row.thread_id);
      snapshot_.threads.push_back(std::move(row));
    }
  }

  void add_stream(std::int32_t queue) {
    const std::int32_t reader = reader_part(program_, queue);
    const std::int32_t writer =
        writer_part(program_, queue) < 0 ? reader : writer_part(program_, queue);
    if (reader < 0 || (!is_here(reader) && !is_here(writer))) return;
    // The reading end first: what is read was written before.
    QueueCounters& end = counters_.queue(reader, queue);
    QueueCounters& begin = counters_.queue(writer, queue);
    const std::int64_t gone =
        writer == reader ? end.read.load(kRelaxed) : end.written.load(kRelaxed);
    StreamRow row{.queue = queue,
                  .stream = program_.queues[queue].name,
                  .from = thread_name(writer),
                  .to = thread_name(reader),
                  .capacity = begin.capacity.load(kRelaxed),
                  .dropped = begin.dropped.load(kRelaxed),
                  .has_ended = end.is_finished.load(kRelaxed) != 0,
                  .is_closed = end.is_closed.load(kRelaxed) != 0};
    row.items = begin.written.load(kRelaxed);
    const std::int64_t put = writer == reader ? row.items : begin.read.load(kRelaxed);
    row.waiting = row.is_closed ? 0 : std::max<std::int64_t>(put - gone, 0);
    snapshot_.streams.push_back(std::move(row));
  }

  void add_source(const StreamSource& source) {
    const std::int32_t part = std::max(reader_part(program_, source.queue), 0);
    if (!is_here(part)) return;
    SourceRow row{.stream = program_.queues[source.queue].name,
                  .connector = source.connector,
                  .thread = thread_name(part),
                  .items = counters_.queue(part, source.queue).written.load(kRelaxed)};
    if (source.site >= 0 && source.site < program_.site_count) {
      const SiteCounters& site = counters_.site(first_site_of(source.site));
      row.failed = site.failed.load(kRelaxed);
      row.late = site.late.load(kRelaxed);
    }
    snapshot_.sources.push_back(std::move(row));
  }

  void add_sink(const StreamSink& sink) {
    const std::int32_t part = std::max(reader_part(program_, sink.queue), 0);
    if (!is_here(part)) return;
    snapshot_.sinks.push_back({.stream = program_.queues[sink.queue].name,
                               .connector = sink.connector,
                               .thread = thread_name(part),
                               .items = counters_.queue(part, sink.queue).read.load(kRelaxed)});
  }

  void add_failures(std::size_t site) {
    const SiteCounters& counters = counters_.site(site);
    FailureRow row{.site = static_cast<std::int64_t>(site),
                   .stream = program_.sites[site].equation,
                   .is_handled = program_.sites[site].is_handled != 0,
                   .failed = counters.failed.load(kRelaxed),
                   .late = counters.late.load(kRelaxed)};
    if (row.failed + row.late > 0) snapshot_.failures.push_back(std::move(row));
  }

  const StreamProgram& program_;
  RunCounters& counters_;
  std::int32_t node_;
  Snapshot snapshot_;
};

}  // namespace

const char* link_state_text(LinkState state) {
  switch (state) {
    case LinkState::Connecting:
      return "connecting";
    case LinkState::Connected:
      return "connected";
    case LinkState::Closed:
      return "closed";
    case LinkState::Refused:
      return "refused";
  }
  return "unknown";
}

const char* part_state_text(PartState state) {
  switch (state) {
    case PartState::Starting:
      return "starting";
    case PartState::Running:
      return "running";
    case PartState::Waiting:
      return "waiting";
    case PartState::Finished:
      return "finished";
  }
  return "unknown";
}

Snapshot take_snapshot(const StreamProgram& program, RunCounters& counters, std::int32_t node) {
  Snapshot snapshot = SnapshotTaker(program, counters, node).take();
  snapshot.program = program.name;
  snapshot.process_id = ::getpid();
  if (node < 0 && program.node_count > 0) {  // All nodes run here: that with the console stands for them.
    const std::int32_t process = program.parts[program.main_part].process;
    snapshot.node = program.nodes[program.processes[process].node].name;
  }
  return snapshot;
}

}  // namespace streamrt
