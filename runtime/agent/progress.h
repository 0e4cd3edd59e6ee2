// A bar on standard error that shows how much of the recorded sources has been read.
//
// Appears only after a while: short runs leave no trace of it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace streamrt {

class ProgressBar {
 public:
  // `write` gets text with control sequences of a terminal. Times are steady nanoseconds.
  ProgressBar(std::int64_t started_ns, std::function<void(std::string_view)> write)
      : started_ns_(started_ns), write_(std::move(write)) {}

  // `done` of `total` bytes have been read; draws if it is time to.
  void update(std::int64_t done, std::int64_t total, std::int64_t now_ns);
  // Removes the bar from the screen, so that something else can be written there.
  void clear();

 private:
  std::int64_t started_ns_;
  std::int64_t drawn_ns_ = 0;
  bool is_shown_ = false;
  std::function<void(std::string_view)> write_;
};

}  // namespace streamrt
