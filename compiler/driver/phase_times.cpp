#include "compiler/driver/phase_times.h"

#include <fmt/core.h>

namespace streamc {
namespace {

double milliseconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

std::size_t PhaseTimes::index_of(std::string_view name) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].first == name) return i;
  }
  entries_.emplace_back(name, Clock::duration::zero());
  return entries_.size() - 1;
}

std::string PhaseTimes::text() const {
  std::string text;
  Clock::duration total = Clock::duration::zero();
  for (const auto& [name, duration] : entries_) {
    text += fmt::format("{:>9.2f} ms  {}\n", milliseconds(duration), name);
    total += duration;
  }
  return text + fmt::format("{:>9.2f} ms  total\n", milliseconds(total));
}

}  // namespace streamc
