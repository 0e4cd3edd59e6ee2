// `streamc fmt FILE…`: lays programs out, in place. Standard input is laid out to standard output.
#include <algorithm>

#include <fmt/core.h>

#include "compiler/ast/format.h"
#include "compiler/driver/commands.h"
#include "compiler/driver/files.h"
#include "compiler/driver/pipeline.h"

namespace streamc {
namespace {

int format_file(const std::string& path, const Options& options) {
  FrontEnd front_end;
  int status = kExitSuccess;
  if (!compile_to_tree(front_end, path, options, status)) return status;
  const SourceFile& file = front_end.main_file();
  const std::string text = format_module(front_end.ast(), front_end.main_module(), file);
  const bool is_same = text == file.text();
  if (options.check_only) {
    if (!is_same) fmt::print("{} would change\n", path);
    return is_same ? kExitSuccess : kExitMistake;
  }
  if (is_same && path != "-") return kExitSuccess;
  if (const Result<void> written = write_file(path, text); !written) return report_failure(written.message());
  return kExitSuccess;
}

}  // namespace

int command_format(const Options& options) {
  int status = kExitSuccess;
  for (const std::string& path : options.files) status = std::max(status, format_file(path, options));
  return status;
}

}  // namespace streamc
