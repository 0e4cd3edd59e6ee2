#include "tests/unit/compiler/link/program_runs.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "compiler/driver/front_end.h"
#include "compiler/link/in_memory.h"
#include "runtime/agent/run_program.h"
#include "tests/support/interpreter.h"

namespace streamtest {

namespace {

// A program from its text; `problem` says what is wrong with it.
struct FrontEndRun {
  streamc::FrontEnd front_end;
  std::string problem;

  explicit FrontEndRun(const std::string& text) {
    static int number = 0;
    const std::filesystem::path path =
        std::filesystem::temp_directory_path() /
        fmt::format("streamc_link_{}_{}.stream", ::getpid(), number++);
    std::ofstream(path) << text;
    if (auto read = front_end.read(path.string()); !read) {
      problem = read.message();
    } else if (!front_end.run()) {
      problem = "the program has mistakes:";
      for (const streamc::Diagnostic& diagnostic : front_end.sink().diagnostics()) {
        problem += "\n" + diagnostic.message;
      }
    }
    std::filesystem::remove(path);
  }
};

}  // namespace

std::vector<CompiledRun> run_compiled(const std::string& text, const RunSettings& settings) {
  FrontEndRun source(text);
  if (!source.problem.empty()) return {CompiledRun{.problem = source.problem}};
  auto code = streamc::generate_code(
      source.front_end.program(), streamc::place_on_one_thread(source.front_end.graph()),
      source.front_end.sources(),
      {.target = settings.target, .optimisation = settings.optimisation});
  if (!code) return {CompiledRun{.problem = code.message()}};
  auto object = code->emit_object();
  if (!object) return {CompiledRun{.problem = object.message()}};

  std::vector<std::optional<std::uint64_t>> seeds(settings.seeds.begin(), settings.seeds.end());
  if (seeds.empty()) seeds.emplace_back();
  std::vector<CompiledRun> runs;
  for (const std::optional<std::uint64_t>& seed : seeds) {
    auto loaded = streamc::load_in_memory(*object);
    if (!loaded) return {CompiledRun{.problem = loaded.message()}};
    CompiledRun run;
    streamrt::RunOptions options;
    options.message = [&](std::string_view line) { run.messages.emplace_back(line); };
    options.console.write = [&](std::string_view bytes) { run.output += bytes; };
    options.batch_limit = settings.batch_limit;
    options.batch_cuts_seed = seed;
    run.status = streamrt::run_program(loaded->program(), options);
    runs.push_back(std::move(run));
  }
  return runs;
}

CompiledRun run_reference(const std::string& text) {
  FrontEndRun source(text);
  if (!source.problem.empty()) return {.problem = source.problem};
  const streamref::RunOutcome outcome =
      streamref::interpret(source.front_end.graph(), source.front_end.program());
  return {.problem = outcome.error,
          .output = outcome.standard_output(),
          .status = outcome.exit_status()};
}

std::string check_all_ways(const std::string& text) {
  const CompiledRun expected = run_reference(text);
  REQUIRE(expected.problem == "");
  const auto check = [&](const RunSettings& settings) {
    for (const CompiledRun& run : run_compiled(text, settings)) {
      CAPTURE(settings.target);
      CAPTURE(settings.batch_limit);
      REQUIRE(run.problem == "");
      CHECK(run.output == expected.output);
      CHECK(run.status == expected.status);
    }
  };
  check({});
  check({.batch_limit = 1});
  check({.seeds = {1, 2, 3}});
  check({.target = "x86-64-v2", .seeds = {4}});
  check({.target = "x86-64-v3", .seeds = {5}});
  check({.optimisation = streamc::Optimisation::Full, .seeds = {6}});
  return expected.output;
}

std::string llvm_text(const std::string& text, const std::string& target) {
  FrontEndRun source(text);
  REQUIRE(source.problem == "");
  auto code = streamc::generate_code(source.front_end.program(),
                                     streamc::place_on_one_thread(source.front_end.graph()),
                                     source.front_end.sources(), {.target = target});
  REQUIRE(code.has_value());
  return code->text();
}

}  // namespace streamtest
