#include "runtime/agent/stream_main.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "runtime/agent/run_program.h"
#include "runtime/base/closest_name.h"
#include "runtime/base/leaves.h"
#include "runtime/base/number_text.h"
#include "runtime/base/time_text.h"
#include "runtime/base/value_text.h"

namespace streamrt {

namespace {

// A flag as it stands on the command line, before it is known whether its value is one of its type.
struct ParamFlag {
  const StreamParam* param = nullptr;
  std::string text;
  CLI::Option* option = nullptr;
};

std::string choices_of(const StreamType& type) {
  std::vector<std::string> names;
  for (const StreamField& field : fields_of(type)) names.emplace_back(field.name);
  return fmt::format("{}", fmt::join(names, "|"));
}

// Texts of params stay where the command line put them: argv lives as long as the process.
bool set_param(const StreamParam& param, const std::string& text) {
  void* const leaf = param.storage;
  return parse_value(text, *param.type, &leaf);
}

std::string flag_name(const StreamParam& param) {
  return fmt::format("--{}", param.name);
}

void add_param_flag(CLI::App& app, ParamFlag& flag) {
  const StreamParam& param = *flag.param;
  const StreamType& type = *param.type;
  std::string help = param.help == nullptr ? "" : param.help;
  if (param.is_fixed != 0) {
    help +=
        help.empty() ? "fixed when the program was built" : " (fixed when the program was built)";
  } else if (param.default_text != nullptr) {
    help += fmt::format("{}[{}]", help.empty() ? "" : " ", param.default_text);
  }
  flag.option = app.add_option(flag_name(param), flag.text, help);
  flag.option->group("Params");
  flag.option->type_name(type.kind == STREAM_TYPE_ENUMERATION ? choices_of(type) : type_text(type));
  if (type.kind == STREAM_TYPE_BOOL) {
    flag.option->expected(0, 1)->default_str("true");
  }
  if (param.default_text == nullptr && param.is_fixed == 0) flag.option->required();
}

Result<void> take_params(std::vector<ParamFlag>& flags) {
  for (ParamFlag& flag : flags) {
    if (flag.option->count() == 0) continue;
    const StreamParam& param = *flag.param;
    if (param.is_fixed != 0) {
      return fail(
          "`--{0}` was fixed when the program was built: build it again with `--set {0}={1}`",
          param.name, flag.text);
    }
    if (!set_param(param, flag.text)) {
      return fail("`--{} {}`: `{}` is no {}", param.name, flag.text, flag.text,
                  param.type->kind == STREAM_TYPE_ENUMERATION
                      ? fmt::format("value of {} ({})", param.type->name, choices_of(*param.type))
                      : type_text(*param.type));
    }
  }
  return {};
}

// What was closed when the program started must not become a file or a pipe of ours that items would be read from or
// printed to. Reading and printing then fail, and say so.
void keep_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    (void)::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);  // The lowest number that is free is this one.
  }
}

// A param takes the place of the flag that it is named after.
bool is_free(const StreamProgram& program, std::string_view flag) {
  return std::none_of(program.params, program.params + program.param_count,
                      [flag](const StreamParam& param) { return param.name == flag; });
}

std::string node_names(const StreamProgram& program) {
  std::vector<std::string> names;
  for (std::int64_t i = 0; i < program.node_count; ++i) names.emplace_back(program.nodes[i].name);
  return fmt::format("{}", fmt::join(names, "|"));
}

bool has_node(const StreamProgram& program, const std::string& name) {
  return std::any_of(program.nodes, program.nodes + program.node_count,
                     [&](const StreamNode& node) { return node.name == name; });
}

void add_node_flags(CLI::App& app, const StreamProgram& program, RunOptions& options,
                    std::vector<std::string>& addresses, bool& runs_all_nodes) {
  const bool has_spool = std::any_of(program.queues, program.queues + program.queue_count,
                                     [](const StreamQueue& queue) { return queue.spool_bytes != 0; });
  if (has_spool && is_free(program, "spool")) {
    app.add_option("--spool", options.spool_folder,
                   "where a node keeps on disk what is on its way to others [spool]")
        ->type_name("FOLDER")
        ->group("Nodes");
  }
  if (is_free(program, "node")) {
    app.add_option("--node", options.node, "the node that runs here")
        ->type_name(node_names(program))
        ->group("Nodes");
  }
  app.add_flag("--all-nodes", runs_all_nodes, "run all nodes on this machine, for a trial")
      ->group("Nodes");
  if (is_free(program, "at")) {
    app.add_option("--at", addresses,
                   "where a node is, instead of what the program says; several times")
        ->type_name("NODE=HOST:PORT")
        ->group("Nodes");
  }
}

// Which node runs here, and where the others are.
Result<void> take_nodes(const StreamProgram& program, RunOptions& options,
                        const std::vector<std::string>& addresses, bool runs_all_nodes) {
  if (program.node_count <= 1) return {};
  if (options.node.empty() == !runs_all_nodes) {
    return fail(
        "this program runs on several nodes: say `--node {}`, or `--all-nodes` to try all of them "
        "on this "
        "machine",
        node_names(program));
  }
  if (!runs_all_nodes && !has_node(program, options.node)) {
    return fail("the program has no node `{}`: say `--node {}`", options.node, node_names(program));
  }
  for (const std::string& text : addresses) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) return fail("`--at {}`: say it as `NODE=HOST:PORT`", text);
    options.node_addresses.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return {};
}

// Nothing that is half done can be finished without memory, so the process ends here and now.
[[noreturn]] void end_without_memory() {
  write_message_to_stderr("error: the memory of this machine is too small for the program");
  std::_Exit(kExitFailed);
}

}  // namespace

int stream_main(const StreamProgram& program, int argc, const char* const* argv) {
  keep_standard_descriptors();
  CLI::App app(program.description == nullptr ? "" : program.description, program.name);
  app.option_defaults()->always_capture_default(false);
  app.get_formatter()->column_width(34);
  if (!is_free(program, "help")) app.set_help_flag("-h", "Print this help message and exit");

  std::vector<ParamFlag> flags(static_cast<std::size_t>(program.param_count));
  for (std::size_t i = 0; i < flags.size(); ++i) {
    flags[i].param = &program.params[i];
    add_param_flag(app, flags[i]);
  }
  RunOptions options;
  options.handles_signals = true;
  std::string run_for;
  if (is_free(program, "stats")) {
    app.add_flag("--stats", options.shows_statistics, "what ran, how often and how long, at the end")
        ->group("Run");
  }
  if (is_free(program, "for")) {
    app.add_option("--for", run_for, "end live sources after this long, as `10s` or `1h30min`")
        ->type_name("duration")
        ->group("Run");
  }
  bool has_no_socket = false;
  app.add_flag("--no-socket", has_no_socket, "do not answer `streamc top`")->group("Run");
  if (is_free(program, "metrics")) {
    app.add_option("--metrics", options.observation.metrics_address,
                   "serve metrics for Prometheus over HTTP at `host:port`, or at a port of this machine alone")
        ->type_name("address")
        ->group("Run");
  }
  std::vector<std::string> addresses;
  bool runs_all_nodes = false;
  if (program.node_count > 1) add_node_flags(app, program, options, addresses, runs_all_nodes);
  if (is_free(program, "batch")) {
    app.add_option("--batch", options.batch_limit, "items in a batch")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{STREAM_BATCH_LIMIT}))
        ->group("");
  }
  std::optional<std::uint64_t> cuts_seed;
  app.add_option("--batch-cuts", cuts_seed, "cut batches at random")->group("");
  std::string clock_offset;
  app.add_option("--clock-offset", clock_offset, "run by a clock that differs from that of the machine by so much")
      ->group("");
  std::int64_t room = 0;
  if (is_free(program, "room")) {
    app.add_option("--room", room, "items in a queue, and between two parts, at the most")
        ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40))
        ->group("");
  }

  const auto reject = [&program](const std::string& why) {
    write_message_to_stderr(fmt::format("error: {}", why));
    write_message_to_stderr(fmt::format("help: `{} --help` lists the flags", program.name));
    return int{kExitUnusable};
  };
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const std::string help = app.help();
    return ::write(STDOUT_FILENO, help.data(), help.size()) < 0 ? kExitFailed : kExitSuccess;
  } catch (const CLI::ExtrasError&) {
    const std::string extra = app.remaining().front();
    std::vector<std::string> known;
    for (const CLI::Option* const option : app.get_options()) known.push_back(option->get_name());
    return reject(fmt::format("this program has no `{}`{}", extra,
                              closest_name_hint(extra.substr(0, extra.find('=')), known)));
  } catch (const CLI::ParseError& error) {
    return reject(error.what());
  }
  if (Result<void> taken = take_params(flags); !taken) return reject(taken.message());
  if (!run_for.empty()) {
    options.run_for_ns = parse_duration(run_for);
    if (!options.run_for_ns || *options.run_for_ns < 0) {
      return reject(
          fmt::format("`--for {}`: `{}` is no duration, such as `10s`", run_for, run_for));
    }
  }
  std::optional<OffsetClock> shifted_clock;
  if (!clock_offset.empty()) {
    const std::optional<std::int64_t> offset_ns = parse_duration(clock_offset);
    if (!offset_ns) return reject(fmt::format("`--clock-offset {0}`: `{0}` is no duration, such as `-75s`", clock_offset));
    options.clock = &shifted_clock.emplace(system_clock(), *offset_ns);
  }
  if (Result<void> taken = take_nodes(program, options, addresses, runs_all_nodes); !taken) {
    return reject(taken.message());
  }
  std::set_new_handler(end_without_memory);
  options.batch_cuts_seed = cuts_seed;
  if (room > 0) options.queue_limit = options.channel_limit = room;
  options.observation.has_socket = !has_no_socket;
  options.shows_progress = ::isatty(STDERR_FILENO) == 1;
  return run_program(program, options);
}

}  // namespace streamrt
