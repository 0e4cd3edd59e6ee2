// `streamc run FILE [-- …]` compiles in memory and runs now; `streamc build FILE -o OUT` makes an
// executable.
#include <algorithm>
#include <filesystem>
#include <vector>

#include "compiler/codegen/targets/target.h"
#include "compiler/driver/build_executables.h"
#include "compiler/driver/commands.h"
#include "compiler/driver/files.h"
#include "compiler/driver/pipeline.h"
#include "compiler/link/in_memory.h"
#include "runtime/agent/stream_main.h"

namespace streamc {
namespace {

// The name of the executable where none is given: that of the program.
std::string default_output(const FrontEnd& front_end) { return front_end.program_name(); }

bool names_a_node(const std::vector<std::string>& arguments) {
  return std::any_of(arguments.begin(), arguments.end(), [](const std::string& argument) {
    return argument == "--all-nodes" || argument == "--node" || argument.starts_with("--node=");
  });
}

}  // namespace

int command_run(const Options& options) {
  FrontEnd front_end;
  int status = kExitSuccess;
  if (!compile_to_final_graph(front_end, options.files[0], options, status)) return status;
  const std::optional<PlacedGraph> placed = place_graph(front_end, front_end.graph(), options, status);
  if (!placed) return status;
  const std::optional<std::string> object = compile_to_object(front_end, *placed, {}, status);
  if (!object) return status;

  std::optional<LoadedProgram> loaded;
  {
    const auto timing = front_end.times().measure("load");
    Result<LoadedProgram> outcome = load_in_memory(*object);
    if (!outcome) return report_failure(outcome.message());
    loaded.emplace(std::move(*outcome));
  }
  print_times(front_end, options);

  std::vector<const char*> arguments = {loaded->program().name};
  if (placed->placement.nodes.size() > 1 && !names_a_node(options.program_arguments)) {
    arguments.push_back("--all-nodes");
  }
  for (const std::string& argument : options.program_arguments)
    arguments.push_back(argument.c_str());
  arguments.push_back(nullptr);
  return streamrt::stream_main(loaded->program(), static_cast<int>(arguments.size()) - 1, arguments.data());
}

namespace {

// One for each machine: that of `--target` for all nodes that name no other, `OUT-NODE` for those that do.
std::vector<WantedExecutable> wanted_executables(const Placement& placement, const std::string& target,
                                                 const std::string& output) {
  std::vector<WantedExecutable> wanted;
  const bool has_others = std::any_of(placement.nodes.begin(), placement.nodes.end(),
                                      [](const PlacedNode& node) { return node.target.empty(); });
  if (has_others) wanted.push_back({target, output});
  for (const PlacedNode& node : placement.nodes) {
    if (!node.target.empty()) wanted.push_back({node.target, output + "-" + node.name});
  }
  return wanted;
}

}  // namespace

int command_build(const Options& options) {
  if (const Result<TargetDescription> machine = find_target(options.target); !machine) {
    return report_failure(machine.message());
  }
  FrontEnd front_end;
  int status = kExitSuccess;
  if (!compile_to_final_graph(front_end, options.files[0], options, status)) return status;
  const std::optional<PlacedGraph> placed = place_graph(front_end, front_end.graph(), options, status);
  if (!placed) return status;
  const Placement& placement = placed->placement;
  const std::string output = options.output.empty() ? default_output(front_end) : options.output;
  for (const WantedExecutable& wanted : wanted_executables(placement, options.target, output)) {
    if (!build_executable(front_end, *placed, wanted, status)) return status;
  }
  print_times(front_end, options);
  return kExitSuccess;
}

}  // namespace streamc
