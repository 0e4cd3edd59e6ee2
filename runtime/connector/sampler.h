// A live source that takes a sample at absolute multiples of a period.
//
// A sample's stamp is that multiple, not the moment at which the process woke: samples of several
// sources taken together have equal stamps. Multiples that passed while the process slept are left
// out, not made up for.
#pragma once

#include <memory>
#include <utility>

#include "runtime/connector/connector.h"

namespace streamrt {

// The `every` of a connector (a duration or a rate), else the source's `@ rate`, else a second.
Result<std::int64_t> period_of(const SourceOpening& opening);

class Sampler : public Source {
 public:
  Sampler(const SourceOpening& opening, std::int64_t period_ns);

  Result<SourceState> read(SourceItems& items) final;
  [[nodiscard]] WakeCondition wait_for() const final { return {-1, next_stamp_}; }
  [[nodiscard]] bool is_live() const final { return true; }
  [[nodiscard]] bool gives_stamps() const final { return true; }
  [[nodiscard]] std::int64_t frontier() const final { return next_stamp_; }

 protected:
  // Writes the sample due at `stamp` into tick `items.count` (which is counted by the caller). A
  // failure makes a hole of it, with that text as the reason.
  virtual Result<void> sample(SourceItems& items, std::int64_t stamp) = 0;

 private:
  Clock& clock_;
  SourceHost& host_;
  std::int64_t period_ns_;
  std::int64_t next_stamp_;
};

}  // namespace streamrt
