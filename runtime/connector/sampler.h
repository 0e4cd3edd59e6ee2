// A live source that takes a sample at absolute multiples of a period.
//
// A sample's stamp is that multiple, not the moment at which the process woke: samples of several
// sources taken together have equal stamps. Multiples that passed while the process slept are left
// out, not made up for. It begins when the clock is set: no stamp is that of a clock that knows nothing.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "runtime/connector/connector.h"

namespace streamrt {

// The `every` of a connector (a duration or a rate), else the source's `@ rate`, else a second.
Result<std::int64_t> period_of(const SourceOpening& opening);

class Sampler : public Source {
 public:
  Sampler(const SourceOpening& opening, std::int64_t period_ns);

  Result<SourceState> read(SourceItems& items) final;
  [[nodiscard]] WakeCondition wait_for() const final;
  [[nodiscard]] bool is_live() const final { return true; }
  [[nodiscard]] bool gives_stamps() const final { return true; }
  [[nodiscard]] std::int64_t frontier() const final { return next_stamp_.value_or(stamp_floor_); }

 protected:
  // Writes the sample due at `stamp` into tick `items.count` (which is counted by the caller). A
  // failure makes a hole of it, with that text as the reason.
  virtual Result<void> sample(SourceItems& items, std::int64_t stamp) = 0;
  // It begins only now, long after it was opened: what samples are compared with is to be read again.
  virtual void begin_late() {}

 private:
  void find_first_stamp();

  Clock& clock_;
  SourceHost& host_;
  std::int64_t period_ns_;
  std::int64_t stamp_floor_;
  std::optional<std::int64_t> next_stamp_;  // None before it has begun.
};

}  // namespace streamrt
