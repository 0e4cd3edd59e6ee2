// A source or a sink by itself, without a runner.
#pragma once

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "runtime/base/value_text.h"
#include "runtime/buffer/column_queue.h"
#include "runtime/connector/connector.h"
#include "runtime/connector/item_pointers.h"
#include "tests/unit/runtime/test_types.h"

namespace streamrt::test {

// A file that vanishes with the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text = "", const std::string& suffix = ".txt")
      : path_(fmt::format("/tmp/streamrt_test_{}_{}{}", ::getpid(), ++counter_, suffix)) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string text() const {
    std::ostringstream out;
    out << std::ifstream(path_, std::ios::binary).rdbuf();
    return out.str();
  }

 private:
  inline static int counter_ = 0;
  std::string path_;
};

inline StreamArgument text_argument(const char* name, std::string_view text) {
  StreamArgument argument{};
  argument.name = name;
  argument.kind = STREAM_ARGUMENT_TEXT;
  argument.text = {text.data(), static_cast<std::int64_t>(text.size())};
  return argument;
}
inline StreamArgument int_argument(const char* name, std::int64_t value) {
  StreamArgument argument{};
  argument.name = name;
  argument.kind = STREAM_ARGUMENT_INT;
  argument.integer = value;
  return argument;
}
inline StreamArgument bool_argument(const char* name, bool value) {
  StreamArgument argument{};
  argument.name = name;
  argument.kind = STREAM_ARGUMENT_BOOL;
  argument.integer = value ? 1 : 0;
  return argument;
}

struct ReadOutcome : SourceHost {
  std::string error;               // Of opening or reading.
  std::vector<std::string> items;  // `text@stamp` or `hole@stamp`.
  std::vector<std::string> unreadable;
  std::vector<std::string> late;

  void report_unreadable(std::int64_t position, std::string_view detail) override {
    unreadable.push_back(fmt::format("{}: {}", position, detail));
  }
  void report_late(std::string_view detail) override { late.emplace_back(detail); }
};

// Opens a source and reads it until it ends or waits, `limit` ticks at a time.
struct SourceRun {
  const char* connector;
  const StreamType& type;
  std::vector<StreamArgument> arguments;
  std::int32_t time_field = -1;
  std::int64_t limit = 1000;
  Clock* clock = nullptr;
  std::int64_t stamp_floor = kEarliestStamp;
  int waits = 0;  // How often to wait, with the clock, before giving up.

  ReadOutcome read() {
    ReadOutcome outcome;
    StreamSource description{};
    description.connector = connector;
    description.type = &type;
    description.time_field = time_field;
    Clock& used_clock = clock == nullptr ? system_clock() : *clock;
    auto source = open_source({description,
                               {arguments.data(), static_cast<std::int64_t>(arguments.size())},
                               used_clock,
                               outcome,
                               stamp_floor});
    if (!source) {
      outcome.error = source.message();
      return outcome;
    }
    const StreamQueue queue_description{&type, 1, 1, "q"};
    ColumnQueue queue(queue_description);
    ItemPointers pointers(type);
    for (;;) {
      SourceItems items;
      items.limit = limit;
      items.first_position = queue.total_count();
      items.texts = &queue.payload_arena();
      queue.reserve(limit, items.out);
      std::fill(items.out.valid, items.out.valid + limit, std::uint8_t{1});
      const auto state = (*source)->read(items);
      if (!state) {
        outcome.error = state.message();
        return outcome;
      }
      if (!(*source)->gives_stamps()) {
        for (std::int64_t i = 0; i < items.count; ++i)
          items.out.stamps[i] = items.first_position + i;
      }
      queue.commit(items.count, PayloadLifetime::Queue);
      const StreamBatch batch = queue.batch(items.count);
      for (std::int64_t i = 0; i < items.count; ++i) {
        std::string text;
        append_value(text, type, pointers.at(batch, i));
        if (batch.valid[i] == 0) text = "hole";
        outcome.items.push_back(fmt::format("{}@{}", text, batch.stamps[i]));
      }
      queue.consume(items.count);
      if (*state == SourceState::Ended) return outcome;
      if (*state == SourceState::Waiting) {
        if (waits-- <= 0) return outcome;
        const WakeCondition condition = (*source)->wait_for();
        used_clock.wait(
            condition.utc_ns ? *condition.utc_ns - used_clock.utc_ns() : 1'000'000'000,
            condition.fd < 0 ? std::span<const int>() : std::span<const int>(&condition.fd, 1));
      }
    }
  }
};

// Sinks of one run, which write to a text instead of the console.
class SinkRun {
 public:
  SinkRun() {
    console_.write = [this](std::string_view text) { written_ += text; };
  }

  // An index for write(), or -1: see error().
  int open(const char* connector, const StreamType& type, std::vector<StreamArgument> arguments,
           bool has_times = false, const char* equation = "eq") {
    StreamSink description{};
    description.connector = connector;
    description.equation = equation;
    auto sink = open_sink({description,
                           type,
                           "",
                           has_times,
                           {arguments.data(), static_cast<std::int64_t>(arguments.size())},
                           destinations_,
                           console_,
                           system_clock()});
    if (!sink) {
      error_ = sink.message();
      return -1;
    }
    sinks_.push_back(std::move(*sink));
    return static_cast<int>(sinks_.size()) - 1;
  }

  void write(int sink, std::vector<void*> columns, std::int64_t count,
             const std::int64_t* stamps = nullptr, const std::uint8_t* valid = nullptr) {
    const StreamBatch batch{count, 0, columns.data(), valid, stamps};
    if (auto written = sinks_[static_cast<std::size_t>(sink)]->write(batch); !written)
      error_ = written.message();
  }
  void finish() {
    if (auto finished = destinations_.finish_all(); !finished) {
      error_ = finished.message();
      has_failed_ = true;
    }
  }
  [[nodiscard]] const std::string& error() const { return error_; }
  [[nodiscard]] bool has_failed() const { return has_failed_; }
  [[nodiscard]] const std::string& written() const { return written_; }
  ConsoleOutput& console() { return console_; }

 private:
  ConsoleOutput console_;
  std::string written_;
  std::string error_;
  bool has_failed_ = false;
  Destinations destinations_;
  std::vector<std::unique_ptr<Sink>> sinks_;
};

}  // namespace streamrt::test
