// Sinks that share one order: their items go out by (stamp, textual order), holding back what an
// earlier item of another sink may still precede (semantics.md §2, "one destination is one sink").
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "runtime/agent/run_program.h"
#include "runtime/buffer/column_queue.h"
#include "runtime/connector/connector.h"

namespace streamrt {

struct OpenedSink {
  const StreamSink* description = nullptr;
  ColumnQueue* queue = nullptr;
  bool has_times = false;
  std::unique_ptr<Sink> sink;  // Null for `capture`.
  bool end_told = false;       // Captures are told of their end once.
};

class SinkGroup {
 public:
  // Sinks are added before the first drain, in any order.
  void add(OpenedSink sink);

  // Hands out up to `limit` items that may go now. Returns how many went.
  Result<std::int64_t> drain(std::int64_t limit,
                             const std::function<void(const CapturedItems&)>& capture);

  // The empty queue whose frontier holds back the others; null if none does.
  [[nodiscard]] ColumnQueue* blocking_queue() const;
  [[nodiscard]] bool is_finished() const;
  [[nodiscard]] const std::vector<OpenedSink>& sinks() const { return sinks_; }

 private:
  [[nodiscard]] std::int64_t run_length(std::size_t index, std::int64_t limit) const;
  [[nodiscard]] std::size_t earliest() const;

  std::vector<OpenedSink> sinks_;  // By textual order.
};

}  // namespace streamrt
