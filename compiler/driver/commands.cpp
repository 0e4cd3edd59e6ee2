#include "compiler/driver/commands.h"

#include <fmt/core.h>

namespace streamc {

int run_command(const Options& options) {
  switch (options.command) {
    case Command::Emit: return command_emit(options);
    case Command::Run: return command_run(options);
    case Command::Build: return command_build(options);
    case Command::Check: return command_check(options);
    case Command::Test: return command_test(options);
    case Command::Format: return command_format(options);
    case Command::Graph: return command_graph(options);
    case Command::Explain: return command_explain(options);
    case Command::New: return command_new(options);
    case Command::Top: return command_top(options);
    case Command::Deploy: return command_deploy(options);
  }
  return kExitUsage;
}

int report_failure(const std::string& message) {
  fmt::print(stderr, "streamc: {}\n", message);
  return kExitUsage;
}

}  // namespace streamc
