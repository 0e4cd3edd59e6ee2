#include "compiler/driver/pipeline.h"

#include <fmt/core.h>

#include "compiler/diag/render.h"
#include "compiler/driver/commands.h"
#include "compiler/driver/files.h"

namespace streamc {

bool compile_to_tree(FrontEnd& front_end, const std::string& path, const Options& options, int& status) {
  if (const Result<void> read = front_end.read(path); !read) {
    status = report_failure(read.message());
    return false;
  }
  const bool good = front_end.parse();
  print_messages(front_end, options);
  if (!good) status = kExitMistake;
  return good;
}

bool compile_to_graph(FrontEnd& front_end, const std::string& path, const Options& options, int& status) {
  if (const Result<void> read = front_end.read(path); !read) {
    status = report_failure(read.message());
    return false;
  }
  const bool good = front_end.run(options.settings);
  print_messages(front_end, options);
  if (!good) status = kExitMistake;
  return good;
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
