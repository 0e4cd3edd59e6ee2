// `streamc test FILE…`: runs the test blocks of programs in memory. Prints a line for each test, what differs
// item by item, and the sum.
#include <algorithm>
#include <vector>

#include <fmt/core.h>

#include "compiler/driver/commands.h"
#include "compiler/driver/expectations.h"
#include "compiler/driver/observed_items.h"
#include "compiler/driver/pipeline.h"
#include "compiler/link/in_memory.h"
#include "runtime/agent/run_program.h"

namespace streamc {
namespace {

struct Counts {
  int passed = 0;
  int failed = 0;
};

// What a run of a test's graph gave.
struct Observation {
  std::vector<ObservedStream> streams;  // One for each capture.
  std::vector<std::string> messages;
};

// Params that the test gives, while its code is generated: they take the place of the defaults.
class GivenParams {
 public:
  GivenParams(CheckedProgram& program, const Evaluator::Overrides& overrides) : program_(program) {
    for (const auto& [id, value] : overrides) {
      CheckedConstant& constant = program.constants[id.index()];
      before_.emplace_back(id, constant);
      program.exprs.push_back(CheckedExpr{constant.type_id, constant.span, LiteralExpr{value}});
      constant.value = CheckedExprId(program.exprs.size() - 1);
      constant.is_required = false;
    }
  }
  ~GivenParams() {
    for (const auto& [id, constant] : before_) program_.constants[id.index()] = constant;
  }
  GivenParams(const GivenParams&) = delete;
  GivenParams& operator=(const GivenParams&) = delete;

 private:
  CheckedProgram& program_;
  std::vector<std::pair<ConstantId, CheckedConstant>> before_;
};

std::vector<TypeId> capture_types(const Graph& graph) {
  std::vector<TypeId> types(graph.captures.size());
  for (const Operator& op : graph.operators) {
    const auto* capture = std::get_if<CaptureOperator>(&op.kind);
    if (capture != nullptr) types[capture->capture_index] = graph.port(op.inputs[0]).type_id;
  }
  return types;
}

void append_items(const streamrt::CapturedItems& captured, TypeId type_id, const TypeTable& types,
                  ObservedStream& stream) {
  stream.has_times = captured.has_times;
  const StreamBatch& batch = captured.items;
  const std::size_t leaf_count = types.leaves(type_id).size();
  const std::vector<const void*> columns(batch.columns, batch.columns + (captured.is_end ? 0 : leaf_count));
  for (std::int64_t i = 0; i < batch.count; ++i) {
    ObservedItem item{.stamp = batch.stamps != nullptr ? batch.stamps[i] : batch.first_position + i};
    if (batch.valid == nullptr || batch.valid[i] != 0) item.value = value_at(types, type_id, columns, i);
    stream.items.push_back(std::move(item));
  }
}

std::optional<Observation> run_in_memory(FrontEnd& front_end, const Graph& graph, const Options& options,
                                         int& status) {
  const std::optional<PlacedGraph> placed = place_graph(front_end, graph, options, status);
  if (!placed) return std::nullopt;
  const std::optional<std::string> object = compile_to_object(front_end, *placed, {}, status);
  if (!object) return std::nullopt;
  Result<LoadedProgram> loaded = load_in_memory(*object);
  if (!loaded) {
    status = report_failure(loaded.message());
    return std::nullopt;
  }
  const TypeTable& types = front_end.program().types;
  const std::vector<TypeId> capture_type = capture_types(graph);
  Observation observation;
  observation.streams.resize(graph.captures.size());
  streamrt::RunOptions run;
  run.message = [&](std::string_view line) { observation.messages.emplace_back(line); };
  run.capture = [&](const streamrt::CapturedItems& captured) {
    const auto index = static_cast<std::size_t>(captured.capture_index);
    append_items(captured, capture_type[index], types, observation.streams[index]);
  };
  const auto timing = front_end.times().measure("run");
  streamrt::run_program(loaded->program(), run);
  return observation;
}

void report_broken(const FrontEnd& front_end, const Expectation& expectation,
                   const std::vector<std::string>& differences) {
  fmt::print("        {}: {}\n", front_end.sources().describe(expectation.span), expectation.text);
  for (const std::string& difference : differences) fmt::print("          {}\n", difference);
}

void run_test(FrontEnd& front_end, DeclId test, const Options& options, Counts& counts) {
  std::optional<TestGraph> built = front_end.build_test(test);
  if (!built) {
    ++counts.failed;
    fmt::print("  FAIL  {}: it has mistakes\n", front_end.ast().as<ast::TestDecl>(test)->name);
    return;
  }
  run_all_passes(front_end, built->graph, options);
  const GivenParams given(front_end.program(), built->plan.overrides);
  int status = kExitSuccess;
  const std::optional<Observation> observation = run_in_memory(front_end, built->graph, options, status);
  if (!observation) {
    ++counts.failed;
    fmt::print("  FAIL  {}: it cannot run\n", built->plan.name);
    return;
  }
  std::vector<std::vector<std::string>> differences;
  for (const Expectation& expectation : built->plan.expectations) {
    differences.push_back(compare(expectation, observation->streams, front_end.program().types));
  }
  const bool passed = std::ranges::all_of(differences, [](const auto& lines) { return lines.empty(); });
  ++(passed ? counts.passed : counts.failed);
  fmt::print("  {}  {}\n", passed ? "ok  " : "FAIL", built->plan.name);
  if (passed) return;
  for (std::size_t i = 0; i < differences.size(); ++i) {
    if (!differences[i].empty()) report_broken(front_end, built->plan.expectations[i], differences[i]);
  }
  for (const std::string& message : observation->messages) fmt::print("        {}\n", message);
}

int test_file(const std::string& path, const Options& options, Counts& counts) {
  FrontEnd front_end;
  int status = kExitSuccess;
  if (!compile_to_graph(front_end, path, options, status)) return status;
  const std::vector<DeclId> tests = front_end.tests();
  fmt::print("{}{}\n", path, tests.empty() ? ": no tests" : "");
  const std::size_t messages_before = front_end.sink().diagnostics().size();
  for (const DeclId test : tests) run_test(front_end, test, options, counts);
  if (front_end.sink().diagnostics().size() > messages_before) print_messages(front_end, options);
  print_times(front_end, options);
  return kExitSuccess;
}

}  // namespace

int command_test(const Options& options) {
  Counts counts;
  int status = kExitSuccess;
  for (const std::string& path : options.files) status = std::max(status, test_file(path, options, counts));
  fmt::print("{} passed, {} failed\n", counts.passed, counts.failed);
  return std::max<int>(status, counts.failed > 0 ? kExitMistake : kExitSuccess);
}

}  // namespace streamc
