#include "compiler/deploy/step_runner.h"

#include <fmt/format.h>

#include <sstream>

#include "compiler/deploy/child_process.h"
#include "compiler/deploy/remote_shell.h"

namespace streamc {
namespace {

constexpr int kSshFailed = 255;

void print_indented(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    fmt::print("{}{}\n", line.empty() ? "" : "    ", line);
  }
}

void print_step(const std::string& ssh, const NodeService& node, const Step& step) {
  fmt::print("{}: {}\n  {}\n", node.text(), step.purpose, shell_command_text(ssh, node.host));
  print_indented(step.script);
  if (!step.input_file.empty()) fmt::print("  reads {}\n", step.input_file);
  if (!step.input.empty()) {
    fmt::print("  reads\n");
    print_indented(step.input);
  }
  fmt::print("\n");
}

std::string last_line(const std::string& text) {
  const std::size_t end = text.find_last_not_of(" \r\n");
  if (end == std::string::npos) return "";
  const std::size_t newline = text.find_last_of('\n', end);
  const std::size_t begin = newline == std::string::npos ? 0 : newline + 1;
  return text.substr(begin, end + 1 - begin);
}

bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

Failure explain(const NodeService& node, const Step& step, const ChildOutcome& outcome) {
  const std::string last = last_line(outcome.errors);
  if (!node.host.empty() && outcome.status == kSshFailed) {
    return fail("cannot reach the machine: {}\nhelp: `ssh {} true` must work from here",
                last.empty() ? "ssh does not say why" : last, quote_word(node.host));
  }
  if (holds(outcome.errors, "No space left") || holds(outcome.errors, "Disk quota exceeded")) {
    return fail("no space is left there ({})", last);
  }
  if (holds(outcome.errors, "sudo:")) {
    return fail("{}\nhelp: let the user run sudo without a password, or deploy without `--system`",
                last);
  }
  return fail("cannot {}: {}", step.purpose,
              last.empty() ? fmt::format("status {}", outcome.status) : last);
}

}  // namespace

std::string NodeService::text() const {
  return host.empty() ? service.node : fmt::format("{} ({})", service.node, host);
}

Result<std::string> StepRunner::run(const NodeService& node, const Step& step) const {
  if (is_dry_) {
    print_step(ssh_, node, step);
    return std::string();
  }
  Result<ChildOutcome> outcome = run_child({.words = shell_command(ssh_, node.host, step.script),
                                            .input = step.input,
                                            .input_file = step.input_file});
  if (!outcome) return outcome.failure();
  if (outcome->status != 0) return explain(node, step, *outcome);
  return std::move(outcome->output);
}

void print_problem(const NodeService& node, const std::string& message) {
  std::fflush(stdout);
  fmt::print(stderr, "streamc: {}: {}\n", node.text(), message);
}

std::string answer_value(const std::string& answer, const std::string& key, char separator) {
  std::istringstream lines(answer);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(key + separator)) return line.substr(key.size() + 1);
  }
  return "";
}

}  // namespace streamc
