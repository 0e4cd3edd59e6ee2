// `streamc explain CODE` shows the page about a message; `streamc explain FILE NAME` tells what is known
// about a name of a program; `streamc explain FILE` how it is cut over threads.
#include <algorithm>
#include <vector>

#include <fmt/core.h>

#include "compiler/diag/closest_name.h"
#include "compiler/driver/commands.h"
#include "compiler/driver/embedded.h"
#include "compiler/driver/explain_name.h"
#include "compiler/driver/pipeline.h"
#include "compiler/place/balance.h"
#include "compiler/place/balance_text.h"

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

// Codes have no dot in them.
bool is_program(const std::string& word) { return word == "-" || word.find('.') != std::string::npos; }

int explain_threads(Options options) {
  if (options.threads.empty()) options.threads = "auto";
  FrontEnd front_end;
  int status = kExitSuccess;
  if (!compile_to_final_graph(front_end, options.files[0], options, status)) return status;
  const Balance cut = balance(front_end.graph(), front_end.program(), allowed_threads(options));
  fmt::print("{}", describe_balance(front_end.graph(), cut, front_end.program(), &front_end.sources()));
  return kExitSuccess;
}

}  // namespace

int command_explain(const Options& options) {
  const bool has_threads = !options.threads.empty();
  if (options.files.size() == 1 && (has_threads || is_program(options.files[0]))) return explain_threads(options);
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
