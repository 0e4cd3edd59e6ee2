// The terminal as a screen that is drawn again and again, for as long as one lives.
#pragma once

#include <termios.h>

#include <csignal>
#include <cstddef>
#include <string>
#include <vector>

namespace streamc {

// One at a time. Keys are read one by one and not shown; what the terminal showed before comes back
// at the end.
class TerminalScreen {
 public:
  TerminalScreen();
  ~TerminalScreen();
  TerminalScreen(const TerminalScreen&) = delete;
  TerminalScreen& operator=(const TerminalScreen&) = delete;

  [[nodiscard]] std::size_t width() const;
  [[nodiscard]] std::size_t height() const;
  // Shows as many of the lines as there is room for, from the top; the last one says how many are
  // left out.
  void draw(const std::vector<std::string>& lines) const;

  // What ended a wait.
  enum class Event { Time, Quit, Resized };
  // Until so much time has passed; `q`, Ctrl-C and the signals that end a program are Quit.
  [[nodiscard]] Event wait(int timeout_ms) const;

 private:
  termios before_{};
  sigset_t signals_before_{};
  struct sigaction actions_before_[4] = {};
};

// Whether there is a terminal to draw on, and keys to read.
bool has_terminal();

}  // namespace streamc
