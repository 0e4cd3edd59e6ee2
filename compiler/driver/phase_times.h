// How long each step of a compilation took, for `--time-phases`.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace streamc {

class PhaseTimes {
 public:
  // Times a step: `const auto timing = times.measure("parse");` until the end of the block. Steps
  // of one name are added up.
  class Scope {
   public:
    Scope(PhaseTimes& times, std::size_t index) : times_(times), index_(index), start_(Clock::now()) {}
    ~Scope() { times_.entries_[index_].second += Clock::now() - start_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    PhaseTimes& times_;
    std::size_t index_;
    std::chrono::steady_clock::time_point start_;
  };
  [[nodiscard]] Scope measure(std::string_view name) { return Scope(*this, index_of(name)); }

  // One line a step and the total, in milliseconds.
  [[nodiscard]] std::string text() const;

 private:
  using Clock = std::chrono::steady_clock;
  std::size_t index_of(std::string_view name);

  std::vector<std::pair<std::string, Clock::duration>> entries_;  // In order of first use.
};

}  // namespace streamc
