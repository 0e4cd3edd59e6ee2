// `streamc deploy FILE NAME`: the nodes of a deploy block, as services of their machines.
#include <fmt/core.h>
#include <fmt/ranges.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include "compiler/codegen/targets/target.h"
#include "compiler/deploy/node_actions.h"
#include "compiler/deploy/remote_shell.h"
#include "compiler/deploy/rollout.h"
#include "compiler/diag/closest_name.h"
#include "compiler/driver/build_executables.h"
#include "compiler/driver/commands.h"
#include "compiler/driver/pipeline.h"
#include "compiler/driver/text_table.h"

namespace streamc {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTableWidth = 140;

// Gone, with what was built in it, when the deployment is over.
class BuildFolder {
 public:
  BuildFolder() {
    std::string name = (fs::temp_directory_path() / "streamc_XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  BuildFolder(const BuildFolder&) = delete;
  BuildFolder& operator=(const BuildFolder&) = delete;
  ~BuildFolder() {
    std::error_code error;
    if (!path_.empty()) fs::remove_all(path_, error);
  }

  [[nodiscard]] const fs::path& path() const { return path_; }  // Empty if there is none.

 private:
  fs::path path_;
};

int report_with_help(const std::string& message, const std::string& help) {
  fmt::print(stderr, "streamc: {}\nhelp: {}\n", message, help);
  return kExitUsage;
}

std::string target_of(const DeployedNode& node) {
  return node.target.empty() ? "host" : node.target;
}

// What `uname -m` says where executables for a machine run; a 32-bit one also on 64 bits.
std::vector<std::string> fitting_architectures(const TargetDescription& machine) {
  if (machine.libraries == "x86_64-linux-gnu") return {"x86_64"};
  if (machine.libraries == "aarch64-linux-gnu") return {"aarch64"};
  if (machine.libraries == "arm-linux-gnueabihf") return {"armv7l", "armv8l", "aarch64"};
  if (machine.libraries == "arm-linux-gnueabi") return {"armv6l", "armv7l", "armv8l", "aarch64"};
  return {};
}

// ---- which nodes ----

// The nodes that are meant, or nothing after a message.
std::optional<std::vector<DeployedNode>> wanted_nodes(const Deployment& deployment,
                                                      const Options& options) {
  if (deployment.nodes.front().name.empty()) {
    report_with_help(
        fmt::format("the deploy block `{}` has no nodes", deployment.name),
        "`node board(host: \"pi@board.local\") { … }` says what runs on another machine");
    return std::nullopt;
  }
  const std::string& only = options.deployment.only;
  if (only.empty()) return deployment.nodes;
  std::vector<std::string> names;
  for (const DeployedNode& node : deployment.nodes) {
    if (node.name == only) return std::vector<DeployedNode>{node};
    names.push_back(node.name);
  }
  const std::optional<std::string> near = closest_name(only, names);
  report_with_help(
      fmt::format("`--only {}`: the deploy block `{}` has no such node", only, deployment.name),
      near ? fmt::format("did you mean `{}`?", *near)
           : fmt::format("there is `{}`", fmt::join(names, "`, `")));
  return std::nullopt;
}

// As they are reached; nothing after a message.
std::optional<std::vector<NodeService>> services_of(const std::vector<DeployedNode>& nodes,
                                                    const std::string& program,
                                                    const Options& options) {
  if (!is_service_name(program)) {
    report_with_help(fmt::format("a service cannot be named after `{}`", program),
                     "name the file with letters, digits, `_`, `-` and `.`");
    return std::nullopt;
  }
  std::vector<NodeService> services;
  for (const DeployedNode& node : nodes) {
    if (!is_service_name(node.name)) {
      report_with_help(fmt::format("a service cannot be named after node `{}`", node.name),
                       "its name has letters, digits and `_` only");
      return std::nullopt;
    }
    services.push_back({{program, node.name, options.deployment.is_system}, node.host});
  }
  return services;
}

// ---- install ----

// Where the executable for each target of these nodes is; a dry run only says what it would build.
std::optional<std::map<std::string, std::string>> build_all(FrontEnd& front_end,
                                                            const PlacedGraph& placed,
                                                            const std::vector<DeployedNode>& nodes,
                                                            const fs::path& folder,
                                                            const Options& options, int& status) {
  std::map<std::string, std::string> built;
  for (const DeployedNode& node : nodes) {
    const std::string target = target_of(node);
    const auto [entry, is_new] = built.try_emplace(target);
    if (!is_new) continue;
    if (options.deployment.is_dry) {
      entry->second = fmt::format("the executable for {}", target);
      fmt::print(
          "build the executable for {}; HASH is its SHA-256, of which 16 digits name the "
          "release\n\n",
          target);
      continue;
    }
    entry->second = (folder / (front_end.program_name() + "-" + target)).string();
    if (!build_executable(front_end, placed, {target, entry->second}, status)) return std::nullopt;
  }
  return built;
}

int install(FrontEnd& front_end, const std::vector<DeployedNode>& nodes,
            const std::vector<NodeService>& services, const StepRunner& runner,
            const Options& options) {
  int status = kExitSuccess;
  run_all_passes(front_end, front_end.graph(), options);
  const std::optional<PlacedGraph> placed =
      place_graph(front_end, front_end.graph(), options, status);
  if (!placed) return status;
  Rollout rollout{.nodes = {},
                  .arguments = options.program_arguments,
                  .names_node = placed->placement.nodes.size() > 1,
                  .certificates = placed->placement.tls};
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const std::string target = target_of(nodes[i]);
    const Result<TargetDescription> machine = find_target(target);
    if (!machine) return report_failure(machine.message());
    rollout.nodes.push_back({services[i], target, fitting_architectures(*machine), {}});
  }
  const BuildFolder folder;
  if (folder.path().empty()) return report_failure("cannot make a temporary folder");
  const auto built = build_all(front_end, *placed, nodes, folder.path(), options, status);
  if (!built) return status;
  for (NodeToDeploy& node : rollout.nodes) node.executable = built->at(node.target);
  print_times(front_end, options);
  return roll_out(runner, rollout) ? kExitSuccess : kExitMistake;
}

// ---- look ----

int print_status(const StepRunner& runner, const std::vector<NodeService>& services) {
  const std::vector<NodeState> states = look_at_nodes(runner, services);
  if (runner.is_dry()) return kExitSuccess;
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < services.size(); ++i) {
    const std::string host = services[i].host.empty() ? "this machine" : services[i].host;
    rows.push_back(
        {services[i].service.node, host, states[i].state, states[i].since, states[i].release});
  }
  const std::vector<TextColumn> columns = {{"NODE"}, {"HOST"}, {"STATE"}, {"SINCE"}, {"RELEASE"}};
  for (const std::string& line : lay_out_table(columns, rows, kTableWidth))
    fmt::print("{}\n", line);
  const bool all_run = std::all_of(states.begin(), states.end(),
                                   [](const NodeState& state) { return state.is_running; });
  return all_run ? kExitSuccess : kExitMistake;
}

int finish(bool good) {
  return good ? kExitSuccess : kExitMistake;
}

}  // namespace

int command_deploy(const Options& options) {
  FrontEnd front_end;
  int status = kExitSuccess;
  if (!compile_to_graph(front_end, options.files[0], options, status)) return status;
  const Deployment* deployment = find_deployment(front_end, options, status);
  if (deployment == nullptr) return status;
  const auto nodes = wanted_nodes(*deployment, options);
  if (!nodes) return kExitUsage;
  const auto services = services_of(*nodes, front_end.program_name(), options);
  if (!services) return kExitUsage;

  const StepRunner runner(options.deployment.ssh, options.deployment.is_dry);
  switch (options.deployment.action) {
    case DeployAction::Install:
      return install(front_end, *nodes, *services, runner, options);
    case DeployAction::Status:
      return print_status(runner, *services);
    case DeployAction::Logs:
      return finish(print_logs(runner, *services, options.deployment.follows));
    case DeployAction::Stop:
      return finish(stop_nodes(runner, *services));
    case DeployAction::RollBack:
      return finish(roll_back(runner, *services));
  }
  return kExitUsage;
}

}  // namespace streamc
