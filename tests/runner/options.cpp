#include "tests/runner/options.h"

#include <CLI/CLI.hpp>

#include <cstdlib>

namespace streamtest {

namespace fs = std::filesystem;

RunnerOptions parse_runner_options(int argc, char** argv) {
  RunnerOptions options;
  CLI::App app("Runs tests of streamc");
  app.add_option("--root", options.root, "root of the repository")->required();
  app.add_option("--streamc", options.programs.streamc, "the compiler")->required();
  app.add_option("--reference", options.programs.reference, "the reference interpreter");
  app.add_flag("--update", options.update, "rewrite the expectations to what is found");
  app.add_option("--draws", options.programs.draws, "random placements of each program");
  app.add_option("what", options.what, "folders or files; which, depends on the runner");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error) == 0 ? 0 : 2);
  }
  const char* update = std::getenv("STREAM_TEST_UPDATE");
  if (update != nullptr && std::string(update) == "1") options.update = true;
  options.root = fs::canonical(options.root);
  options.programs.streamc = fs::absolute(options.programs.streamc);
  if (!options.programs.reference.empty()) {
    options.programs.reference = fs::absolute(options.programs.reference);
  }
  return options;
}

}  // namespace streamtest
