#include "compiler/driver/pipeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "compiler/codegen/targets/target.h"
#include "compiler/diag/closest_name.h"
#include "compiler/diag/render.h"
#include "compiler/driver/commands.h"
#include "compiler/driver/files.h"
#include "compiler/driver/version.h"
#include "compiler/graph/text_printer.h"
#include "compiler/passes/pass_manager.h"
#include "compiler/place/balance.h"
#include "compiler/place/deploy.h"
#include "compiler/place/scatter.h"

namespace streamc {
namespace {

bool read(FrontEnd& front_end, const std::string& path, int& status) {
  const Result<void> outcome = front_end.read(path);
  if (!outcome) status = report_failure(outcome.message());
  return outcome.has_value();
}

bool finish_checks(FrontEnd& front_end, bool good, const Options& options, int& status) {
  print_messages(front_end, options);
  if (!good) status = kExitMistake;
  return good;
}

bool check_targets(const Deployment& deployment, DiagnosticSink& sink) {
  bool good = true;
  for (const DeployedNode& node : deployment.nodes) {
    if (node.target.empty()) continue;
    const Result<TargetDescription> machine = find_target(node.target);
    if (machine) continue;
    sink.report(diag::UnknownTarget, node.target_span, node.target).help(fmt::format("known are {}", target_names()));
    good = false;
  }
  return good;
}

std::optional<PlacedGraph> place_as_told(FrontEnd& front_end, const Graph& graph, const Deployment& deployment) {
  const bool good = check_targets(deployment, front_end.sink());
  std::optional<PlacedGraph> placed = place_by(front_end.program(), graph, deployment, front_end.sink());
  if (!good) placed.reset();
  return placed;
}

// Whether every deploy block places the program.
bool check_places(FrontEnd& front_end) {
  bool good = true;
  for (const Deployment& deployment : front_end.deployments()) {
    front_end.sink().allow_repeats();
    good = place_as_told(front_end, front_end.graph(), deployment).has_value() && good;
  }
  return good;
}

}  // namespace

bool compile_to_tree(FrontEnd& front_end, const std::string& path, const Options& options, int& status) {
  return read(front_end, path, status) && finish_checks(front_end, front_end.parse(), options, status);
}

bool compile_to_graph(FrontEnd& front_end, const std::string& path, const Options& options, int& status) {
  return read(front_end, path, status) &&
         finish_checks(front_end, front_end.run(options.settings), options, status);
}

bool check_everything(FrontEnd& front_end, const std::string& path, const Options& options, int& status) {
  if (!read(front_end, path, status)) return false;
  const bool good = front_end.run(options.settings) && front_end.check_tests() && check_places(front_end);
  return finish_checks(front_end, good, options, status);
}

bool compile_to_final_graph(FrontEnd& front_end, const std::string& path, const Options& options, int& status) {
  if (!compile_to_graph(front_end, path, options, status)) return false;
  run_all_passes(front_end, front_end.graph(), options);
  return true;
}

const Deployment* find_deployment(FrontEnd& front_end, const Options& options, int& status) {
  std::vector<std::string> names;
  for (const Deployment& deployment : front_end.deployments()) {
    if (deployment.name == options.deploy) return &deployment;
    names.push_back(deployment.name);
  }
  auto report = front_end.sink().report(diag::UnknownDeployment, {}, options.deploy);
  if (names.empty()) {
    report.help(fmt::format("`deploy {} {{ thread a {{ … }}  thread b {{ * }} }}` is one", options.deploy));
  } else if (const auto near = closest_name(options.deploy, names)) {
    report.help(fmt::format("did you mean `{}`?", *near));
  } else {
    report.help(fmt::format("there is `{}`", fmt::join(names, "`, `")));
  }
  print_messages(front_end, options);
  status = kExitUsage;
  return nullptr;
}

std::optional<PlacedGraph> place_graph(FrontEnd& front_end, const Graph& graph, const Options& options,
                                       int& status) {
  const auto timing = front_end.times().measure("place");
  if (!options.scatter.empty()) return scatter(graph, std::strtoull(options.scatter.c_str(), nullptr, 10));
  if (!options.threads.empty()) {
    return place_balanced(graph, balance(graph, front_end.program(), allowed_threads(options)));
  }
  if (options.deploy.empty()) return place_on_one_thread(graph);
  const Deployment* deployment = find_deployment(front_end, options, status);
  if (deployment == nullptr) return std::nullopt;
  const std::size_t before = front_end.sink().diagnostics().size();
  std::optional<PlacedGraph> placed = place_as_told(front_end, graph, *deployment);
  if (front_end.sink().diagnostics().size() > before) print_messages(front_end, options);
  if (!placed) status = kExitMistake;
  return placed;
}

std::uint32_t allowed_threads(const Options& options) {
  if (options.threads != "auto") return static_cast<std::uint32_t>(std::strtoul(options.threads.c_str(), nullptr, 10));
  const Result<TargetDescription> machine = find_target(options.target);
  return std::clamp<std::uint32_t>(machine ? machine->processors : 1, 1, kMostBalancedThreads);
}

namespace {

// What nodes compare before they link; of no use to a program without.
std::string meaning_of(const FrontEnd& front_end, const PlacedGraph& placed) {
  if (placed.placement.nodes.size() <= 1) return {};
  return std::string(version_text()) + front_end.meaning();
}

}  // namespace

std::optional<GeneratedCode> compile_to_code(FrontEnd& front_end, const PlacedGraph& placed,
                                             const Target& target, int& status) {
  const auto timing = front_end.times().measure("generate code");
  const CodegenOptions options{.program_name = front_end.program_name(),
                               .description = front_end.main_module().doc,
                               .meaning = meaning_of(front_end, placed),
                               .target = target.name,
                               .optimisation = target.optimisation};
  Result<GeneratedCode> code = generate_code(front_end.program(), placed, front_end.sources(), options);
  if (code) return std::move(*code);
  status = report_failure(code.message());
  return std::nullopt;
}

std::optional<std::string> compile_to_object(FrontEnd& front_end, const PlacedGraph& placed, const Target& target,
                                             int& status) {
  std::optional<GeneratedCode> code = compile_to_code(front_end, placed, target, status);
  if (!code) return std::nullopt;
  const auto timing = front_end.times().measure("emit the object");
  Result<std::string> object = code->emit_object();
  if (object) return std::move(*object);
  status = report_failure(object.message());
  return std::nullopt;
}

void run_all_passes(FrontEnd& front_end, Graph& graph, const Options& options) {
  const auto timing = front_end.times().measure("passes");
  const auto dump = [&](std::string_view step, const Graph& shown) {
    if (options.dump_after != "all" && options.dump_after != step) return;
    fmt::print(stderr, "# after {}\n{}", step, print_graph(shown, front_end.program(), &front_end.sources()));
  };
  dump("build_graph", graph);
  run_passes(graph, front_end.program(),
             {.after_pass = [&](const Pass& pass, const Graph& shown, bool) { dump(pass.name, shown); }});
}

void print_messages(FrontEnd& front_end, const Options& options) {
  const std::string text =
      options.json ? render_json(front_end.sink(), front_end.sources())
                   : render_text(front_end.sink(), front_end.sources(), {.colour = stderr_has_colours()});
  fmt::print(stderr, "{}", text);
}

void print_times(FrontEnd& front_end, const Options& options) {
  if (options.time_phases) fmt::print(stderr, "{}", front_end.times().text());
}

}  // namespace streamc
