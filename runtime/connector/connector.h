// Sources and sinks behind one interface; each scheme is one file and one line in connectors.def.
//
// The runner (agent/) opens connectors before the first item, pulls sources when somebody needs
// items, and hands batches to sinks. All calls come from one thread. A connector neither blocks nor
// sleeps: a source that has nothing says so, and says what to wait for.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "runtime/abi/stream_abi.h"
#include "runtime/base/arena.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"

namespace streamrt {

// The arguments of a connector by name; what the program left at `none` counts as absent.
class Arguments {
 public:
  Arguments(const StreamArgument* arguments, std::int64_t count)
      : arguments_(arguments, static_cast<std::size_t>(count)) {}

  [[nodiscard]] std::optional<std::string_view> text(std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> integer(
      std::string_view name) const;                                         // Also durations.
  [[nodiscard]] std::optional<double> number(std::string_view name) const;  // int or float.
  [[nodiscard]] std::optional<bool> boolean(std::string_view name) const;
  [[nodiscard]] std::optional<StreamRate> rate(std::string_view name) const;

 private:
  [[nodiscard]] const StreamArgument* find(std::string_view name, std::int32_t kind) const;
  std::span<const StreamArgument> arguments_;
};

// ---- sources ---------------------------------------------------------------------------------

// Where a source writes a batch.
struct SourceItems {
  StreamOutput out;                 // `valid` and `stamps` are null where nobody reads them.
  std::int64_t limit = 0;           // Ticks to write, at the most.
  std::int64_t first_position = 0;  // Number of the first tick since the stream began.
  Arena* texts = nullptr;           // For texts of items that do not live for ever.
  std::int64_t count = 0;           // Set by the source: ticks written.
};

enum class SourceState : std::uint8_t {
  More,     // Ask again.
  Waiting,  // Nothing there now; see Source::wait_for().
  Ended     // The log of this source is complete.
};

// When to ask a waiting source again: when `fd` can be read (-1: none), or at `utc_ns`.
struct WakeCondition {
  int fd = -1;
  std::optional<std::int64_t> utc_ns;
};

class Source {
 public:
  virtual ~Source() = default;

  // Writes up to `items.limit` ticks. A failure ends the log here and the run with an error.
  virtual Result<SourceState> read(SourceItems& items) = 0;

  [[nodiscard]] virtual WakeCondition wait_for() const { return {}; }

  // Live: stamps are wall-clock times given by the source, and the log has no end of its own.
  [[nodiscard]] virtual bool is_live() const { return false; }

  // Whether `stamps` are written by the source; else the runner computes them (position or rate).
  [[nodiscard]] virtual bool gives_stamps() const { return false; }

  // No later item has a stamp below this one. Only asked of sources that give stamps.
  [[nodiscard]] virtual std::int64_t frontier() const { return INT64_MIN; }

  // T of the log, if it ends later than its last item.
  [[nodiscard]] virtual std::optional<std::int64_t> end_stamp() const { return std::nullopt; }

  // Read so far, out of `total`, in any unit; total 0 where nobody can know.
  struct Progress {
    std::int64_t done = 0;
    std::int64_t total = 0;
  };
  [[nodiscard]] virtual Progress progress() const { return {}; }
};

// What a source may tell about single records while it reads.
class SourceHost {
 public:
  virtual ~SourceHost() = default;
  // The record of tick `position` cannot be read and is a hole.
  virtual void report_unreadable(std::int64_t position, std::string_view detail) = 0;
  // A record came after a newer one and is dropped.
  virtual void report_late(std::string_view detail) = 0;
};

struct SourceOpening {
  const StreamSource& description;
  Arguments arguments;
  Clock& clock;
  SourceHost& host;
  // Stamps that a live source takes from the clock are not below, even if the clock is.
  std::int64_t stamp_floor = std::numeric_limits<std::int64_t>::min();
};

// ---- sinks -----------------------------------------------------------------------------------

// Something outside that sinks write to: the console, a file, a chart. Sinks that name the same
// destination share one. A failure's empty message means that the reader of a pipe went away,
// about which there is nothing to say.
class Destination {
 public:
  virtual ~Destination() = default;
  // Makes visible what was written; called before the runner waits.
  virtual Result<void> flush() { return {}; }
  // For displays: called now and then while items flow, and before the runner waits.
  virtual void refresh(std::int64_t steady_ns) { (void)steady_ns; }
  // How often refresh() should be called at least; 0: it need not be.
  [[nodiscard]] virtual std::int64_t refresh_interval_ns() const { return 0; }
  // Something else is about to write to the terminal: take away what is redrawn in place.
  virtual void step_aside() {}
  [[nodiscard]] virtual bool is_terminal() const { return false; }
  // Everything has been written. The last call.
  virtual Result<void> finish() { return {}; }
};

// The destinations of one run, by name.
class Destinations {
 public:
  // The destination `key`, made by `make` (which returns Result<std::unique_ptr<Concrete>>) if it
  // is new. A key belongs to one concrete type: start it with the scheme.
  template <class Concrete, class Make>
  Result<Concrete*> find_or_make(const std::string& key, Make make);

  Result<void> flush_all();
  void refresh_all(std::int64_t steady_ns);
  // The shortest refresh interval of all; 0: none wants to be refreshed.
  [[nodiscard]] std::int64_t refresh_interval_ns() const;
  void step_aside_all();
  [[nodiscard]] bool has_terminal() const;
  // Finishes all of them, also after a failure; the first failure is returned.
  Result<void> finish_all();

 private:
  std::map<std::string, std::unique_ptr<Destination>> by_key_;
};

class Sink {
 public:
  virtual ~Sink() = default;
  // Items in order; a sink passes over holes. Texts live until the call returns.
  virtual Result<void> write(const StreamBatch& items) = 0;
};

// Where console sinks write; -1 in tests that give a function instead.
struct ConsoleOutput {
  int fd = 1;
  std::function<void(std::string_view)> write;  // If set, used instead of `fd`.
};

struct SinkOpening {
  const StreamSink& description;
  const StreamType& type;
  std::string_view stream_name;  // Of the stream that it shows, for labels; may be empty.
  bool has_times = false;  // Stamps are times; else positions.
  Arguments arguments;
  Destinations& destinations;
  const ConsoleOutput& console;
  Clock& clock;
};

// The `label` of a sink, else the name of its stream.
std::string label_of(const SinkOpening& opening);

// ---- registry --------------------------------------------------------------------------------

using OpenSource = Result<std::unique_ptr<Source>> (*)(const SourceOpening&);
using OpenSink = Result<std::unique_ptr<Sink>> (*)(const SinkOpening&);

// The connector of that name in connectors.def; a failure names it and the ones there are.
Result<std::unique_ptr<Source>> open_source(const SourceOpening& opening);
Result<std::unique_ptr<Sink>> open_sink(const SinkOpening& opening);

template <class Concrete, class Make>
Result<Concrete*> Destinations::find_or_make(const std::string& key, Make make) {
  std::unique_ptr<Destination>& slot = by_key_[key];
  if (!slot) {
    Result<std::unique_ptr<Concrete>> made = make();
    if (!made) {
      by_key_.erase(key);
      return made.failure();
    }
    slot = std::move(*made);
  }
  return static_cast<Concrete*>(slot.get());
}

}  // namespace streamrt
