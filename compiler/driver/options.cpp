#include "compiler/driver/options.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "compiler/codegen/targets/target.h"
#include "compiler/diag/closest_name.h"
#include "compiler/driver/version.h"
#include "compiler/place/partition.h"

namespace streamc {
namespace {

constexpr const char* kOverview =
    R"(streamc, the compiler of the Stream language

  streamc new NAME                   make a project to start from
  streamc run FILE [-- ARGUMENTS]    compile in memory and run now
  streamc build FILE -o OUT          make an executable; --target pi5 makes one for a Raspberry Pi 5
  streamc check FILE…                look for mistakes only
  streamc test FILE…                 run the test blocks of programs
  streamc fmt FILE…                  lay programs out, in place; --check only looks
  streamc graph FILE -o OUT.svg      draw the graph of a program; with --deploy NAME, where it runs
  streamc top                        watch a program that runs: rates, queues, threads
  streamc deploy FILE NAME           copy the nodes of a deploy block to their machines and start them
  streamc explain CODE               say more about a message
  streamc explain FILE NAME          tell type, clock and origin of a name
  streamc explain FILE               tell how `--threads` cuts a program over threads, and why

To look inside (without a command):

  --emit=ast|graph|placement|llvm|obj FILE [-o OUT]    print what a step made
  --dump-after=PASS|all              print the graph after a pass
  --list-passes                      list the passes, in order

For most commands:

  --set NAME=VALUE                   fix a param when building; may be given several times
  --time-phases                      say how long each step took
  --json                             messages as JSON, one object a line

`streamc COMMAND --help` lists what a command takes. FILE `-` is standard input.

)";

constexpr const char* kFooter =
    "Exit status: 0 fine; 1 the program is wrong, a test failed, or a file would change; 2 the command\n"
    "line is wrong, or a file cannot be read or written. `run` ends with the status of the program.";

// `--set NAME=VALUE`
void add_settings(CLI::App& app, std::vector<std::string>& raw) {
  app.add_option("--set", raw, "Fix a param when building (may be given several times)")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false)
      ->take_all();
}

void add_diagnostic_options(CLI::App& app, Options& options) {
  app.add_flag("--json", options.json, "Messages as JSON, one object a line");
  app.add_flag("--time-phases", options.time_phases, "Say how long each step took");
  app.add_option("--dump-after", options.dump_after, "Print the graph after a pass, or after `all`")
      ->type_name("PASS");
}

void add_threads(CLI::App& app, Options& options) {
  app.add_option("--threads", options.threads,
                 "Cut the program over as many threads as pay: at most this many, or those of the machine")
      ->type_name("N|auto");
}

// Says what is wrong with a text, as CLI11 asks for it.
std::string is_seed(const std::string& text) {
  std::uint64_t seed = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (problem == std::errc() && end == text.data() + text.size()) return {};
  return fmt::format("a seed is a whole number from 0 to {}, and `{}` is none", std::numeric_limits<std::uint64_t>::max(), text);
}

void add_placement_options(CLI::App& app, Options& options) {
  add_threads(app, options);
  CLI::Option* deploy = app.add_option("--deploy", options.deploy, "Place the program as this deploy block says");
  deploy->type_name("NAME");
  app.add_option("--scatter", options.scatter,
                 "Place it at random over threads, processes and nodes, from this seed: the results must be the same")
      ->type_name("SEED")
      ->check(is_seed)
      ->excludes(deploy);
}

// They are the program's own: `streamc run` hands them on.
void add_observer_options(CLI::App& app, Options& options) {
  const auto hand_on = [&options](const std::vector<std::string>& words) {
    options.program_arguments.insert(options.program_arguments.begin(), words.begin(), words.end());
  };
  app.add_flag_callback("--no-socket", [hand_on] { hand_on({"--no-socket"}); }, "Do not answer `streamc top`");
  app.add_option_function<std::string>(
         "--metrics", [hand_on](const std::string& address) { hand_on({"--metrics", address}); },
         "Serve metrics for Prometheus over HTTP at `host:port`, or at a port of this machine alone")
      ->type_name("ADDRESS");
}

void add_target(CLI::App& app, Options& options) {
  std::string names;
  for (const TargetDescription& target : all_targets()) {
    names += (names.empty() ? "" : ", ") + target.name;
  }
  app.add_option("--target", options.target, fmt::format("Machine to compile for: {}", names))->type_name("NAME");
}

// One action at a time; without any the nodes are installed and started.
void add_deploy_options(CLI::App& app, DeployOptions& options) {
  CLI::Option_group* actions = app.add_option_group("Instead of installing");
  const auto action = [&](const char* flag, DeployAction value, const char* description) {
    return actions->add_flag_callback(flag, [&options, value] { options.action = value; }, description);
  };
  action("--status", DeployAction::Status, "Say what each node is at");
  CLI::Option* logs = action("--logs", DeployAction::Logs, "Print the last lines of the logs");
  action("--stop", DeployAction::Stop, "End the programs, also for the next start of their machines");
  action("--rollback", DeployAction::RollBack, "Start the release before");
  actions->require_option(0, 1);
  app.add_flag("--follow", options.follows, "With --logs: go on with the lines to come")->needs(logs);
  app.add_option("--only", options.only, "This node alone")->type_name("NODE");
  app.add_flag("--dry-run", options.is_dry, "Print every step, and do nothing");
  app.add_flag("--system", options.is_system, "Units of the system, by sudo, instead of the user's own");
  app.add_option("--ssh", options.ssh, "Instead of `ssh`, as \"ssh -p 2222 -i key\"")->type_name("COMMAND");
}

void add_file(CLI::App& app, Options& options) {
  app.add_option("FILE", options.files, "The program (`-`: standard input)")->required()->expected(1);
}

void add_files(CLI::App& app, Options& options) {
  app.add_option("FILE", options.files, "Programs (`-`: standard input)")->required();
}

// Splits the raw settings; false if one has no `=`.
bool split_settings(const std::vector<std::string>& raw, Options& options) {
  for (const std::string& setting : raw) {
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos || equals == 0) {
      fmt::print(stderr, "error: `--set {}`: expected NAME=VALUE\n", setting);
      return false;
    }
    options.settings.emplace_back(setting.substr(0, equals), setting.substr(equals + 1));
  }
  return true;
}

// Texts for an option, without the list that CLI11 would put behind the name of its type.
CLI::Validator one_of(std::vector<std::string> texts) {
  CLI::Validator validator = CLI::IsMember(std::move(texts));
  validator.description("");
  return validator;
}

int report_usage(const std::string& message, std::string_view help) {
  fmt::print(stderr, "streamc: {}\n", message);
  if (!help.empty()) fmt::print(stderr, "help: {}\n", help);
  return kExitUsage;
}

// What the user wrote is neither a command nor asks for anything.
int report_no_command(const CLI::App& app, const std::string& word) {
  if (word.ends_with(".stream")) {
    return report_usage(fmt::format("what is to be done with `{}`?", word), fmt::format("`streamc run {}`", word));
  }
  std::vector<std::string> commands;
  for (const CLI::App* command : app.get_subcommands({})) commands.push_back(command->get_name());
  const std::optional<std::string> near = closest_name(word, commands);
  return report_usage(fmt::format("`{}` is no command", word),
                      near ? fmt::format("did you mean `{}`?", *near) : "`streamc --help` lists the commands");
}

// `--threads` says where the program runs, so nothing else may. True if the words are fine; prints what is wrong.
bool check_threads(const Options& options) {
  const std::string& threads = options.threads;
  if (threads.empty()) return true;
  if (!options.deploy.empty()) {
    report_usage(fmt::format("`--threads {}` and `--deploy {}` both say where the program runs", threads,
                             options.deploy),
                 "leave one of them out: a deploy block has the threads that it names");
    return false;
  }
  if (!options.scatter.empty()) {
    report_usage(fmt::format("`--threads {}` and `--scatter {}` both say where the program runs", threads,
                             options.scatter),
                 "leave one of them out");
    return false;
  }
  if (options.command == Command::Explain && options.files.size() == 2) {
    report_usage(fmt::format("`--threads {}` explains a whole program, and not `{}`", threads, options.files[1]),
                 fmt::format("`streamc explain {} --threads {}`", options.files[0], threads));
    return false;
  }
  std::uint32_t count = 0;
  const auto [end, error] = std::from_chars(threads.data(), threads.data() + threads.size(), count);
  const bool is_count = error == std::errc() && end == threads.data() + threads.size() && count >= 1 &&
                        count <= kMostBalancedThreads;
  if (threads == "auto" || is_count) return true;
  report_usage(fmt::format("`--threads {}` is no number of threads", threads),
               fmt::format("`--threads auto`, or a number from 1 to {}", kMostBalancedThreads));
  return false;
}

int report_parse_error(const CLI::App& app, const CLI::ParseError& error, const Options& options) {
  if (error.get_exit_code() == 0) {  // --help, --version
    const std::vector<CLI::App*> chosen = app.get_subcommands();
    if (error.get_name() == "CallForHelp" && chosen.empty()) {
      fmt::print("{}{}\n", kOverview, kFooter);
      return kExitSuccess;
    }
    return app.exit(error);
  }
  const bool is_run = options.command == Command::Run || app.got_subcommand("run");
  return report_usage(error.what(), is_run && error.get_name() == "ExtrasError"
                                        ? "arguments of the program stand after `--`: `streamc run FILE -- --limit 3`"
                                        : "`streamc --help` lists what there is");
}

}  // namespace

std::variant<Options, int> parse_options(int argc, char** argv) {
  Options options;
  std::vector<std::string> raw_settings;

  CLI::App app("streamc, the compiler of the Stream language", "streamc");
  app.footer(kFooter);
  app.set_version_flag("--version", std::string(version_text()));
  app.require_subcommand(0, 1);
  app.get_formatter()->column_width(34);

  // Without a command: print what a step of the compiler made.
  app.add_option("--emit", options.emit, "Print what a step made of FILE")
      ->check(one_of({"ast", "graph", "placement", "llvm", "obj"}))
      ->type_name("ast|graph|placement|llvm|obj");
  app.add_option("FILE", options.files, "The program for --emit (`-`: standard input)")->expected(0, 1);
  app.add_option("-o,--output", options.output, "Where --emit writes (default: standard output)");
  app.add_flag("--list-passes", options.list_passes, "List the passes over the graph, in order");
  add_target(app, options);
  add_settings(app, raw_settings);
  add_placement_options(app, options);
  add_diagnostic_options(app, options);

  const auto command = [&](const char* name, Command value, const char* description) {
    CLI::App* subcommand = app.add_subcommand(name, description);
    subcommand->callback([&options, value] { options.command = value; });
    return subcommand;
  };

  CLI::App* run = command("run", Command::Run, "Compile in memory and run now; `-- …` goes to the program");
  add_file(*run, options);
  add_settings(*run, raw_settings);
  add_placement_options(*run, options);
  add_observer_options(*run, options);
  add_diagnostic_options(*run, options);

  CLI::App* build = command("build", Command::Build, "Make an executable");
  add_file(*build, options);
  build->add_option("-o,--output", options.output, "The executable (default: FILE without extension)");
  add_target(*build, options);
  add_settings(*build, raw_settings);
  add_placement_options(*build, options);
  add_diagnostic_options(*build, options);

  CLI::App* check = command("check", Command::Check, "Look for mistakes only");
  add_files(*check, options);
  add_settings(*check, raw_settings);
  add_diagnostic_options(*check, options);

  CLI::App* test = command("test", Command::Test, "Run the test blocks of programs");
  add_files(*test, options);
  add_settings(*test, raw_settings);
  add_placement_options(*test, options);
  add_diagnostic_options(*test, options);

  CLI::App* format = command("fmt", Command::Format, "Lay out programs, in place");
  add_files(*format, options);
  format->add_flag("--check", options.check_only, "Change nothing; status 1 if a file would change");
  format->add_flag("--json", options.json, "Messages as JSON, one object a line");

  CLI::App* graph = command("graph", Command::Graph, "Draw the graph of a program");
  add_file(*graph, options);
  graph->add_option("-o,--output", options.output, "The picture (default: standard output)");
  graph->add_option("--format", options.format, "svg or dot (default: by the name of the output, else svg)")
      ->check(one_of({"svg", "dot"}))
      ->type_name("svg|dot");
  add_settings(*graph, raw_settings);
  add_placement_options(*graph, options);
  graph->add_flag("--json", options.json, "Messages as JSON, one object a line");

  CLI::App* explain =
      command("explain", Command::Explain, "Say more about a message, a name of a program, or its threads");
  explain
      ->add_option("CODE | FILE [NAME]", options.files, "A code such as E0203; or a program, and perhaps a name in it")
      ->required()
      ->expected(1, 2);
  add_settings(*explain, raw_settings);
  add_threads(*explain, options);

  CLI::App* top = command("top", Command::Top, "Watch a running program: rates, queues, links, threads");
  top->add_option("PROGRAM | PID", options.files, "Which one, by its name or process; else the only one")->expected(0, 1);
  top->add_flag("--once", options.once, "Print one table of the next second and end; so without a terminal");
  top->add_flag("--json", options.json, "Print the answers of the programs as they are, one line each");

  CLI::App* deploy = command("deploy", Command::Deploy,
                             "Copy the nodes of a deploy block to their machines and start them; `-- …` goes to each");
  deploy->add_option("FILE NAME", options.files, "The program, and a deploy block of it")->required()->expected(2);
  add_deploy_options(*deploy, options.deployment);
  add_settings(*deploy, raw_settings);
  add_diagnostic_options(*deploy, options);

  CLI::App* fresh = command("new", Command::New, "Make a project to start from");
  fresh->add_option("NAME", options.files, "Name of the new folder")->required()->expected(1);

  // What stands after the first `--` of `run` and `deploy` is the program's, whatever it looks like.
  int own_argc = argc;
  if (argc > 1 && (std::strcmp(argv[1], "run") == 0 || std::strcmp(argv[1], "deploy") == 0)) {
    char** dashes = std::find_if(argv, argv + argc, [](const char* word) { return std::strcmp(word, "--") == 0; });
    own_argc = static_cast<int>(dashes - argv);
    if (dashes != argv + argc) options.program_arguments.assign(dashes + 1, argv + argc);
  }

  try {
    app.parse(own_argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool has_command = !app.get_subcommands().empty();
    if (!has_command && argc > 1 && argv[1][0] != '-') return report_no_command(app, argv[1]);
    return report_parse_error(app, error, options);
  }
  if (!split_settings(raw_settings, options) || !check_threads(options)) return kExitUsage;
  if (options.command == Command::Deploy) options.deploy = options.files[1];
  if (options.command == Command::Emit && options.emit.empty() && !options.list_passes) {
    if (!options.files.empty()) return report_no_command(app, options.files[0]);
    fmt::print("{}{}\n", kOverview, kFooter);
    return argc == 1 ? kExitSuccess : kExitUsage;
  }
  if (options.command == Command::Emit && !options.list_passes && options.files.empty()) {
    return report_usage("`--emit` needs a program", "`streamc --emit=graph FILE`");
  }
  return options;
}

}  // namespace streamc
