#include "runtime/agent/failures.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "runtime/agent/counters.h"
#include "runtime/base/assert.h"
#include "runtime/base/printable.h"

namespace streamrt {

namespace {

std::string_view reason_text(std::int32_t reason) {
  switch (reason) {
    case STREAM_FAILURE_DIVISION_BY_ZERO:
      return "division by zero";
    case STREAM_FAILURE_INDEX_OUT_OF_RANGE:
      return "index out of range";
    case STREAM_FAILURE_CONVERSION:
      return "the number does not fit an int";
    case STREAM_FAILURE_NONE_VALUE:
      return "a value was needed, and it is `none`";
    case STREAM_FAILURE_PARSE:
      return "the text is no value of the type";
    case STREAM_FAILURE_SHIFT_COUNT:
      return "a shift by less than 0 or more than 63 bits";
    default:
      return "it failed";
  }
}

std::string place_of(const StreamSite& site) {
  return fmt::format("{}:{}:{}", site.file, site.line, site.column);
}

std::string_view plural(std::int64_t count) {
  return count == 1 ? "" : "s";
}

}  // namespace

void write_message_to_stderr(std::string_view line) {
  std::string text = printable(line);
  text += '\n';
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (written <= 0) return;  // Nobody left to tell.
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::size_t first_site_of_equation(std::span<const StreamSite> sites, std::size_t site) {
  for (std::size_t i = 0; i < site; ++i) {
    const bool is_same = std::string_view(sites[site].equation) == sites[i].equation &&
                         std::string_view(sites[site].file) == sites[i].file &&
                         sites[site].is_handled == sites[i].is_handled;
    if (is_same) return i;
  }
  return site;
}

FailureBook::FailureBook(std::span<const StreamSite> sites)
    : sites_(sites), counts_(sites.size()) {
  for (std::size_t i = 0; i < sites.size(); ++i) {
    first_sites_.push_back(first_site_of_equation(sites, i));
  }
}

std::size_t FailureBook::equation_index(std::int32_t site) const {
  STREAM_CHECK(site >= 0 && static_cast<std::size_t>(site) < sites_.size(),
               "a failure without a site");
  return first_sites_[static_cast<std::size_t>(site)];
}

void FailureBook::resume(std::span<const std::int64_t> failed, std::span<ToldFailure> told) {
  const std::lock_guard lock(mutex_);
  told_ = told;
  for (std::size_t i = 0; i < sites_.size(); ++i) {
    counts_[i].failed = failed[i];
    if (failed[i] > 0 && sites_[i].is_handled == 0) has_unhandled_ = true;
    const bool has_text = told[i].state.load(std::memory_order_acquire) != ToldFailure::None;
    if (has_text) counts_[i].first.assign(told[i].text, told[i].size);
    // What was counted since will be counted again.
    const std::int64_t again = told[i].counted.exchange(failed[i]) - failed[i];
    if (counters_ != nullptr) counters_->site(i).failed -= again;
  }
}

std::int64_t FailureBook::failed_count(std::size_t site) const {
  const std::lock_guard lock(mutex_);
  return counts_[site].failed;
}

void FailureBook::count_failure(std::size_t equation) {
  ++counts_[equation].failed;
  if (counters_ != nullptr) ++counters_->site(equation).failed;
  if (!told_.empty()) ++told_[equation].counted;
}

void FailureBook::report(std::int32_t site, std::int32_t reason, std::int64_t position,
                         std::string_view detail, const MessageWriter& message) {
  const std::lock_guard lock(mutex_);
  const std::size_t equation = equation_index(site);
  Count& count = counts_[equation];
  const StreamSite& where = sites_[static_cast<std::size_t>(site)];
  count_failure(equation);
  if (where.is_handled == 0) has_unhandled_ = true;
  if (count.failed > 1) return;
  const std::string_view why = detail.empty() ? reason_text(reason) : detail;
  tell_first(equation, where, fmt::format("item {} of `{}` failed: {}", position, where.equation, why), message);
}

// Rather twice than not at all, should the process die in the middle.
void FailureBook::tell_first(std::size_t equation, const StreamSite& where, const std::string& text,
                             const MessageWriter& message) {
  ToldFailure* const told = told_.empty() ? nullptr : &told_[equation];
  const std::uint32_t before = told == nullptr ? ToldFailure::None : told->state.load(std::memory_order_acquire);
  if (where.is_handled != 0) counts_[equation].first = text;
  if (before == ToldFailure::Told) return;
  if (told != nullptr) {
    told->size = static_cast<std::uint32_t>(std::min(text.size(), sizeof told->text));
    std::memcpy(told->text, text.data(), told->size);
    told->state.store(ToldFailure::Telling, std::memory_order_release);
  }
  if (where.is_handled == 0) {
    const char* const again = before == ToldFailure::Telling ? " (the process died while it told this)" : "";
    message(fmt::format("{}: error: {}{}", place_of(where), text, again));
  }
  if (told != nullptr) told->state.store(ToldFailure::Told, std::memory_order_release);
}

void Failures::report(std::int32_t site, std::int32_t reason, std::int64_t position,
                      std::string_view detail) {
  if (is_holding_) {
    held_.push_back({site, reason, position, std::string(detail)});
  } else {
    book_.report(site, reason, position, detail, message_);
  }
}

void Failures::settle(bool tick_counts) {
  is_holding_ = false;
  for (const Held& failure : held_) {
    if (!tick_counts && !book_.is_handled(failure.site)) continue;
    report(failure.site, failure.reason, failure.position, failure.detail);
  }
  held_.clear();
}

void FailureBook::report_late(std::int32_t site, std::string_view detail,
                              const MessageWriter& message) {
  const std::lock_guard lock(mutex_);
  Count& count = counts_[equation_index(site)];
  const StreamSite& where = sites_[static_cast<std::size_t>(site)];
  if (counters_ != nullptr) ++counters_->site(equation_index(site)).late;
  if (++count.late == 1) {
    message(fmt::format("{}: warning: a late item of `{}` was dropped: {}", place_of(where),
                         where.equation, detail));
  }
}

void FailureBook::tell_totals(const MessageWriter& message) const {
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < sites_.size(); ++i) {
    const Count& count = counts_[i];
    const StreamSite& where = sites_[i];
    if (count.failed > 0 && where.is_handled == 0) {
      message(fmt::format("error: {} item{} of `{}` failed", count.failed, plural(count.failed),
                           where.equation));
    } else if (count.failed > 0) {
      message(fmt::format("note: {} item{} of `{}` failed and {} handled by `else`; the first: {}",
                           count.failed, plural(count.failed), where.equation,
                           count.failed == 1 ? "was" : "were", count.first));
    }
    if (count.late > 0) {
      message(fmt::format("warning: {} late item{} of `{}` {} dropped", count.late,
                           plural(count.late), where.equation, count.late == 1 ? "was" : "were"));
    }
  }
}

}  // namespace streamrt
