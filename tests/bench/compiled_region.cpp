#include "tests/bench/compiled_region.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "compiler/codegen/codegen.h"
#include "compiler/driver/front_end.h"
#include "compiler/link/in_memory.h"
#include "runtime/agent/context.h"

namespace streambench {

namespace {

[[noreturn]] void give_up(const std::string& message) {
  fmt::print(stderr, "bench: {}\n", message);
  std::exit(1);
}

streamc::LoadedProgram load(const std::string& text) {
  const std::filesystem::path path = std::filesystem::temp_directory_path() /
                                     fmt::format("stream_bench_{}.stream", ::getpid());
  std::ofstream(path) << text;
  streamc::FrontEnd front_end;
  const auto read = front_end.read(path.string());
  if (!read) give_up(read.message());
  const bool is_right = front_end.run();
  std::filesystem::remove(path);
  if (!is_right) {
    for (const streamc::Diagnostic& diagnostic : front_end.sink().diagnostics()) {
      fmt::print(stderr, "{}\n", diagnostic.message);
    }
    give_up("this program has mistakes:\n" + text);
  }
  auto code = streamc::generate_code(front_end.program(), streamc::place_on_one_thread(front_end.graph()),
                                     front_end.sources(), {});
  if (!code) give_up(code.message());
  auto object = code->emit_object();
  if (!object) give_up(object.message());
  auto loaded = streamc::load_in_memory(*object);
  if (!loaded) give_up(loaded.message());
  return std::move(*loaded);
}

}  // namespace

struct CompiledRegion::Parts {
  explicit Parts(const std::string& text)
      : loaded(load(text)), program(loaded.program()), book({}), failures(book, message) {
    for (std::int64_t i = 0; i < program.queue_count; ++i) queues.emplace_back(program.queues[i]);
    context.failures = &failures;
    context.queues = &queues;
    if (program.region_count != 1 || program.sink_count != 1) give_up("not one region and sink");
    region = &program.regions[0];
  }

  void start() {
    program.evaluate(&context);
    state.reset(static_cast<std::byte*>(
        std::aligned_alloc(64, static_cast<std::size_t>(region->state_size + 127) / 64 * 64)));
    std::memset(state.get(), 0, static_cast<std::size_t>(region->state_size));
    region->initialize(state.get(), &context);
    context.is_starting = false;
  }

  struct Free {
    void operator()(std::byte* bytes) const { std::free(bytes); }
  };
  streamrt::MessageWriter message = [](std::string_view line) { give_up(std::string(line)); };
  streamc::LoadedProgram loaded;
  const StreamProgram& program;
  streamrt::FailureBook book;
  streamrt::Failures failures;
  std::vector<streamrt::ColumnQueue> queues;
  StreamContext context;
  const StreamRegion* region = nullptr;
  std::unique_ptr<std::byte, Free> state;
};

CompiledRegion::CompiledRegion(const std::string& text) : parts_(std::make_unique<Parts>(text)) {}
CompiledRegion::~CompiledRegion() = default;

void CompiledRegion::set_param(const std::string& name, double value) {
  for (std::int64_t i = 0; i < parts_->program.param_count; ++i) {
    const StreamParam& param = parts_->program.params[i];
    if (name == param.name) std::memcpy(param.storage, &value, sizeof value);
  }
}

void CompiledRegion::run(std::span<const double> input, std::vector<double>* output) {
  Parts& parts = *parts_;
  if (parts.state == nullptr) parts.start();
  streamrt::ColumnQueue& queue =
      parts.queues[static_cast<std::size_t>(parts.program.sinks[0].queue)];
  for (std::size_t first = 0; first < input.size(); first += STREAM_BATCH_LIMIT) {
    const std::size_t count = std::min<std::size_t>(STREAM_BATCH_LIMIT, input.size() - first);
    void* column = const_cast<double*>(input.data() + first);
    const StreamBatch batch{.count = static_cast<std::int64_t>(count),
                            .first_position = static_cast<std::int64_t>(first),
                            .columns = &column,
                            .valid = nullptr,
                            .stamps = nullptr};
    parts.region->run(parts.state.get(), &parts.context, &batch, batch.count, 0);
    const StreamBatch made = queue.batch(queue.size());
    if (output != nullptr) {
      const auto* values = static_cast<const double*>(made.columns[0]);
      output->insert(output->end(), values, values + made.count);
    }
    queue.consume(made.count);
    parts.context.batch_arena.reset();
  }
}

}  // namespace streambench
