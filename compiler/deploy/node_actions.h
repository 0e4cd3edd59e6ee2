// What is done with nodes that are deployed: their state, their logs, an end, the release before.
#pragma once

#include <string>
#include <vector>

#include "compiler/deploy/step_runner.h"

namespace streamc {

// One row of `--status`.
struct NodeState {
  std::string state;  // systemd's word, `active`; or `not deployed`, `unreachable`.
  std::string since = {};
  std::string release = {};
  bool is_running = false;
};

// What each node is at, in their order. Problems are printed. A dry run prints the steps and gives
// no rows.
std::vector<NodeState> look_at_nodes(const StepRunner& runner,
                                     const std::vector<NodeService>& nodes);

// The last lines of each node's log, behind its name if there are several; `follows`: and those to
// come, until the user ends it. False if a log cannot be read.
bool print_logs(const StepRunner& runner, const std::vector<NodeService>& nodes, bool follows);

// Ends the programs; they do not start with their machines any more. False if one may still run.
bool stop_nodes(const StepRunner& runner, const std::vector<NodeService>& nodes);

// Starts the release before the current one on all nodes. False if one does not run it; nothing is
// changed if one has no release before.
bool roll_back(const StepRunner& runner, const std::vector<NodeService>& nodes);

// How a node changes its release.
struct NodeSwitch {
  NodeService node;
  std::string script;
};

// Changes the releases of all nodes. If one fails, those before it go back; then false.
bool switch_releases(const StepRunner& runner, const std::vector<NodeSwitch>& switches);

// Starts the current release of a node and tells how it is a moment later. False if it did not
// stay.
bool start_node(const StepRunner& runner, const NodeService& node);

}  // namespace streamc
