// `streamc top [PROGRAM|PID]`: what a running program is at, as a table that is drawn anew each
// second.
#include <fmt/core.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <thread>

#include "compiler/driver/commands.h"
#include "compiler/driver/program_answers.h"
#include "compiler/driver/terminal_screen.h"
#include "compiler/driver/top_table.h"

namespace streamc {
namespace {

using streamrt::ProgramSocket;
using streamrt::Snapshot;
using Milliseconds = std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

constexpr Milliseconds kFirstRefresh{250};
constexpr Milliseconds kRefresh{1000};

Result<Snapshot> look_at(const ProgramSocket& program) {
  const Result<std::string> line = ask_program(program.path);
  return line ? parse_snapshot(*line) : Result<Snapshot>(line.failure());
}

void print_lines(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) fmt::print("{}\n", line);
}

int report_nothing(const std::string& wanted) {
  fmt::print(
      stderr, "streamc: {}\n",
      wanted.empty() ? "no program is running" : fmt::format("no program `{}` is running", wanted));
  fmt::print(stderr,
             "help: programs answer when they have run for a moment, unless they were started with "
             "`--no-socket`\n");
  return kExitMistake;
}

// One line a program, as it came.
int print_json(const std::vector<ProgramSocket>& programs) {
  for (const ProgramSocket& program : programs) {
    const Result<std::string> line = ask_program(program.path);
    if (!line) return report_failure(line.message());
    fmt::print("{}\n", *line);
  }
  return kExitSuccess;
}

// A program that ended in between is left out.
int list_programs(const std::vector<ProgramSocket>& programs) {
  std::vector<Snapshot> snapshots;
  for (const ProgramSocket& program : programs) {
    if (Result<Snapshot> snapshot = look_at(program)) snapshots.push_back(std::move(*snapshot));
  }
  print_lines(program_table(snapshots, {}));
  fmt::print(stderr, "help: `streamc top PID` shows one of them\n");
  return kExitSuccess;
}

int print_once(const ProgramSocket& program) {
  const Result<Snapshot> before = look_at(program);
  if (!before) return report_failure(before.message());
  std::this_thread::sleep_for(kRefresh);
  const Result<Snapshot> now = look_at(program);
  if (!now) return report_failure(now.message());
  print_lines(top_table(*before, *now, {}));
  return kExitSuccess;
}

// Draws until the user has seen enough (nothing), or the program has ended (why).
std::optional<std::string> watch(const ProgramSocket& program, Snapshot before) {
  const TerminalScreen screen;
  Snapshot now = before;
  SteadyClock::time_point next = SteadyClock::now() + kFirstRefresh;
  for (;;) {
    std::vector<std::string> lines =
        top_table(before, now, {.width = screen.width(), .has_colours = true});
    screen.draw(lines);
    const auto left = std::chrono::duration_cast<Milliseconds>(next - SteadyClock::now());
    const auto event =
        screen.wait(static_cast<int>(std::max(left.count() + 1, Milliseconds::rep{0})));
    if (event == TerminalScreen::Event::Quit) return std::nullopt;
    if (SteadyClock::now() < next) continue;
    next = SteadyClock::now() + kRefresh;
    Result<Snapshot> snapshot = look_at(program);
    if (!snapshot) return snapshot.message();
    before = std::move(now);
    now = std::move(*snapshot);
  }
}

int watch_program(const ProgramSocket& program) {
  Result<Snapshot> first = look_at(program);
  if (!first) return report_failure(first.message());
  if (watch(program, std::move(*first)))
    fmt::print("{} (process {}) has ended\n", program.program, program.process_id);
  return kExitSuccess;
}

}  // namespace

int command_top(const Options& options) {
  const std::string wanted = options.files.empty() ? "" : options.files[0];
  const std::vector<ProgramSocket> programs = programs_like(wanted);
  if (programs.empty()) return report_nothing(wanted);
  if (options.json) return print_json(programs);
  if (programs.size() > 1) return list_programs(programs);
  return options.once || !has_terminal() ? print_once(programs.front())
                                         : watch_program(programs.front());
}

}  // namespace streamc
