// `streamc --emit=STEP FILE`: what a step of the compiler made, as text; and `--list-passes`.
#include <fmt/core.h>

#include "compiler/ast/dump.h"
#include "compiler/driver/commands.h"
#include "compiler/driver/files.h"
#include "compiler/driver/pipeline.h"
#include "compiler/graph/text_printer.h"

namespace streamc {
namespace {

int write_output(const Options& options, const std::string& text) {
  const Result<void> written = write_file(options.output.empty() ? "-" : options.output, text);
  return written ? int{kExitSuccess} : report_failure(written.message());
}

int emit_tree(const Options& options) {
  FrontEnd front_end;
  int status = kExitSuccess;
  if (!compile_to_tree(front_end, options.files[0], options, status)) return status;
  print_times(front_end, options);
  return write_output(options, dump_module(front_end.ast(), front_end.main_module()));
}

int emit_graph(const Options& options) {
  FrontEnd front_end;
  int status = kExitSuccess;
  if (!compile_to_graph(front_end, options.files[0], options, status)) return status;
  print_times(front_end, options);
  return write_output(options, print_graph(front_end.graph(), front_end.program(), &front_end.sources()));
}

}  // namespace

int command_emit(const Options& options) {
  if (options.emit == "ast") return emit_tree(options);
  if (options.emit == "graph") return emit_graph(options);
  return report_failure("nothing to do: give a command or `--emit`; `streamc --help` lists both");
}

}  // namespace streamc
