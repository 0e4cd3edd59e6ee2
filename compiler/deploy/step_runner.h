// Does the steps of a deployment one by one, or only shows them.
#pragma once

#include <string>

#include "compiler/deploy/unit_file.h"
#include "compiler/support/result.h"

namespace streamc {

// A node and how its machine is reached.
struct NodeService {
  Service service;
  std::string host;  // Empty: this machine.

  // How messages name it: `board (pi@board.local)`.
  [[nodiscard]] std::string text() const;
};

struct Step {
  std::string purpose;  // What a dry run says it is for: "copy the executable, unless it is there".
  std::string script;
  std::string input = {};       // Standard input of the script: a text, or
  std::string input_file = {};  // the contents of a file.
};

class StepRunner {
 public:
  StepRunner(std::string ssh, bool is_dry) : ssh_(std::move(ssh)), is_dry_(is_dry) {}

  // What the script answered on standard output. Fails in words for the user, without the name of
  // the node. In a dry run it prints the step, does nothing, and the answer is empty.
  Result<std::string> run(const NodeService& node, const Step& step) const;

  [[nodiscard]] bool is_dry() const { return is_dry_; }
  [[nodiscard]] const std::string& ssh() const { return ssh_; }

 private:
  std::string ssh_;  // Of `--ssh`; empty: ssh as the user has it.
  bool is_dry_;
};

// `streamc: NODE (HOST): message` on standard error.
void print_problem(const NodeService& node, const std::string& message);

// The value behind `KEY` and `separator` in the lines of an answer; empty if there is none.
std::string answer_value(const std::string& answer, const std::string& key, char separator);

}  // namespace streamc
