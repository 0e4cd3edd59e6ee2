#include "compiler/deploy/node_actions.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "compiler/deploy/follow_lines.h"
#include "compiler/deploy/node_scripts.h"
#include "compiler/deploy/remote_shell.h"

namespace streamc {
namespace {

bool run_and_report(const StepRunner& runner, const NodeService& node, const Step& step) {
  const Result<std::string> answer = runner.run(node, step);
  if (!answer) print_problem(node, answer.message());
  return answer.has_value();
}

void tell(const StepRunner& runner, const NodeService& node, const std::string& text) {
  if (runner.is_dry()) return;
  fmt::print("{}: {}\n", node.text(), text);
  std::fflush(stdout);
}

NodeState state_from(const std::string& answer) {
  if (answer_value(answer, "LoadState", '=') != "loaded") return {.state = "not deployed"};
  const std::string active = answer_value(answer, "ActiveState", '=');
  const std::string detail = answer_value(answer, "SubState", '=');
  return {.state = active == "active" || active == detail ? active
                                                          : fmt::format("{} ({})", active, detail),
          .since = answer_value(answer, "StateChangeTimestamp", '='),
          .release = answer_value(answer, "Release", '='),
          .is_running = active == "active"};
}

// The lines of a log at the end of an answer, ready to stand below a message.
std::string log_lines(const std::string& answer) {
  std::string text;
  std::istringstream lines(answer);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("log ")) text += "\n  " + line.substr(4);
  }
  return text;
}

void tell_of_lingering(const NodeService& node) {
  const std::string command = "loginctl enable-linger";
  print_problem(
      node,
      fmt::format(
          "the program ends when its user logs out there\nhelp: `{}` keeps it",
          node.host.empty() ? command : fmt::format("ssh {} {}", quote_word(node.host), command)));
}

}  // namespace

std::vector<NodeState> look_at_nodes(const StepRunner& runner,
                                     const std::vector<NodeService>& nodes) {
  std::vector<NodeState> states;
  for (const NodeService& node : nodes) {
    const Result<std::string> answer =
        runner.run(node, {"look at the service", state_script(node.service)});
    if (!answer) print_problem(node, answer.message());
    if (runner.is_dry()) continue;
    states.push_back(answer ? state_from(*answer) : NodeState{.state = "unreachable"});
  }
  return states;
}

bool print_logs(const StepRunner& runner, const std::vector<NodeService>& nodes, bool follows) {
  std::vector<FollowedCommand> commands;
  for (const NodeService& node : nodes) {
    const std::string script = logs_script(node.service, follows);
    if (runner.is_dry()) {
      run_and_report(runner, node, {"read the log", script});
      continue;
    }
    commands.push_back(
        {.words = shell_command(runner.ssh(), node.host, script),
         .prefix = nodes.size() > 1 ? fmt::format("{} | ", node.service.node) : std::string()});
  }
  if (follows) return follow_lines(commands);
  bool good = true;
  for (const FollowedCommand& command : commands) good = follow_lines({command}) && good;
  return good;
}

bool stop_nodes(const StepRunner& runner, const std::vector<NodeService>& nodes) {
  bool good = true;
  for (const NodeService& node : nodes) {
    const bool has_stopped =
        run_and_report(runner, node, {"stop the program", stop_script(node.service)});
    if (has_stopped) tell(runner, node, "stopped");
    good = good && has_stopped;
  }
  return good;
}

bool roll_back(const StepRunner& runner, const std::vector<NodeService>& nodes) {
  bool good = true;
  std::vector<NodeSwitch> switches;
  for (const NodeService& node : nodes) {
    good = run_and_report(runner, node,
                          {"find the release before", find_release_before_script(node.service)}) &&
           good;
    switches.push_back({node, go_back_script(node.service)});
  }
  if (!good) {
    fmt::print(stderr, "streamc: nothing was changed\n");
    return false;
  }
  if (!switch_releases(runner, switches)) return false;
  for (const NodeService& node : nodes) good = start_node(runner, node) && good;
  return good;
}

bool switch_releases(const StepRunner& runner, const std::vector<NodeSwitch>& switches) {
  const auto failed = std::find_if(switches.begin(), switches.end(), [&](const NodeSwitch& one) {
    return !run_and_report(runner, one.node, {"switch the release", one.script});
  });
  if (failed == switches.end()) return true;
  bool are_back = true;
  for (auto one = switches.begin(); one != failed; ++one) {
    are_back = run_and_report(runner, one->node,
                              {"switch the release back", switch_back_script(one->node.service)}) &&
               are_back;
  }
  fmt::print(stderr, "streamc: {}\n",
             are_back ? "nothing was started, and what ran before runs on"
                      : "nothing was started, but some nodes will start another release next time");
  return false;
}

bool start_node(const StepRunner& runner, const NodeService& node) {
  const Result<std::string> answer =
      runner.run(node, {"start the program", start_script(node.service)});
  if (!answer) print_problem(node, answer.message());
  if (!answer || runner.is_dry()) return answer.has_value();
  const std::string active = answer_value(*answer, "ActiveState", '=');
  const bool has_ended = active == "inactive" && answer_value(*answer, "Result", '=') == "success";
  if (active != "active" && !has_ended) {
    print_problem(node, fmt::format("the program does not stay: {} ({}){}", active,
                                    answer_value(*answer, "Result", '='), log_lines(*answer)));
    return false;
  }
  tell(runner, node, has_ended ? "started, and has ended" : "started");
  if (answer_value(*answer, "Linger", '=') == "no") tell_of_lingering(node);
  return true;
}

}  // namespace streamc
