#include "runtime/agent/progress.h"

#include <fmt/format.h>

#include <algorithm>

namespace streamrt {

namespace {

constexpr std::int64_t kFirstShown_ns = 700'000'000;
constexpr std::int64_t kRedrawInterval_ns = 100'000'000;
constexpr int kBarCells = 30;

std::string bar_text(double share) {
  const int filled = static_cast<int>(share * kBarCells);
  std::string text;
  for (int i = 0; i < kBarCells; ++i) text += i < filled ? "█" : "░";
  return text;
}

std::string time_text(double seconds) {
  if (seconds < 60) return fmt::format("{:.0f} s", seconds);
  if (seconds < 3600) return fmt::format("{:.0f} min", seconds / 60);
  return fmt::format("{:.1f} h", seconds / 3600);
}

}  // namespace

void ProgressBar::update(std::int64_t done, std::int64_t total, std::int64_t now_ns) {
  const std::int64_t elapsed_ns = now_ns - started_ns_;
  if (total <= 0 || elapsed_ns < kFirstShown_ns) return;
  if (is_shown_ && now_ns - drawn_ns_ < kRedrawInterval_ns) return;
  const double share = std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0);
  const double seconds = static_cast<double>(elapsed_ns) / 1e9;
  std::string text = fmt::format("\r\x1b[K{} {:3.0f}%  {:.0f} MB/s", bar_text(share), share * 100,
                                 static_cast<double>(done) / 1e6 / seconds);
  if (share > 0.01) text += fmt::format("  {} left", time_text(seconds * (1 - share) / share));
  write_(text);
  is_shown_ = true;
  drawn_ns_ = now_ns;
}

void ProgressBar::clear() {
  if (is_shown_) write_("\r\x1b[K");
  is_shown_ = false;
}

}  // namespace streamrt
