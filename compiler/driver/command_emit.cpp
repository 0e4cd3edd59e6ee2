// `streamc --emit=STEP FILE`: what a step of the compiler made, as text; and `--list-passes`.
#include <fmt/core.h>

#include "compiler/ast/dump.h"
#include "compiler/driver/commands.h"
#include "compiler/driver/files.h"
#include "compiler/driver/pipeline.h"
#include "compiler/graph/text_printer.h"
#include "compiler/passes/pass_manager.h"
#include "compiler/place/placement.h"

namespace streamc {
namespace {

// What the step made, or nothing after a failure.
std::optional<std::string> make_output(FrontEnd& front_end, const Options& options, int& status) {
  const std::string& path = options.files[0];
  if (options.emit == "ast") {
    if (!compile_to_tree(front_end, path, options, status)) return std::nullopt;
    return dump_module(front_end.ast(), front_end.main_module());
  }
  if (options.emit == "graph" && options.dump_after.empty()) {
    if (!compile_to_graph(front_end, path, options, status)) return std::nullopt;
    return print_graph(front_end.graph(), front_end.program(), &front_end.sources());
  }
  if (!compile_to_final_graph(front_end, path, options, status)) return std::nullopt;
  if (options.emit == "graph") return "";
  const std::optional<PlacedGraph> placed = place_graph(front_end, front_end.graph(), options, status);
  if (!placed) return std::nullopt;
  if (options.emit == "placement") return print_placement(*placed);
  const Target target{.name = options.target, .optimisation = Optimisation::Full};
  if (options.emit == "obj") return compile_to_object(front_end, *placed, target, status);
  const std::optional<GeneratedCode> code = compile_to_code(front_end, *placed, target, status);
  return code ? std::optional(code->text()) : std::nullopt;
}

int list_passes() {
  fmt::print("{:<24}{}\n", "build_graph", "makes the graph from the program");
  for (const Pass& pass : all_passes()) fmt::print("{:<24}{}\n", pass.name, pass.summary);
  return kExitSuccess;
}

}  // namespace

int command_emit(const Options& options) {
  if (options.list_passes) return list_passes();
  FrontEnd front_end;
  int status = kExitSuccess;
  const std::optional<std::string> output = make_output(front_end, options, status);
  print_times(front_end, options);
  if (!output) return status;
  const Result<void> written = write_file(options.output.empty() ? "-" : options.output, *output);
  return written ? int{kExitSuccess} : report_failure(written.message());
}

}  // namespace streamc
