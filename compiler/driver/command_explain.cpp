// `streamc explain CODE` shows the page about a message; `streamc explain FILE NAME` tells what is known
// about a name of a program.
#include <algorithm>
#include <vector>

#include <fmt/core.h>

#include "compiler/diag/closest_name.h"
#include "compiler/driver/commands.h"
#include "compiler/driver/embedded.h"
#include "compiler/driver/explain_name.h"
#include "compiler/driver/pipeline.h"

namespace streamc {
namespace {

int explain_code(const std::string& code) {
  if (const auto page = explanation_text(code)) {
    fmt::print("{}", *page);
    return kExitSuccess;
  }
  return report_failure(fmt::format("`{}` is no code of a message; codes look like E0203, and stand in brackets "
                                    "in front of the message",
                                    code));
}

}  // namespace

int command_explain(const Options& options) {
  if (options.files.size() == 1) return explain_code(options.files[0]);

  FrontEnd front_end;
  int status = kExitSuccess;
  if (!compile_to_graph(front_end, options.files[0], options, status)) return status;
  const std::optional<std::string> text = explain_name(front_end, options.files[1]);
  if (!text) {
    std::string message = fmt::format("`{}` has no name `{}`", options.files[0], options.files[1]);
    const std::vector<std::string> names = explainable_names(front_end);
    if (const auto close = closest_name(options.files[1], names)) message += fmt::format("; did you mean `{}`?", *close);
    return report_failure(message);
  }
  fmt::print("{}", *text);
  return kExitSuccess;
}

}  // namespace streamc
