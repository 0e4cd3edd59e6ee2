#include "compiler/driver/terminal_screen.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <iterator>
#include <string_view>

namespace streamc {
namespace {

constexpr int kSignals[] = {SIGWINCH, SIGINT, SIGTERM, SIGHUP};

// A handler can reach nothing but globals.
volatile std::sig_atomic_t g_signal = 0;

void note_signal(int signal) {
  if (g_signal == 0 || g_signal == SIGWINCH) g_signal = signal;
}

void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
}

winsize size_of_terminal() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    size.ws_col = 80;
    size.ws_row = 24;
  }
  return size;
}

}  // namespace

bool has_terminal() {
  return ::isatty(STDOUT_FILENO) == 1 && ::isatty(STDIN_FILENO) == 1;
}

// Signals arrive only in wait(), so that none is missed between two looks.
TerminalScreen::TerminalScreen() {
  g_signal = 0;
  sigset_t blocked;
  sigemptyset(&blocked);
  struct sigaction action{};
  action.sa_handler = note_signal;
  for (std::size_t i = 0; i < std::size(kSignals); ++i) {
    sigaddset(&blocked, kSignals[i]);
    ::sigaction(kSignals[i], &action, &actions_before_[i]);
  }
  ::sigprocmask(SIG_BLOCK, &blocked, &signals_before_);
  ::tcgetattr(STDIN_FILENO, &before_);
  termios keys = before_;
  keys.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | ISIG);
  keys.c_cc[VMIN] = 0;
  keys.c_cc[VTIME] = 0;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &keys);
  write_all("\033[?1049h\033[?25l");
}

TerminalScreen::~TerminalScreen() {
  write_all("\033[?25h\033[?1049l");
  ::tcsetattr(STDIN_FILENO, TCSANOW, &before_);
  for (std::size_t i = 0; i < std::size(kSignals); ++i)
    ::sigaction(kSignals[i], &actions_before_[i], nullptr);
  ::sigprocmask(SIG_SETMASK, &signals_before_, nullptr);
}

std::size_t TerminalScreen::width() const {
  return size_of_terminal().ws_col;
}

std::size_t TerminalScreen::height() const {
  return size_of_terminal().ws_row;
}

void TerminalScreen::draw(const std::vector<std::string>& lines) const {
  const std::size_t room = height();
  const bool fits = lines.size() <= room;
  const std::size_t shown = fits ? lines.size() : room - 1;
  std::string text = "\033[H";
  for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? "" : "\n") + lines[i] + "\033[K";
  if (!fits)
    text += fmt::format("{}… {} more lines\033[K", shown == 0 ? "" : "\n", lines.size() - shown);
  write_all(text + "\033[J");
}

TerminalScreen::Event TerminalScreen::wait(int timeout_ms) const {
  const timespec timeout{timeout_ms / 1000, timeout_ms % 1000 * 1'000'000L};
  pollfd keys{STDIN_FILENO, POLLIN, 0};
  const int ready = ::ppoll(&keys, 1, &timeout, &signals_before_);
  if (g_signal != 0 && g_signal != SIGWINCH) return Event::Quit;
  if (g_signal == SIGWINCH) {
    g_signal = 0;
    return Event::Resized;
  }
  if (ready <= 0) return Event::Time;
  char bytes[64];
  const ssize_t count = ::read(STDIN_FILENO, bytes, sizeof bytes);
  if (count <= 0) return Event::Quit;  // The terminal has gone.
  constexpr char kControlC = 3;
  const bool quits = std::any_of(bytes, bytes + count,
                                 [](char c) { return c == 'q' || c == 'Q' || c == kControlC; });
  return quits ? Event::Quit : Event::Resized;
}

}  // namespace streamc
