// From executables to running services, on all nodes together.
//
//   look at every machine → copy to every one → install units → switch releases → start
//
// A step is taken on all nodes before the next one begins, and a failure on one ends the deployment
// there: nothing is started, and no release switched, before every node has its executable.
#pragma once

#include <string>
#include <vector>

#include "compiler/deploy/step_runner.h"

namespace streamc {

struct NodeToDeploy {
  NodeService service;
  std::string target;                      // As `--target` names it, for messages.
  std::vector<std::string> architectures;  // What `uname -m` may say where the target runs.
  std::string executable;                  // On this machine. A dry run needs no file there.
};

struct Rollout {
  std::vector<NodeToDeploy> nodes;
  std::vector<std::string> arguments;  // Of each program, behind `--node NODE`.
  bool names_node = true;              // The program has several nodes, and so takes `--node`.
  std::string certificates;            // The folder as the deploy block names it; empty: no TLS.
};

// Tells what was done on standard output and what went wrong on standard error. False if the
// deployment is not complete.
bool roll_out(const StepRunner& runner, const Rollout& rollout);

}  // namespace streamc
