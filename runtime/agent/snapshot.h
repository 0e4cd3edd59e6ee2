// What a running program is at, at one moment: what it tells on its socket and as metrics.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/abi/stream_abi.h"
#include "runtime/agent/counters.h"
#include "runtime/transport/link.h"

namespace streamrt {

struct ThreadRow {
  std::string thread;
  std::string process;  // Empty for the one that was started.
  std::int32_t process_id = 0;
  std::int32_t thread_id = 0;
  PartState state = PartState::Starting;
  std::int64_t cpu_ns = 0;
};

// Items between two regions, or between a source, a region and a sink.
struct StreamRow {
  std::int32_t queue = 0;  // Its number in the program; several may carry one stream.
  std::string stream;
  std::string from;  // Threads. Equal, unless it is a link.
  std::string to;
  std::int64_t items = 0;     // Written since the beginning.
  std::int64_t waiting = 0;   // Not yet read; of a link: on the way.
  std::int64_t capacity = 0;  // A queue with so many waiting stops its writer.
  std::int64_t dropped = 0;   // Given up by a link that was full, and not among `items`.
  bool has_ended = false;     // All that there ever was has been read.
  bool is_closed = false;     // Its reader needs nothing more.
};

struct SourceRow {
  std::string stream;
  std::string connector;
  std::string thread;
  std::int64_t items = 0;
  std::int64_t failed = 0;  // Records that could not be read.
  std::int64_t late = 0;    // Records that came after a newer one and were dropped.
};

struct SinkRow {
  std::string stream;
  std::string connector;
  std::string thread;
  std::int64_t items = 0;  // Written.
};

// Failed items of an equation. Only of those where some failed.
struct FailureRow {
  std::int64_t site = 0;  // Number of the equation's first place where items can fail.
  std::string stream;
  bool is_handled = false;  // An `else` takes them.
  std::int64_t failed = 0;
  std::int64_t late = 0;
};

// A stream between nodes.
struct ChannelRow {
  std::string stream;
  bool is_sender = false;
  ChannelCounters counters;
};

// A link to another node.
struct NodeLinkRow {
  std::string node;
  LinkStatus status;
  std::vector<ChannelRow> channels;
};

struct Snapshot {
  std::string program;
  std::string node;  // Empty without nodes.
  std::int32_t process_id = 0;
  std::int64_t steady_ns = 0;  // When it was taken, by a clock that is never set.
  std::int64_t uptime_ns = 0;
  std::vector<ThreadRow> threads;
  std::vector<StreamRow> streams;
  std::vector<SourceRow> sources;
  std::vector<SinkRow> sinks;
  std::vector<FailureRow> failures;
  std::vector<NodeLinkRow> node_links;
};

// `connecting`, `connected`, `closed` or `refused`.
const char* link_state_text(LinkState state);
// `starting`, `running`, `waiting` or `finished`.
const char* part_state_text(PartState state);

// What the counters say now, of one node or of all (-1). `node_links` is left empty: it is for who
// has the links.
Snapshot take_snapshot(const StreamProgram& program, RunCounters& counters, std::int32_t node = -1);

}  // namespace streamrt
