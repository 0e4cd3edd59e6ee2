#include "runtime/agent/failures.h"

#include <fmt/format.h>
#include <unistd.h>

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

void FailureBook::report(std::int32_t site, std::int32_t reason, std::int64_t position,
                         std::string_view detail, const MessageWriter& message) {
  const std::lock_guard lock(mutex_);
  Count& count = counts_[equation_index(site)];
  const StreamSite& where = sites_[static_cast<std::size_t>(site)];
  ++count.failed;
  if (counters_ != nullptr) ++counters_->site(equation_index(site)).failed;
  if (where.is_handled == 0) has_unhandled_ = true;
  if (count.failed > 1) return;

  const std::string_view why = detail.empty() ? reason_text(reason) : detail;
  const std::string text = fmt::format("item {} of `{}` failed: {}", position, where.equation, why);
  if (where.is_handled != 0) {
    count.first = text;
  } else {
    message(fmt::format("{}: error: {}", place_of(where), text));
  }
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
