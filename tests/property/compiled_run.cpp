#include "tests/property/compiled_run.h"

#include <algorithm>
#include <filesystem>
#include <random>
#include <string_view>
#include <utility>

#include "compiler/codegen/codegen.h"
#include "compiler/graph/verifier.h"
#include "compiler/link/in_memory.h"
#include "compiler/passes/pass_manager.h"
#include "compiler/place/balance.h"
#include "compiler/place/scatter.h"
#include "runtime/agent/run_program.h"
#include "tests/runner/files.h"

namespace streamtest {

struct CompiledProgram::Parts {
  streamc::LoadedProgram program;
};

namespace {

// Anywhere; or, one time in four, as `--threads` places it, but as if its lists were long files and crossings cost
// nothing: so that small programs are cut, too.
streamc::PlacedGraph place_by_seed(const streamc::Graph& graph, const streamc::CheckedProgram& program,
                                   std::uint64_t seed) {
  const std::uint64_t draw = std::mt19937_64(seed)();
  if (draw % 4 != 0) return streamc::scatter(graph, seed);
  streamc::WorkEstimate work = streamc::estimate_work(graph, program);
  work.pace = streamc::Pace::Reader;
  std::fill(work.crossing_ps.begin(), work.crossing_ps.end(), 0);
  const auto threads = static_cast<std::uint32_t>(2 + draw / 4 % 5);
  return streamc::place_balanced(graph, streamc::balance(graph, std::move(work), threads));
}

}  // namespace

CompiledProgram::CompiledProgram(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
CompiledProgram::~CompiledProgram() = default;

streamc::Result<std::unique_ptr<CompiledProgram>> CompiledProgram::compile(
    streamc::FrontEnd& front_end, std::optional<std::uint64_t> parts_seed) {
  streamc::Graph graph = front_end.graph();
  streamc::run_passes(graph, front_end.program(), {});
  const streamc::PlacedGraph placed =
      parts_seed ? place_by_seed(graph, front_end.program(), *parts_seed)
                 : streamc::place_on_one_thread(std::move(graph));
  streamc::verify_graph(placed.graph, front_end.program(), "placing");
  streamc::Result<streamc::GeneratedCode> code =
      streamc::generate_code(front_end.program(), placed, front_end.sources(), {});
  if (!code) return code.failure();
  streamc::Result<std::string> object = code->emit_object();
  if (!object) return object.failure();
  streamc::Result<streamc::LoadedProgram> loaded = streamc::load_in_memory(*object);
  if (!loaded) return loaded.failure();
  return std::unique_ptr<CompiledProgram>(
      new CompiledProgram(std::make_unique<Parts>(Parts{std::move(*loaded)})));
}

CompiledOutcome CompiledProgram::run(std::int64_t batch_limit,
                                     std::optional<std::uint64_t> cuts_seed,
                                     std::int64_t room) const {
  // Files of the program are named relative to where it runs.
  const TemporaryFolder folder;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());

  CompiledOutcome outcome;
  streamrt::RunOptions options;
  options.batch_limit = batch_limit;
  options.batch_cuts_seed = cuts_seed;
  if (room > 0) options.queue_limit = options.channel_limit = room;
  options.console.write = [&](std::string_view text) { outcome.console += text; };
  options.message = [&](std::string_view message) {
    outcome.messages += message;
    outcome.messages += '\n';
  };
  outcome.exit_status = streamrt::run_program(parts_->program.program(), options);

  for (const std::filesystem::path& file : files_below(folder.path())) {
    outcome.files[file.generic_string()] = read_file(folder.path() / file).value_or("");
  }
  std::filesystem::current_path(before);
  return outcome;
}

}  // namespace streamtest
