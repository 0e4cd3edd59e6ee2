// Failed items: counted at their site, the first of each equation named, totals at the end.
//
// A failure taken by an `else` is no error of the run: it is only told of, as a note, at the end.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/abi/stream_abi.h"
#include "runtime/agent/messages.h"

namespace streamrt {

class RunCounters;

// Of the sites of an equation with equal handling, the first: they are counted together.
std::size_t first_site_of_equation(std::span<const StreamSite> sites, std::size_t site);

// What outlives the process that told of a failure, so that one which goes on for it does not tell it again. Zeroed.
struct ToldFailure {
  std::atomic<std::int64_t> counted{0};  // For those who look while the program runs.
  enum State : std::uint32_t { None = 0, Telling = 1, Told = 2 };
  std::atomic<std::uint32_t> state{None};
  std::uint32_t size = 0;  // Of the text of the first failure, or of what there is room for; valid unless state is None.
  char text[496] = {};
};

// The failures of a process. Any thread may report.
class FailureBook {
 public:
  // The sites must outlive the book. `message` is called by whoever reports.
  explicit FailureBook(std::span<const StreamSite> sites);
  // From here on failures are also counted there, for those who look while the program runs. Null: nowhere.
  void count_in(RunCounters* counters) { counters_ = counters; }
  // Goes on for a book that was lost with its process, `failed` items a site after its beginning; what is told
  // from here on is noted in `told`. One entry a site in both; `told` must outlive the book.
  void resume(std::span<const std::int64_t> failed, std::span<ToldFailure> told);
  // Failed items of a site. The first site of an equation counts for all of them.
  [[nodiscard]] std::int64_t failed_count(std::size_t site) const;

  // The item of tick `position` failed at `site`. `detail` says more, or is empty. The first failure of an
  // equation is told through `message`.
  void report(std::int32_t site, std::int32_t reason, std::int64_t position,
              std::string_view detail, const MessageWriter& message);
  // A record of the source at `site` came after a newer one and was dropped.
  void report_late(std::int32_t site, std::string_view detail, const MessageWriter& message);
  [[nodiscard]] bool is_handled(std::int32_t site) const {
    return sites_[static_cast<std::size_t>(site)].is_handled != 0;
  }

  // Totals, one message an equation. Once, at the end.
  void tell_totals(const MessageWriter& message) const;

  // An item failed and no `else` took it: the exit status is not zero.
  [[nodiscard]] bool has_unhandled() const { return has_unhandled_; }

 private:
  struct Count {
    std::int64_t failed = 0;
    std::int64_t late = 0;
    std::string first;  // The first failure, for the note about handled ones.
  };
  [[nodiscard]] std::size_t equation_index(std::int32_t site) const;
  void count_failure(std::size_t equation);
  void tell_first(std::size_t equation, const StreamSite& where, const std::string& text, const MessageWriter& message);

  std::span<const StreamSite> sites_;
  RunCounters* counters_ = nullptr;
  mutable std::mutex mutex_;
  // The first site of the equation that each site belongs to, with equal handling: they share a
  // Count.
  std::vector<std::size_t> first_sites_;
  std::vector<Count> counts_;  // One entry a site; only those of first sites are used.
  bool has_unhandled_ = false;
  std::span<ToldFailure> told_;  // Empty if nobody will go on for this book.
};

// What one thread reports.
class Failures {
 public:
  // Both must outlive this object.
  Failures(FailureBook& book, const MessageWriter& message) : book_(book), message_(message) {}

  // As FailureBook::report.
  void report(std::int32_t site, std::int32_t reason, std::int64_t position,
              std::string_view detail);
  // From here on failures are kept back until it is settled whether their tick counts.
  void hold() { is_holding_ = true; }
  // If the tick does not count, of its failures only those that an `else` took are told of: one of
  // them is why.
  void settle(bool tick_counts);
  // As FailureBook::report_late.
  void report_late(std::int32_t site, std::string_view detail) {
    book_.report_late(site, detail, message_);
  }

 private:
  struct Held {
    std::int32_t site;
    std::int32_t reason;
    std::int64_t position;
    std::string detail;
  };

  FailureBook& book_;
  const MessageWriter& message_;
  bool is_holding_ = false;
  std::vector<Held> held_;
};

}  // namespace streamrt
